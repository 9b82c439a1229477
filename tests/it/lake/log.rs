//! What a lake makes of a log that is compacted, shortened, cut or not its own.

use chrono::TimeDelta;
use serde_json::json;
use weather_data_product::domain::Days;
use weather_data_product::domain::tables::{COLLECTION_SLOTS, WEATHER_OBSERVATIONS};
use weather_data_product::sink::lake::Lake;
use weather_data_product::sink::{Rewrite, Sink as _, SinkError};

use super::{Place, STORE_ID, Sample, begun, chunk, clock, sample, stage, state, write};
use crate::support::samples::hour;

const LOG: &str = "weather_observations/_delta_log";

/// A lake of three commits of rows: sites 1 to 3, an hour each.
async fn filled(folder: &std::path::Path) -> Place {
    let place = Place::in_folder(folder);
    begun(&place).await;
    for number in 1..=3_u8 {
        let time = hour() + TimeDelta::hours(number.into());
        let row = Sample { time, ..sample(number.into(), number) };
        write(&place.lake, &chunk(&WEATHER_OBSERVATIONS, &[row])).await.unwrap();
    }
    place
}

async fn sites(lake: &Lake) -> u64 {
    let sums = lake.sum_days(&WEATHER_OBSERVATIONS, &[Days::ALL]).await.unwrap();
    sums.values().map(|sum| sum.rows).sum()
}

#[tokio::test]
async fn what_is_compacted_has_the_same_rows_in_fewer_files_and_stands_where_it_stood() {
    let folder = tempfile::tempdir().unwrap();
    let place = filled(folder.path()).await;
    let table = &WEATHER_OBSERVATIONS;
    let (rows, before) = (place.reader.rows(table.name).await, state(&place.lake).await);
    assert_eq!(place.files(table).await.len(), 3);
    let done = place.lake.compact().await.unwrap();
    assert_eq!(done[0], "weather_observations: 3 files became 1", "{done:?}");
    assert_eq!(place.reader.rows(table.name).await, rows);
    let after = state(&place.another()).await;
    assert_eq!((after.epoch, &after.tables), (before.epoch, &before.tables));
    assert_eq!(place.lake.compact().await.unwrap(), Vec::<String>::new(), "once is enough");
    let commits = place.reader.commits(table.name).await;
    let is_change = |action: &serde_json::Value| {
        let of = |name: &str| action.get(name).and_then(|it| it["dataChange"].as_bool());
        of("add").or(of("remove"))
    };
    let changes: Vec<_> = commits.last().unwrap().iter().filter_map(is_change).collect();
    assert_eq!(changes, [false; 4]);
    place.reader.assert_sound().await;
}

#[tokio::test]
async fn a_writer_and_a_compaction_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = filled(folder.path()).await;
    let table = &WEATHER_OBSERVATIONS;
    let other = place.another();
    // What the writer merges with is compacted while it writes: it looks again.
    let before = state(&other).await;
    place.lake.compact().await.unwrap();
    let time = hour() + TimeDelta::hours(2);
    let rows = chunk(table, &[Sample { time, ..sample(2, 9) }]);
    super::write_for(&other, &rows, before).await.unwrap();
    assert_eq!(place.values(table).await, ["site-1 1", "site-2 9", "site-3 3"]);
}

#[tokio::test]
async fn the_hint_the_checkpoint_and_the_log_stand_in_for_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let place = filled(folder.path()).await;
    place.lake.checkpoint().await.unwrap();
    let file = |name: &str| folder.path().join(LOG).join(name);
    let hint: serde_json::Value =
        serde_json::from_slice(&std::fs::read(file("_last_checkpoint")).unwrap()).unwrap();
    let version = hint["version"].as_i64().unwrap();
    for bad in ["", "{\"vers", "{\"version\":99,\"size\":1}", "[]"] {
        std::fs::write(file("_last_checkpoint"), bad).unwrap();
        assert_eq!(sites(&place.another()).await, 3, "{bad}");
    }
    let checkpoint = file(&format!("{version:020}.checkpoint.parquet"));
    let whole = std::fs::read(&checkpoint).unwrap();
    std::fs::write(&checkpoint, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(sites(&place.another()).await, 3, "the log alone");
    std::fs::write(&checkpoint, &whole).unwrap();
    for number in 0..version {
        std::fs::remove_file(file(&format!("{number:020}.json"))).unwrap();
    }
    assert_eq!(sites(&place.another()).await, 3, "the checkpoint alone");
    let other = place.another();
    write(&other, &chunk(&WEATHER_OBSERVATIONS, &[sample(9, 9)])).await.unwrap();
    assert_eq!(sites(&place.another()).await, 4);
    std::fs::write(&checkpoint, &whole[..9]).unwrap();
    assert_altered(&place.another(), "lacks version 0").await;
}

async fn assert_altered(lake: &Lake, words: &str) {
    for error in [
        lake.prepare().await.map(drop).unwrap_err(),
        lake.find_state(STORE_ID).await.map(drop).unwrap_err(),
    ] {
        let SinkError::Altered { table, problem, .. } = &error else { panic!("{error:?}") };
        assert!(table == "weather_observations" && problem.contains(words), "{table}: {problem}");
    }
}

#[tokio::test]
async fn a_log_that_is_not_ours_is_named_and_nothing_is_written() {
    let domain = r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}"#;
    let deletion = r#"{"add":{"path":"a","partitionValues":{"day":"2026-11-25"},"size":1,"modificationTime":1,"dataChange":true,"deletionVector":{"storageType":"u"}}}"#;
    let property = json!({"metaData": {"id": "x", "format": {"provider": "parquet", "options": {}},
        "schemaString": "{}", "partitionColumns": ["day"],
        "configuration": {"delta.enableChangeDataFeed": "true"}}})
    .to_string();
    for (text, words) in [
        (domain, "deletionVectors"),
        (deletion, "deletionVector"),
        (property.as_str(), "delta.enableChangeDataFeed"),
        (r#"{"cdc":{"path":"x"}}"#, "cdc"),
        ("{\"add\":{\"pa", "line 1"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let place = filled(folder.path()).await;
        let next = place.reader.table("weather_observations").await.version + 1;
        std::fs::write(folder.path().join(LOG).join(format!("{next:020}.json")), text).unwrap();
        let before = place.objects.list_after("", None).await.unwrap().len();
        assert_altered(&place.another(), words).await;
        assert_eq!(place.objects.list_after("", None).await.unwrap().len(), before);
    }
}

#[tokio::test]
async fn a_version_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let place = filled(folder.path()).await;
    std::fs::remove_file(folder.path().join(LOG).join(format!("{:020}.json", 3))).unwrap();
    assert_altered(&place.another(), "lacks version 3").await;
}

#[tokio::test]
async fn a_storage_that_creates_an_object_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::in_folder(folder.path());
    place.faults.forget_to_look();
    let error = place.lake.prepare().await.unwrap_err();
    let SinkError::Altered { problem, remedy, .. } = &error else { panic!("{error:?}") };
    assert!(problem.contains("created twice") && remedy.contains("If-None-Match"), "{problem}");
    assert!(!folder.path().join("sites").exists(), "no table is made");
}

#[tokio::test]
async fn a_folder_that_holds_something_else_is_no_lake() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.txt"), "mine").unwrap();
    let place = Place::in_folder(folder.path());
    let error = place.lake.prepare().await.unwrap_err();
    assert!(
        matches!(&error, SinkError::Altered { problem, .. } if problem.contains("thesis.txt")),
        "{error:?}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let folder = tempfile::tempdir().unwrap();
    let place = filled(folder.path()).await;
    std::fs::write(folder.path().join("_weather/format.json"), "{\"format\":2}").unwrap();
    let error = place.another().prepare().await.unwrap_err();
    assert!(
        matches!(&error, SinkError::Altered { problem, .. } if problem.contains("form 2")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_data_file_that_is_gone_cut_or_of_another_day_shows_in_the_sums_and_is_mended_alone() {
    let table = &WEATHER_OBSERVATIONS;
    for damage in ["gone", "cut", "swapped"] {
        let folder = tempfile::tempdir().unwrap();
        let place = filled(folder.path()).await;
        let yesterday = Sample { time: hour() - TimeDelta::days(1), ..sample(7, 7) };
        write(&place.lake, &chunk(table, &[yesterday])).await.unwrap();
        let sound = place.lake.sum_days(table, &[Days::ALL]).await.unwrap();
        let files = place.reader.table(table.name).await.files;
        let path = |day: &str| {
            let of_day = files.iter().find(|(_, of)| of.as_deref() == Some(day));
            folder.path().join(table.name).join(of_day.unwrap().0)
        };
        let (file, other) = (path("2026-11-24"), path("2026-11-25"));
        match damage {
            "gone" => std::fs::remove_file(&file).unwrap(),
            "cut" => {
                let whole = std::fs::read(&file).unwrap();
                std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
            }
            _ => std::fs::write(&file, std::fs::read(&other).unwrap()).unwrap(),
        }
        let lake = place.another();
        let found = lake.sum_days(table, &[Days::ALL]).await.unwrap();
        let day = Some(yesterday.time.date_naive());
        let differ: Vec<_> = sound.keys().filter(|day| sound.get(day) != found.get(day)).collect();
        assert_eq!(differ, [&day], "{damage}");
        let staging = stage(&lake, &chunk(table, &[yesterday])).await;
        let rewrite = Rewrite {
            table,
            day,
            staging: Some(&staging),
            rows: 1,
            may_delete: damage == "swapped",
        };
        lake.rewrite(STORE_ID, rewrite, &state(&lake).await).await.unwrap();
        assert_eq!(lake.sum_days(table, &[Days::ALL]).await.unwrap(), sound, "{damage}");
    }
}

#[tokio::test]
async fn a_merge_with_a_file_that_is_gone_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = filled(folder.path()).await;
    let table = &WEATHER_OBSERVATIONS;
    for path in place.files(table).await {
        std::fs::remove_file(folder.path().join(table.name).join(path)).unwrap();
    }
    let time = hour() + TimeDelta::hours(1);
    let error = write(&place.another(), &chunk(table, &[Sample { time, ..sample(1, 9) }]))
        .await
        .unwrap_err();
    let SinkError::Altered { problem, remedy, .. } = &error else { panic!("{error:?}") };
    assert!(problem.contains("day=2026-11-25/") && remedy.contains("weather repair"), "{problem}");
}

#[tokio::test]
async fn only_a_vacuum_deletes_and_only_what_no_version_of_a_week_has() {
    let folder = tempfile::tempdir().unwrap();
    let place = filled(folder.path()).await;
    let table = &WEATHER_OBSERVATIONS;
    let day = folder.path().join(table.name).join("day=2026-11-25");
    std::fs::write(day.join("orphan.parquet"), "of a writer that was killed").unwrap();
    std::fs::write(day.join("half.parquet#1"), "of a put that was killed").unwrap();
    place.lake.compact().await.unwrap();
    let files = || std::fs::read_dir(&day).unwrap().count();
    assert_eq!(files(), 6);
    let status = place.lake.status().await.unwrap();
    assert_eq!((status[1].files, status[1].orphans), (1, 1), "{status:?}");
    let week = TimeDelta::days(7);
    // Files have the machine's time, which is after the tests': nothing is a week old.
    let swept = place.lake.vacuum(week, false).await.unwrap();
    assert_eq!((swept[1].1.files, files()), (0, 6), "{swept:?}");
    let later = clock();
    later.set(chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()) + week + week);
    let lake = Lake::new(place.objects.clone(), later);
    let swept = lake.vacuum(week, true).await.unwrap();
    assert_eq!((swept[1].1.files, files()), (5, 6), "a dry run deletes nothing");
    lake.vacuum(week, false).await.unwrap();
    assert_eq!((files(), sites(&place.another()).await), (1, 3));
    assert_eq!(lake.vacuum(week, false).await.unwrap()[1].1.files, 0);
}

#[tokio::test]
async fn a_table_whose_folder_is_gone_is_made_anew_and_filled_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = filled(folder.path()).await;
    write(&place.lake, &chunk(&COLLECTION_SLOTS, &[sample(1, 1)])).await.unwrap();
    std::fs::remove_dir_all(folder.path().join("weather_observations")).unwrap();
    let lake = place.another();
    let found = state(&lake).await;
    assert!(!lake.is_prepared(&found));
    assert_eq!(found.tables.keys().collect::<Vec<_>>(), ["collection_slots"]);
    assert_eq!(lake.prepare().await.unwrap().made, ["table weather_observations"]);
}
