//! How far the sink is behind the store.

use super::find_own_states;
use crate::domain::Day;
use crate::domain::tables::{INGESTION_RUNS, TABLES};
use crate::sink::{Progress, Sink, insist};
use crate::store::Store;

/// How far the sink is behind the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Runs that have ended and are not, or not wholly, in the sink.
    pub runs_behind: i64,
    /// Through which day (UTC) all tables were found equal.
    pub verified_through: Day,
}

/// Looks; nothing is written.
///
/// # Errors
/// A [`Stop`](super::Stop) when the sink does not know this store, or whatever keeps one of them from
/// being read.
pub async fn standing(store: &dyn Store, sink: &dyn Sink) -> anyhow::Result<Standing> {
    let store_id = insist(async || store.facts().await).await?.store_id;
    let states = find_own_states(store, sink, &store_id).await?;
    // Runs are synced after their rows.
    let synced = states.get(INGESTION_RUNS.name).and_then(|state| match &state.progress {
        Some(Progress::To(position)) => Some(position.run_seq),
        _ => None,
    });
    let behind = insist(async || store.count_ended_runs_past(synced.unwrap_or(0)).await).await?;
    let dated = TABLES.into_iter().filter(|table| table.day_of.is_some());
    let verified = dated.map(|table| states.get(table.name)?.verified_through);
    Ok(Standing { runs_behind: behind, verified_through: verified.min().flatten() })
}
