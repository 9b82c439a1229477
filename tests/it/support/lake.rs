//! The lake as another reader sees it: the JSON of its logs and the rows of its files, by nothing of ours but
//! the way to the objects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use weather_data_product::objects::{Objects, ObjectsUrl};

use super::databases::TestDatabase;
use super::program::Program;
use super::warehouse::{named, rows_of_store, sorted};

/// The tables, each with its key.
pub(crate) const TABLES: [(&str, &[&str]); 4] = [
    ("sites", &["site_id"]),
    ("weather_observations", &["site_id", "source", "observation_time"]),
    ("collection_slots", &["site_id", "source", "slot_time"]),
    ("ingestion_runs", &["run_seq"]),
];

const LARGE: u64 = 1 << 30;

/// A lake that is read.
pub(crate) struct LakeReader {
    objects: Objects,
    /// Commits that were read: none ever changes.
    commits: Mutex<BTreeMap<String, Vec<Value>>>,
}

/// A table at its newest version.
#[derive(Debug, Default)]
pub(crate) struct LakeTable {
    pub(crate) version: i64,
    /// Name and type of each column but the day's, as the warehouse names types.
    pub(crate) columns: Vec<(String, String)>,
    /// The partition of each data file.
    pub(crate) files: BTreeMap<String, Option<String>>,
    /// What each domain holds.
    pub(crate) domains: BTreeMap<String, Value>,
    /// Commits that moved a position.
    pub(crate) moves: i64,
    /// The same of each store.
    moves_of: BTreeMap<String, i64>,
}

impl LakeReader {
    pub(crate) fn of(objects: Objects) -> Self {
        Self { objects, commits: Mutex::default() }
    }

    pub(crate) fn of_folder(folder: &Path) -> Self {
        Self::of(Objects::open(&ObjectsUrl::Folder(folder.into()), None).unwrap())
    }

    /// Every commit of a table, in their order.
    pub(crate) async fn commits(&self, table: &str) -> Vec<Vec<Value>> {
        let mut commits = Vec::new();
        for object in self.objects.list_after(&format!("{table}/_delta_log"), None).await.unwrap() {
            if !object.path.ends_with(".json") {
                continue;
            }
            commits.push(self.commit(object.path).await);
        }
        commits
    }

    async fn commit(&self, path: String) -> Vec<Value> {
        if let Some(known) = self.commits.lock().unwrap().get(&path) {
            return known.clone();
        }
        let text = self.objects.get(&path, LARGE).await.unwrap();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let actions: Vec<_> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        self.commits.lock().unwrap().insert(path, actions.clone());
        actions
    }

    pub(crate) async fn table(&self, table: &str) -> LakeTable {
        let mut found = LakeTable { version: -1, ..LakeTable::default() };
        for actions in self.commits(table).await {
            found.version += 1;
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            for action in actions {
                if let Some(meta_data) = action.get("metaData") {
                    found.columns = columns(&text(&meta_data["schemaString"]));
                }
                if let Some(add) = action.get("add") {
                    let day = add["partitionValues"]["day"].as_str().map(str::to_owned);
                    found.files.insert(text(&add["path"]), day);
                }
                if let Some(remove) = action.get("remove") {
                    assert!(found.files.remove(&text(&remove["path"])).is_some(), "{remove}");
                }
                if let Some(domain) = action.get("domainMetadata") {
                    let value = serde_json::from_str(&text(&domain["configuration"])).unwrap();
                    found.domains.insert(text(&domain["domain"]), value);
                }
                if let Some(txn) = action.get("txn") {
                    found.moves += 1;
                    *found.moves_of.entry(text(&txn["appId"])).or_default() += 1;
                }
            }
        }
        found
    }

    /// Every row of a table: each cell with its column's name, numbers as numbers, times as microseconds.
    pub(crate) async fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let found = self.table(table).await;
        let mut rows = Vec::new();
        for path in found.files.keys() {
            rows.extend(self.rows_of_file(&format!("{table}/{path}"), &found.columns).await);
        }
        sorted(rows)
    }

    async fn rows_of_file(&self, path: &str, columns: &[(String, String)]) -> Vec<Vec<String>> {
        let file = SerializedFileReader::new(self.objects.get(path, LARGE).await.unwrap()).unwrap();
        let rows = file.get_row_iter(None).unwrap().map(|row| {
            let cells: BTreeMap<String, Option<String>> = row
                .unwrap()
                .get_column_iter()
                .map(|(name, field)| (name.clone(), cell(field)))
                .collect();
            let of = |(name, _): &(String, String)| cells.get(name).cloned().flatten();
            named(columns, columns.iter().map(of).collect())
        });
        rows.collect()
    }

    /// Every row of the store is in the lake, every value, and no key twice; the lake may hold more.
    pub(crate) async fn assert_holds(&self, database: &TestDatabase) {
        for (table, _) in TABLES {
            let found = self.rows(table).await;
            for row in rows_of_store(database, table, &self.table(table).await.columns).await {
                assert!(found.contains(&row), "{table}: {row:#?}");
            }
        }
        self.assert_sound().await;
    }

    /// Every table holds what the store holds, every value, every row once.
    pub(crate) async fn assert_equals(&self, database: &TestDatabase) {
        for (table, _) in TABLES {
            let columns = self.table(table).await.columns;
            let found = self.rows(table).await;
            let expected = rows_of_store(database, table, &columns).await;
            let lost: Vec<_> = expected.iter().filter(|row| !found.contains(row)).take(2).collect();
            let odd: Vec<_> = found.iter().filter(|row| !expected.contains(row)).take(2).collect();
            assert!(
                found == expected,
                "{table}: {} rows, expected {}\nnot found: {lost:#?}\nnot expected: {odd:#?}",
                found.len(),
                expected.len(),
            );
        }
    }

    /// No key is there twice, and the epoch of each table is the number of commits that moved it.
    pub(crate) async fn assert_sound(&self) {
        for (table, key) in TABLES {
            let of_key = |row: &Vec<String>| -> Vec<String> {
                let is_key =
                    |cell: &&String| key.iter().any(|name| cell.starts_with(&format!("{name}: ")));
                row.iter().filter(is_key).cloned().collect()
            };
            let rows = self.rows(table).await;
            let keys: BTreeSet<_> = rows.iter().map(of_key).collect();
            assert_eq!(keys.len(), rows.len(), "{table}: a key is there twice");
            let found = self.table(table).await;
            for (domain, state) in &found.domains {
                let Some(store_id) = domain.strip_prefix("weather.sync.") else { continue };
                let moves = found.moves_of.get(&format!("weather/{store_id}"));
                assert_eq!(state["epoch"], moves.copied().unwrap_or(0), "{table}: {domain}");
            }
        }
    }
}

fn columns(schema: &str) -> Vec<(String, String)> {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let column = |field: &Value| {
        let kind = match field["type"].as_str().unwrap() {
            "string" => "STRING",
            "long" => "INTEGER",
            "double" => "FLOAT",
            "timestamp" => "TIMESTAMP",
            "date" => "DATE",
            other => panic!("{other}"),
        };
        (field["name"].as_str().unwrap().to_owned(), kind.to_owned())
    };
    let columns = schema["fields"].as_array().unwrap().iter().map(column);
    columns.filter(|(name, _)| name != "day").collect()
}

fn cell(field: &Field) -> Option<String> {
    Some(match field {
        Field::Null => return None,
        Field::Str(text) => text.clone(),
        Field::Long(number) | Field::TimestampMicros(number) => number.to_string(),
        Field::Double(number) => number.to_string(),
        Field::Date(days) => {
            let epoch = chrono::NaiveDate::default();
            (epoch + chrono::TimeDelta::days((*days).into())).to_string()
        }
        other => panic!("{other:?}"),
    })
}

/// `weather` with the settings to sync that database to a folder of its own, `lake`.
pub(crate) fn to_a_folder(database: &TestDatabase) -> Program {
    Program::new()
        .env("DATABASE_URL", &database.url)
        .env("LAKE_URL", "file:./lake")
        .env("WEATHER_LEASE_SECONDS", "3600")
}

/// The lake that it writes.
pub(crate) fn reader_of(program: &Program) -> LakeReader {
    LakeReader::of_folder(&program.folder.path().join("lake"))
}

/// Reads a data file of a table of a lake in a folder, and writes what `change` makes of its rows in its place; the
/// commits say how long it is then. Returns its path.
pub(crate) fn change_file(
    table: &Path,
    path: &str,
    change: impl Fn(&RecordBatch) -> RecordBatch,
) -> PathBuf {
    let file = table.join(path);
    let whole = bytes::Bytes::from(std::fs::read(&file).unwrap());
    let length = whole.len();
    let batches: Vec<_> = ParquetRecordBatchReaderBuilder::try_new(whole)
        .unwrap()
        .build()
        .unwrap()
        .map(|batch| change(&batch.unwrap()))
        .collect();
    let mut writer = ArrowWriter::try_new(Vec::new(), batches[0].schema(), None).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    let changed = writer.into_inner().unwrap();
    let sizes = [length, changed.len()].map(|length| format!("\"size\":{length},"));
    edit_log(table, |line| match line.contains(path) {
        true => line.replace(&sizes[0], &sizes[1]),
        false => line.to_owned(),
    });
    std::fs::write(&file, changed).unwrap();
    file
}

/// Puts what `edit` makes of each line of each commit of a table in its place.
pub(crate) fn edit_log(table: &Path, edit: impl Fn(&str) -> String) {
    for entry in std::fs::read_dir(table.join("_delta_log")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|ending| ending == "json") {
            let text = std::fs::read_to_string(&file).unwrap();
            let lines: Vec<_> = text.lines().map(&edit).collect();
            std::fs::write(&file, lines.join("\n") + "\n").unwrap();
        }
    }
}

/// What two readers of another make say of a lake, held against an SQLite store if there is one, and of DuckDB's
/// views: the file with them, and a folder that their rows go to.
pub(crate) fn check_lake(
    lake: &str,
    store: Option<&str>,
    views: &[&str],
    environment: &[(&str, String)],
) -> String {
    let mut command =
        std::process::Command::new(super::program::repository_path("scripts/check-lake"));
    command
        .arg(lake)
        .args(store)
        .args(views)
        .envs(environment.iter().map(|(name, value)| (name, value)));
    let ran = super::program::Ran::of(&command.output().unwrap()).expect(0);
    ran.stdout
}
