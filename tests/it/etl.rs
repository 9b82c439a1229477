//! The job, with real HTTP to a simulated service, on each database.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use weather_data_product::clock::{Clock as _, SteppedClock};
use weather_data_product::domain::{ErrorKind, Outcome, Shard, Site};
use weather_data_product::etl::{Ended, Selection};
use weather_data_product::job::Stop;
use weather_data_product::simulator::{FaultKind, FaultRule, SimulatorConfig};
use weather_data_product::source::{Answer, Source, SourceError};

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::samples::{
    SOURCE, collected, full_values, hour, open_run, site, site_id, sites,
};
use crate::support::service::{Job, Service, client};

on_both_databases!(
    a_clock_set_back_repeats_no_call_and_loses_nothing,
    a_blocked_account_stops_the_run_and_the_next_start_until_the_pause_is_over,
    a_forced_call_that_fails_does_not_lose_what_was_collected,
    a_complete_hour_does_not_mind_a_pause,
    a_refused_key_stops_the_run_after_five_calls,
    a_rest_is_as_long_as_asked_for_but_never_longer_than_a_day,
    a_run_told_to_end_stores_what_it_has_and_says_so,
    a_short_block_is_waited_out_and_nothing_is_lost,
    a_slot_that_passes_before_its_call_is_not_called,
    a_start_after_a_crash_calls_only_what_is_missing,
    a_start_that_finds_another_at_work_leaves_it_alone,
    a_time_that_stands_still_or_goes_back_is_no_fault,
    each_fault_ends_in_its_slot_and_the_other_sites_are_collected,
    eight_tasks_call_every_site_once,
    every_due_slot_is_collected_and_a_second_start_calls_nothing,
    only_the_sites_asked_for_are_called,
    passing_faults_are_tried_again_until_the_site_is_collected,
    retries_wait_for_their_turn_as_every_call_does,
    sites_out_of_their_life_are_not_called,
);

async fn every_due_slot_is_collected_and_a_second_start_calls_nothing(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let job = Job::new(database, &service);
    let first = job.run(&sites(40)).await;
    assert_eq!((first.counts.collected, first.counts.failed, first.counts.calls), (40, 0, 40));
    assert_eq!(first.outcome(), Outcome::Succeeded);
    let rows = "select concat_ws('|', site_id, observation_time, temperature_c, row_hash, run_seq) \
        from weather_observations order by site_id";
    let before = database.lines(rows).await;
    assert_eq!(before.len(), 40);
    let second = job.run(&sites(40)).await;
    assert_eq!((second.counts.calls, second.counts.skipped, second.counts.rows_loaded), (0, 40, 0));
    assert_eq!(database.lines(rows).await, before);
    service.set_time(hour() + TimeDelta::minutes(67));
    let next_hour = job.run(&sites(40)).await;
    assert_eq!(next_hour.counts.collected, 40);
    assert_eq!(service.simulator.call_count(), 80);
}

async fn each_fault_ends_in_its_slot_and_the_other_sites_are_collected(database: &TestDatabase) {
    let kinds = [
        (FaultKind::NotFound, ErrorKind::NotFound),
        (FaultKind::BadRequest, ErrorKind::BadRequest),
        (FaultKind::ServerError, ErrorKind::ServerError),
        (FaultKind::Dropped, ErrorKind::Connection),
        (FaultKind::Truncated, ErrorKind::Malformed),
        (FaultKind::Html, ErrorKind::Malformed),
        (FaultKind::WrongJson, ErrorKind::Malformed),
        (FaultKind::Empty, ErrorKind::Malformed),
        (FaultKind::OutOfRange, ErrorKind::OutOfRange),
        (FaultKind::StatusInBody, ErrorKind::ServerError),
    ];
    let faults = (0..).zip(kinds).map(|(number, (fault, _))| at(fault, &site(number))).collect();
    let service = Service::start(SimulatorConfig { faults, ..SimulatorConfig::default() }).await;
    let job = Job::new(database, &service);
    let report = job.run(&sites(20)).await;
    assert_eq!((report.counts.collected, report.counts.failed), (10, 10));
    assert_eq!(report.outcome(), Outcome::Partial);
    for (number, (fault, kind)) in (0..).zip(kinds) {
        let slot = database
            .line(&format!(
                "select concat_ws('|', status, error_kind, attempts) from collection_slots \
                where site_id = '{}'",
                site_id(number)
            ))
            .await;
        let attempts = if kind.is_transient() { 4 } else { 1 };
        assert_eq!(slot, format!("failed|{kind}|{attempts}"), "{fault}");
    }
    assert_eq!(database.count("select count(*) from weather_observations").await, 10);
    let calls = service.simulator.call_count();
    let again = job.run(&sites(20)).await;
    assert_eq!((again.counts.skipped, again.failed_before), (12, 2));
    assert_eq!(service.simulator.call_count() - calls, 7 * 4 + 1);
}

fn at(fault: FaultKind, site: &Site) -> FaultRule {
    FaultRule::at(fault, site.coordinates.latitude(), site.coordinates.longitude()).unwrap()
}

async fn passing_faults_are_tried_again_until_the_site_is_collected(database: &TestDatabase) {
    let service =
        Service::with_faults(&["server_error=30%:2", "dropped=30%:1", "truncated=30%:1"]).await;
    let report = Job::new(database, &service).run(&sites(40)).await;
    assert_eq!((report.counts.collected, report.counts.failed), (40, 0));
    assert!(report.counts.retries >= 30, "{:?}", report.counts);
    assert_eq!(report.counts.calls, service.simulator.call_count());
    let most = "select cast(max(attempts) as char) from collection_slots";
    assert_eq!(database.line(most).await, "3");
}

async fn retries_wait_for_their_turn_as_every_call_does(database: &TestDatabase) {
    let service = Service::with_faults(&["server_error=100%:2"]).await;
    let mut job = Job::new(database, &service);
    job.calls_per_minute = 1200.0;
    let report = job.run(&sites(5)).await;
    assert_eq!((report.counts.collected, report.counts.calls), (5, 15));
    // The first retry stands behind all who wait for their first turn.
    let calls = service.simulator.calls();
    let first: BTreeSet<_> = calls[..5].iter().map(|call| &call.latitude).collect();
    assert_eq!(first.len(), 5, "{calls:?}");
}

async fn a_refused_key_stops_the_run_after_five_calls(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let stranger = client(&service.url, "wrong");
    let mut job = Job::new(database, &service);
    job.source = &stranger;
    job.settings.max_workers = 4;
    let report = job.run(&sites(100)).await;
    let Some(Stop::KeyRefused { message, .. }) = &report.stop else { panic!("{:?}", report.stop) };
    assert!(message.contains("HTTP 401 at /data/2.5/weather: Invalid API key"), "{message}");
    // The fifth stops it; the three beside it come to their end.
    assert!((5..=8).contains(&service.simulator.call_count()));
    assert_eq!(report.counts.failed, service.simulator.call_count());
    assert_eq!(report.outcome(), Outcome::Failed);
    assert_eq!(report.counts.retries, 0);
    // The slots stay due: with the right key they are collected.
    job.source = &service.source;
    assert_eq!(job.run(&sites(100)).await.counts.collected, 100);
}

async fn a_blocked_account_stops_the_run_and_the_next_start_until_the_pause_is_over(
    database: &TestDatabase,
) {
    let start = hour() + TimeDelta::minutes(7);
    let block = FaultRule::share(FaultKind::RateLimited, 100.0)
        .between(start, start + TimeDelta::minutes(5));
    let service =
        Service::start(SimulatorConfig { faults: vec![block], ..SimulatorConfig::default() }).await;
    let mut job = Job::new(database, &service);
    job.settings.max_workers = 4;
    let first = job.run(&sites(50)).await;
    let Some(Stop::AccountBlocked { until, .. }) = first.stop else { panic!("{:?}", first.stop) };
    assert_eq!(until, start + TimeDelta::minutes(10), "no Retry-After: ten minutes");
    assert!(first.counts.calls <= 4 && first.left() >= 46, "{:?}", first.counts);
    let calls = service.simulator.call_count();
    service.set_time(start + TimeDelta::minutes(6));
    let second = job.run(&sites(50)).await;
    assert!(matches!(second.stop, Some(Stop::AccountBlocked { .. })));
    assert_eq!(service.simulator.call_count(), calls, "no call before the pause is over");
    service.set_time(start + TimeDelta::minutes(30));
    assert_eq!(job.run(&sites(50)).await.counts.collected, 50);
}

async fn a_complete_hour_does_not_mind_a_pause(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let job = Job::new(database, &service);
    job.run(&sites(3)).await;
    database.store.pause(SOURCE, hour() + TimeDelta::minutes(55)).await.unwrap();
    let again = job.run(&sites(3)).await;
    assert_eq!((again.outcome(), again.counts.skipped), (Outcome::Succeeded, 3));
}

async fn a_rest_is_as_long_as_asked_for_but_never_longer_than_a_day(database: &TestDatabase) {
    for (asked_s, rest_s, attempts) in
        [(3600, 3600, 4), (3600, 3600, 1), (30, 600, 1), (10_000_000_000_000, 86_400, 4)]
    {
        let faults = vec![FaultRule::share(FaultKind::RateLimitedRetryAfter, 100.0)];
        let retry_after = Duration::from_secs(asked_s);
        let service =
            Service::start(SimulatorConfig { faults, retry_after, ..SimulatorConfig::default() })
                .await;
        let mut job = Job::new(database, &service);
        job.settings.max_attempts = attempts;
        database.execute("update source_state set paused_until = null").await;
        let report = job.run(&sites(1)).await;
        let Some(Stop::AccountBlocked { until, .. }) = report.stop else { panic!("{asked_s}") };
        assert_eq!(until, service.clock.now() + TimeDelta::seconds(rest_s), "{asked_s}");
    }
}

async fn a_short_block_is_waited_out_and_nothing_is_lost(database: &TestDatabase) {
    let service = Service::with_faults(&["rate_limited_retry_after=20%:1"]).await;
    let report = Job::new(database, &service).run(&sites(50)).await;
    assert_eq!((report.counts.collected, report.counts.failed), (50, 0));
    let waited = service.clock.now() - (hour() + TimeDelta::minutes(7));
    assert!(waited >= TimeDelta::seconds(30), "{waited}");
}

async fn a_start_after_a_crash_calls_only_what_is_missing(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let crashed = open_run(&*database.store).await;
    let batch: Vec<_> = (0..30).map(|number| collected(number, hour(), full_values())).collect();
    database.store.load(&crashed, &batch, hour()).await.unwrap();
    let mut job = Job::new(database, &service);
    job.lease = Duration::from_millis(200);
    let report = job.run(&sites(50)).await;
    assert_eq!((report.counts.collected, report.counts.skipped), (20, 30));
    assert_eq!(service.simulator.call_count(), 20);
    let run = database.reads.find_run(&crashed.run_seq.to_string()).await.unwrap().unwrap();
    assert_eq!((run.status.as_str(), run.collected), ("abandoned", 30));
}

async fn a_start_that_finds_another_at_work_leaves_it_alone(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let store = &*database.store;
    let other = open_run(store).await;
    let mut job = Job::new(database, &service);
    // A hundred beats long, so that a machine at other work does not make the other fall silent.
    job.lease = Duration::from_secs(5);
    let beating = async {
        let mut beats = tokio::time::interval(Duration::from_millis(50));
        loop {
            beats.tick().await;
            store.beat(&other).await.unwrap();
        }
    };
    let sites = sites(5);
    let ended = tokio::select! {
        ended = job.start(&sites) => ended.unwrap(),
        () = beating => unreachable!(),
    };
    let Ended::Held(holder) = ended else { panic!("{ended:?}") };
    assert_eq!(holder.run_id, other.run_id.to_string());
    assert_eq!(service.simulator.call_count(), 0);
}

async fn a_forced_call_that_fails_does_not_lose_what_was_collected(database: &TestDatabase) {
    let start = hour() + TimeDelta::minutes(7);
    let later = start + TimeDelta::minutes(10);
    let fault =
        FaultRule::share(FaultKind::NotFound, 100.0).between(later, later + TimeDelta::hours(1));
    let service =
        Service::start(SimulatorConfig { faults: vec![fault], ..SimulatorConfig::default() }).await;
    let mut job = Job::new(database, &service);
    job.run(&sites(3)).await;
    service.set_time(later);
    job.selection = Selection { force: true, ..Selection::default() };
    let report = job.run(&sites(3)).await;
    assert_eq!((report.counts.calls, report.counts.failed), (3, 3));
    let kept = "select count(*) from collection_slots where status = 'collected'";
    assert_eq!(database.count(kept).await, 3);
}

async fn only_the_sites_asked_for_are_called(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let mut job = Job::new(database, &service);
    job.selection.site_ids = vec![site_id(3), site_id(5)];
    let report = job.run(&sites(10)).await;
    assert_eq!((report.counts.sites, report.counts.collected), (2, 2));
    let active = "select count(*) from sites where deactivated_at is null";
    assert_eq!(database.count(active).await, 10, "the others stay active");
}

async fn sites_out_of_their_life_are_not_called(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let today = hour().date_naive();
    let mut future = site(1);
    future.active_from = today.succ_opt();
    let mut past = site(2);
    past.active_until = today.pred_opt();
    let report = Job::new(database, &service).run(&[site(0), future, past]).await;
    assert_eq!((report.counts.sites, report.counts.calls), (1, 1));
}

async fn eight_tasks_call_every_site_once(database: &TestDatabase) {
    let service = Service::with_faults(&["server_error=20%:1"]).await;
    let sites = sites(200);
    let jobs: Vec<_> = (0..8)
        .map(|index| {
            let mut job = Job::new(database, &service);
            job.shard = Shard::parse(index, 8).unwrap();
            job
        })
        .collect();
    let reports = futures::future::join_all(jobs.iter().map(|job| job.run(&sites))).await;
    let total: u64 = reports.iter().map(|report| report.counts.collected).sum();
    assert_eq!(total, 200);
    assert_eq!(database.count("select count(*) from weather_observations").await, 200);
    let good: Vec<_> =
        service.simulator.calls().into_iter().filter(|call| call.status == Some(200)).collect();
    let places: BTreeSet<_> = good.iter().map(|call| (&call.latitude, &call.longitude)).collect();
    assert_eq!((good.len(), places.len()), (200, 200));
    assert_eq!(
        database.count("select count(*) from ingestion_runs where outcome = 'succeeded'").await,
        8
    );
}

async fn a_time_that_stands_still_or_goes_back_is_no_fault(database: &TestDatabase) {
    let faults = vec![at(FaultKind::StaleDt, &site(0)), at(FaultKind::BackwardDt, &site(1))];
    let service = Service::start(SimulatorConfig { faults, ..SimulatorConfig::default() }).await;
    let mut job = Job::new(database, &service);
    job.selection.force = true;
    for hours in 0..3 {
        service.set_time(hour() + TimeDelta::minutes(7) + TimeDelta::hours(hours));
        let report = job.run(&sites(2)).await;
        assert_eq!((report.counts.collected, report.counts.failed), (2, 0));
        job.run(&sites(2)).await;
    }
    let observations = |number| {
        format!("select count(*) from weather_observations where site_id = '{}'", site_id(number))
    };
    assert_eq!(database.count(&observations(0)).await, 1, "one observation fills three slots");
    assert_eq!(database.count(&observations(1)).await, 6);
    assert_eq!(database.count("select count(*) from collection_slots").await, 6);
}

async fn a_clock_set_back_repeats_no_call_and_loses_nothing(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let job = Job::new(database, &service);
    let at = |hours| hour() + TimeDelta::minutes(7) + TimeDelta::hours(hours);
    // On to the next hour, back over two that are done to one that was never seen, and on again.
    for (hours, calls) in [(0, 5), (1, 5), (0, 0), (-1, 5), (1, 0), (2, 5)] {
        service.set_time(at(hours));
        let report = job.run(&sites(5)).await;
        assert_eq!((report.outcome(), report.counts.calls), (Outcome::Succeeded, calls), "{hours}");
    }
    assert_eq!(database.count("select count(*) from weather_observations").await, 20);
    let filled = "select count(*) from collection_slots where status = 'collected'";
    assert_eq!(database.count(filled).await, 20);
}

/// A source at whose third call the hour is over.
struct SlowHour<'a> {
    inner: &'a dyn Source,
    clock: Arc<SteppedClock>,
    calls: AtomicU32,
}

#[async_trait]
impl Source for SlowHour<'_> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn observe(&self, site: &Site, now: DateTime<Utc>) -> Result<Answer, SourceError> {
        if self.calls.fetch_add(1, Ordering::Relaxed) == 2 {
            self.clock.set(hour() + TimeDelta::minutes(60));
        }
        self.inner.observe(site, now).await
    }
}

async fn a_slot_that_passes_before_its_call_is_not_called(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let slow =
        SlowHour { inner: &service.source, clock: service.clock.clone(), calls: AtomicU32::new(0) };
    let mut job = Job::new(database, &service);
    job.source = &slow;
    job.settings.max_workers = 1;
    let report = job.run(&sites(10)).await;
    assert_eq!((report.counts.collected, report.counts.skipped, report.left()), (3, 7, 0));
    assert_eq!((report.passed, report.missing(), report.outcome()), (7, 7, Outcome::Partial));
    let slots =
        database.lines("select distinct cast(slot_time as char) from collection_slots").await;
    assert_eq!(slots.len(), 1, "a slot is the one its call was sent in");
    assert!(slots[0].contains("08:00:00"));
}

/// A source at whose tenth call the program is told to end.
struct Ending<'a> {
    inner: &'a dyn Source,
    shutdown: CancellationToken,
    calls: AtomicU32,
}

#[async_trait]
impl Source for Ending<'_> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn observe(&self, site: &Site, now: DateTime<Utc>) -> Result<Answer, SourceError> {
        let answer = self.inner.observe(site, now).await;
        if self.calls.fetch_add(1, Ordering::Relaxed) == 9 {
            self.shutdown.cancel();
        }
        answer
    }
}

async fn a_run_told_to_end_stores_what_it_has_and_says_so(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let mut job = Job::new(database, &service);
    let ending =
        Ending { inner: &service.source, shutdown: job.shutdown.clone(), calls: AtomicU32::new(0) };
    job.source = &ending;
    job.settings.max_workers = 2;
    let report = job.run(&sites(100)).await;
    assert_eq!(report.outcome(), Outcome::Interrupted);
    assert_eq!(
        report.counts.collected,
        service.simulator.call_count(),
        "everything fetched is stored"
    );
    assert!((10..=12).contains(&report.counts.collected), "{:?}", report.counts);
    let run = database.reads.list_runs(1).await.unwrap().remove(0);
    assert_eq!((run.status.as_str(), run.outcome.as_deref()), ("closed", Some("interrupted")));
    job.source = &service.source;
    job.shutdown = CancellationToken::new();
    let rest = job.run(&sites(100)).await;
    assert_eq!(rest.counts.collected + report.counts.collected, 100);
}
