//! The commit protocol, by breaking it: two syncs at once that are killed, answers that are lost, and a
//! compaction beside them, while runs write.

use std::collections::BTreeSet;
use std::process::Child;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use weather_data_product::domain::{RunCounts, run};
use weather_data_product::store::RunStart;

use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::kills::{Random, kills, spawn};
use crate::support::lake::{LakeReader, reader_of, to_a_folder};
use crate::support::object_faults::{Faults, proxy};
use crate::support::program::{Program, Ran};
use crate::support::s3::{BUCKET, S3};
use crate::support::samples::{
    LONG_LEASE, collected, full_values, healed, hour, opened, run_end, run_start, sites,
};
use crate::support::warehouse::rows_of_store;

on_both_databases!(two_syncs_killed_at_any_moment_lose_nothing_and_write_nothing_twice);

/// A run of some hours of one of four days: new rows, and rows of before with other values. One of three heals.
async fn collect(database: &TestDatabase, random: &mut Random) {
    let store = &*database.store;
    store.take_in_sites(&sites(12), hour()).await.unwrap();
    let mut below = |end: u64| i64::try_from(random.below(end)).unwrap();
    let is_heal = below(3) == 0;
    let kind = if is_heal { run::HEAL } else { run::ETL };
    let start = RunStart { kind, ..run_start("0/1", LONG_LEASE) };
    let run = opened(store.start_run(&start).await.unwrap());
    for _ in 0..3 {
        let time = hour() - TimeDelta::days(below(4)) - TimeDelta::hours(below(6));
        let mut values = full_values();
        values.temperature_c = Some(below(40) as f64);
        let of_site = |site| match is_heal {
            true => healed("open-meteo", collected(site, time, values.clone())),
            false => collected(site, time, values.clone()),
        };
        store.load(&run, &(0..12).map(of_site).collect::<Vec<_>>(), time).await.unwrap();
    }
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

/// Kills one of two syncs at some moment, about as long as one takes; the other ends by itself, or is killed too.
fn kill_of(mut syncs: [Child; 2], (random, whole): (&mut Random, Duration), is_both: bool) {
    std::thread::sleep(random.part_of(whole));
    let [killed, other] = &mut syncs;
    killed.kill().unwrap();
    killed.wait().unwrap();
    if is_both {
        other.kill().unwrap();
        other.wait().unwrap();
    } else {
        assert!(other.wait().unwrap().success());
    }
}

/// The tables whose rows come run by run, each with its time.
const BY_RUN: [(&str, &str); 3] = [
    ("weather_observations", "observation_time"),
    ("collection_slots", "slot_time"),
    ("ingestion_runs", ""),
];

/// Where a row stands in the order of sync: its run, time, site and source.
type Place = (i64, i64, String, String);

fn place(row: &[String], time: &str) -> Place {
    let cell = |name: &str| {
        let named = format!("{name}: ");
        row.iter().find_map(|cell| cell.strip_prefix(&named)).unwrap_or_default()
    };
    let number = |name: &str| cell(name).parse().unwrap_or_default();
    (number("run_seq"), number(time), cell("site_id").into(), cell("source").into())
}

/// Up to where a table is synced: the last row that it has.
fn position(state: &Value) -> Option<Place> {
    let to = &state["progress"]["to"];
    let text = |index: usize| to["key"][index].as_str().unwrap_or_default();
    let time = text(0).parse().map_or(i64::MAX, |time: DateTime<Utc>| time.timestamp_micros());
    Some((to["run_seq"].as_i64()?, time, text(1).into(), text(2).into()))
}

/// What readers see is whole: no key twice, and of each table exactly the rows up to its position. A row that a
/// later run has taken over is there as it was.
async fn assert_whole(reader: &LakeReader, database: &TestDatabase) {
    reader.assert_sound().await;
    for (name, time) in BY_RUN {
        let table = reader.table(name).await;
        let state = table.domains.iter().find(|(name, _)| name.starts_with("weather.sync."));
        let Some(position) = state.and_then(|(_, state)| position(state)) else { continue };
        let found = reader.rows(name).await;
        let store = rows_of_store(database, name, &table.columns).await;
        let (due, later): (Vec<_>, Vec<_>) =
            store.into_iter().partition(|row| place(row, time) <= position);
        let key = |row: &Vec<String>| {
            let (_, time, site_id, source) = place(row, time);
            (time, site_id, source)
        };
        let taken_over: BTreeSet<_> = later.iter().map(key).collect();
        let due: BTreeSet<_> = due.into_iter().collect();
        let as_they_were = |row: &&Vec<String>| !due.contains(*row);
        for row in found.iter().filter(as_they_were) {
            assert!(place(row, time) <= position, "{name}: beyond {position:?}: {row:?}");
            assert!(taken_over.contains(&key(row)), "{name}: nobody wrote {row:?}");
        }
        let found: BTreeSet<_> = found.into_iter().collect();
        let lost: Vec<_> = due.difference(&found).take(2).collect();
        assert!(lost.is_empty(), "{name}: up to {position:?} there is not {lost:#?}");
    }
}

async fn two_syncs_killed_at_any_moment_lose_nothing_and_write_nothing_twice(
    database: &TestDatabase,
) {
    let program = to_a_folder(database).env("WEATHER_CHUNK_ROWS", "20").env("LOG_LEVEL", "debug");
    under_fire(database, &program, reader_of(&program), kills()).await;
}

async fn under_fire(database: &TestDatabase, program: &Program, reader: LakeReader, kills: u32) {
    let mut random = Random(0x9E37_79B9);
    collect(database, &mut random).await;
    program.run(&["sync"]).expect(0);
    collect(database, &mut random).await;
    let started = Instant::now();
    program.run(&["sync"]).expect(0);
    let whole = started.elapsed();
    for round in 0..kills {
        collect(database, &mut random).await;
        let syncs = [spawn(program, &["sync"]), spawn(program, &["sync"])].map(quiet);
        let compaction = (round % 3 == 0).then(|| quiet(spawn(program, &["lake", "compact"])));
        kill_of(syncs, (&mut random, whole), round % 2 == 0);
        compaction.map(|mut compaction| compaction.wait().unwrap());
        assert_whole(&reader, database).await;
    }
    program.run(&["sync"]).expect(0);
    reader.assert_equals(database).await;
    reader.assert_sound().await;
    program.run(&["verify"]).expect(0);
    println!("{kills} kills, nothing lost, nothing twice");
}

/// Its log is read by nobody, and must not stop it.
fn quiet(mut child: Child) -> Child {
    let mut log = child.stderr.take().unwrap();
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    child
}

#[tokio::test]
async fn the_same_in_s3_with_one_answer_in_five_lost_after_the_put() {
    with_sqlite(async |database| {
        let s3 = S3::start().await;
        let faults = std::sync::Arc::<Faults>::default();
        faults.lose_one_put_in(5);
        let endpoint = proxy(&s3.url(), faults);
        let lake = format!("s3://{BUCKET}/lake");
        let program = to_a_folder(database)
            .env("LAKE_URL", &lake)
            .env("LAKE_ENDPOINT", endpoint.as_str())
            .env("WEATHER_CHUNK_ROWS", "40");
        let direct = s3.url().parse().unwrap();
        let objects =
            weather_data_product::objects::Objects::open(&lake.parse().unwrap(), Some(&direct));
        let reader = LakeReader::of(objects.unwrap());
        // Few in a test run: each commit is some calls.
        let kills = if kills() > 10 { kills() } else { 3 };
        under_fire(database, &program, reader, kills).await;
    })
    .await;
}

#[tokio::test]
async fn sixteen_syncs_at_once_all_end_well_and_write_once() {
    with_sqlite(async |database| {
        let mut random = Random(0x517C_C1B7);
        for _ in 0..4 {
            collect(database, &mut random).await;
        }
        let program = to_a_folder(database).env("WEATHER_CHUNK_ROWS", "20");
        let syncs: Vec<_> = (0..16).map(|_| spawn(&program, &["sync"])).collect();
        for sync in
            syncs.into_iter().map(|child| std::thread::spawn(|| child.wait_with_output().unwrap()))
        {
            Ran::of(&sync.join().unwrap()).expect(0);
        }
        let reader = reader_of(&program);
        reader.assert_equals(database).await;
        reader.assert_sound().await;
    })
    .await;
}
