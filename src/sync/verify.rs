//! Compares store and sink, day by day.
//!
//! The position is read first, then what the sink's rows come to, then the store's: whatever is
//! written meanwhile is past that position, and a day with such rows is *pending*, not different.
//! Of each day the rows, the keys and the exclusive or of the rows' fingerprints are compared, each
//! side computing them from its own values. The deep comparison stages the store's rows and has the
//! sink compare every value with its own.
//!
//! A day that was found equal is noted with the epoch of the state that was read first: a sync that
//! writes to the day afterwards makes the proof old. A rolling comparison reads what is not proved any
//! more, the last days, and a part of the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::Context as _;
use futures::TryStreamExt as _;
use tokio_util::sync::CancellationToken;

use super::Stop;
use super::chunk::{ChunkBuilder, ChunkError};
use crate::clock::Clock;
use crate::columnar::Row;
use crate::domain::tables::{TABLES, Table};
use crate::domain::{Day, DaySums, Days};
use crate::sink::{
    ArchivedRows, Billed, Chunk, Difference, Holds, Owner, Progress, Sink, State, with_retries,
};
use crate::store::{Reads, Rows};

mod archived;
mod plan;
mod report;
pub(super) mod rollups;
mod store_days;
mod through;

pub use plan::Scope;
pub(super) use plan::{Plan, first_day};
pub use report::{DayComparison, Report, Verdict};
pub use rollups::RollUpComparison;
pub(super) use through::note;

use archived::Archived;
use store_days::{StoreDay, StoreDays};

/// The parts that the comparison works with.
#[derive(Clone, Copy)]
pub struct Verify<'a> {
    /// What should be there.
    pub reads: &'a Reads,
    /// What is.
    pub sink: &'a dyn Sink,
    /// Where the rows of months are that have left the store; `None`: there is no lake.
    pub archive: Option<&'a dyn ArchivedRows>,
    /// Which days.
    pub scope: Scope,
    /// Says which day is today.
    pub clock: &'a dyn Clock,
    /// Whether every value is compared.
    pub is_deep: bool,
    /// Rows staged at once by the deep comparison, at most; a day is never divided.
    pub chunk_rows: u32,
    /// Ends it early.
    pub shutdown: &'a CancellationToken,
}

/// Compares. The report says why, if it stopped short.
pub async fn run(parts: Verify<'_>) -> Report {
    reported(parts, async |report: &mut Report| verify(parts, report).await.map(drop)).await
}

/// Runs a job that fills a report, and says how it ended.
pub(super) async fn reported(
    parts: Verify<'_>,
    job: impl AsyncFnOnce(&mut Report) -> anyhow::Result<()>,
) -> Report {
    let started = Instant::now();
    let mut report = Report { sink: parts.sink.kind(), ..Report::default() };
    let billed_before = parts.sink.bytes_billed();
    let done = parts.shutdown.run_until_cancelled(job(&mut report)).await;
    report.billed = Billed { bytes: parts.sink.bytes_billed() - billed_before };
    report.duration = started.elapsed();
    report.stop = Stop::of(done);
    report.log();
    report
}

/// Compares what is to be compared; returns the id of the store, and what that was.
pub(super) async fn verify(
    parts: Verify<'_>,
    report: &mut Report,
) -> anyhow::Result<(String, Plan)> {
    parts.sink.check().await?;
    let store_id = with_retries(async || parts.reads.facts().await).await?.store_id;
    let state = super::find_own_state(parts.reads, parts.sink, &store_id).await?;
    let plan = Plan::of(parts, &state).await?;
    (report.days_read, report.days_known) = (plan.days().len(), plan.known_days());
    let owner = Owner { store_id: &store_id, epoch: state.epoch };
    for table in TABLES {
        let found = compare_table(parts, table, &state, &plan.ranges, &owner).await;
        report.days.extend(found.with_context(|| format!("{} is not compared", table.name))?);
    }
    // Where rows differ, what is computed of them differs too: the rows are named.
    if !report.has_differences() {
        let roll_ups = rollups::compare(parts, &store_id, &plan.ranges).await;
        report.roll_ups = roll_ups.context("the roll-ups are not compared")?;
    }
    note(parts, &store_id, &plan, state, report).await?;
    Ok((store_id, plan))
}

async fn compare_table(
    parts: Verify<'_>,
    table: &'static Table,
    state: &State,
    ranges: &[Days],
    owner: &Owner<'_>,
) -> anyhow::Result<Vec<DayComparison>> {
    let ranges = if table.day_of.is_some() { ranges } else { &[Days::ALL] };
    if !parts.is_deep {
        return compare_days(parts, table, state, ranges).await;
    }
    let mut all = Vec::new();
    for range in ranges {
        let mut days = compare_days(parts, table, state, &[*range]).await?;
        for group in groups(&days, parts.chunk_rows) {
            compare_values(parts, table, state.progress(table), owner, &mut days[group]).await?;
        }
        all.extend(days);
    }
    Ok(all)
}

/// The quick comparison, for a state that was read before. The days of one range are read at a time.
pub(super) async fn compare_days(
    parts: Verify<'_>,
    table: &'static Table,
    state: &State,
    ranges: &[Days],
) -> anyhow::Result<Vec<DayComparison>> {
    let sink: DaySums = with_retries(async || parts.sink.sum_days(table, ranges).await).await?;
    let mut store = with_retries(async || {
        let archived = Archived::read(parts.reads, table, ranges).await?;
        let mut store = StoreDays::new(table, state.progress(table));
        for days in ranges {
            let mut batches = parts.reads.read_rows(table, &Rows::Of(*days));
            while let Some(batch) = batches.try_next().await? {
                Row::all(table, &batch).try_for_each(|row| store.add(row))?;
            }
        }
        archived.check_still(parts.reads, ranges).await?;
        let mut days = store.finish();
        archived.add_to(&mut days);
        Ok::<_, ChunkError>(days)
    })
    .await?;
    let all: BTreeSet<Day> = store.keys().chain(sink.keys()).copied().collect();
    let compared = all.into_iter().map(|day| {
        let ours = store.remove(&day).unwrap_or_default();
        let theirs = sink.get(&day).copied().unwrap_or_default();
        DayComparison::new((table, day), ours, theirs, state.epoch_of(table))
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
    owner: &Owner<'_>,
    days: &mut [DayComparison],
) -> anyhow::Result<()> {
    let ends = (days.first().and_then(|day| day.day), days.last().and_then(|day| day.day));
    let span = Days { from: ends.0, to: ends.1 };
    let (chunk, mut store) =
        with_retries(async || read_days(parts, table, progress, span).await).await?;
    let Some(chunk) = chunk else { return Ok(()) };
    let differences = with_retries(async || {
        let staging = parts.sink.new_staging(table, owner, Holds::SomeRows);
        parts.sink.append(&staging, &chunk).await?;
        let differences = parts.sink.list_differences(table, span, &staging).await;
        parts.sink.drop_staging(&staging).await;
        differences
    });
    let mut by_day: BTreeMap<Day, Vec<Difference>> = BTreeMap::new();
    for difference in differences.await? {
        by_day.entry(difference.day).or_default().push(difference);
    }
    for day in days {
        let is_pending = store.remove(&day.day).is_some_and(|store| store.is_pending);
        match by_day.remove(&day.day) {
            _ if is_pending => (day.verdict, day.equal_at) = (Verdict::Pending, None),
            Some(found) => {
                (day.verdict, day.equal_at) = (Verdict::Different, None);
                day.differences = found;
            }
            None => {}
        }
    }
    Ok(())
}

/// The rows that the store has of some days as a chunk, if there are any, and what they come to. Those of a
/// month that has left it are read from the lake.
pub(super) async fn read_days(
    parts: Verify<'_>,
    table: &'static Table,
    progress: Option<&Progress>,
    days: Days,
) -> Result<(Option<Chunk>, BTreeMap<Day, StoreDay>), ChunkError> {
    let archived = Archived::read(parts.reads, table, &[days]).await?;
    let mut batches = parts.reads.read_rows(table, &Rows::Of(days));
    let mut builder = ChunkBuilder::new(table)?;
    let mut store_days = StoreDays::new(table, progress);
    while let Some(batch) = batches.try_next().await? {
        let batch = archived.without(batch)?;
        builder.add(&batch)?;
        Row::all(table, &batch).try_for_each(|row| store_days.add(row))?;
    }
    archived.check_still(parts.reads, &[days]).await?;
    archived.add_rows(parts, &mut builder).await?;
    let mut store_days = store_days.finish();
    archived.add_to(&mut store_days);
    Ok((builder.finish()?, store_days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DaySum;

    #[test]
    fn days_are_compared_in_groups_that_fit_and_none_is_divided() {
        let day = |rows| DayComparison {
            table: &crate::domain::tables::WEATHER_OBSERVATIONS,
            day: None,
            verdict: Verdict::Same,
            store: DaySum { rows, ..DaySum::default() },
            sink: DaySum::default(),
            differences: Vec::new(),
            is_archived: false,
            equal_at: None,
        };
        let days: Vec<_> = [4, 6, 1, 30, 0, 9, 2].into_iter().map(day).collect();
        assert_eq!(groups(&days, 10), [0..2, 2..3, 3..4, 4..6, 6..7]);
        assert!(groups(&[], 10).is_empty());
    }
}
