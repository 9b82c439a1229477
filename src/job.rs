//! What the jobs that call a source share: the lock, the attempts of a call, the gate that each of them
//! passes, the loader, and why they stop short.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, SystemClock};
use crate::domain::run::StopReason;
use crate::domain::text::printable;
use crate::domain::{Outcome, RunCounts, Shard, Site, SlotOutcome, SlotResult};
use crate::retry::{RetryPolicy, retry};
use crate::source::history::Recalled;
use crate::store::{Reads, Run, RunEnd, RunHost, Store, StoreError};
use crate::vault::Vault;

pub mod attempt;
pub mod gate;
pub mod keep;
pub mod load;
pub mod lock;
pub mod moves;
pub mod permits;
mod rate_limit;
pub mod settings;
pub mod stop;

pub use settings::JobSettings;
pub use stop::Stop;

/// How long calls in flight may go on once a run is asked to end. Cloud Run kills after 10 s; what
/// is left of them is for the last batch and the report.
const GRACE: Duration = Duration::from_secs(3);

/// How the passing errors of what reads a stream are met. A single operation is repeated by the store
/// itself ([`Bounded`](crate::store::Bounded)); what it gives up is not tried again here.
const STORE_RETRY: RetryPolicy = RetryPolicy {
    max_attempts: 8,
    first_wait: Duration::from_millis(100),
    longest_wait: Duration::from_secs(5),
};

/// What opens runs, and where.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// Where the runs are.
    pub store: &'a dyn Store,
    /// The same store, read.
    pub reads: &'a Reads,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Its part of the sites.
    pub shard: Shard,
    /// How long an open run may stay silent.
    pub lease: Duration,
    /// The machine and the task that run it.
    pub host: &'a RunHost,
    /// Ends it early.
    pub shutdown: &'a CancellationToken,
    /// Where its answers are kept, if they are.
    pub vault: Option<&'a Vault>,
}

impl Job<'_> {
    /// Reads a stream of the store to its end, from its first row on again where it broke off. The waits
    /// take real time, even under a fixed clock.
    ///
    /// # Errors
    /// The last one.
    pub async fn retry_stream<T>(
        self,
        read: impl AsyncFnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        retry(&SystemClock, STORE_RETRY, read).await
    }

    /// Makes the store follow the sites file, and warns of the sites that have moved.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_in(self, sites: &[Site]) -> Result<(), StoreError> {
        moves::warn_of_moves(&self.store.take_in_sites(sites, self.clock.now()).await?);
        Ok(())
    }

    /// Closes a run. One that cannot be closed stays open until its lease is over; the next start
    /// sets it aside.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close(
        self,
        run: &Run,
        outcome: Outcome,
        counts: &RunCounts,
        stop: Option<StopReason>,
    ) -> Result<(), StoreError> {
        let end = RunEnd {
            outcome,
            finished_at: self.clock.now(),
            counts: counts.clone(),
            stop: stop.map(|StopReason { kind, message }| StopReason {
                kind,
                message: printable(&message),
            }),
        };
        self.store.close_run(run, &end).await
    }
}

/// What becomes of a slot by what `source` has said of its hour, at `now`; `None`: it stays as it is, since
/// the source may know more later.
#[must_use]
pub fn recalled(source: &str, recalled: &Recalled, now: DateTime<Utc>) -> Option<SlotOutcome> {
    match &recalled.found {
        Ok(observation) => Some(SlotOutcome::Collected(Box::new(observation.clone()))),
        Err(missing) if missing.is_final(now - recalled.hour) => {
            Some(SlotOutcome::unfillable(&reason(source, &missing.to_string())))
        }
        Err(_) => None,
    }
}

/// What begins the reason of a slot that this source cannot fill: another one may be able to.
#[must_use]
pub fn reason(source: &str, why: &str) -> String {
    format!("{source}: {why}")
}

/// Watches a job.
pub trait Progress: Send + Sync {
    /// So many slots will be called for.
    fn planned(&self, _slots: usize) {}
    /// A slot is done.
    fn done(&self, _result: &SlotResult) {}
}

/// Nobody watches.
pub struct Unwatched;

impl Progress for Unwatched {}
