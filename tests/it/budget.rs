//! The call budget: whatever is killed, no account makes more calls than it may, and what it may it
//! makes.

use std::collections::BTreeMap;
use std::process::Child;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use weather_data_product::domain::{Outcome, Site, Window, sites_file};
use weather_data_product::job::gate::{Charge, Gate};
use weather_data_product::job::permits::Permits;
use weather_data_product::job::{self, Stop};
use weather_data_product::simulator::{QuotaWindow, SimulatorConfig};
use weather_data_product::store::RunHost;

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::kills::{self, Moment, Random, kill_at};
use crate::support::program::{Program, Ran, SimulatorProcess, repository_file, repository_path};
use crate::support::samples::{
    LONG_LEASE, SOURCE, budget, calls_per_day, hour, open_run, run_end, sites,
};
use crate::support::service::{Job, Service};

on_both_databases!(
    a_day_of_the_sample_sites_takes_the_calls_that_the_plan_tells,
    a_spent_day_ends_the_run_and_the_next_day_collects_again,
    a_spent_minute_is_waited_for,
    calls_for_the_past_leave_those_of_the_slots_to_come,
    calls_for_the_past_wait_while_a_run_is_at_work,
    eight_processes_killed_and_started_again_never_exceed_the_day,
    eight_processes_killed_and_started_again_never_exceed_the_minute,
    retries_are_calls_too,
    what_is_spent_and_left_is_shown,
);

/// How often each of the eight processes is killed.
const KILLS: u32 = 3;

fn task(
    simulator: &SimulatorProcess,
    database: &TestDatabase,
    index: u32,
    (per_minute, per_day): (u32, u32),
) -> Program {
    simulator
        .client(&database.url)
        .with_sites(2000)
        .env("WEATHER_LEASE_SECONDS", "2")
        .env("WEATHER_BATCH_ROWS", "5")
        .env("LOG_LEVEL", "debug")
        .env("CLOUD_RUN_TASK_INDEX", &index.to_string())
        .env("CLOUD_RUN_TASK_COUNT", "8")
        .env("OPENWEATHER_CALLS_PER_MINUTE", &per_minute.to_string())
        .env("OPENWEATHER_CALLS_PER_DAY", &per_day.to_string())
}

/// Starts each task and kills it, three times, all tasks at once, and starts it again.
fn kill_and_start_again(tasks: &[Program]) -> Vec<Child> {
    std::thread::scope(|scope| {
        let threads = (0..).zip(tasks).map(|(number, task)| {
            scope.spawn(move || {
                let mut random = Random(0x9E37_79B9 + number);
                for _ in 0..KILLS {
                    let wait = random.part_of(Duration::from_millis(800));
                    let moment = Moment::In { phase: "calls", occurrence: 0, wait };
                    kill_at(kills::spawn(task, &["etl"]), &moment, |_| ());
                }
                kills::spawn(task, &["etl"])
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Calls by the first so many characters of their time: 10 are a day, 16 a minute.
fn calls_by(simulator: &SimulatorProcess, characters: usize) -> BTreeMap<String, u64> {
    let mut calls = BTreeMap::new();
    for call in simulator.calls() {
        assert_ne!(call["status"], 429, "the source was asked for more than it gives");
        *calls.entry(call["time"].as_str().unwrap()[..characters].to_owned()).or_default() += 1;
    }
    calls
}

async fn eight_processes_killed_and_started_again_never_exceed_the_day(database: &TestDatabase) {
    let cap = 500;
    let faults = ["--fault", "server_error=20%:1", "--calls-per-day", "500"];
    let simulator = SimulatorProcess::start(&faults);
    let tasks: Vec<_> =
        (0..8).map(|index| task(&simulator, database, index, (6000, cap))).collect();
    tasks[0].run(&["migrate"]).expect(0);
    for child in kill_and_start_again(&tasks) {
        let ran = Ran::of(&child.wait_with_output().unwrap()).expect(3);
        let tomorrow = Utc::now().date_naive() + TimeDelta::days(1);
        let words = format!("no calls left this day: no call before {tomorrow} 00:00:00 UTC");
        assert!(ran.stderr.contains(&words), "{}", ran.stderr);
        assert!(ran.stderr.contains("budget_spent"), "{}", ran.stderr);
    }
    let days = calls_by(&simulator, 10);
    let calls = days.values().copied().max().unwrap();
    println!("{calls} of {cap} calls");
    assert!(calls <= u64::from(cap), "{days:?}");
    // Lost with a crash: a block of each, which is 13 calls at this pace.
    assert!(calls >= u64::from(cap - 8 * KILLS * 13), "{days:?}");
    assert_eq!(
        database.count("select reserved from call_budget where window_kind = 'day'").await,
        500
    );
    let collected = "select count(*) from collection_slots where status = 'collected'";
    let collected = database.count(collected).await;
    assert!(collected > 0);
    let whole = task(&simulator, database, 0, (6000, cap)).env("CLOUD_RUN_TASK_COUNT", "1");
    let due = whole.run(&["etl", "--dry-run"]).expect(0);
    let words = format!("dry run: {} calls for 2000 sites", 2000 - collected);
    assert!(due.stderr.contains(&words), "the slots left stay due: {}", due.stderr);
}

async fn eight_processes_killed_and_started_again_never_exceed_the_minute(database: &TestDatabase) {
    // Each start makes a call at once: without a budget 24 and more would fall into half a minute.
    let simulator = SimulatorProcess::start(&["--calls-per-minute", "16"]);
    let tasks: Vec<_> = (0..8).map(|index| task(&simulator, database, index, (16, 0))).collect();
    tasks[0].run(&["migrate"]).expect(0);
    let children = kill_and_start_again(&tasks);
    // At once, unless the minute turned while they were killed.
    let reserved = "select max(reserved) from call_budget where window_kind = 'minute'";
    while database.count(reserved).await < 16 {
        tokio::task::yield_now().await;
    }
    for mut child in children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let minutes = calls_by(&simulator, 16);
    println!("{minutes:?}");
    assert!(minutes.values().all(|calls| *calls <= 16), "{minutes:?}");
    assert_eq!(database.count(reserved).await, 16);
}

/// The calls per day that `weather quota plan` tells of the sample sites.
fn planned_calls() -> u64 {
    let file = repository_path("config/sites_sample.json");
    let arguments = ["quota", "plan", file.to_str().unwrap(), "--output", "json"];
    let told = Program::new().run(&arguments).expect(0).stdout;
    let figures: Vec<Value> = serde_json::from_str(&told).unwrap();
    let figure = figures.iter().find(|figure| figure["figure"] == "calls per day").unwrap();
    format!("{}", figure["value"].as_f64().unwrap()).parse().unwrap()
}

async fn a_day_of_the_sample_sites_takes_the_calls_that_the_plan_tells(database: &TestDatabase) {
    let planned = planned_calls();
    let sites = sites_file::parse(&repository_file("config/sites_sample.json")).unwrap();
    let service = Service::with_faults(&[]).await;
    let mut job = Job::new(database, &service);
    job.budget = budget(&[(Window::Minute, 60), (Window::Day, planned), (Window::Month, planned)]);
    let midnight = Window::Day.start(Utc::now());
    run_day(&job, &service, &sites, midnight).await;
    assert_eq!(service.simulator.call_count(), planned);
    assert_eq!(service.simulator.most_calls(SOURCE, QuotaWindow::Day), planned);
    let counted =
        "select concat_ws('|', reserved, used) from call_budget where window_kind = 'day'";
    assert_eq!(database.line(counted).await, format!("{planned}|{planned}"));
}

/// Starts the job as the schedule does through a day, and expects that nothing is left.
async fn run_day(job: &Job<'_>, service: &Service, sites: &[Site], midnight: DateTime<Utc>) {
    for half_hour in 0..48 {
        let start = midnight + TimeDelta::minutes(7 + 30 * half_hour);
        service.set_time(start);
        let report = job.run(sites).await;
        assert_eq!((report.outcome(), report.left()), (Outcome::Succeeded, 0), "{start}");
    }
}

async fn a_spent_day_ends_the_run_and_the_next_day_collects_again(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let mut job = Job::new(database, &service);
    job.budget = calls_per_day(30);
    let midnight = Window::Day.end(hour());
    let first = job.run(&sites(50)).await;
    let Some(Stop::BudgetSpent { until, .. }) = first.stop else { panic!("{:?}", first.stop) };
    assert_eq!(until, midnight);
    assert_eq!((first.counts.calls, first.counts.collected, first.left()), (30, 30, 20));
    assert_eq!(first.outcome(), Outcome::Failed);
    let again = job.run(&sites(50)).await;
    assert!(matches!(again.stop, Some(Stop::BudgetSpent { .. })));
    assert_eq!((again.counts.calls, again.left()), (0, 20));
    let stops = database.reads.list_stopped_runs((hour(), midnight)).await.unwrap();
    assert_eq!(stops.iter().map(|run| run.source.as_str()).collect::<Vec<_>>(), [SOURCE; 2]);
    let stopped = "select concat_ws('|', stop_kind, error_message) from ingestion_runs";
    let words = "budget_spent|openweathermap has no calls left this day: no call before 2026-11-26 00:00:00 UTC";
    assert_eq!(database.lines(stopped).await, [words; 2]);
    service.set_time(midnight + TimeDelta::minutes(7));
    let next_day = job.run(&sites(30)).await;
    assert_eq!((next_day.outcome(), next_day.counts.collected), (Outcome::Succeeded, 30));
}

async fn a_spent_minute_is_waited_for(database: &TestDatabase) {
    let service = Service::start(SimulatorConfig {
        calls_per_minute: Some(10),
        ..SimulatorConfig::default()
    })
    .await;
    let mut job = Job::new(database, &service);
    job.budget = budget(&[(Window::Minute, 10)]);
    // Where the clock steps, a call in flight would arrive minutes later.
    job.settings.max_workers = 1;
    let report = job.run(&sites(35)).await;
    assert_eq!((report.counts.collected, report.counts.calls), (35, 35));
    assert_eq!(service.simulator.most_calls(SOURCE, QuotaWindow::Minute), 10);
    assert_eq!(service.clock_time(), hour() + TimeDelta::minutes(10));
}

async fn retries_are_calls_too(database: &TestDatabase) {
    let service = Service::with_faults(&["server_error=100%:2"]).await;
    let mut job = Job::new(database, &service);
    job.budget = calls_per_day(20);
    let report = job.run(&sites(8)).await;
    assert!(matches!(report.stop, Some(Stop::BudgetSpent { .. })), "{:?}", report.stop);
    assert_eq!((report.counts.calls, service.simulator.call_count()), (20, 20));
    let counted = "select concat_ws('|', reserved, used) from call_budget";
    assert_eq!(database.line(counted).await, "20|20");
}

/// The gate of a job that asks for the past, at the tests' hour.
async fn heal_until_stopped(
    database: &TestDatabase,
    service: &Service,
    job: &Job<'_>,
    sites: &[Site],
) -> Option<Stop> {
    let host = RunHost::default();
    let parts = job::Job {
        store: &*database.store,
        reads: &database.reads,
        clock: &*service.clock,
        shard: job.shard,
        lease: LONG_LEASE,
        host: &host,
        shutdown: &job.shutdown,
        vault: None,
    };
    let permits =
        Permits::new(parts, SOURCE, job.budget.for_heal(sites), (0.0, 16)).behind("etl", SOURCE);
    let gate = Gate::new(&*service.clock, SOURCE, 0.0).within(permits);
    while gate.pass(Charge::Live).await.is_ok() {}
    gate.settle().await;
    gate.into_stop()
}

async fn calls_for_the_past_leave_those_of_the_slots_to_come(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let sites = sites(10);
    let mut job = Job::new(database, &service);
    job.budget = calls_per_day(400);
    let midnight = Window::Day.start(hour());
    service.set_time(midnight + TimeDelta::minutes(1));
    let stop = heal_until_stopped(database, &service, &job, &sites).await;
    let Some(Stop::BudgetSpent { window: Window::Day, .. }) = stop else { panic!("{stop:?}") };
    // 240 slots, and a tenth of them for retries.
    assert_eq!(database.count("select used from call_budget").await, 400 - 264);
    run_day(&job, &service, &sites, midnight).await;
    assert_eq!(service.simulator.call_count(), 240);
    // What the retries did not take is healing's at the end of the day.
    heal_until_stopped(database, &service, &job, &sites).await;
    assert_eq!(database.count("select reserved from call_budget").await, 400 - 11);
}

async fn calls_for_the_past_wait_while_a_run_is_at_work(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let mut job = Job::new(database, &service);
    job.budget = budget(&[(Window::Minute, 100), (Window::Day, 16)]);
    let run = open_run(&*database.store).await;
    let healing = heal_until_stopped(database, &service, &job, &[]);
    let live = async {
        while service.clock_time() < hour() + TimeDelta::minutes(20) {
            tokio::task::yield_now().await;
        }
        assert_eq!(database.count("select count(*) from call_budget").await, 0);
        database.store.close_run(&run, &run_end(Default::default())).await.unwrap();
    };
    let (stop, ()) = tokio::join!(healing, live);
    assert!(matches!(stop, Some(Stop::BudgetSpent { .. })), "{stop:?}");
    assert_eq!(database.count("select used from call_budget where window_kind = 'day'").await, 16);
}

async fn what_is_spent_and_left_is_shown(database: &TestDatabase) {
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator
        .client(&database.url)
        .with_sites(7)
        .env("OPENWEATHER_PLAN", "startup")
        .env("OPENWEATHER_CALLS_PER_DAY", "100")
        .env("OPENWEATHER_CALLS_PER_MINUTE", "600")
        .env("OPEN_METEO_BASE_URL", &simulator.url)
        .env("SOURCES", "openweathermap,open-meteo");
    program.run(&["etl"]).expect(0);
    let quota = program.run(&["quota", "--output", "json"]).expect(0);
    let rows: Vec<Value> = serde_json::from_str(&quota.stdout).unwrap();
    let row = |scope: &str, window: &str| {
        rows.iter().find(|row| row["scope"] == scope && row["window"] == window).unwrap()
    };
    let day = row(SOURCE, "day");
    assert_eq!((&day["cap"], &day["used"], &day["reserved"]), (&100.into(), &7.into(), &0.into()));
    assert_eq!((&day["left"], &day["needed"]), (&93.into(), &7.into()));
    assert_eq!(row(SOURCE, "month")["cap"], 10_000_000);
    assert_eq!(row("openweathermap:onecall", "day")["left"], 1000);
    let free = row("open-meteo", "day");
    assert_eq!((&free["account"], &free["cap"]), (&"no-key".into(), &10_000.into()));
    // Seven calls of 1.6, in blocks that are rounded up.
    assert!((12..=14).contains(&free["used"].as_u64().unwrap()), "{free}");
    assert!(!quota.stdout.contains("0123456789abcdef"), "the key is not shown");
    program.run(&["doctor"]).expect(0);
    let spent = program.env("OPENWEATHER_CALLS_PER_DAY", "8");
    let found = spent.run(&["doctor"]).expect(0).stdout;
    assert!(found.contains("not tried: no calls left until 2"), "{found}");
    let program = spent.env("OPENWEATHER_CALLS_PER_DAY", "100");
    let table = program.run(&["quota"]).expect(0).stdout;
    assert!(
        table.starts_with("openweathermap: 92 calls left this day, 7 needed until 2"),
        "{table}"
    );
}

#[test]
fn without_a_key_a_quota_is_of_every_account_that_was_counted() {
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator.client("sqlite://weather.db").with_sites(2);
    let program = program.env("OPENWEATHER_CALLS_PER_MINUTE", "60");
    program.run(&["etl"]).expect(0);
    let of_the_key = program.run(&["quota", "--output", "csv"]).expect(0).stdout;
    let program = program.env("OPENWEATHER_API_KEY", "");
    let without = program.run(&["quota", "--output", "csv"]).expect(0).stdout;
    let accounts = |csv: &str| {
        let accounts = csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned());
        accounts.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(accounts(&without), accounts(&of_the_key));
    assert!(without.contains(",2,0,"), "what was used is counted: {without}");
}

#[test]
fn a_plan_needs_no_key() {
    let hourly = Program::new()
        .file("sites.json", &crate::support::program::sites_file(1345, 60))
        .run(&["quota", "plan", "sites.json"])
        .expect(0);
    let sentence = hourly.stdout.lines().next().unwrap();
    assert_eq!(
        sentence,
        "1345 sites take 32280 calls a day, 1000680 in a month of 31 days: OpenWeatherMap's startup \
         plan suffices (30 GBP a month); Open-Meteo's free service does not suffice"
    );
}
