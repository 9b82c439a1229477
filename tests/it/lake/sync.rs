//! Whole syncs to a lake, read by readers of another make.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use arrow_array::{Float64Array, RecordBatch};
use chrono::TimeDelta;
use serde_json::Value;
use weather_data_product::domain::{ErrorKind, RunCounts};
use weather_data_product::sink::Sink as _;

use super::Place;
use crate::support::databases::{TestDatabase, on_both_databases, with_mysql, with_sqlite};
use crate::support::gateway::{Deed, Gateway};
use crate::support::gcs::{BUCKET as GCS_BUCKET, Gcs};
use crate::support::lake::{LakeReader, change_file, check_lake, edit_log, reader_of, to_a_folder};
use crate::support::object_faults::{Ask, Fault, Faults, proxy};
use crate::support::program::{Program, Ran};
use crate::support::s3::{BUCKET as S3_BUCKET, ENVIRONMENT, S3};
use crate::support::samples::{collected, failed, full_values, hour, open_run, run_end, sites};
use crate::support::warehouse::{Warehouse, bigquery_url};

on_both_databases!(
    what_the_store_holds_is_in_the_lake_once_and_then_no_commit_is_made,
    a_planted_change_is_found_and_mended_alone,
);

/// Three days of two sites and a failure.
async fn fill(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(5), hour()).await.unwrap();
    for back in 0..3 {
        collect(database, back).await;
    }
}

async fn collect(database: &TestDatabase, back: i64) {
    let store = &*database.store;
    let time = hour() - TimeDelta::days(back);
    let run = open_run(store).await;
    let (one, other) = (collected(1, time, full_values()), collected(2, time, full_values()));
    let batch = [one, other, failed(3, time, ErrorKind::NotFound)];
    store.load(&run, &batch, time).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

/// What a sync said of itself, of each sink.
fn summaries(ran: &Ran) -> Vec<Value> {
    let mut log = ran.log();
    log.retain(|line| line["message"] == "sync_summary");
    log
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

async fn what_the_store_holds_is_in_the_lake_once_and_then_no_commit_is_made(
    database: &TestDatabase,
) {
    fill(database).await;
    let program = to_a_folder(database).env("WEATHER_CHUNK_ROWS", "4");
    let ran = program.run(&["sync"]).expect(0);
    let summary = &summaries(&ran)[0];
    assert_eq!((&summary["sink"], &summary["outcome"]), (&"lake".into(), &"succeeded".into()));
    assert_eq!(summary["rowsSynced"], 5 + 6 + 9 + 3);
    let reader = reader_of(&program);
    reader.assert_equals(database).await;
    reader.assert_sound().await;
    let before = files(&program.folder.path().join("lake"));
    let again = program.run(&["sync"]).expect(0);
    assert_eq!(summaries(&again)[0]["rowsSynced"], 0);
    assert_eq!(files(&program.folder.path().join("lake")), before);
    // A day that is over has one file once it was synced.
    assert!(reader.table("weather_observations").await.files.len() == 3);
    collect(database, 1).await;
    program.run(&["sync"]).expect(0);
    reader.assert_equals(database).await;
    program.run(&["verify"]).expect(0);
    let status = program.run(&["status", "--output", "table"]).expect(0);
    assert!(status.stdout.contains("sync 0 runs behind"), "{}", status.stdout);
}

#[tokio::test]
async fn the_demo_fills_a_lake_that_other_readers_read_whatever_is_done_to_its_log() {
    let program = Program::new().env("LOG_LEVEL", "error").env("LAKE_URL", "file:lake");
    for _ in 0..2 {
        let ran = program.run(&["demo", "--lake", "lake", "--vault", "vault"]).expect(0);
        assert!(ran.stdout.contains("0 calls, 0 new rows"), "{}", ran.stdout);
        assert!(ran.stdout.contains("second time: 0 rows, 0 commits"), "{}", ran.stdout);
    }
    let folder = program.folder.path();
    let (lake, store) = (folder.join("lake"), folder.join("weather-demo.db"));
    let check = || check_lake(lake.to_str().unwrap(), store.to_str(), &[], &[]);
    let first = check();
    assert_eq!(first.matches("keys, 0 differ").count(), 8, "{first}");
    program.run(&["lake", "checkpoint"]).expect(0);
    assert_eq!(check(), first);
    for table in ["sites", "weather_observations", "collection_slots", "ingestion_runs"] {
        let log = lake.join(table).join("_delta_log");
        let hint = std::fs::read_to_string(log.join("_last_checkpoint")).unwrap();
        let hint: Value = serde_json::from_str(&hint).unwrap();
        for version in 0..hint["version"].as_i64().unwrap() {
            std::fs::remove_file(log.join(format!("{version:020}.json"))).unwrap();
        }
    }
    assert_eq!(check(), first);
    program.run(&["lake", "compact"]).expect(0);
    program.run(&["lake", "vacuum", "--older-than", "0h", "--force"]).expect(0);
    assert_eq!(check(), first);
    program.run(&["verify", "--database-url", "sqlite://weather-demo.db"]).expect(0);
    program.run(&["verify", "--deep", "--database-url", "sqlite://weather-demo.db"]).expect(0);
    std::fs::write(folder.join("mine.txt"), "mine").unwrap();
    let refused = program.run(&["demo", "--lake", "."]).expect(2);
    assert!(refused.stderr.contains("it holds something else"), "{}", refused.stderr);
}

#[tokio::test]
async fn mysql_goes_to_s3_and_two_readers_read_it_there() {
    with_mysql(async |database| {
        fill(database).await;
        let s3 = S3::start().await;
        let lake = format!("s3://{S3_BUCKET}/lake");
        let program = ENVIRONMENT
            .iter()
            .fold(to_a_folder(database), |program, (name, value)| program.env(name, value));
        let program = program.env("LAKE_URL", &lake).env("LAKE_ENDPOINT", &s3.url());
        program.run(&["sync"]).expect(0);
        let objects = weather_data_product::objects::Objects::open(
            &lake.parse().unwrap(),
            Some(&s3.url().parse().unwrap()),
        );
        let reader = LakeReader::of(objects.unwrap());
        reader.assert_equals(database).await;
        let mut environment: Vec<_> =
            ENVIRONMENT.map(|(name, value)| (name, value.to_owned())).into();
        environment.push(("AWS_ENDPOINT_URL", s3.url()));
        environment.push(("AWS_ALLOW_HTTP", "true".into()));
        let checked = check_lake(&lake, None, &[], &environment);
        assert_eq!(checked.matches("keys, 0 differ").count(), 8, "{checked}");
        program.run(&["verify", "--deep"]).expect(0);
        let again = program.run(&["sync"]).expect(0);
        assert_eq!(summaries(&again)[0]["rowsSynced"], 0);
        let doctor = program.run(&["doctor", "--no-call", "--output", "json"]);
        assert!(
            doctor.stdout.contains("objects may be listed, read and written"),
            "{}",
            doctor.stdout
        );
    })
    .await;
}

#[tokio::test]
async fn sqlite_goes_to_gcs_and_two_readers_read_a_copy_of_it() {
    with_sqlite(async |database| {
        fill(database).await;
        let gcs = Gcs::start();
        let program = to_a_folder(database)
            .env("LAKE_URL", &format!("gs://{GCS_BUCKET}/deep/lake"))
            .env("LAKE_ENDPOINT", gcs.url());
        program.run(&["sync"]).expect(0);
        let copy = tempfile::tempdir().unwrap();
        gcs.copy_to("deep/lake", copy.path());
        LakeReader::of_folder(copy.path()).assert_equals(database).await;
        let checked = check_lake(copy.path().to_str().unwrap(), None, &[], &[]);
        assert_eq!(checked.matches("keys, 0 differ").count(), 8, "{checked}");
        program.run(&["verify"]).expect(0);
    })
    .await;
}

/// Tables, days and verdicts that a comparison found.
fn found(ran: &Ran) -> Vec<(String, String, String)> {
    let rows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.iter().map(|row| (text(row, "sink"), text(row, "day"), text(row, "verdict"))).collect()
}

async fn a_planted_change_is_found_and_mended_alone(database: &TestDatabase) {
    fill(database).await;
    let program = to_a_folder(database);
    program.run(&["sync"]).expect(0);
    let reader = reader_of(&program);
    let table = reader.table("weather_observations").await;
    let day = |back: i64| (hour() - TimeDelta::days(back)).date_naive().to_string();
    let path = |back: i64| {
        let of_day = table.files.iter().find(|(_, of)| of.as_deref() == Some(&*day(back)));
        program.folder.path().join("lake/weather_observations").join(of_day.unwrap().0)
    };
    std::fs::remove_file(path(1)).unwrap();
    std::fs::copy(path(0), path(2)).unwrap();
    let ran = program.run(&["verify", "--output", "json"]).expect(1);
    let expected =
        |verdict: &str| [2, 1].map(|back| ("lake".to_owned(), day(back), verdict.to_owned()));
    assert_eq!(found(&ran), expected("different"));
    let path = path(1).file_name().unwrap().to_str().unwrap().to_owned();
    assert!(
        ran.stderr.contains(&path) && ran.stderr.contains("weather_observations"),
        "{}",
        ran.stderr
    );
    let before = reader.table("weather_observations").await.version;
    let ran = program.run(&["repair", "--allow-delete", "--output", "json"]).expect(0);
    assert_eq!(found(&ran), expected("repaired"));
    // Two days, each by a commit, and a note of what was proved.
    assert!(reader.table("weather_observations").await.version <= before + 4);
    reader.assert_equals(database).await;
    program.run(&["verify"]).expect(0);
}

/// The same rows, a number of one column changed in some of them.
fn with_changed(batch: &RecordBatch, column: &str, changes: &[f64]) -> RecordBatch {
    let index = batch.schema().index_of(column).unwrap();
    let cells = batch.column(index).as_primitive::<Float64Type>();
    let by = |row: usize| changes.get(row).copied().unwrap_or_default();
    let changed: Float64Array =
        cells.iter().enumerate().map(|(row, cell)| cell.map(|cell| cell + by(row))).collect();
    let mut columns = batch.columns().to_vec();
    columns[index] = Arc::new(changed);
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

#[tokio::test]
async fn a_planted_cell_and_two_that_cancel_are_found_and_mended_alone() {
    with_sqlite(async |database| {
        fill(database).await;
        let program = to_a_folder(database);
        program.run(&["sync"]).expect(0);
        let reader = reader_of(&program);
        let folder = program.folder.path().join("lake/weather_observations");
        for (back, changes) in [(1, &[0.5][..]), (2, &[0.25, -0.25])] {
            let day = (hour() - TimeDelta::days(back)).date_naive().to_string();
            let table = reader.table("weather_observations").await;
            let of_day = table.files.iter().find(|(_, of)| of.as_deref() == Some(&*day));
            change_file(&folder, of_day.unwrap().0, |rows| {
                with_changed(rows, "temperature_c", changes)
            });
            let reader = reader_of(&program);
            let expected = |verdict: &str| [("lake".to_owned(), day.clone(), verdict.to_owned())];
            let ran = program.run(&["verify", "--output", "json"]).expect(1);
            assert_eq!(found(&ran), expected("different"));
            let ran = program.run(&["verify", "--deep"]).expect(1);
            assert!(ran.stdout.contains("temperature_c"), "{}", ran.stdout);
            let before = reader.table("weather_observations").await;
            let ran = program.run(&["repair", "--output", "json"]).expect(0);
            assert_eq!(found(&ran), expected("repaired"));
            let after = reader.table("weather_observations").await;
            let others = |files: &BTreeMap<String, Option<String>>| {
                files.iter().filter(|(_, of)| of.as_deref() != Some(&*day)).count()
            };
            let kept = after.files.iter().filter(|file| before.files.contains_key(file.0)).count();
            assert_eq!(kept, others(&before.files), "no other day is written");
            assert_eq!(after.moves, before.moves + 1);
            reader.assert_equals(database).await;
            program.run(&["verify", "--deep"]).expect(0);
        }
    })
    .await;
}

/// The lake becomes one of a program that did not know the column yet.
fn forget_column(table: &Path, files: impl Iterator<Item = String>, column: &str) {
    for path in files {
        change_file(table, &path, |rows| {
            let mut others: Vec<_> = (0..rows.num_columns()).collect();
            others.remove(rows.schema().index_of(column).unwrap());
            rows.project(&others).unwrap()
        });
    }
    edit_log(table, |line| {
        let mut action: Value = serde_json::from_str(line).unwrap();
        if let Some(meta_data) = action.get_mut("metaData") {
            let schema = meta_data["schemaString"].as_str().unwrap();
            let mut schema: Value = serde_json::from_str(schema).unwrap();
            let fields = schema["fields"].as_array_mut().unwrap();
            fields.retain(|field| field["name"] != column);
            meta_data["schemaString"] = schema.to_string().into();
        }
        action.to_string()
    });
}

#[tokio::test]
async fn a_column_of_a_migration_is_added_and_both_readers_see_the_old_rows_without_it() {
    with_sqlite(async |database| {
        fill(database).await;
        // As a migration leaves the rows that are there.
        database.execute("update weather_observations set uv_index = null").await;
        let program = to_a_folder(database);
        program.run(&["sync"]).expect(0);
        let lake = program.folder.path().join("lake");
        let table = reader_of(&program).table("weather_observations").await;
        forget_column(&lake.join("weather_observations"), table.files.into_keys(), "uv_index");
        let has_column = |columns: &[(String, String)]| columns.iter().any(|of| of.0 == "uv_index");
        assert!(!has_column(&reader_of(&program).table("weather_observations").await.columns));

        collect(database, 5).await;
        let ran = program.run(&["sync"]).expect(0);
        assert!(ran.stderr.contains("columns of weather_observations: uv_index"), "{}", ran.stderr);
        let reader = reader_of(&program);
        assert!(has_column(&reader.table("weather_observations").await.columns));
        reader.assert_equals(database).await;
        let rows = reader.rows("weather_observations").await;
        let without = rows.iter().filter(|row| row.iter().any(|cell| cell == "uv_index: NULL"));
        assert_eq!((without.count(), rows.len()), (6, 8), "old rows and new ones");
        let store = database.url.strip_prefix("sqlite://");
        let checked = check_lake(lake.to_str().unwrap(), store, &[], &[]);
        assert_eq!(checked.matches("keys, 0 differ").count(), 8, "{checked}");
        program.run(&["verify", "--deep"]).expect(0);
    })
    .await;
}

/// The state of a store is made table by table.
#[tokio::test]
async fn a_sync_that_was_killed_as_it_made_its_state_is_followed_by_one_that_goes_on() {
    with_sqlite(async |database| {
        fill(database).await;
        let program = to_a_folder(database);
        let place = Place::in_folder(&program.folder.path().join("lake"));
        place.lake.prepare().await.unwrap();
        place.faults.at_next(Ask::Put, &[Fault::Pass, Fault::Pass, Fault::Answer(403)]);
        let store_id = database.reads.facts().await.unwrap().store_id;
        place.lake.create_state(&store_id).await.unwrap_err();
        program.run(&["sync"]).expect(0);
        place.reader.assert_equals(database).await;
        place.reader.assert_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_sink_that_is_away_keeps_the_other_from_nothing() {
    with_sqlite(async |database| {
        fill(database).await;
        let warehouse = Warehouse::new();
        let is_away = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let away = is_away.clone();
        let gateway = Gateway::deciding(&bigquery_url(), move |_| {
            match away.load(std::sync::atomic::Ordering::Relaxed) {
                true => Deed::refuse(403, "accessDenied", "away"),
                false => Deed::Pass,
            }
        });
        let program = warehouse.settings(to_a_folder(database), &gateway.url);
        let ran = program.run(&["sync"]).expect(3);
        let outcomes: Vec<_> = summaries(&ran)
            .iter()
            .map(|line| (line["sink"].clone(), line["outcome"].clone()))
            .collect();
        let both = |one: &str, other: &str| {
            [("bigquery".into(), one.into()), ("lake".into(), other.into())]
        };
        assert_eq!(outcomes, both("failed", "succeeded"));
        let reader = reader_of(&program);
        reader.assert_equals(database).await;
        is_away.store(false, std::sync::atomic::Ordering::Relaxed);
        let ran = program.run(&["sync", "--output", "json"]).expect(0);
        let documents: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            (&documents[0]["rowsSynced"], &documents[1]["rowsSynced"]),
            (&23.into(), &0.into())
        );
        warehouse.assert_equals(database).await;
        program.run(&["verify"]).expect(0);
        collect(database, 0).await;
        let ran = program.run(&["sync", "--sink", "lake"]).expect(0);
        assert_eq!(summaries(&ran).len(), 1);
        let behind = program.run(&["status", "--output", "table"]).expect(0).stdout;
        assert!(
            behind.contains("bigquery: sync 1 run behind") && behind.contains("lake: sync 0 runs"),
            "{behind}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_right_that_is_missing_is_named() {
    with_sqlite(async |database| {
        fill(database).await;
        let gcs = Gcs::start();
        let faults = std::sync::Arc::<Faults>::default();
        let endpoint = proxy(gcs.url(), faults.clone());
        let program = to_a_folder(database)
            .env("LAKE_URL", &format!("gs://{GCS_BUCKET}/lake"))
            .env("LAKE_ENDPOINT", endpoint.as_str());
        program.run(&["sync"]).expect(0);
        collect(database, 0).await;
        for (ask, right) in
            [(Ask::Put, "write objects"), (Ask::List, "list objects"), (Ask::Get, "read objects")]
        {
            faults.refuse(ask, 403);
            let words = format!("the right to {right} is missing");
            let doctor = program.run(&["doctor", "--no-call", "--output", "json"]);
            assert!(doctor.stdout.contains(&words), "{right}: {}", doctor.stdout);
            let ran = program.run(&["sync"]).expect(3);
            let said = &ran.stderr;
            assert!(
                said.contains(&words) && said.contains("sink_access_denied"),
                "{right}: {said}"
            );
        }
        faults.refuse(Ask::Delete, 403);
        program.run(&["sync"]).expect(0);
        // Of a bucket that is empty, too, and nothing is written to see it.
        faults.refuse(Ask::Put, 403);
        let program = program.env("LAKE_URL", &format!("gs://{GCS_BUCKET}/empty"));
        let doctor = program.run(&["doctor", "--no-call", "--output", "json"]);
        assert!(
            doctor.stdout.contains("the right to write objects is missing"),
            "{}",
            doctor.stdout
        );
        faults.refuse(Ask::Delete, 403);
        program.run(&["doctor", "--no-call"]);
        let copy = tempfile::tempdir().unwrap();
        gcs.copy_to("empty", copy.path());
        assert_eq!(files(copy.path()), Vec::<std::path::PathBuf>::new());
        let absent = program.env("LAKE_URL", "gs://absent/lake").run(&["sync"]).expect(3);
        assert!(absent.stderr.contains("sink_not_found"), "{}", absent.stderr);
    })
    .await;
}

#[test]
fn what_cannot_be_a_lake_is_named_with_the_forms_that_work() {
    let program = Program::new().env("DATABASE_URL", "sqlite://weather.db");
    for url in ["ftp://host/lake", "s3://", "s3://bucket/x?y=1", "lake"] {
        let ran = program.run(&["sync", "--lake-url", url]).expect(2);
        assert!(
            ran.stderr.contains("LAKE_URL") && ran.stderr.contains("s3://bucket/prefix"),
            "{}",
            ran.stderr
        );
    }
    let ran =
        program.run(&["lake", "vacuum", "--lake-url", "file:x", "--older-than", "1d"]).expect(2);
    assert!(ran.stderr.contains("--force"), "{}", ran.stderr);
    let cloud = Program::new().env("CLOUD_RUN_JOB", "weather").env("LAKE_URL", "file:lake");
    let ran = cloud.run(&["sync"]).expect(2);
    assert!(ran.stderr.contains("forgotten"), "{}", ran.stderr);
}
