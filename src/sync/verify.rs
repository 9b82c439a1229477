//! Compares store and sink, day by day.
//!
//! The position is read first, then what the sink's rows come to, then the store's: whatever is
//! written meanwhile is past that position, and a day with such rows is *pending*, not different.
//! Of each day the rows, the keys and the exclusive or of the rows' fingerprints are compared, each
//! side computing them from its own values. The deep comparison stages the store's rows and has the
//! sink compare every value with its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{NaiveDate, TimeDelta};
use futures::TryStreamExt as _;
use tokio_util::sync::CancellationToken;

use super::Stop;
use super::chunk::{ChunkBuilder, ChunkError, position_of};
use crate::clock::{Clock as _, SystemClock};
use crate::columnar::Row;
use crate::domain::tables::{TABLES, Table};
use crate::domain::{Day, DaySum, DaySums, Days};
use crate::sink::{Chunk, Difference, Progress, Sink, State, States, insist};
use crate::store::{Rows, Store};

/// The parts that the comparison works with.
#[derive(Clone, Copy)]
pub struct Verify<'a> {
    /// What should be there.
    pub store: &'a dyn Store,
    /// What is.
    pub sink: &'a dyn Sink,
    /// Which days.
    pub days: Days,
    /// Whether every value is compared.
    pub is_deep: bool,
    /// Rows staged at once by the deep comparison, at most; a day is never divided.
    pub chunk_rows: u32,
    /// Ends it early.
    pub shutdown: &'a CancellationToken,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Report {
    /// Every day of every table.
    pub days: Vec<DayComparison>,
    /// Through which day (UTC) all tables with days are known to be equal.
    pub verified_through: Day,
    /// How long it took.
    pub duration: Duration,
    /// Why it stopped short, if it did.
    pub stop: Option<Stop>,
}

/// A day of a table.
#[derive(Debug, Clone)]
pub struct DayComparison {
    /// The table.
    pub table: &'static Table,
    /// The day; `None` for a table without days.
    pub day: Day,
    /// What came of it.
    pub verdict: Verdict,
    /// What the store's rows come to.
    pub store: DaySum,
    /// What the sink's rows come to.
    pub sink: DaySum,
    /// Rows that differ, by the deep comparison.
    pub differences: Vec<Difference>,
}

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both hold the same.
    Same,
    /// Rows are still to be synced.
    Pending,
    /// They differ.
    Different,
    /// They differed, and the sink's rows were replaced.
    Repaired,
    /// They differ by rows that only the sink has, which nobody allowed to go.
    Kept,
}

impl DayComparison {
    fn new(table: &'static Table, day: Day, store: StoreDay, sink: DaySum) -> Self {
        let verdict = match () {
            () if store.is_pending => Verdict::Pending,
            () if store.sum == sink => Verdict::Same,
            () => Verdict::Different,
        };
        Self { table, day, verdict, store: store.sum, sink, differences: Vec::new() }
    }
}

impl Report {
    /// The days with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &DayComparison> {
        self.days.iter().filter(move |day| day.verdict == verdict)
    }

    /// Whether a difference is left.
    #[must_use]
    pub fn has_differences(&self) -> bool {
        self.days.iter().any(|day| matches!(day.verdict, Verdict::Different | Verdict::Kept))
    }

    /// Its one line.
    fn log(&self) {
        let count = |verdict| self.with(verdict).count();
        let outcome = match &self.stop {
            None if self.has_differences() => "different",
            None => "succeeded",
            Some(Stop::Interrupted) => "interrupted",
            Some(_) => "failed",
        };
        tracing::info!(
            outcome,
            days_compared = self.days.len(),
            days_different = count(Verdict::Different) + count(Verdict::Kept),
            days_pending = count(Verdict::Pending),
            days_repaired = count(Verdict::Repaired),
            verified_through = self.verified_through.map(|day| day.to_string()),
            duration_ms = u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            "verify_summary"
        );
    }
}

/// Compares. The report says why, if it stopped short.
pub async fn run(parts: Verify<'_>) -> Report {
    reported(parts.shutdown, async |report: &mut Report| verify(parts, report).await.map(drop))
        .await
}

/// Runs a job that fills a report, and says how it ended.
pub(super) async fn reported(
    shutdown: &CancellationToken,
    job: impl AsyncFnOnce(&mut Report) -> anyhow::Result<()>,
) -> Report {
    let started = Instant::now();
    let mut report = Report::default();
    let done = shutdown.run_until_cancelled(job(&mut report)).await;
    report.duration = started.elapsed();
    report.stop = match done {
        None => Some(Stop::Interrupted),
        Some(Err(error)) => Some(error.downcast().unwrap_or_else(Stop::Failed)),
        Some(Ok(())) => None,
    };
    report.log();
    report
}

/// Compares everything; returns the id of the store.
pub(super) async fn verify(parts: Verify<'_>, report: &mut Report) -> anyhow::Result<String> {
    parts.sink.check().await?;
    let store_id = insist(async || parts.store.facts().await).await?.store_id;
    let states = super::find_own_states(parts.store, parts.sink, &store_id).await?;
    for table in TABLES {
        let progress = states.get(table.name).and_then(|state| state.progress.as_ref());
        let found = compare_table(parts, table, progress).await;
        report.days.extend(found.with_context(|| format!("{} is not compared", table.name))?);
    }
    note(parts, &store_id, &states, report).await?;
    Ok(store_id)
}

async fn compare_table(
    parts: Verify<'_>,
    table: &'static Table,
    progress: Option<&Progress>,
) -> anyhow::Result<Vec<DayComparison>> {
    let mut days = compare_days(parts, table, progress, parts.days).await?;
    if parts.is_deep {
        for group in groups(&days, parts.chunk_rows) {
            compare_values(parts, table, progress, &mut days[group]).await?;
        }
    }
    Ok(days)
}

/// The quick comparison.
pub(super) async fn compare_days(
    parts: Verify<'_>,
    table: &'static Table,
    progress: Option<&Progress>,
    days: Days,
) -> anyhow::Result<Vec<DayComparison>> {
    let sink: DaySums = insist(async || parts.sink.sum_days(table, days).await).await?;
    let mut store = insist(async || {
        let mut store = StoreDays::new(table, progress);
        let mut batches = parts.store.read_rows(table, &Rows::Of(days));
        while let Some(batch) = batches.try_next().await? {
            Row::all(table, &batch).try_for_each(|row| store.add(row))?;
        }
        Ok::<_, ChunkError>(store.finish())
    })
    .await?;
    let all: BTreeSet<Day> = store.keys().chain(sink.keys()).copied().collect();
    let compared = all.into_iter().map(|day| {
        let ours = store.remove(&day).unwrap_or_default();
        DayComparison::new(table, day, ours, sink.get(&day).copied().unwrap_or_default())
    });
    Ok(compared.collect())
}

/// Neighbours of so many rows at most, a single day of any number.
fn groups(days: &[DayComparison], chunk_rows: u32) -> Vec<std::ops::Range<usize>> {
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    let mut rows = 0;
    for (index, day) in days.iter().enumerate() {
        rows += day.store.rows;
        match groups.last_mut() {
            Some(group) if rows <= chunk_rows.into() => group.end = index + 1,
            _ => {
                rows = day.store.rows;
                groups.push(index..index + 1);
            }
        }
    }
    groups
}

/// Compares every value of some days that follow one another.
async fn compare_values(
    parts: Verify<'_>,
    table: &'static Table,
    progress: Option<&Progress>,
    days: &mut [DayComparison],
) -> anyhow::Result<()> {
    let ends = (days.first().and_then(|day| day.day), days.last().and_then(|day| day.day));
    let span = Days { from: ends.0, to: ends.1 };
    let (chunk, mut store) =
        insist(async || read_days(parts.store, table, progress, span).await).await?;
    let Some(chunk) = chunk else { return Ok(()) };
    let differences = insist(async || {
        let staging = parts.sink.stage(&chunk).await?;
        let differences = parts.sink.list_differences(table, span, &staging).await;
        parts.sink.drop_staging(staging).await;
        differences
    });
    let mut by_day: BTreeMap<Day, Vec<Difference>> = BTreeMap::new();
    for difference in differences.await? {
        by_day.entry(difference.day).or_default().push(difference);
    }
    for day in days {
        let is_pending = store.remove(&day.day).is_some_and(|store| store.is_pending);
        match by_day.remove(&day.day) {
            _ if is_pending => day.verdict = Verdict::Pending,
            Some(found) => {
                day.verdict = Verdict::Different;
                day.differences = found;
            }
            None => {}
        }
    }
    Ok(())
}

/// The store's rows of some days as a chunk, if there are any, and what they come to.
pub(super) async fn read_days(
    store: &dyn Store,
    table: &'static Table,
    progress: Option<&Progress>,
    days: Days,
) -> Result<(Option<Chunk>, BTreeMap<Day, StoreDay>), ChunkError> {
    let mut batches = store.read_rows(table, &Rows::Of(days));
    let mut builder = ChunkBuilder::new(table)?;
    let mut store_days = StoreDays::new(table, progress);
    while let Some(batch) = batches.try_next().await? {
        builder.add(&batch)?;
        Row::all(table, &batch).try_for_each(|row| store_days.add(row))?;
    }
    Ok((builder.finish()?, store_days.finish()))
}

/// What the store's rows of a day come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StoreDay {
    sum: DaySum,
    is_pending: bool,
}

/// Sums the store's rows by day.
struct StoreDays<'a> {
    table: &'static Table,
    progress: Option<&'a Progress>,
    days: BTreeMap<Day, StoreDay>,
}

impl<'a> StoreDays<'a> {
    fn new(table: &'static Table, progress: Option<&'a Progress>) -> Self {
        Self { table, progress, days: BTreeMap::new() }
    }

    fn add(&mut self, row: Row<'_>) -> Result<(), ChunkError> {
        let time = self.table.day_of.and_then(|day_of| row.time(day_of));
        let is_past = self.is_past(row)?;
        let day = self.days.entry(time.map(|time| time.date_naive())).or_default();
        day.sum.add(row.fingerprint());
        day.is_pending |= is_past;
        Ok(())
    }

    /// Whether a row is past the position.
    fn is_past(&self, row: Row<'_>) -> Result<bool, ChunkError> {
        match self.progress {
            None => Ok(true),
            Some(Progress::Whole(_)) => Ok(false),
            Some(Progress::To(position)) => match row.integer("run_seq") {
                Some(run_seq) if run_seq == position.run_seq => {
                    Ok(position_of(self.table, row)?.key > position.key)
                }
                run_seq => Ok(run_seq > Some(position.run_seq)),
            },
        }
    }

    fn finish(mut self) -> BTreeMap<Day, StoreDay> {
        if let Some(Progress::Whole(fingerprint)) = self.progress {
            for day in self.days.values_mut() {
                day.is_pending = day.sum.fingerprint != *fingerprint;
            }
        }
        self.days
    }
}

/// Notes in the sink through which day each table is equal.
pub(super) async fn note(
    parts: Verify<'_>,
    store_id: &str,
    states: &States,
    report: &mut Report,
) -> anyhow::Result<()> {
    let yesterday = SystemClock.now().date_naive() - TimeDelta::days(1);
    let mut through = BTreeMap::new();
    for table in TABLES.into_iter().filter(|table| table.day_of.is_some()) {
        let before = states.get(table.name).and_then(|state: &State| state.verified_through);
        let days = report.days.iter().filter(|day| day.table.name == table.name);
        let is_open =
            |day: &&DayComparison| !matches!(day.verdict, Verdict::Same | Verdict::Repaired);
        let first_open = days.filter(is_open).filter_map(|day| day.day).min();
        through.insert(table.name, verified_through(before, parts.days, first_open, yesterday));
    }
    let is_new = |(name, day): (&&str, &Day)| {
        states.get(*name).is_none_or(|state| state.verified_through != *day)
    };
    if through.iter().any(is_new) {
        insist(async || parts.sink.set_verified_through(store_id, &through).await).await?;
    }
    report.verified_through = through.into_values().min().flatten();
    Ok(())
}

/// Through which day a table is equal, after `days` were compared and `first_open` was the first
/// that was not; it was equal through `before`.
fn verified_through(before: Day, days: Days, first_open: Day, yesterday: NaiveDate) -> Day {
    let joins = |from: NaiveDate| before.is_some_and(|before| from <= before + TimeDelta::days(1));
    let end = first_open.map_or(days.to.unwrap_or(yesterday), |open| open - TimeDelta::days(1));
    let end = Some(end.min(yesterday));
    match (first_open, days.from.is_none_or(joins)) {
        (Some(_), true) => end,
        (Some(_), false) => before.min(end),
        (None, true) => before.max(end),
        (None, false) => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn november(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    #[test]
    fn it_is_verified_through_the_day_before_the_first_that_is_not() {
        let yesterday = november(24);
        let span = |from: Option<u32>, to: Option<u32>| Days {
            from: from.map(november),
            to: to.map(november),
        };
        for (before, days, first_open, expected) in [
            (None, span(None, None), None, Some(24)),
            (None, span(None, None), Some(25), Some(24)),
            (None, span(None, None), Some(20), Some(19)),
            (Some(22), span(None, None), Some(20), Some(19)),
            (Some(22), span(None, Some(10)), None, Some(22)),
            (None, span(None, Some(10)), None, Some(10)),
            // Only part is compared: it counts if it joins what was known.
            (Some(19), span(Some(20), None), None, Some(24)),
            (Some(19), span(Some(21), None), None, Some(19)),
            (None, span(Some(21), None), None, None),
            (Some(22), span(Some(18), Some(20)), Some(19), Some(18)),
            (Some(10), span(Some(18), None), Some(19), Some(10)),
        ] {
            let found =
                verified_through(before.map(november), days, first_open.map(november), yesterday);
            assert_eq!(found, expected.map(november), "{before:?} {days:?} {first_open:?}");
        }
    }

    #[test]
    fn days_are_compared_in_groups_that_fit_and_none_is_divided() {
        let day = |rows| DayComparison {
            table: &crate::domain::tables::WEATHER_OBSERVATIONS,
            day: None,
            verdict: Verdict::Same,
            store: DaySum { rows, ..DaySum::default() },
            sink: DaySum::default(),
            differences: Vec::new(),
        };
        let days: Vec<_> = [4, 6, 1, 30, 0, 9, 2].into_iter().map(day).collect();
        assert_eq!(groups(&days, 10), [0..2, 2..3, 3..4, 4..6, 6..7]);
        assert!(groups(&[], 10).is_empty());
    }
}
