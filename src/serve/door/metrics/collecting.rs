//! How the collecting stands, as figures.

use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::serve::answer::cache::Labels;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::reader::Reader;
use crate::store::{FailureCount, RunRow, StoreError};
use crate::views::freshness::{self, LOOK_BACK, SiteStatus};

type Figure = Family<Labels, Gauge<f64, AtomicU64>>;

/// Runs that are looked at for the last one of each kind.
const RUNS: u32 = 50;

/// What is read.
struct Read {
    sites: Vec<SiteStatus>,
    failures: Vec<(&'static str, FailureCount)>,
    runs: Vec<RunRow>,
}

/// The figures; of a store that is away, that it is.
pub(super) async fn read(reader: &Reader) -> Registry {
    let read = from_store(reader).await;
    let mut registry = Registry::default();
    let up = Gauge::<i64>::default();
    registry.register("weather_store_up", "Whether the store can be asked", up.clone());
    match read {
        Ok(read) => {
            up.set(1);
            of_sites(&mut registry, &read.sites);
            of_failures(&mut registry, &read.failures);
            of_runs(&mut registry, &read.runs);
        }
        Err(error) => drop(Problem::from(error)),
    }
    registry
}

async fn from_store(reader: &Reader) -> Result<Read, StoreError> {
    let now = reader.now();
    let (sites, in_use) = freshness::sites(&reader.store, reader.sources, now).await?;
    let mut failures = Vec::new();
    for source in in_use {
        let of_source = reader.store.list_failures(source, now - LOOK_BACK).await?;
        failures.extend(of_source.into_iter().map(|failure| (source, failure)));
    }
    Ok(Read { sites, failures, runs: reader.store.list_runs(RUNS).await? })
}

fn of_sites(registry: &mut Registry, sites: &[SiteStatus]) {
    let age =
        figure(registry, "weather_site_observation_age_seconds", "Age of the latest observation");
    let fresh = figure(registry, "weather_site_fresh", "Whether the latest observation is fresh");
    let tried = figure(registry, "weather_site_slots_tried_24h", "Slots tried in 24 hours");
    let success = figure(
        registry,
        "weather_site_success_ratio_24h",
        "Slots collected of those tried in 24 hours",
    );
    for site in sites {
        let labels = vec![("site_id", site.site_id.clone()), ("source", site.source.clone())];
        if let Some(seconds) = site.age_s {
            age.get_or_create(&labels).set(number(seconds));
        }
        fresh.get_or_create(&labels).set(f64::from(u8::from(site.fresh)));
        tried.get_or_create(&labels).set(number(site.slots_tried_24h));
        if site.slots_tried_24h > 0 {
            let ratio = number(site.slots_collected_24h) / number(site.slots_tried_24h);
            success.get_or_create(&labels).set(ratio);
        }
    }
}

fn of_failures(registry: &mut Registry, failures: &[(&'static str, FailureCount)]) {
    let failed = figure(registry, "weather_failed_slots_24h", "Slots of 24 hours that are failed");
    for (source, failure) in failures {
        let labels =
            vec![("source", (*source).to_owned()), ("error_kind", failure.error_kind.clone())];
        failed.get_or_create(&labels).inc_by(number(failure.slots));
    }
}

/// Of each kind of job and source the last run that has ended.
fn of_runs(registry: &mut Registry, runs: &[RunRow]) {
    let latency = figure(
        registry,
        "weather_last_run_latency_seconds",
        "Latency of a slot in the last run, retries included",
    );
    let finished =
        figure(registry, "weather_last_run_finished_timestamp_seconds", "When the last run ended");
    for (index, run) in runs.iter().enumerate() {
        let Some(finished_at) = run.finished_at else { continue };
        let is_newer = |other: &RunRow| {
            (&other.kind, &other.source) == (&run.kind, &run.source) && other.finished_at.is_some()
        };
        if runs.iter().take(index).any(is_newer) {
            continue;
        }
        let kind = ("kind", run.kind.clone());
        let source = ("source", run.source.clone().unwrap_or_default());
        let outcome = ("outcome", run.outcome.clone().unwrap_or_default());
        finished
            .get_or_create(&vec![kind.clone(), source.clone(), outcome])
            .set(seconds(finished_at));
        for (name, latency_ms) in [
            ("mean", run.latency_mean_ms),
            ("p95", run.latency_p95_ms),
            ("max", run.latency_max_ms),
        ] {
            if let Some(latency_ms) = latency_ms {
                let labels = vec![kind.clone(), source.clone(), ("stat", name.to_owned())];
                latency.get_or_create(&labels).set(number(latency_ms) / 1000.0);
            }
        }
    }
}

fn figure(registry: &mut Registry, name: &str, help: &str) -> Figure {
    let figure = Figure::default();
    registry.register(name, help, figure.clone());
    figure
}

fn seconds(time: DateTime<Utc>) -> f64 {
    number(time.timestamp_millis()) / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
fn number(count: i64) -> f64 {
    count as f64
}
