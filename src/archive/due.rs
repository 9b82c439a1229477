//! Which months may leave, and what still keeps one.

use std::collections::BTreeSet;

use super::Archive;
use crate::domain::run::{HEAL, REPLAY};
use crate::domain::tables::INGESTION_RUNS;
use crate::domain::{ARCHIVED_TABLES, Month, MonthStatus};
use crate::sink::{Sink, with_retries};
use crate::store::{MonthRow, StoreError};

/// Whether a month may leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Its rows in the store.
    pub rows: i64,
    /// What still keeps it, a sentence each; none: it is due.
    pub obstacles: Vec<String>,
}

/// A month, and whether it may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMonth {
    /// The month.
    pub month: Month,
    /// Whether it may leave.
    pub due: Due,
}

/// The months that are old enough and have not left, oldest first, or the one that is asked for.
pub(super) async fn list(parts: Archive<'_>) -> Result<Vec<Month>, StoreError> {
    let months = parts.reads.list_archive_months().await?;
    if let Some(only) = parts.only {
        return Ok(Some(only).filter(|month| !has_left(&months, *month)).into_iter().collect());
    }
    let today = parts.clock.now().date_naive();
    let is_meant = |month: &Month| {
        let is_back = |row: &MonthRow| row.month == *month && row.status == MonthStatus::Restored;
        !has_left(&months, *month) && !months.iter().any(is_back)
    };
    let mut all: BTreeSet<Month> = months.iter().map(|row| row.month).collect();
    let first = parts.reads.first_live_day().await?.map(Month::of);
    let following = std::iter::successors(first, |month| Some(month.next()));
    for month in following.take_while(|month| month.is_older_than(parts.keep_days, today)) {
        if has_rows(parts, month).await? {
            all.insert(month);
        }
    }
    Ok(all.into_iter().filter(is_meant).collect())
}

/// Whether the store has rows of a month.
async fn has_rows(parts: Archive<'_>, month: Month) -> Result<bool, StoreError> {
    for table in ARCHIVED_TABLES {
        if parts.archiving.has_rows(table, month).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether every table of the month is archived.
fn has_left(months: &[MonthRow], month: Month) -> bool {
    let left = |row: &&MonthRow| row.month == month && row.status == MonthStatus::Archived;
    months.iter().filter(left).count() == ARCHIVED_TABLES.len()
}

/// Every month that [`run`](super::run) would look at, and whether it may leave; nothing is changed.
///
/// # Errors
/// When store or sink cannot be read.
pub async fn plan(parts: Archive<'_>) -> anyhow::Result<Vec<DueMonth>> {
    let mut planned = Vec::new();
    for month in list(parts).await? {
        planned.push(DueMonth { month, due: look(parts, month).await? });
    }
    Ok(planned)
}

/// Whether a month may leave now.
pub(super) async fn look(parts: Archive<'_>, month: Month) -> anyhow::Result<Due> {
    let mut obstacles = Vec::new();
    let (now, keep_days) = (parts.clock.now(), parts.keep_days);
    if !month.is_older_than(keep_days, now.date_naive()) {
        obstacles.push(format!("its last day is not more than {keep_days} days ago"));
    }
    for run in parts.reads.list_open_runs().await? {
        let writes_the_past = run.is_of(HEAL, None) || run.is_of(REPLAY, None);
        if writes_the_past && !run.is_silent(parts.lease) {
            obstacles.push(format!("a {} is open: run {}", run.kind, run.holder.run_id));
        }
    }
    let (mut last_run, mut rows) = (None, 0);
    for table in ARCHIVED_TABLES {
        last_run = last_run.max(parts.archiving.last_run_of(table, month).await?);
        rows += parts.archiving.count_rows(table, month).await?;
    }
    for sink in parts.sinks {
        obstacles.extend(obstacle_of(parts, &**sink, month, last_run.unwrap_or_default()).await?);
    }
    Ok(Due { rows, obstacles })
}

/// Why a sink does not have the month for certain, if so.
async fn obstacle_of(
    parts: Archive<'_>,
    sink: &dyn Sink,
    month: Month,
    last_run: i64,
) -> anyhow::Result<Option<String>> {
    let store_id = parts.reads.facts().await?.store_id;
    let kind = sink.kind();
    let state = with_retries(async || sink.find_state(&store_id).await).await?;
    let Some(state) = state.filter(|state| !state.is_superseded()) else {
        return Ok(Some(format!("{kind} was never synced from this store")));
    };
    // Runs go after their rows.
    let position = state.position(&INGESTION_RUNS);
    let synced = position.map_or(0, |position| position.run_seq);
    if let Some(position) = position {
        let run = parts.reads.find_run(&synced.to_string()).await?;
        if run.is_none_or(|run| run.run_id != position.run_id) {
            return Ok(Some(format!(
                "{kind} was synced from another copy of this store: `weather sync` says more"
            )));
        }
    }
    if synced < last_run {
        return Ok(Some(format!("{kind} is behind: `weather sync` sends run {last_run}")));
    }
    let today = parts.clock.now().date_naive();
    let first_day = parts.reads.first_day().await?;
    let first_day = first_day.into_iter().chain(state.proofs.first_different()).min();
    let verified =
        first_day.and_then(|first| state.proofs.verified_through(&state.changed, first, today));
    if verified.is_some_and(|day| day >= month.last_day()) {
        return Ok(None);
    }
    let through = verified.map_or_else(|| "no day".to_owned(), |day| day.to_string());
    Ok(Some(format!(
        "{kind} is verified through {through}, and not {}: `weather verify` looks",
        month.last_day()
    )))
}
