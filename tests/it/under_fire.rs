//! The run protocol, by breaking it: real processes, killed, frozen and started at once.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::kills::{self, Moment, Phase, Random, assert_all_hit, kill_at, kills, signal};
use crate::support::program::{Program, Ran, SimulatorProcess};

on_both_databases!(
    a_frozen_run_that_wakes_commits_nothing_more,
    a_run_killed_at_any_moment_is_completed_and_nothing_is_called_twice_that_was_stored,
    a_block_stops_every_task_and_later_all_is_collected,
    eight_tasks_of_which_two_are_killed_and_started_again_call_every_site_once,
    two_starts_at_once_call_every_slot_once,
);

/// Sites of a run, and rows of a batch: many batches, so that a kill may fall into one.
const SITES: u32 = 120;

fn job(simulator: &SimulatorProcess, database: &TestDatabase) -> Program {
    simulator
        .client(&database.url)
        .with_sites(SITES)
        .env("WEATHER_LEASE_SECONDS", "2")
        .env("WEATHER_BATCH_ROWS", "5")
        .env("MAX_WORKERS", "8")
        .env("LOG_LEVEL", "debug")
}

fn spawn(program: &Program) -> Child {
    kills::spawn(program, &["etl"])
}

/// The sites that were called, each as often as it was.
fn calls_by_site(calls: &[Value]) -> BTreeMap<(String, String), u32> {
    let mut sites = BTreeMap::new();
    for call in calls {
        let site = (call["latitude"].to_string(), call["longitude"].to_string());
        *sites.entry(site).or_default() += 1;
    }
    sites
}

/// Every slot is filled by one observation, every observation fills a slot.
async fn assert_complete(database: &TestDatabase) {
    assert_no_half_batch(database).await;
    let collected = "select count(*) from collection_slots where status = 'collected'";
    assert_eq!(database.count(collected).await, i64::from(SITES));
    assert_eq!(database.count("select count(*) from weather_observations").await, i64::from(SITES));
}

/// A batch is there with its observations and its slots, or not at all.
async fn assert_no_half_batch(database: &TestDatabase) {
    let unfilled = "select count(*) from collection_slots c left join weather_observations o \
        on o.site_id = c.site_id and o.observation_time = c.observation_time \
        and o.run_seq = c.run_seq where o.site_id is null";
    assert_eq!(database.count(unfilled).await, 0);
    let unexplained = "select count(*) from weather_observations o left join collection_slots c \
        on o.site_id = c.site_id and o.observation_time = c.observation_time where c.site_id is null";
    assert_eq!(database.count(unexplained).await, 0);
}

async fn two_starts_at_once_call_every_slot_once(database: &TestDatabase) {
    let simulator = SimulatorProcess::start(&[]);
    let program = job(&simulator, database);
    let children = [spawn(&program), spawn(&program)];
    for child in children {
        Ran::of(&child.wait_with_output().unwrap()).expect(0);
    }
    assert_complete(database).await;
    let calls = calls_by_site(&simulator.calls());
    assert!(calls.len() == SITES as usize && calls.values().all(|count| *count == 1), "{calls:?}");
}

async fn a_run_killed_at_any_moment_is_completed_and_nothing_is_called_twice_that_was_stored(
    database: &TestDatabase,
) {
    // Two services, so that a call of the killed process that arrives late is not taken for one of
    // the process that completes its work.
    let (called_first, called_later) = (SimulatorProcess::start(&[]), SimulatorProcess::start(&[]));
    let (killed, completing) = (job(&called_first, database), job(&called_later, database));
    killed.run(&["migrate"]).expect(0);
    let started = Instant::now();
    killed.run(&["etl"]).expect(0);
    let whole = started.elapsed();
    let mut phases = BTreeMap::<String, u32>::new();
    let mut moments = Random(0x9E37_79B9);
    let mut repeated = 0;
    for _ in 0..kills() {
        empty(database).await;
        let (before, before_later) = (called_first.calls().len(), called_later.calls().len());
        let moment = Moment::random(&mut moments, whole, &PHASES);
        let phase = kill_at(spawn(&killed), &moment, |_| ()).phase();
        *phases.entry(phase).or_default() += 1;
        assert_no_half_batch(database).await;
        let stored = stored_sites(database).await;

        completing.run(&["etl"]).expect(0);
        assert_complete(database).await;
        let again = calls_by_site(&called_later.calls()[before_later..]);
        assert_eq!(
            again.len(),
            SITES as usize - stored,
            "called again: exactly what was not stored"
        );
        assert!(again.values().all(|count| *count == 1));
        // In flight, in the channel, or in the batch: 8 workers, 5 and 5 rows, and one in hand each way.
        let lost = called_first.calls().len() - before - stored;
        assert!(lost <= 8 + 5 + 5 + 2, "{lost} calls were lost with the process");
        repeated += lost;
    }
    println!("{repeated} calls repeated");
    let wanted: Vec<_> = PHASES.iter().map(|phase| phase.name).chain(["start"]).collect();
    assert_all_hit(&phases, &wanted);
}

async fn stored_sites(database: &TestDatabase) -> usize {
    let stored = database.count("select count(*) from collection_slots").await;
    usize::try_from(stored).unwrap()
}

/// Nothing collected, no run left: the next round begins anew.
async fn empty(database: &TestDatabase) {
    for table in ["weather_observations", "collection_slots", "ingestion_runs", "sites"] {
        database.execute(&format!("delete from {table}")).await;
    }
}

/// The phases that the job tells in its log, besides its start.
const PHASES: [Phase; 5] = [
    phase("lock", 1),
    phase("calls", 1),
    phase("batch", 20),
    phase("between_batches", 20),
    phase("closing", 1),
];

const fn phase(name: &'static str, times: u64) -> Phase {
    Phase { name, times, length: Duration::from_millis(3) }
}

async fn a_frozen_run_that_wakes_commits_nothing_more(database: &TestDatabase) {
    let simulator = SimulatorProcess::start(&[]);
    let slow = job(&simulator, database).env("OPENWEATHER_CALLS_PER_MINUTE", "3000");
    let frozen = spawn(&slow);
    while stored_sites(database).await < 20 {
        tokio::task::yield_now().await;
    }
    signal(&frozen, "-STOP");
    job(&simulator, database).run(&["etl"]).expect(0);
    assert_complete(database).await;
    let rows =
        "select concat_ws('|', site_id, run_seq, updated_at) from weather_observations order by 1";
    let before = database.lines(rows).await;
    signal(&frozen, "-CONT");
    let woken = Ran::of(&frozen.wait_with_output().unwrap()).expect(3);
    assert!(woken.stderr.contains("is no longer open"), "{}", woken.stderr);
    assert_eq!(database.lines(rows).await, before);
    let states = database.lines("select status from ingestion_runs order by run_seq").await;
    assert_eq!(states, ["abandoned", "closed"]);
}

async fn eight_tasks_of_which_two_are_killed_and_started_again_call_every_site_once(
    database: &TestDatabase,
) {
    let simulator = SimulatorProcess::start(&[]);
    let task = |index: u32| {
        job(&simulator, database)
            .env("CLOUD_RUN_TASK_INDEX", &index.to_string())
            .env("CLOUD_RUN_TASK_COUNT", "8")
            .env("OPENWEATHER_CALLS_PER_MINUTE", "6000")
    };
    let tasks: Vec<Program> = (0..8).map(task).collect();
    let mut children: Vec<Child> = tasks.iter().map(spawn).collect();
    while stored_sites(database).await < 20 {
        tokio::task::yield_now().await;
    }
    for index in [2, 5] {
        children[index].kill().unwrap();
        children[index].wait().unwrap();
        children[index] = spawn(&tasks[index]);
    }
    for child in children {
        Ran::of(&child.wait_with_output().unwrap()).expect(0);
    }
    assert_complete(database).await;
    let calls = calls_by_site(&simulator.calls());
    assert_eq!(calls.len(), SITES as usize);
    let repeated: u32 = calls.values().map(|count| count - 1).sum();
    assert!(repeated <= 2 * 20, "{repeated} calls repeated by two tasks started again");
    assert_eq!(
        database.count("select count(*) from ingestion_runs where status = 'open'").await,
        0
    );
}

async fn a_block_stops_every_task_and_later_all_is_collected(database: &TestDatabase) {
    let blocked = SimulatorProcess::start(&["--fault", "rate_limited=100%"]);
    let task = |simulator: &SimulatorProcess, index: u32| {
        job(simulator, database)
            .env("MAX_WORKERS", "1")
            .env("CLOUD_RUN_TASK_INDEX", &index.to_string())
            .env("CLOUD_RUN_TASK_COUNT", "8")
    };
    let tasks: Vec<Program> = (0..8).map(|index| task(&blocked, index)).collect();
    for _ in 0..2 {
        let children: Vec<Child> = tasks.iter().map(spawn).collect();
        for child in children {
            let ran = Ran::of(&child.wait_with_output().unwrap()).expect(3);
            assert!(ran.stderr.contains("no call before 2"), "{}", ran.stderr);
        }
        assert!(blocked.calls().len() <= 8, "one call a task, and none at the next start");
    }
    database.execute("update source_state set paused_until = '2020-01-01 00:00:00.000000'").await;
    let simulator = SimulatorProcess::start(&[]);
    let tasks: Vec<Program> = (0..8).map(|index| task(&simulator, index)).collect();
    let children: Vec<Child> = tasks.iter().map(spawn).collect();
    for child in children {
        Ran::of(&child.wait_with_output().unwrap()).expect(0);
    }
    assert_complete(database).await;
    let places: BTreeSet<_> = calls_by_site(&simulator.calls()).into_keys().collect();
    assert_eq!(places.len(), SITES as usize);
}
