//! The commit protocol, by breaking it: two syncs at once that are killed, answers that are lost, and a
//! compaction beside them, while runs write.

use std::process::Child;

use chrono::TimeDelta;
use weather_data_product::domain::RunCounts;

use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::kills::{Random, kills, spawn};
use crate::support::lake::{LakeReader, reader_of, to_a_folder};
use crate::support::object_faults::{Faults, proxy};
use crate::support::program::{Program, Ran};
use crate::support::s3::{BUCKET, S3};
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites};

on_both_databases!(two_syncs_killed_at_any_moment_lose_nothing_and_write_nothing_twice);

/// A run of some hours of one of four days: new rows, and rows of before with other values.
async fn collect(database: &TestDatabase, random: &mut Random) {
    let store = &*database.store;
    store.take_in_sites(&sites(12), hour()).await.unwrap();
    let run = open_run(store).await;
    let mut below = |end: u64| i64::try_from(random.below(end)).unwrap();
    for _ in 0..3 {
        let time = hour() - TimeDelta::days(below(4)) - TimeDelta::hours(below(6));
        let mut values = full_values();
        values.temperature_c = Some(below(40) as f64);
        let batch: Vec<_> = (0..12).map(|site| collected(site, time, values.clone())).collect();
        store.load(&run, &batch, time).await.unwrap();
    }
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

/// Kills one of two syncs at some moment; the other ends by itself.
fn kill_one_of(mut syncs: [Child; 2], random: &mut Random) {
    let wait = random.part_of(std::time::Duration::from_millis(400));
    std::thread::sleep(wait);
    let [killed, other] = &mut syncs;
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(other.wait().unwrap().success());
}

/// What readers see is whole: no key twice, and of each table the rows of the runs up to its position.
async fn assert_whole(reader: &LakeReader, database: &TestDatabase) {
    reader.assert_sound().await;
    let table = reader.table("weather_observations").await;
    let state = table.domains.iter().find(|(name, _)| name.starts_with("weather.sync."));
    let Some(run_seq) = state.and_then(|(_, state)| state["progress"]["to"]["run_seq"].as_i64())
    else {
        return;
    };
    let found = reader.rows("weather_observations").await.len();
    let sql = |sign: &str| {
        format!("select count(*) from weather_observations where run_seq {sign} {run_seq}")
    };
    let (below, up_to) = (database.count(&sql("<")).await, database.count(&sql("<=")).await);
    let found = i64::try_from(found).unwrap();
    // Rows that a later run has taken over are here as they were.
    assert!(found >= below, "{found} rows, {below} of runs below {run_seq}");
    assert!(found <= up_to + database.count(&sql(">")).await);
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
    for round in 0..kills {
        collect(database, &mut random).await;
        let syncs = [spawn(program, &["sync"]), spawn(program, &["sync"])].map(quiet);
        if round % 3 == 0 {
            let mut compaction = quiet(spawn(program, &["lake", "compact"]));
            kill_one_of(syncs, &mut random);
            compaction.wait().unwrap();
        } else {
            kill_one_of(syncs, &mut random);
        }
        if round % 5 == 0 || kills < 20 {
            assert_whole(&reader, database).await;
        }
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
        let reader = LakeReader { objects: objects.unwrap() };
        under_fire(database, &program, reader, kills().div_ceil(4)).await;
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
