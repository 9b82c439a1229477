//! Rewrites in the sink the days that differ.
//!
//! A day is deleted and inserted in one fenced transaction; the position stays. Epoch first, then
//! the rows: another sync or repair that writes meanwhile makes this one begin the day again. The rows of a
//! month that has left the store come from the lake, and nothing of it is deleted, whatever is allowed.

use super::chunk::ChunkError;
use super::find_state;
use super::verify::{
    DayComparison, Report, Verdict, Verify, compare_days, note, read_days, reported, rollups,
    verify,
};
use crate::domain::tables::Table;
use crate::domain::{Day, Days};
use crate::retry::Transient;
use crate::sink::{Fenced, Holds, Owner, Rewrite, SinkError, beside_writers, with_retries};

/// Compares and rewrites. The report says why, if it stopped short; what was rewritten before
/// counts. A day whose rows would be fewer afterwards is kept as it is unless `may_delete`.
pub async fn run(parts: Verify<'_>, may_delete: bool) -> Report {
    reported(parts, async |report: &mut Report| {
        let (store_id, plan) = verify(parts, report).await?;
        for day in report.days.iter_mut().filter(|day| day.verdict == Verdict::Different) {
            repair(parts, &store_id, day, may_delete).await?;
        }
        // What was rewritten has taken its roll-ups with it: those that differ now are looked for.
        report.roll_ups.clear();
        if !report.has_differences() {
            report.roll_ups = rollups::compare(parts, &store_id, &plan.ranges).await?;
            rollups::repair(parts, &store_id, &plan.ranges, &mut report.roll_ups).await?;
        }
        let state = find_state(parts.sink, &store_id).await?.unwrap_or_default();
        note(parts, &store_id, &plan, state, report).await
    })
    .await
}

async fn repair(
    parts: Verify<'_>,
    store_id: &str,
    found: &mut DayComparison,
    may_delete: bool,
) -> anyhow::Result<()> {
    let DayComparison { table, day, is_archived, .. } = *found;
    if is_archived && parts.sink.is_archive() {
        tracing::warn!(
            table = table.name,
            day = day.map(|day| day.to_string()),
            "an archived day of the lake is not as it was proved, and nothing else has its rows: \
             take its files from the versions of the bucket"
        );
        return Ok(());
    }
    let rewritten = beside_writers(async || {
        with_retries(async || rewrite(parts, store_id, table, day, may_delete).await).await
    });
    match rewritten.await {
        Err(RewriteError::Sink(SinkError::WouldDelete { .. })) => {
            found.verdict = Verdict::Kept;
            return Ok(());
        }
        rewritten => rewritten?,
    }
    tracing::info!(table = table.name, day = day.map(|day| day.to_string()), "rewritten");
    let state = find_state(parts.sink, store_id).await?.unwrap_or_default();
    let again = compare_days(parts, table, &state, &[Days::of(day)]).await?;
    if again.iter().all(|day| matches!(day.verdict, Verdict::Same | Verdict::Pending)) {
        found.verdict = Verdict::Repaired;
        let is_pending = again.iter().any(|day| day.verdict == Verdict::Pending);
        found.equal_at = (!is_pending).then_some(state.epoch_of(table));
    }
    Ok(())
}

/// Why a day is not rewritten.
#[derive(Debug, thiserror::Error)]
enum RewriteError {
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    #[error(transparent)]
    Sink(#[from] SinkError),
}

impl Transient for RewriteError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Chunk(error) => error.is_transient(),
            Self::Sink(error) => error.is_transient(),
        }
    }
}

impl Fenced for RewriteError {
    fn is_fenced(&self) -> bool {
        matches!(self, Self::Sink(error) if error.is_fenced())
    }
}

/// Writes a day anew; may be repeated, whatever became of it the first time.
async fn rewrite(
    parts: Verify<'_>,
    store_id: &str,
    table: &'static Table,
    day: Day,
    may_delete: bool,
) -> Result<(), RewriteError> {
    let mut state = parts.sink.find_state(store_id).await?.unwrap_or_default();
    let owner = Owner { store_id, epoch: state.epoch };
    let (chunk, days) = read_days(parts, table, None, Days::of(day)).await?;
    let is_archived = days.get(&day).is_some_and(|day| day.is_archived);
    let may_delete = may_delete && !is_archived;
    let staging = match &chunk {
        Some(chunk) => {
            let staging = parts.sink.new_staging(table, &owner, Holds::SomeRows);
            parts.sink.append(&staging, chunk).await?;
            Some(staging)
        }
        None => None,
    };
    let epoch = state.epoch_of(table) + 1;
    state.changed.add(table.name, day, epoch);
    let rows = chunk.map_or(0, |chunk| chunk.rows);
    let rewrite = Rewrite { table, day, staging: staging.as_ref(), rows, may_delete };
    let written = parts.sink.rewrite(store_id, rewrite, &state).await;
    if let Some(staging) = &staging {
        parts.sink.drop_staging(staging).await;
    }
    Ok(written?)
}
