//! The warehouse as BI people see it: plain REST and SQL, and nothing of ours.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::databases::TestDatabase;
use super::program::Program;

/// The project that the emulator is asked for.
pub(crate) const PROJECT: &str = "test-project";

/// The mirrored tables, each with its key.
const TABLES: [(&str, &str); 4] = [
    ("sites", "site_id"),
    ("weather_observations", "site_id, source, observation_time"),
    ("collection_slots", "site_id, source, slot_time"),
    ("ingestion_runs", "run_id"),
];

/// A dataset that one test has for itself.
#[derive(Clone)]
pub(crate) struct Warehouse {
    base: String,
    pub(crate) dataset: String,
    http: reqwest::Client,
}

/// No connection is used twice: the emulator ends one that is idle, perhaps as a request comes.
pub(crate) fn client() -> reqwest::Client {
    super::http_client().pool_max_idle_per_host(0).build().unwrap()
}

/// The emulator of this test, of those that `scripts/test` has brought up: each of two tests at once has
/// its own, by the slot that nextest gives it
/// (<https://nexte.st/docs/configuration/test-groups/#slot-numbers>). Outside of a group it is the first.
pub(crate) fn bigquery_url() -> String {
    let urls =
        std::env::var("BIGQUERY_BASE_URL").expect("BIGQUERY_BASE_URL is not set: run scripts/test");
    let slot = std::env::var("NEXTEST_TEST_GROUP_SLOT").ok();
    let slot = slot.and_then(|slot| slot.parse().ok());
    url_of_slot(&urls, slot.unwrap_or(0)).to_owned()
}

/// One of the URLs between commas; where there are fewer than slots, some slots share one.
fn url_of_slot(urls: &str, slot: usize) -> &str {
    let urls: Vec<_> = urls.split(',').collect();
    urls[slot % urls.len()]
}

#[test]
fn two_tests_at_once_have_an_emulator_each_where_there_are_two() {
    let of = |urls| [0, 1].map(|slot| url_of_slot(urls, slot));
    assert_eq!(of("http://one,http://two"), ["http://one", "http://two"]);
    assert_eq!(of("http://one"), ["http://one", "http://one"]);
}

impl Warehouse {
    pub(crate) fn new() -> Self {
        Self::at(&bigquery_url())
    }

    pub(crate) fn at(base: &str) -> Self {
        let dataset = format!("test_{}", Uuid::now_v7().simple());
        Self { base: base.to_owned(), dataset, http: client() }
    }

    /// `weather` with the settings to sync that database to here, by way of `base`.
    pub(crate) fn client(&self, database: &TestDatabase, base: &str) -> Program {
        self.settings(Program::new().env("DATABASE_URL", &database.url), base)
    }

    /// `program` with the settings to sync to here, by way of `base`.
    pub(crate) fn settings(&self, program: Program, base: &str) -> Program {
        program
            .env("BIGQUERY_PROJECT", PROJECT)
            .env("BIGQUERY_DATASET", &self.dataset)
            .env("BIGQUERY_BASE_URL", base)
            // A test holds runs open while others sync: none is silent for so long.
            .env("WEATHER_LEASE_SECONDS", "3600")
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/projects/{PROJECT}/{path}", self.base);
        let response = self.http.request(method, url).json(body).send().await.unwrap();
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default()
    }

    /// What a statement gives, every cell as text. `{d}` stands for the dataset.
    pub(crate) async fn query(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let sql = sql.replace("{d}", &self.dataset);
        let query = json!({"query": sql, "useLegacySql": false, "maxResults": 1_000_000});
        let answer = self.call(reqwest::Method::POST, "queries", &query).await;
        assert!(answer["errors"].is_null() && answer["error"].is_null(), "{sql}: {answer}");
        assert!(answer["pageToken"].is_null(), "more rows than a page");
        let text = |cell: &Value| cell["v"].as_str().map(str::to_owned);
        let rows = answer["rows"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["f"].as_array().unwrap().iter().map(text).collect()).collect()
    }

    /// The number that a statement gives.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.query(sql).await[0][0].as_deref().unwrap().parse().unwrap()
    }

    /// Carries a statement out.
    pub(crate) async fn execute(&self, sql: &str) {
        self.query(sql).await;
    }

    /// Makes the sink forget that it was found prepared: the next sync looks at everything.
    pub(crate) async fn unprepare(&self, database: &TestDatabase) {
        let store_id = database.reads.facts().await.unwrap().store_id.replace('-', "_");
        let state = format!("{{d}}_internal._state_{store_id}");
        self.execute(&format!("update {state} set prepared = null where true")).await;
    }

    /// A table or view as the API describes it.
    pub(crate) async fn describe(&self, table: &str) -> Value {
        let path = format!("datasets/{}/tables/{table}", self.dataset);
        self.call(reqwest::Method::GET, &path, &Value::Null).await
    }

    /// Takes a table away, with its rows.
    pub(crate) async fn drop_table(&self, table: &str) {
        let path = format!("datasets/{}/tables/{table}", self.dataset);
        self.call(reqwest::Method::DELETE, &path, &Value::Null).await;
    }

    /// Makes the dataset of that name, which starts with ours, as the API describes it.
    pub(crate) async fn make_dataset(&self, name: &str, mut described: Value) {
        described["datasetReference"] = json!({"projectId": PROJECT, "datasetId": name});
        let answer = self.call(reqwest::Method::POST, "datasets", &described).await;
        assert!(answer["error"].is_null(), "{answer}");
    }

    /// Makes a table anew, empty and otherwise than it was, as somebody might who may.
    pub(crate) async fn remake(&self, table: &str, alter: impl FnOnce(&mut Value)) {
        let described = self.describe(table).await;
        let parts =
            ["tableReference", "description", "labels", "schema", "timePartitioning", "clustering"];
        let mut made: Value =
            parts.map(|part| (part, described[part].clone())).into_iter().collect();
        alter(&mut made);
        let tables = format!("datasets/{}/tables", self.dataset);
        self.drop_table(table).await;
        let answer = self.call(reqwest::Method::POST, &tables, &made).await;
        assert!(answer["error"].is_null(), "{answer}");
    }

    /// Changes what the API says of a table or view. The emulator leaves a table's cells as they are.
    pub(crate) async fn patch(&self, name: &str, change: &Value) {
        let path = format!("datasets/{}/tables/{name}", self.dataset);
        let changed = self.call(reqwest::Method::PATCH, &path, change).await;
        assert!(changed["error"].is_null(), "{name}: {changed}");
    }

    /// Name and type of every column.
    pub(crate) async fn columns(&self, table: &str) -> Vec<(String, String)> {
        columns_of(&self.describe(table).await)
    }

    /// Every row of every mirrored table: each cell with its column's name, numbers as numbers,
    /// times as microseconds.
    pub(crate) async fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let columns = self.columns(table).await;
        let cells = columns.iter().map(|(name, data_type)| match data_type.as_str() {
            "TIMESTAMP" => format!("unix_micros({name})"),
            _ => name.clone(),
        });
        let cells = cells.collect::<Vec<_>>().join(", ");
        let rows = self.query(&format!("select {cells} from {{d}}.{table}")).await;
        sorted(rows.into_iter().map(|row| named(&columns, row)).collect())
    }

    /// The same of the store, by SQL of its own.
    pub(crate) async fn rows_of_store(
        &self,
        database: &TestDatabase,
        table: &str,
    ) -> Vec<Vec<String>> {
        rows_of_store(database, table, &self.columns(table).await).await
    }

    /// Makes a table as the API describes it, with these rows, cells as `rows` gives them.
    pub(crate) async fn make_table(
        &self,
        (dataset, table): (&str, &str),
        described: &Value,
        rows: &[Vec<Option<String>>],
    ) {
        let mut made = described.clone();
        made["tableReference"] =
            json!({"projectId": PROJECT, "datasetId": dataset, "tableId": table});
        let answer =
            self.call(reqwest::Method::POST, &format!("datasets/{dataset}/tables"), &made).await;
        assert!(answer["error"].is_null(), "{answer}");
        let columns = columns_of(described);
        let names = columns.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>().join(", ");
        let row = |row: &Vec<Option<String>>| {
            let cells =
                columns.iter().zip(row).map(|((_, data_type), cell)| literal(data_type, cell));
            format!("({})", cells.collect::<Vec<_>>().join(", "))
        };
        let rows = rows.iter().map(row).collect::<Vec<_>>().join(",\n");
        self.execute(&format!("insert into {dataset}.{table} ({names}) values {rows}")).await;
    }

    /// Every table holds what the store holds, every value, every row once.
    pub(crate) async fn assert_equals(
        &self,
        database: &TestDatabase,
    ) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (table, _) in TABLES {
            let found = self.rows(table).await;
            let expected = self.rows_of_store(database, table).await;
            counts.insert(table, expected.len());
            if found != expected {
                let lost = expected.iter().filter(|row| !found.contains(row)).take(3);
                let odd = found.iter().filter(|row| !expected.contains(row)).take(3);
                panic!(
                    "{table}: {} rows, expected {}\nnot found: {:#?}\nnot expected: {:#?}",
                    found.len(),
                    expected.len(),
                    lost.collect::<Vec<_>>(),
                    odd.collect::<Vec<_>>()
                );
            }
        }
        counts
    }

    /// Every row of the store is in the sink, every value, and no key twice; the sink may hold more.
    pub(crate) async fn assert_holds(&self, database: &TestDatabase) {
        for (table, key) in TABLES {
            let found = self.rows(table).await;
            for row in self.rows_of_store(database, table).await {
                assert!(found.contains(&row), "{table}: {row:#?}");
            }
            let twice =
                format!("select {key} from {{d}}.{table} group by {key} having count(*) > 1");
            assert_eq!(self.query(&twice).await.len(), 0, "{table}");
        }
    }
}

/// Name and type of every column of a table, as the API describes it.
pub(crate) fn columns_of(described: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let fields = described["schema"]["fields"].as_array().expect("a table");
    fields.iter().map(|field| (text(&field["name"]), text(&field["type"]))).collect()
}

/// Every row of a table of the store, these columns only, cells as [`Warehouse::rows`] gives them.
pub(crate) async fn rows_of_store(
    database: &TestDatabase,
    table: &str,
    columns: &[(String, String)],
) -> Vec<Vec<String>> {
    let cells = columns.iter().map(|(name, data_type)| {
        let value = match data_type.as_str() {
            "TIMESTAMP" => database.microseconds(name),
            _ => name.clone(),
        };
        format!("coalesce(cast({value} as char(500)), '~')")
    });
    let separator = "\u{1f}";
    let line = cells.collect::<Vec<_>>().join(&format!(", '{separator}', "));
    let lines = database.texts(&format!("select concat({line}) from {table}")).await;
    let row = |line: String| {
        let cells = line.split(separator).map(|cell| (cell != "~").then(|| cell.to_owned()));
        named(columns, cells.collect())
    };
    sorted(lines.into_iter().map(row).collect())
}

/// A cell as SQL writes it; a time is given in microseconds.
fn literal(data_type: &str, cell: &Option<String>) -> String {
    match (data_type, cell) {
        (_, None) => "null".into(),
        ("TIMESTAMP", Some(micros)) => format!("timestamp_micros({micros})"),
        ("DATE", Some(day)) => format!("date '{day}'"),
        ("STRING", Some(text)) => json!(text).to_string(),
        (_, Some(number)) => number.clone(),
    }
}

pub(crate) fn sorted(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows.sort();
    rows
}

pub(crate) fn named(columns: &[(String, String)], row: Vec<Option<String>>) -> Vec<String> {
    let cell = |((name, data_type), cell): (&(String, String), Option<String>)| {
        let cell = cell.unwrap_or_else(|| "NULL".into());
        match (data_type.as_str(), cell.parse::<f64>()) {
            ("FLOAT" | "FLOAT64", Ok(number)) => format!("{name}: {number:?}"),
            _ => format!("{name}: {cell}"),
        }
    };
    assert_eq!(columns.len(), row.len());
    columns.iter().zip(row).map(cell).collect()
}
