//! A store, and a warehouse, as the version before this one has written them: the store migrates, and
//! `gaps`, `runs`, `status`, `sync` and `verify` say what that version said of it.
//!
//! `tests/data/old_store/README.md` says how its files were made. New columns and new fields are what may
//! differ, and one more thing: the kind of a run no longer names its source (`etl:open-meteo` is `etl`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use weather_data_product::domain::tables::{Column, Kind, TABLES, Table};
use weather_data_product::status;

use crate::support::databases::{TestDatabase, with_empty_mysql, with_empty_sqlite};
use crate::support::program::{Program, repository_file};
use crate::support::samples::time;
use crate::support::warehouse::{Warehouse, bigquery_url, columns_of, rows_of_store};

/// The span of `gaps.json`: it lies in the past, so that no clock has a say.
const SPAN: [&str; 4] = ["--from", "2026-11-18", "--to", "2026-11-20"];

/// The moment of `status.json`.
const STATUS_TIME: &str = "2026-11-20T02:20:00Z";

/// Which of its files.
struct Old(&'static str);

impl Old {
    fn file(&self, name: &str) -> String {
        repository_file(&format!("tests/data/old_store/{}{name}", self.0))
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.file(name)).unwrap()
    }

    fn warehouse(&self) -> BTreeMap<String, OldTable> {
        serde_json::from_str(&self.file("/warehouse.json")).unwrap()
    }

    /// Fills an empty database; its schema is that of before then.
    async fn load(&self, database: &TestDatabase) {
        let dump = self.file(".sql");
        if self.0 == "sqlite" {
            return database.execute(&dump).await;
        }
        for statement in dump.split_inclusive(";\n") {
            database.execute(statement).await;
        }
    }
}

/// A table of the warehouse of before.
#[derive(Deserialize)]
struct OldTable {
    described: Value,
    rows: Vec<Vec<Option<String>>>,
}

#[tokio::test]
async fn a_store_of_the_version_before_says_the_same_in_mysql() {
    with_empty_mysql(async |database| says_the_same(database, &Old("mysql")).await).await;
}

#[tokio::test]
async fn a_store_of_the_version_before_says_the_same_in_sqlite() {
    with_empty_sqlite(async |database| says_the_same(database, &Old("sqlite")).await).await;
}

#[tokio::test]
async fn a_warehouse_of_the_version_before_is_synced_on_from_mysql() {
    with_empty_mysql(async |database| is_synced_on(database, &Old("mysql")).await).await;
}

#[tokio::test]
async fn a_warehouse_of_the_version_before_is_synced_on_from_sqlite() {
    with_empty_sqlite(async |database| is_synced_on(database, &Old("sqlite")).await).await;
}

async fn says_the_same(database: &TestDatabase, old: &Old) {
    old.load(database).await;
    let program = Program::new().env("DATABASE_URL", &database.url);
    program.run(&["migrate"]).expect(0);
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_str(&program.run(arguments).expect(0).stdout).unwrap()
    };
    let gaps = json(&[&["gaps", "--output", "json"], &SPAN[..]].concat());
    let reasons = ["never_tried", "paused", "failed", "quarantined", "unfillable"];
    for reason in reasons {
        let is_there = gaps.as_array().unwrap().iter().any(|gap| gap["reason"] == reason);
        assert!(is_there, "{reason}");
    }
    assert_holds("gaps", &gaps, &old.json("/gaps.json"));
    let runs = json(&["runs", "--limit", "1000", "--output", "json"]);
    let mut before = old.json("/runs.json");
    for run in before.as_array_mut().unwrap() {
        // That version wrote it as a text.
        if let Some(text) = run["errors_by_kind"].as_str() {
            run["errors_by_kind"] = serde_json::from_str(text).unwrap();
        }
    }
    assert_holds("runs", &runs, &before);

    let sources = ["openweathermap", "open-meteo"];
    let status = status::read(&database.reads, &sources, time(STATUS_TIME), 5).await.unwrap();
    let sites = serde_json::to_value(&status.sites).unwrap();
    assert_holds("status", &sites, &old.json("/status.json"));
    assert_eq!(status.headline(None), old.file("/headline.txt").trim());
}

/// Whether `found` is what was expected; an object may have more fields.
fn assert_holds(place: &str, found: &Value, expected: &Value) {
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_holds(&format!("{place}[{index}]"), found, expected);
            }
        }
        (Value::Object(found), Value::Object(expected)) => {
            for (field, expected) in expected {
                let place = format!("{place}.{field}");
                let found = found.get(field).unwrap_or_else(|| panic!("{place} is missing"));
                match (field.as_str(), found.as_str(), expected.as_str()) {
                    ("kind", Some(found), Some(expected)) => {
                        assert_eq!(job(found), job(expected), "{place}");
                    }
                    _ => assert_holds(&place, found, expected),
                }
            }
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

/// The kind of a run without its source.
fn job(kind: &str) -> &str {
    kind.split(':').next().unwrap_or_default()
}

/// The warehouse was synced through an earlier run: the rest follows, into tables that get the new columns.
async fn is_synced_on(database: &TestDatabase, old: &Old) {
    old.load(database).await;
    let tables = old.warehouse();
    let mut before = BTreeMap::new();
    for table in TABLES {
        let columns = columns_of(&tables[table.name].described);
        let rows = rows_of_store(database, table.name, &columns).await;
        assert!(table.day_of.is_none() || rows.len() > tables[table.name].rows.len());
        before.insert(table.name, (columns, rows));
    }
    let warehouse = Warehouse::new();
    let internal = format!("{}_internal", warehouse.dataset);
    for dataset in [&warehouse.dataset, &internal] {
        warehouse.make_dataset(dataset, Value::Object(serde_json::Map::new())).await;
    }
    for (name, table) in &tables {
        let dataset = if name.starts_with('_') { &internal } else { &warehouse.dataset };
        warehouse.make_table((dataset, name), &table.described, &table.rows).await;
    }
    for table in TABLES {
        make_room(&warehouse, table, &tables[table.name].described).await;
    }
    let program = warehouse.client(database, &bigquery_url());
    program.run(&["migrate"]).expect(0);
    program.run(&["sync"]).expect(0);
    let verified = program.run(&["verify", "--deep"]).expect(0).stdout;
    assert!(verified.contains("all are the same"), "{verified}");
    for table in TABLES {
        let columns = warehouse.columns(table.name).await;
        let has = |name: &str| columns.iter().any(|(column, _)| column == name);
        assert!(table.column_names().all(has), "{}: {columns:?}", table.name);
        let (of_before, expected) = &before[table.name];
        let found = warehouse.rows(table.name).await;
        assert_eq!(without_new(found, of_before), without_new(expected.clone(), of_before));
    }
    warehouse.assert_equals(database).await;
}

/// BigQuery adds a column when it is patched into the schema. The emulator changes what it says of the table,
/// and leaves the cells as they are: so they are made before, and the table is described as it was.
async fn make_room(warehouse: &Warehouse, table: &Table, described: &Value) {
    let of_before = columns_of(described);
    let is_new = |column: &&Column| of_before.iter().all(|(name, _)| name != column.name);
    let new: Vec<&Column> = table.columns.iter().filter(is_new).collect();
    for column in &new {
        let data_type = match column.kind {
            Kind::Text => "string",
            Kind::Integer => "int64",
            Kind::Real { .. } => "float64",
            Kind::Time => "timestamp",
            Kind::Date => "date",
        };
        let (table, name) = (table.name, column.name);
        warehouse
            .execute(&format!("alter table {{d}}.{table} add column {name} {data_type}"))
            .await;
    }
    if !new.is_empty() {
        let as_before = json!({"schema": described["schema"], "labels": described["labels"]});
        warehouse.patch(table.name, &as_before).await;
    }
    assert_eq!(warehouse.columns(table.name).await, of_before);
}

/// The cells of these columns, the kind of a run without its source.
fn without_new(rows: Vec<Vec<String>>, columns: &[(String, String)]) -> Vec<Vec<String>> {
    let is_kept = |cell: &String| {
        cell.split_once(": ").is_some_and(|(name, _)| columns.iter().any(|(kept, _)| kept == name))
    };
    let cut = |cell: String| match cell.split_once(": ") {
        Some(("kind", kind)) => format!("kind: {}", job(kind)),
        _ => cell,
    };
    let row = |row: Vec<String>| row.into_iter().filter(is_kept).map(cut).collect();
    let mut rows: Vec<Vec<String>> = rows.into_iter().map(row).collect();
    rows.sort();
    rows
}
