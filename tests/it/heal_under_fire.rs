//! A heal is killed at any moment: what it stored stays and is not asked for again, what it did not
//! store is missing still, and the next heal fills it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::Value;

use crate::heal::{healer, past_sites};
use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::kills::{Moment, Phase, Random, assert_all_hit, kill_at, kills, spawn};
use crate::support::program::{Program, SimulatorProcess};
use crate::support::until;

on_both_databases!(
    a_heal_killed_at_any_moment_is_completed_and_nothing_is_asked_for_twice_that_was_stored,
);

/// That of [`healer`].
const LEASE: Duration = Duration::from_secs(2);

const SITES: u32 = 2;

const DAYS: u32 = 2;

const SLOTS: usize = (SITES * DAYS * 24) as usize;

/// The phases of a batch, which is a run of its own, besides the start of the heal.
const PHASES: [Phase; 2] = [
    Phase { name: "batch", times: 8, length: Duration::from_millis(3) },
    Phase { name: "between_batches", times: 8, length: Duration::from_millis(3) },
];

fn program(simulator: &SimulatorProcess, database: &TestDatabase) -> Program {
    healer(simulator, database, &past_sites(SITES, DAYS.into()))
        .env("OPENWEATHER_ONE_CALL", "3.0")
        .env("OPENWEATHER_ONE_CALL_CALLS_PER_DAY", "0")
        .env("WEATHER_BATCH_ROWS", "10")
        .env("MAX_WORKERS", "4")
        .env("LOG_LEVEL", "debug")
}

/// The hours of each place that were asked for, each as often as it was.
fn calls_by_hour(calls: &[Value]) -> BTreeMap<String, u32> {
    let mut hours = BTreeMap::new();
    for call in calls.iter().filter(|call| !call["past"].is_null()) {
        *hours.entry(format!("{} {}", call["latitude"], call["past"])).or_default() += 1;
    }
    hours
}

async fn a_heal_killed_at_any_moment_is_completed_and_nothing_is_asked_for_twice_that_was_stored(
    database: &TestDatabase,
) {
    // Two services, so that a call of the killed process that arrives late is not taken for one of
    // the process that completes its work.
    let (called_first, called_later) = (SimulatorProcess::start(&[]), SimulatorProcess::start(&[]));
    let (killed, completing) = (program(&called_first, database), program(&called_later, database));
    let started = Instant::now();
    killed.run(&["heal"]).expect(0);
    let whole = started.elapsed();
    let mut phases = BTreeMap::<String, u32>::new();
    let mut moments = Random(0x51_7C_C1_B7);
    for _ in 0..kills() {
        empty(database).await;
        let before = called_later.calls().len();
        let moment = Moment::random(&mut moments, whole, &PHASES);
        let phase = kill_at(spawn(&killed, &["heal"]), &moment, |_| ()).phase();
        *phases.entry(phase).or_default() += 1;
        let stored = collected(database).await;

        completing.run(&["heal"]).expect(0);
        assert_complete(database).await;
        let again = calls_by_hour(&called_later.calls()[before..]);
        assert_eq!(again.len(), SLOTS - stored, "asked for again: exactly what was not stored");
        assert!(again.values().all(|count| *count == 1), "{again:?}");
    }
    assert_all_hit(&phases, &["batch", "between_batches", "start"]);
}

/// Every slot is filled by one observation, every observation fills a slot, and no run is open: where the
/// killed heal had stored everything, the next one opens no run, and a sync sets the dead one aside.
async fn assert_complete(database: &TestDatabase) {
    assert_eq!(collected(database).await, SLOTS);
    let filled = "select count(*) from collection_slots c join weather_observations o \
        on o.site_id = c.site_id and o.source = c.source \
        and o.observation_time = c.observation_time and o.run_seq = c.run_seq";
    assert_eq!(database.count(filled).await, i64::try_from(SLOTS).unwrap());
    let observations = database.count("select count(*) from weather_observations").await;
    assert_eq!(observations, i64::try_from(SLOTS).unwrap());
    let open = "select count(*) from ingestion_runs where status = 'open'";
    until("every run has ended", async || {
        database.store.set_aside_silent_runs(LEASE, Utc::now()).await.unwrap();
        database.count(open).await == 0
    })
    .await;
}

async fn collected(database: &TestDatabase) -> usize {
    let slots = "select count(*) from collection_slots where status = 'collected'";
    usize::try_from(database.count(slots).await).unwrap()
}

/// Nothing collected, no run left: the next round begins anew.
async fn empty(database: &TestDatabase) {
    for table in ["weather_observations", "collection_slots", "ingestion_runs"] {
        database.execute(&format!("delete from {table}")).await;
    }
}
