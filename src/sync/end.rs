//! Where the runs end that are to be synced, and who holds that end back.
//!
//! An open run holds back what ended after it. One that was killed would do so for ever, if nothing
//! of its kind is started again: so a sync sets silent runs aside, of whatever kind. A command that
//! only looks, or may not write, leaves them as they are and counts what a sync would send.

use std::time::Duration;

use super::Sync;
use crate::clock::{Clock as _, SystemClock};
use crate::sink::with_retries;
use crate::store::{OpenRun, StoreError};

/// The end, once silent runs are set aside.
///
/// # Errors
/// When the store fails.
pub(super) async fn end_of_ended_runs(parts: Sync<'_>) -> Result<i64, StoreError> {
    set_aside_silent_runs(parts).await?;
    // What is certain: a run that has fallen silent only now, or that could not be set aside, may
    // still write.
    with_retries(async || parts.store.end_of_ended_runs().await).await
}

/// Where that may not be done, what lies below those runs is sent all the same.
async fn set_aside_silent_runs(parts: Sync<'_>) -> Result<(), StoreError> {
    let now = SystemClock.now();
    let gone =
        with_retries(async || parts.store.set_aside_silent_runs(parts.lease, now).await).await;
    match gone {
        Ok(gone) => {
            gone.iter().for_each(|run| warn(run, "a run was silent past its lease: set aside"));
            Ok(())
        }
        Err(error @ StoreError::Unreachable(_)) => Err(error),
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::warn!(
                "a run is silent past its lease and cannot be set aside, what ended after it waits: {error:#}"
            );
            Ok(())
        }
    }
}

/// Warns of the runs that have been open for long: what ended after them waits.
pub(super) async fn warn_of_long_open_runs(parts: Sync<'_>) -> Result<(), StoreError> {
    let open = with_retries(async || parts.reads.list_open_runs().await).await?;
    let now = SystemClock.now();
    let long = open.iter().filter(|run| run.is_open_for_long(parts.lease, now));
    long.for_each(|run| warn(run, "a run has been open for long: what ended after it waits"));
    Ok(())
}

fn warn(run: &OpenRun, message: &str) {
    let OpenRun { run_seq, kind, source, holder } = run;
    tracing::warn!(
        run_id = holder.run_id,
        run_seq,
        kind,
        source,
        host = holder.host,
        started_at = %holder.started_at.format("%FT%TZ"),
        silent_s = holder.silent_ms / 1000,
        "{message}"
    );
}

/// The end as it would be if the silent ones of these open runs were set aside.
pub(super) fn end_without_silent(open: &[OpenRun], lease: Duration) -> i64 {
    let at_work = open.iter().filter(|run| !run.is_silent(lease));
    at_work.map(|run| run.run_seq).min().unwrap_or(i64::MAX)
}
