//! Collecting forecasts from the simulated services.

use chrono::TimeDelta;
use weather_data_product::domain::{Interval, Outcome, Window};
use weather_data_product::job::Stop;
use weather_data_product::simulator::SimulatorConfig;
use weather_data_product::source::open_meteo::OpenMeteo;

use crate::support::HUNG;
use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::program::SimulatorProcess;
use crate::support::samples::{budget, hour, sites};
use crate::support::service::{Job, Service};

mod under_fire;

on_both_databases!(
    a_second_start_within_the_interval_makes_no_call,
    answers_that_are_not_renewed_are_unchanged_and_stored_once,
    observations_have_the_first_claim_on_a_minute,
    the_hours_of_a_model_say_when_it_ran_if_that_is_proven,
    what_is_odd_about_an_answer_is_stored_and_named,
    what_cannot_be_stored_fails_its_slot_by_kind,
);

const THREE_HOURS: u32 = 180;

fn interval(minutes: u32) -> Interval {
    Interval::parse(minutes).unwrap()
}

async fn count(database: &TestDatabase, sql: &str) -> i64 {
    database.count(&format!("select count(*) from {sql}")).await
}

async fn a_second_start_within_the_interval_makes_no_call(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let (job, forecaster) = (Job::new(database, &service), service.source.forecast_3h());
    let sites = sites(20);
    let first = job.forecast(&forecaster, (&sites, interval(THREE_HOURS))).await;
    assert_eq!(first.outcome(), Outcome::Succeeded, "{first:?}");
    assert_eq!((first.counts.collected, first.counts.rows_loaded), (20, 800));
    assert_eq!((first.counts.calls, first.unchanged), (20, 0));
    service.set_time(hour() + TimeDelta::minutes(59));
    let second = job.forecast(&forecaster, (&sites, interval(THREE_HOURS))).await;
    assert_eq!((second.counts.calls, second.counts.rows_loaded), (0, 0));
    assert_eq!(second.counts.skipped, 20);
    service.set_time(hour() + TimeDelta::hours(3));
    let third = job.forecast(&forecaster, (&sites, interval(THREE_HOURS))).await;
    assert_eq!((third.counts.calls, third.counts.rows_loaded), (20, 800));
    // 3 h 53 min before the first step: its lead counts from when we had it.
    let lead = "select concat(min(lead_minutes), '|', max(lead_minutes)) from forecast_values \
        where run_seq = (select min(run_seq) from forecast_values)";
    assert_eq!(database.line(lead).await, "53|7073");
    let kinds = "select distinct concat(kind, '|', source) from ingestion_runs";
    assert_eq!(database.line(kinds).await, "forecast|openweathermap");
}

/// The source renews its data every two hours; asked every hour, every other answer says nothing new.
async fn answers_that_are_not_renewed_are_unchanged_and_stored_once(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let (job, forecaster) = (Job::new(database, &service), service.source.forecast_3h());
    let sites = sites(1);
    let mut unchanged = 0;
    for number in 0..24 {
        service.set_time(hour() + TimeDelta::hours(number) + TimeDelta::minutes(7));
        let report = job.forecast(&forecaster, (&sites, interval(60))).await;
        assert_eq!(report.counts.collected, 1, "{number}");
        unchanged += report.unchanged;
    }
    assert_eq!(unchanged, 12);
    assert_eq!(count(database, "forecast_slots where status = 'collected'").await, 24);
    assert_eq!(count(database, "forecast_slots where unchanged = 1").await, 12);
    assert_eq!(count(database, "forecast_issues").await, 12);
    assert_eq!(count(database, "forecast_values").await, 12 * 40);
    let orphans = "forecast_slots s where not exists (select 1 from forecast_issues i \
        where i.site_id = s.site_id and i.available_at = s.issue_key)";
    assert_eq!(count(database, orphans).await, 0);
}

/// A minute whose calls the observations have used up has none for a forecast; the next one has.
async fn observations_have_the_first_claim_on_a_minute(database: &TestDatabase) {
    let config = SimulatorConfig { calls_per_minute: Some(20), ..SimulatorConfig::default() };
    let service = Service::start(config).await;
    let mut job = Job::new(database, &service);
    job.budget = budget(&[(Window::Minute, 20)]);
    let (forecaster, sites) = (service.source.forecast_3h(), sites(20));
    let observed = job.run(&sites).await;
    assert_eq!((observed.counts.collected, observed.passed, observed.left()), (20, 0, 0));
    let minute = service.clock_time();
    let report = job.forecast(&forecaster, (&sites, interval(THREE_HOURS))).await;
    assert_eq!(report.counts.collected, 20, "{report:?}");
    let forecasts: Vec<_> = service
        .simulator
        .calls()
        .into_iter()
        .filter(|call| call.path.ends_with("forecast"))
        .collect();
    assert_eq!(forecasts.len(), 20);
    let of_minute =
        |call: &&weather_data_product::simulator::Call| call.time - minute < TimeDelta::seconds(53);
    assert_eq!(
        forecasts.iter().filter(of_minute).count(),
        0,
        "none in the minute of the observations"
    );
    assert!(forecasts.iter().all(|call| call.status == Some(200)));
}

fn open_meteo(service: &Service) -> OpenMeteo {
    OpenMeteo::build(&service.url, &service.url, None, HUNG).unwrap()
}

async fn the_hours_of_a_model_say_when_it_ran_if_that_is_proven(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let forecaster = open_meteo(&service).model_forecast("ecmwf_ifs025");
    let (job, sites) = (Job::new(database, &service), sites(1));
    // The run of 0 h is served from 4 h on, that of 6 h from 10 h on.
    for (minutes, issued_at, issued_by) in [
        (7, "2026-11-25 00:00:00", "meta"),
        (129, "-", "unknown"),
        (131, "2026-11-25 06:00:00", "meta"),
    ] {
        database.execute("delete from forecast_slots").await;
        database.execute("delete from forecast_values").await;
        database.execute("delete from forecast_issues").await;
        service.set_time(hour() + TimeDelta::minutes(minutes));
        let report = job.forecast(&forecaster, (&sites, interval(60))).await;
        assert_eq!(report.counts.rows_loaded, 168, "{report:?}");
        let line = database
            .line("select concat_ws('|', coalesce(issued_at, '-'), issued_by, model, step_minutes) from forecast_issues")
            .await;
        let line = line.replace('T', " ").replace("+00:00", "");
        assert_eq!(line, format!("{issued_at}|{issued_by}|ecmwf_ifs025|60"), "{minutes}");
    }
    // What is over at that moment is kept, with a lead of 0 or less.
    assert_eq!(count(database, "forecast_values where lead_minutes <= 0").await, 11);
    let moving = Service::with_faults(&["moving_meta=1%"]).await;
    moving.set_time(hour() + TimeDelta::days(1));
    let forecaster = open_meteo(&moving).model_forecast("ecmwf_ifs025");
    Job::new(database, &moving).forecast(&forecaster, (&sites, interval(60))).await;
    assert_eq!(count(database, "forecast_issues where issued_by = 'unknown'").await, 1);
}

async fn what_is_odd_about_an_answer_is_stored_and_named(database: &TestDatabase) {
    for (number, fault, values, note) in [
        (0, "forecast_hole", 36, "a hole of 900 minutes; 36 times, expected 40"),
        (1, "forecast_short", 33, "33 times, expected 40"),
        (2, "forecast_hourly", 40, "a step of 60 minutes, expected 180"),
    ] {
        let service = Service::with_faults(&[&format!("{fault}=100%")]).await;
        service.set_time(hour() + TimeDelta::days(number));
        let (job, forecaster) = (Job::new(database, &service), service.source.forecast_3h());
        let report = job.forecast(&forecaster, (&sites(1), interval(60))).await;
        assert_eq!((report.counts.collected, report.counts.rows_loaded), (1, values), "{fault}");
        let slots = "select error_message from forecast_slots order by slot_time desc limit 1";
        assert_eq!(database.line(slots).await, note);
    }
    let service = Service::with_faults(&["forecast_null_field=100%"]).await;
    service.set_time(hour() + TimeDelta::days(9));
    let (job, forecaster) = (Job::new(database, &service), service.source.forecast_3h());
    job.forecast(&forecaster, (&sites(1), interval(60))).await;
    let fields = database.texts(
        "select cast(null_fields as char) from forecast_slots where null_fields is not null",
    );
    assert_eq!(fields.await, ["[\"cloud_cover_pct\"]"]);
    assert_eq!(count(database, "forecast_values where cloud_cover_pct is null").await, 40);
}

async fn what_cannot_be_stored_fails_its_slot_by_kind(database: &TestDatabase) {
    for (number, fault, kind) in [
        (0, "wrong_json", "malformed"),
        (1, "out_of_range", "out_of_range"),
        (2, "future_dt", "malformed"),
        (3, "not_found", "not_found"),
        (4, "truncated", "malformed"),
    ] {
        let service = Service::with_faults(&[&format!("{fault}=100%")]).await;
        service.set_time(hour() + TimeDelta::days(number));
        let (job, forecaster) = (Job::new(database, &service), service.source.forecast_3h());
        let report = job.forecast(&forecaster, (&sites(1), interval(60))).await;
        assert_eq!((report.counts.failed, report.outcome()), (1, Outcome::Failed), "{fault}");
        let slots = "select error_kind from forecast_slots order by slot_time desc limit 1";
        assert_eq!(database.line(slots).await, kind, "{fault}");
    }
    assert_eq!(count(database, "forecast_values").await, 0);
    let service = Service::with_faults(&["rate_limited=100%"]).await;
    service.set_time(hour() + TimeDelta::days(20));
    let (mut job, forecaster) = (Job::new(database, &service), service.source.forecast_3h());
    job.settings.max_workers = 1;
    let report = job.forecast(&forecaster, (&sites(5), interval(60))).await;
    assert!(matches!(report.stop, Some(Stop::AccountBlocked { .. })), "{report:?}");
    assert_eq!(report.left(), 4, "{report:?}");
}

#[test]
fn the_commands_collect_show_and_refuse_as_their_help_says() {
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator.client("sqlite://weather.db").with_sites(3);
    let dry = program.run(&["forecast", "--dry-run", "--output", "json"]).expect(0);
    assert_eq!(dry.stdout.matches("\"owm-3h\"").count(), 3, "{}", dry.stdout);
    assert!(!program.folder.path().join("weather.db").exists(), "a dry run makes no store");
    let ran = program.run(&["forecast", "--output", "json"]).expect(0);
    assert!(ran.stdout.contains("\"valuesLoaded\": 120"), "{}", ran.stdout);
    let again = program.run(&["forecast", "--output", "json"]).expect(0);
    assert!(again.stdout.contains("\"calls\": 0"), "{}", again.stdout);
    let newest = program.run(&["forecasts", "--output", "csv"]).expect(0).stdout;
    assert_eq!(newest.lines().count(), 4, "{newest}");
    let said = program.run(&["forecasts", "site-00001"]).expect(0).stdout;
    assert_eq!(said.lines().count(), 41, "{said}");
    let before = program.run(&["forecasts", "site-00001", "--as-of", "2020-01-01"]).expect(0);
    assert_eq!(before.stdout.lines().count(), 1, "{}", before.stdout);
    assert!(
        before.stderr.contains("no forecast was there yet: the first is of 2"),
        "{}",
        before.stderr
    );
    let unknown = program.run(&["forecasts", "site-9"]).expect(2);
    assert!(unknown.stderr.contains("site-9"), "{}", unknown.stderr);
    let unknown = program.run(&["forecast", "--forecast-products", "gfs"]).expect(2);
    assert!(unknown.stderr.contains("owm-3h, owm-onecall-1h, om-hourly"), "{}", unknown.stderr);
    program.run(&["forecast", "--forecast-products", "none"]).expect(2);
}
