//! How far the sink is behind the store.

use std::time::Duration;

use super::{end_without_silent, find_own_state, verify};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::Day;
use crate::domain::tables::INGESTION_RUNS;
use crate::sink::{Sink, State, with_retries};
use crate::store::{Backlog, Reads, StoreError};

/// How far the sink is behind the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Runs that have ended and are not, or not wholly, in the sink.
    pub runs_behind: i64,
    /// Through which day (UTC) all tables were found equal within the last 45 days, and not changed since.
    pub verified_through: Day,
}

/// Looks; nothing is written. A run that is silent past `lease` holds nothing back.
///
/// # Errors
/// A [`Stop`](super::Stop) when the sink does not know this store, or whatever keeps one of them from
/// being read.
pub async fn standing(reads: &Reads, sink: &dyn Sink, lease: Duration) -> anyhow::Result<Standing> {
    let store_id = with_retries(async || reads.facts().await).await?.store_id;
    let state = find_own_state(reads, sink, &store_id).await?;
    let synced = synced_through(&state);
    let backlog = with_retries(async || backlog(reads, synced, lease).await).await?;
    let today = SystemClock.now().date_naive();
    let first_day = verify::first_day(reads, &state).await?;
    let verified_through =
        first_day.and_then(|first| state.proofs.verified_through(&state.changed, first, today));
    Ok(Standing { runs_behind: backlog.runs, verified_through })
}

/// The runs beyond this number that a sync would send: it sets silent ones aside first.
pub(super) async fn backlog(
    reads: &Reads,
    run_seq: i64,
    lease: Duration,
) -> Result<Backlog, StoreError> {
    let open = reads.list_open_runs().await?;
    reads.backlog(run_seq, end_without_silent(&open, lease)).await
}

/// The run through which all is synced, 0 if nothing is: runs go after their rows.
pub(super) fn synced_through(state: &State) -> i64 {
    state.position(&INGESTION_RUNS).map_or(0, |position| position.run_seq)
}
