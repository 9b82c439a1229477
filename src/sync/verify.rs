//! Compares store and sink, day by day.
//!
//! The position is read first, then what the sink's rows come to, then the store's: whatever is
//! written meanwhile is past that position, and a day with such rows is *pending*, not different.
//! Of each day the rows, the keys and the exclusive or of the rows' fingerprints are compared, each
//! side computing them from its own values. The deep comparison stages the store's rows and has the
//! sink compare every value with its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::Context as _;
use futures::TryStreamExt as _;
use tokio_util::sync::CancellationToken;

use super::Stop;
use super::chunk::{ChunkBuilder, ChunkError};
use crate::columnar::Row;
use crate::domain::tables::{TABLES, Table};
use crate::domain::{Day, DaySums, Days};
use crate::sink::{Chunk, Difference, Progress, Sink, with_retries};
use crate::store::{Reads, Rows};

mod report;
mod store_days;
mod through;

pub use report::{DayComparison, Report, Verdict};
pub(super) use through::note;

use store_days::{StoreDay, StoreDays};

/// The parts that the comparison works with.
#[derive(Clone, Copy)]
pub struct Verify<'a> {
    /// What should be there.
    pub reads: &'a Reads,
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
    report.stop = Stop::of(done);
    report.log();
    report
}

/// Compares everything; returns the id of the store.
pub(super) async fn verify(parts: Verify<'_>, report: &mut Report) -> anyhow::Result<String> {
    parts.sink.check().await?;
    let store_id = with_retries(async || parts.reads.facts().await).await?.store_id;
    let states = super::find_own_states(parts.reads, parts.sink, &store_id).await?;
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
    let sink: DaySums = with_retries(async || parts.sink.sum_days(table, days).await).await?;
    let mut store = with_retries(async || {
        let mut store = StoreDays::new(table, progress);
        let mut batches = parts.reads.read_rows(table, &Rows::Of(days));
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
        with_retries(async || read_days(parts.reads, table, progress, span).await).await?;
    let Some(chunk) = chunk else { return Ok(()) };
    let differences = with_retries(async || {
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
    reads: &Reads,
    table: &'static Table,
    progress: Option<&Progress>,
    days: Days,
) -> Result<(Option<Chunk>, BTreeMap<Day, StoreDay>), ChunkError> {
    let mut batches = reads.read_rows(table, &Rows::Of(days));
    let mut builder = ChunkBuilder::new(table)?;
    let mut store_days = StoreDays::new(table, progress);
    while let Some(batch) = batches.try_next().await? {
        builder.add(&batch)?;
        Row::all(table, &batch).try_for_each(|row| store_days.add(row))?;
    }
    Ok((builder.finish()?, store_days.finish()))
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
        };
        let days: Vec<_> = [4, 6, 1, 30, 0, 9, 2].into_iter().map(day).collect();
        assert_eq!(groups(&days, 10), [0..2, 2..3, 3..4, 4..6, 6..7]);
        assert!(groups(&[], 10).is_empty());
    }
}
