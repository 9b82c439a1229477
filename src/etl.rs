//! Extract, transform, load: collects the slots that are due now.
//!
//! 1. Open the run, which is also the lock; take the sites in; list the slots that are due and
//!    not yet settled. A second start within the hour finds little or nothing to do, and a start
//!    after a crash only what is missing.
//! 2. Call for each, at most `MAX_WORKERS` at once and no faster than the account allows. What a
//!    call finds out is its slot's and goes no further, except that a blocked account, a spent
//!    budget, and calls that are refused one after the other stop the run.
//! 3. Load in batches while the next calls run.
//! 4. Close the run with its report.

use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use tokio::sync::mpsc;

use crate::domain::{Site, Slot, SlotResult, source_time};
use crate::job::Stop;
use crate::job::gate::Gate;
use crate::job::keep::Keeper;
use crate::job::load::Loader;
use crate::job::lock::{self, Lock};
use crate::job::permits::Permits;
use crate::store::{Holder, Run};

mod call;
mod due;
pub mod failure;
mod parts;
mod report;
mod summary;

pub use due::{Asked, Due, Selection, due};
pub use parts::Etl;
pub use report::Report;
pub use summary::{Figures, Summary};

use call::Caller;

/// The job's name in the table of runs, where no other is asked for.
pub const KIND: &str = crate::domain::run::ETL;

/// How long the store may take to say what its newest observation is.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// What became of a start.
#[derive(Debug)]
pub enum Ended {
    /// A run was opened and closed.
    Ran(Box<Report>),
    /// Another execution is at it.
    Held(Holder),
    /// The shutdown came before a run was opened.
    Interrupted,
}

/// Collects the due slots of the selected sites.
///
/// # Errors
/// When the store fails before the run is open; later troubles are in the report.
pub async fn run(parts: Etl<'_>, sites: &[Site], selection: &Selection) -> anyhow::Result<Ended> {
    tracing::debug!(phase = "lock", "opening a run");
    let run = match lock::take(parts.job, KIND, parts.source.name())
        .await
        .context("cannot open a run")?
    {
        Lock::Taken(run) => run,
        Lock::Held(holder) => return Ok(Ended::Held(holder)),
        Lock::Interrupted => return Ok(Ended::Interrupted),
    };
    let mut report = Report::new(parts, &run);
    if let Err(error) = collect(parts, &run, sites, selection, &mut report).await {
        report.stop_for(error);
    }
    tracing::debug!(phase = "closing", "closing the run");
    report.finish(parts.job.clock.now());
    let (outcome, stopped) = (report.outcome(), report.stop.as_ref().map(Stop::reason));
    if let Err(error) = parts.job.close(&run, outcome, &report.counts, stopped).await {
        report.stop_for(Stop::Store(error));
    }
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
) -> Result<(), Stop> {
    let Etl { job, source, .. } = parts;
    job.take_in(sites).await?;
    let due = due(parts.into(), sites, selection).await?;
    report.plan(&due);
    parts.progress.planned(due.slots.len());
    if due.slots.is_empty() {
        return Ok(()); // complete: a pause of the account does not matter
    }
    let calls_per_minute = parts.calls_per_minute / f64::from(job.shard.count());
    let pace = (calls_per_minute, parts.settings.max_workers);
    let permits = Permits::new(job, source.name(), parts.budget.for_live(), pace);
    let gate = Gate::new(job.clock, source.name(), calls_per_minute).within(permits);
    gate.respect_pauses(job, &[source.name()]).await?;
    tracing::debug!(phase = "calls", slots = due.slots.len(), "calling");
    let batch_rows = parts.settings.batch_rows as usize;
    let (sender, receiver) = mpsc::channel(batch_rows);
    let keeper = Keeper::new(job, run, (source.name(), source.name()));
    let loader = Loader {
        job,
        run,
        gate: &gate,
        pauses: &[source.name()],
        keeper: &keeper,
        batch_rows,
        loaded: &mut |result| {
            report.count(result);
            parts.progress.done(result);
        },
    };
    let (loaded, ()) = tokio::join!(
        loader.load(receiver),
        extract(parts, run, (&gate, &keeper), due.slots, sender)
    );
    gate.settle().await;
    report.take_counts(&gate, &keeper);
    if let Some(stop) = gate.into_stop().or_else(|| report.only_refusals()) {
        report.stop_for(stop);
    }
    loaded
}

/// Calls for every due slot; results go to the loader as they come.
///
/// Each call hands on its own result. If it were done for all of them here, none would go on while the
/// loader is waited for, and one of them may hold the connection to the store that the loader needs.
async fn extract(
    parts: Etl<'_>,
    run: &Run,
    (gate, keeper): (&Gate<'_>, &Keeper<'_>),
    due: Vec<(&Site, Slot)>,
    sender: mpsc::Sender<SlotResult>,
) {
    let caller = Caller::new(parts, run, (gate, keeper));
    let mut calls = futures::stream::iter(due)
        .map(|(site, slot)| async {
            if let Some(result) = caller.collect(site, slot).await {
                // A loader that has failed says why itself, and no call is made any more.
                let _ = sender.send(result).await;
            }
        })
        .buffer_unordered(calls_at_once(parts));
    tokio::select! {
        biased; // a signal that is there already is respected before the first call
        () = gate.grace_is_over(parts.job.shutdown) => {}
        () = async { while calls.next().await.is_some() {} } => {}
    }
}

/// As many as there are workers, and as the source takes.
fn calls_at_once(parts: Etl<'_>) -> usize {
    (parts.settings.max_workers as usize).min(parts.source.calls_at_once())
}

/// Asked once, and not for long: the run is over.
async fn newest_observation_time(parts: Etl<'_>) -> Option<DateTime<Utc>> {
    let until = source_time::last_believed(parts.job.clock.now());
    let asked = tokio::time::timeout(LAST_PATIENCE, parts.job.reads.newest_observation_time(until));
    asked.await.ok()?.ok()?
}
