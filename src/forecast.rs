//! Collects forecasts as they are issued: one slot a site and product every few hours.
//!
//! As `etl`: open the run, which is also the lock; list the slots that are due and not yet settled; call for
//! each, through the common attempts, gate, pace, pauses and budget; load in batches while the next calls run;
//! close with a report. Two things are otherwise. Observations come first: a run waits while `etl` collects
//! from the same source, and takes what the observations of the next 24 hours leave of the budget. And what
//! an answer says again is not written again: its slot says `unchanged`, and which issue it names.
//!
//! The answers of forecasts are not kept in the vault.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use tokio::sync::mpsc;

use crate::domain::forecast::{ForecastResult, IssueSeries};
use crate::domain::run::{ETL, FORECAST};
use crate::domain::{Budget, Interval, Shard, Site, SiteId, slot_time};
use crate::job::gate::Gate;
use crate::job::keep::Keeper;
use crate::job::load::Loader;
use crate::job::lock::{self, Lock};
use crate::job::permits::Permits;
use crate::job::{Job, JobSettings, Stop};
use crate::source::Forecaster;
use crate::store::{Holder, Run, Store, StoreError};

mod call;
mod report;
mod summary;

pub use report::Report;
pub use summary::{Figures, Summary};

use call::Caller;

/// Issues of a transaction at most: each has some forty values, or as many as a week has hours.
const MAX_BATCH_ISSUES: usize = 50;

/// The parts that the job works with.
#[derive(Clone, Copy)]
pub struct Collecting<'a> {
    /// What opens its runs, and where it loads to.
    pub job: Job<'a>,
    /// What it asks.
    pub forecaster: &'a dyn Forecaster,
    /// How it works.
    pub settings: &'a JobSettings,
    /// Slots are counted in this interval from the Unix epoch.
    pub interval: Interval,
    /// Calls per minute of the account, all tasks together, as it charges them; 0 is no limit.
    pub calls_per_minute: f64,
    /// What the account may do: calls are reserved before they are sent.
    pub budget: &'a Budget,
    /// The sites whose observations come first.
    pub observed: &'a [Site],
}

/// Which sites are meant, and whether those settled are called again.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these sites; empty: all.
    pub site_ids: Vec<SiteId>,
}

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

impl Collecting<'_> {
    fn source(&self) -> &'static str {
        self.forecaster.product().source()
    }
}

/// What there is to do now.
#[derive(Debug)]
pub struct Due<'a> {
    /// The sites to call for.
    pub sites: Vec<&'a Site>,
    /// The slot that they have.
    pub slot_time: DateTime<Utc>,
    /// Active sites of this shard that are selected.
    pub all: usize,
}

/// Whose slots are looked at, and when.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// What has been tried; `None`: there is no store yet, and nothing has.
    pub store: Option<&'a dyn Store>,
    /// What would be asked.
    pub forecaster: &'a dyn Forecaster,
    /// Length of a slot.
    pub interval: Interval,
    /// Its part of the sites.
    pub shard: Shard,
    /// The present moment.
    pub now: DateTime<Utc>,
}

/// The sites whose present slot is not settled, in the order of the file.
///
/// # Errors
/// When the store fails.
pub async fn due<'a>(
    asked: Asked<'_>,
    sites: &'a [Site],
    selection: &Selection,
) -> Result<Due<'a>, StoreError> {
    let Asked { store, forecaster, interval, shard, now } = asked;
    let slot_time = slot_time(now, interval);
    let is_meant = |site: &&Site| {
        let ids = &selection.site_ids;
        shard.contains(&site.site_id) && (ids.is_empty() || ids.contains(&site.site_id))
    };
    let active = sites.iter().filter(is_meant).filter(|site| site.is_active_at(now));
    let mut due = Due { sites: active.collect(), slot_time, all: 0 };
    due.all = due.sites.len();
    let Some(store) = store else { return Ok(due) };
    let (product, model) = (forecaster.product().as_str(), forecaster.model());
    let tried = store.list_tried_forecasts(product, model, slot_time).await?;
    let settled: std::collections::HashSet<&str> =
        tried.iter().filter(|slot| slot.is_settled()).map(|slot| slot.site_id.as_str()).collect();
    due.sites.retain(|site| !settled.contains(site.site_id.as_str()));
    Ok(due)
}

/// Collects the due forecasts of the selected sites.
///
/// # Errors
/// When the store fails before the run is open; later troubles are in the report.
pub async fn run(
    mut parts: Collecting<'_>,
    sites: &[Site],
    selection: &Selection,
) -> anyhow::Result<Ended> {
    parts.job.vault = None;
    let run =
        match lock::take(parts.job, FORECAST, parts.source()).await.context("cannot open a run")? {
            Lock::Taken(run) => run,
            Lock::Held(holder) => return Ok(Ended::Held(holder)),
            Lock::Interrupted => return Ok(Ended::Interrupted),
        };
    let mut report = Report::new(parts, &run);
    if let Err(error) = collect(parts, &run, sites, selection, &mut report).await {
        report.stop_for(error);
    }
    tracing::debug!(phase = "closing", "closing the run");
    report.finished_at = parts.job.clock.now();
    let (outcome, stopped) = (report.outcome(), report.stop.as_ref().map(Stop::reason));
    if let Err(error) = parts.job.close(&run, outcome, &report.counts, stopped).await {
        report.stop_for(Stop::Store(error));
    }
    report.log();
    Ok(Ended::Ran(Box::new(report)))
}

async fn collect(
    parts: Collecting<'_>,
    run: &Run,
    sites: &[Site],
    selection: &Selection,
    report: &mut Report,
) -> Result<(), Stop> {
    let Collecting { job, forecaster, interval, .. } = parts;
    job.take_in(sites).await?;
    let (store, now) = (Some(job.store), job.clock.now());
    let asked = Asked { store, forecaster, interval, shard: job.shard, now };
    let due = due(asked, sites, selection).await?;
    report.plan(&due);
    if due.sites.is_empty() {
        return Ok(());
    }
    let gate = gate(parts);
    let pauses = [forecaster.pause_name(), parts.source()];
    gate.respect_pauses(job, &pauses).await?;
    tracing::debug!(phase = "calls", slots = due.sites.len(), "calling");
    let batch_rows = (parts.settings.batch_rows as usize).min(MAX_BATCH_ISSUES);
    let (sender, receiver) = mpsc::channel(batch_rows);
    let keeper = Keeper::new(job, run, (parts.source(), parts.source()));
    let loader = Loader {
        job,
        run,
        gate: &gate,
        pauses: &pauses,
        keeper: &keeper,
        batch_rows,
        loaded: &mut |result| report.count(result),
    };
    let (loaded, ()) =
        tokio::join!(loader.load(receiver), extract(parts, (&gate, &keeper), &due, sender));
    gate.settle().await;
    report.take_counts(&gate);
    if let Some(stop) = gate.into_stop() {
        report.stop_for(stop);
    }
    loaded
}

fn gate(parts: Collecting<'_>) -> Gate<'_> {
    let Collecting { job, forecaster, budget, observed, .. } = parts;
    let calls_per_minute = parts.calls_per_minute / f64::from(job.shard.count());
    let pace = (calls_per_minute, parts.settings.max_workers);
    let allowance = budget.for_forecasts(observed, forecaster.counts());
    let permits = Permits::new(job, parts.source(), allowance, pace).behind(ETL, parts.source());
    Gate::new(job.clock, parts.source(), calls_per_minute).within(permits)
}

/// Calls for every due site; results go to the loader as they come.
async fn extract(
    parts: Collecting<'_>,
    (gate, keeper): (&Gate<'_>, &Keeper<'_>),
    due: &Due<'_>,
    sender: mpsc::Sender<ForecastResult>,
) {
    let caller = Caller::new(parts, (gate, keeper), due.slot_time);
    let at_once = (parts.settings.max_workers as usize).min(parts.forecaster.calls_at_once());
    let mut calls = futures::stream::iter(&due.sites)
        .map(|site| async {
            if let Some(result) = caller.collect(site).await {
                // A loader that has failed says why itself, and no call is made any more.
                let _ = sender.send(result).await;
            }
        })
        .buffer_unordered(at_once);
    tokio::select! {
        biased; // a signal that is there already is respected before the first call
        () = gate.grace_is_over(parts.job.shutdown) => {}
        () = async { while calls.next().await.is_some() {} } => {}
    }
}

/// The series of a site.
fn series(forecaster: &dyn Forecaster, site: &Site) -> IssueSeries {
    let product = forecaster.product();
    IssueSeries {
        site_id: site.site_id.clone(),
        source: product.source(),
        model: forecaster.model().to_owned(),
        product: product.as_str(),
    }
}
