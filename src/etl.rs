//! Extract, transform, load: collects the slots that are due now.
//!
//! 1. Open the run, which is also the lock; take the sites in; list the slots that are due and
//!    not yet settled. A second start within the hour finds little or nothing to do, and a start
//!    after a crash only what is missing.
//! 2. Call for each, at most `MAX_WORKERS` at once and no faster than the account allows. What a
//!    call finds out is its slot's and goes no further, except that a refused key and a blocked
//!    account stop the run.
//! 3. Load in batches while the next calls run.
//! 4. Close the run with its report.

use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, SystemClock};
use crate::domain::{Shard, Site, Slot, SlotResult};
use crate::retry::{RetryPolicy, retry};
use crate::source::Source;
use crate::store::{Holder, Run, RunEnd, RunHost, Store, StoreError};

mod call;
mod due;
mod gate;
mod load;
mod lock;
mod rate_limit;
mod report;
pub mod settings;
mod stop;

pub use due::{Due, Selection, due};
pub use report::Report;
pub use settings::EtlSettings;
pub use stop::Stop;

use call::Caller;
use gate::Gate;
use load::Loader;
use lock::Lock;

/// The job's name in the table of runs, where no other is asked for.
pub const KIND: &str = "etl";

/// How long calls in flight may go on once the run is told to end. Cloud Run kills after 10 s;
/// what is left of them is for the last batch and the report.
const GRACE: Duration = Duration::from_secs(3);

/// How long the store may take to say what its newest observation is.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// How the store's passing troubles are met: some 15 s in all beside its own time-outs, well
/// within the lease.
const STORE_RETRY: RetryPolicy = RetryPolicy {
    max_attempts: 8,
    first_wait: Duration::from_millis(100),
    longest_wait: Duration::from_secs(5),
};

/// The parts that the job works with.
#[derive(Clone, Copy)]
pub struct Etl<'a> {
    /// Where it loads to.
    pub store: &'a dyn Store,
    /// Where it extracts from.
    pub source: &'a dyn Source,
    /// The kind of its runs. The open run is the lock of its kind and shard: where several sources
    /// are collected from, each has a kind of its own.
    pub kind: &'static str,
    /// The time.
    pub clock: &'a dyn Clock,
    /// How it works.
    pub settings: &'a EtlSettings,
    /// Calls per minute of the account, all tasks together; 0 is no limit.
    pub calls_per_minute: f64,
    /// How long an open run may stay silent.
    pub lease: Duration,
    /// Its part of the sites.
    pub shard: Shard,
    /// Who runs it.
    pub host: &'a RunHost,
    /// Ends it early.
    pub shutdown: &'a CancellationToken,
    /// Is told of each slot that is done.
    pub progress: &'a dyn Progress,
}

impl Etl<'_> {
    /// Does something with the store, again if its trouble may pass; that takes real time,
    /// whatever the clock shows.
    async fn insist<T>(
        self,
        operation: impl AsyncFnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        retry(&SystemClock, STORE_RETRY, operation).await
    }
}

/// Watches a run.
pub trait Progress: Send + Sync {
    /// So many slots will be called.
    fn planned(&self, _slots: usize) {}
    /// A slot is done.
    fn done(&self, _result: &SlotResult) {}
}

/// Nobody watches.
pub struct Unwatched;

impl Progress for Unwatched {}

/// What became of a start.
#[derive(Debug)]
pub enum Ended {
    /// A run was opened and closed.
    Ran(Box<Report>),
    /// Another execution is at it.
    Held(Holder),
    /// Told to end before a run was opened.
    Interrupted,
}

/// Collects the due slots of the selected sites.
///
/// # Errors
/// When the store fails before the run is open; later troubles are in the report.
pub async fn run(parts: Etl<'_>, sites: &[Site], selection: &Selection) -> anyhow::Result<Ended> {
    tracing::debug!(phase = "lock", "opening a run");
    let run = match lock::take(parts).await.context("cannot open a run")? {
        Lock::Taken(run) => run,
        Lock::Held(holder) => return Ok(Ended::Held(holder)),
        Lock::Interrupted => return Ok(Ended::Interrupted),
    };
    let mut report = Report::new(parts, &run);
    if let Err(error) = collect(parts, &run, sites, selection, &mut report).await {
        report.stop_for(Stop::Store(error));
    }
    tracing::debug!(phase = "closing", "closing the run");
    report.finish(parts.clock.now());
    close(parts, &run, &mut report).await;
    report.newest_observation_time = newest_observation_time(parts).await;
    report.log();
    Ok(Ended::Ran(Box::new(report)))
}

async fn collect(
    parts: Etl<'_>,
    run: &Run,
    sites: &[Site],
    selection: &Selection,
    report: &mut Report,
) -> Result<(), StoreError> {
    let Etl { store, source, clock, .. } = parts;
    parts.insist(async || store.take_in_sites(sites, clock.now()).await).await?;
    let due = due(parts, sites, selection).await?;
    report.plan(&due);
    parts.progress.planned(due.slots.len());
    if due.slots.is_empty() {
        return Ok(()); // complete: a pause of the account is none of our business
    }
    let paused_until = parts.insist(async || store.paused_until(source.name()).await).await?;
    tracing::debug!(phase = "calls", slots = due.slots.len(), "calling");
    let gate = Gate::new(parts, paused_until);
    let (sender, receiver) = mpsc::channel(parts.settings.batch_rows as usize);
    let loader = Loader::new(parts, run, &gate, report);
    let (loaded, ()) =
        tokio::join!(loader.load(receiver), extract(parts, run, &gate, due.slots, sender));
    report.take_counts(&gate);
    if let Some(stop) = gate.into_stop() {
        report.stop_for(stop);
    }
    loaded
}

/// Calls for every due slot; results go to the loader as they come.
async fn extract(
    parts: Etl<'_>,
    run: &Run,
    gate: &Gate<'_>,
    due: Vec<(&Site, Slot)>,
    sender: mpsc::Sender<SlotResult>,
) {
    let caller = Caller::new(parts, run, gate);
    let mut results = futures::stream::iter(due)
        .map(|(site, slot)| caller.collect(site, slot))
        .buffer_unordered(parts.settings.max_workers as usize);
    let grace_is_over = async {
        parts.shutdown.cancelled().await;
        gate.stop(Stop::Interrupted);
        let _ = tokio::time::timeout(GRACE, std::future::pending::<()>()).await;
    };
    tokio::pin!(grace_is_over);
    loop {
        let result = tokio::select! {
            biased; // a signal that is there already is heeded before the first call
            () = &mut grace_is_over => return,
            result = results.next() => result,
        };
        let Some(result) = result else { return };
        let Some(result) = result else { continue };
        let sent = tokio::select! {
            () = &mut grace_is_over => return,
            sent = sender.send(result) => sent,
        };
        if sent.is_err() {
            return; // the loader has failed and says why
        }
    }
}

/// Asked once, and not for long: the run is over.
async fn newest_observation_time(parts: Etl<'_>) -> Option<DateTime<Utc>> {
    let asked = tokio::time::timeout(LAST_PATIENCE, parts.store.newest_observation_time());
    asked.await.ok()?.ok()?
}

/// A run that cannot be closed stays open until its lease is over; the next start sets it aside.
async fn close(parts: Etl<'_>, run: &Run, report: &mut Report) {
    let end = RunEnd {
        outcome: report.outcome(),
        finished_at: report.finished_at,
        counts: report.counts.clone(),
        error_message: report.stop.as_ref().map(ToString::to_string),
    };
    if let Err(error) = parts.insist(async || parts.store.close_run(run, &end).await).await {
        report.stop_for(Stop::Store(error));
    }
}
