//! The lock: one open run per kind of job, source and shard.

use std::time::Duration;

use tokio::time::{Instant, interval};
use uuid::{NoContext, Timestamp, Uuid};

use super::Job;
use crate::clock::Clock;
use crate::store::{Holder, Run, RunStart, Start, StoreError};

/// Where the log says what is waited for.
pub const LOG_TARGET: &str = module_path!();

/// What came of the wait for the lock.
pub enum Lock {
    /// The run is open.
    Taken(Run),
    /// Another execution is at it.
    Held(Holder),
    /// The shutdown came first.
    Interrupted,
}

/// Opens a run of this kind that fills slots of `source`, waiting up to a lease for one that is in the
/// way: either it ends, or its lease does, or it is at work and this one is not needed. Sources do not
/// wait for each other: one that is slow, paused or refused holds up no other.
///
/// # Errors
/// When the store fails.
pub async fn take(
    job: Job<'_>,
    kind: &'static str,
    source: &'static str,
) -> Result<Lock, StoreError> {
    let start = RunStart {
        run_id: run_id(job.clock),
        kind,
        source: Some(source),
        shard: job.shard,
        lease: job.lease,
        started_at: job.clock.now(),
        host: job.host.clone(),
    };
    // The database's clock decides about leases, so this is real time, even under a fixed clock.
    let mut poll = interval((job.lease / 60).max(Duration::from_millis(50)));
    let give_up = Instant::now() + job.lease + poll.period();
    let mut is_announced = false;
    loop {
        tokio::select! {
            _ = poll.tick() => {}
            () = job.shutdown.cancelled() => return Ok(Lock::Interrupted),
        }
        match job.store.start_run(&start).await? {
            Start::Opened(run) => return Ok(Lock::Taken(run)),
            Start::Held(holder) if Instant::now() >= give_up => return Ok(Lock::Held(holder)),
            Start::Held(holder) if !is_announced => {
                is_announced = true;
                tracing::info!(
                    holder_run_id = holder.run_id,
                    holder_host = holder.host,
                    "waiting for another run of this job"
                );
            }
            Start::Held(_) => {}
        }
    }
}

/// A UUIDv7 whose time is the injected clock's.
fn run_id(clock: &dyn Clock) -> Uuid {
    let now = clock.now();
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}
