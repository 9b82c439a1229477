//! Writes rows into a table: those of a chunk, or all that a day has.
//!
//! Files are written first, which nobody sees; one commit makes them the table's, takes out those that they
//! replace, and moves the state. A writer that is not the next version looks at what the table has become: while the
//! files that it takes out are still there the commit is as good as before.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};

use super::action::{Action, Add, Remove};
use super::fault::Fault;
use super::file::{Reader, Writer, Written};
use super::log::{Log, txn};
use super::rows::{DayRows, Rows, Stream, each_key, has_a_key, merge};
use super::schema::DAY;
use super::snapshot::{DataFile, Snapshot};
use super::state::TableState;
use crate::domain::tables::Table;
use crate::domain::{Day, Days};
use crate::sink::State;

/// Days that are written side by side.
const AT_ONCE: usize = 4;

/// What is done to the files of a table.
#[derive(Debug, Default)]
pub(super) struct Change {
    written: Vec<Written>,
    removed: Vec<Add>,
}

impl Change {
    /// Whether what it takes out is still there.
    fn fits(&self, snapshot: &Snapshot) -> bool {
        self.removed.iter().all(|add| snapshot.files.contains_key(&add.path))
    }

    fn is_nothing(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty()
    }

    pub(super) fn actions(&self, table: &Table, now: i64, data_change: bool) -> Vec<Action> {
        let removed = self.removed.iter();
        let removed = removed.map(|add| Action::Remove(Remove::of(add, now, data_change)));
        let added =
            self.written.iter().map(|written| Action::Add(add(table, written, now, data_change)));
        removed.chain(added).collect()
    }

    fn join(mut self, other: Self) -> Self {
        self.written.extend(other.written);
        self.removed.extend(other.removed);
        self
    }
}

fn add(table: &Table, written: &Written, now: i64, data_change: bool) -> Add {
    let day = written.day.map(|day| (DAY.to_owned(), Some(day.to_string())));
    Add {
        path: written.path.clone(),
        partition_values: day.into_iter().collect(),
        size: i64::try_from(written.bytes).unwrap_or(i64::MAX),
        modification_time: now,
        data_change,
        stats: Some(written.stats.json(table)),
        tags: None,
    }
}

/// Puts rows in the place of those with the same keys, and moves the state.
pub(super) async fn write(
    log: &Log,
    store_id: &str,
    state: &State,
    rows: &Rows,
) -> Result<(), Fault> {
    let mut change: Option<Change> = None;
    commit(log, store_id, state, "MERGE", async |snapshot| {
        match change.take() {
            // The writer since has put the same rows into other files, or into none of these.
            Some(known) if known.fits(snapshot) => change = Some(known),
            _ => change = Some(merge_all(log, snapshot, rows).await?),
        }
        let known = change.as_ref().map(|change| change.actions(log.table, log.now(), true));
        Ok(known.unwrap_or_default())
    })
    .await
}

/// Puts rows in the place of all that the table has of a day; the position stays.
pub(super) async fn rewrite(
    log: &Log,
    store_id: &str,
    state: &State,
    (day, rows): (Day, Option<&Rows>),
    may_delete: bool,
) -> Result<(), Fault> {
    let nothing = DayRows::default();
    let new = rows.and_then(|rows| rows.days.get(&day)).unwrap_or(&nothing);
    commit(log, store_id, state, "WRITE", async |snapshot| {
        let files: Vec<_> = snapshot.files_of(day).collect();
        if !may_delete {
            refuse_to_delete(log, &files, new).await?;
        }
        let mut writer = Writer::new(&log.objects, log.table, day);
        if let Some(rows) = rows {
            rows.write(new, &mut writer).await?;
        }
        let removed = files.into_iter().map(|file| file.add.clone()).collect();
        let change = Change { written: writer.finish().await?, removed };
        Ok(change.actions(log.table, log.now(), true))
    })
    .await
}

/// A file that cannot be read has no key that could be kept.
async fn refuse_to_delete(log: &Log, files: &[&DataFile], new: &DayRows) -> Result<(), Fault> {
    for file in files {
        let mut would_go = false;
        let reader = match open(log, file).await {
            Err(Fault::Damaged { .. }) => continue,
            reader => reader?,
        };
        let is_new = |key: &_| would_go |= !new.by_key.contains_key(key);
        match each_key(log.table, &reader, is_new).await {
            Err(Fault::Damaged { .. }) => {}
            read => read?,
        }
        if would_go {
            return Err(Fault::WouldDelete);
        }
    }
    Ok(())
}

/// Commits what `change` makes, with the state after it, if the table still stands where `state` has it.
async fn commit(
    log: &Log,
    store_id: &str,
    state: &State,
    operation: &str,
    mut change: impl AsyncFnMut(&Snapshot) -> Result<Vec<Action>, Fault>,
) -> Result<(), Fault> {
    log.commit_by(operation, async |snapshot| {
        let found = TableState::find(snapshot, store_id)?;
        if found.is_none_or(|found| found.epoch != state.epoch_of(log.table)) {
            return Err(Fault::Fenced);
        }
        let after = TableState::after(log.table, state);
        let mut actions = vec![txn(store_id, after.epoch, log.now()), after.action(store_id)?];
        actions.extend(change(snapshot).await?);
        Ok(Some(actions))
    })
    .await
    .map(drop)
}

async fn merge_all(log: &Log, snapshot: &Snapshot, rows: &Rows) -> Result<Change, Fault> {
    let days = futures::stream::iter(&rows.days);
    let merged = days.map(|(day, of_day)| merge_day(log, snapshot, rows, *day, of_day));
    let changes: Vec<Change> = merged.buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(changes.into_iter().fold(Change::default(), Change::join))
}

/// The usual hour meets no file: its rows are one more. Else the files that hold one of its keys are
/// merged with it.
async fn merge_day(
    log: &Log,
    snapshot: &Snapshot,
    rows: &Rows,
    day: Day,
    of_day: &DayRows,
) -> Result<Change, Fault> {
    let table = log.table;
    let mut writer = Writer::new(&log.objects, table, day);
    if day.is_none() {
        // Small, and sent whole.
        rows.write(of_day, &mut writer).await?;
        let removed = snapshot.files.values().map(|file| file.add.clone()).collect();
        return Ok(Change { written: writer.finish().await?, removed });
    }
    let stats = rows.stats(of_day);
    let (mut streams, mut removed) = (Vec::new(), Vec::new());
    let near = snapshot.files_of(day);
    for file in near.filter(|file| stats.may_meet(table, file.add.stats.as_deref())) {
        let reader = open(log, file).await?;
        if has_a_key(table, &reader, of_day).await? {
            streams.push(Stream::new(reader));
            removed.push(file.add.clone());
        }
    }
    merge(table, streams, Some((rows, of_day)), &mut writer).await?;
    Ok(Change { written: writer.finish().await?, removed })
}

/// A file of the table, ready to be read.
pub(super) async fn open<'a>(log: &'a Log, file: &DataFile) -> Result<Reader<'a>, Fault> {
    Reader::open(&log.objects, log.table, file.path(), file.bytes()).await
}

/// Makes few files of many: of each of these days one, or as many as its rows need. Rows, state and readers
/// see no difference. Says how many files became how many.
pub(super) async fn compact(
    log: &Log,
    is_due: impl Fn(Day, usize) -> bool,
) -> Result<(usize, usize), Fault> {
    let (mut before, mut after) = (0, 0);
    let due = |snapshot: &Snapshot| {
        let days = snapshot.by_day().into_iter();
        let due = days.filter(|(day, files)| is_due(*day, files.len()));
        due.map(|(day, _)| day).collect::<BTreeSet<_>>()
    };
    log.commit_by("OPTIMIZE", async |snapshot| {
        let mut all = Change::default();
        for day in due(snapshot) {
            all = all.join(compact_day(log, snapshot, day).await?);
        }
        (before, after) = (all.removed.len(), all.written.len());
        Ok((!all.is_nothing()).then(|| all.actions(log.table, log.now(), false)))
    })
    .await?;
    Ok((before, after))
}

async fn compact_day(log: &Log, snapshot: &Snapshot, day: Day) -> Result<Change, Fault> {
    let files: Vec<_> = snapshot.files_of(day).collect();
    let said: u64 = files.iter().map(|file| file.said_rows()).sum();
    // More would not become fewer files.
    if said.div_ceil(super::file::FILE_ROWS) >= files.len() as u64 {
        return Ok(Change::default());
    }
    let (mut streams, mut rows) = (Vec::new(), 0);
    for file in &files {
        let reader = open(log, file).await?;
        rows += reader.rows();
        streams.push(Stream::new(reader));
    }
    let mut writer = Writer::new(&log.objects, log.table, day);
    merge(log.table, streams, None, &mut writer).await?;
    let written = writer.finish().await?;
    let kept: u64 = written.iter().map(|written| written.stats.rows).sum();
    if kept != rows {
        return Err(Fault::Malformed(format!("{rows} rows became {kept}")));
    }
    Ok(Change { written, removed: files.into_iter().map(|file| file.add.clone()).collect() })
}

/// The files of some days, each day once.
pub(super) fn files_of<'a>(
    snapshot: &'a Snapshot,
    days: &'a [Days],
) -> impl Iterator<Item = (Day, Vec<&'a DataFile>)> {
    let is_wanted = move |day: Day| days.iter().any(|days| day.is_none_or(|day| days.holds(day)));
    snapshot.by_day().into_iter().filter(move |(day, _)| is_wanted(*day))
}
