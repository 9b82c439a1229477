//! DuckDB's views of the lake beside BigQuery's of the warehouse: of one store, cell by cell.

use std::collections::BTreeMap;

use crate::support::lake::check_lake;
use crate::support::program::Program;
use crate::support::warehouse::{Warehouse, bigquery_url, named, sorted};

const VIEWS: [&str; 6] = [
    "missing_hours",
    "observations_daily",
    "observations_hourly",
    "observations_latest",
    "site_freshness",
    "sites_geo",
];

/// An age goes by the minute of the question; and of an age BigQuery counts whole minutes, as DuckDB does here, its
/// emulator those that have begun.
const MINUTES: [&str; 2] = ["age_minutes: ", "staleness_minutes: "];

/// The demo: hours and half hours up to now, a site that fails, one that is never found.
#[tokio::test]
async fn each_view_of_duckdb_shows_what_that_of_the_warehouse_shows() {
    let warehouse = Warehouse::new();
    let program = Program::new().env("LOG_LEVEL", "error");
    program.run(&["demo", "--hours", "60"]).expect(0);
    let program = warehouse
        .settings(program, &bigquery_url())
        .env("DATABASE_URL", "sqlite://weather-demo.db")
        .env("LAKE_URL", "file:./lake");
    program.run(&["sync"]).expect(0);
    let mut differing = differing(&program, &warehouse).await;
    if !differing.is_empty() {
        // An hour may have begun between the two questions.
        differing = self::differing(&program, &warehouse).await;
    }
    assert!(differing.is_empty(), "{differing:#?}");
}

/// The views of which the two have other rows, with some of these.
async fn differing(program: &Program, warehouse: &Warehouse) -> Vec<String> {
    let folder = program.folder.path();
    let lake = folder.join("lake").display().to_string();
    let ddl = program.run(&["lake", "ddl", "duckdb"]).expect(0).stdout;
    let views = folder.join("views.sql");
    std::fs::write(&views, ddl.replace("'./lake/", &format!("'{lake}/"))).unwrap();
    let store = folder.join("weather-demo.db");
    let shown = [views.to_str().unwrap(), folder.to_str().unwrap()];
    check_lake(&lake, store.to_str(), &shown, &[]);
    let mut differing = Vec::new();
    for view in VIEWS {
        let columns = warehouse.columns(view).await;
        let text = std::fs::read_to_string(folder.join(format!("{view}.json"))).unwrap();
        let found = of_duckdb(&text, &columns);
        let expected = comparable(warehouse.rows(view).await);
        assert!(expected.len() > 15, "{view}: {} rows", expected.len());
        let lacks = expected.iter().filter(|row| !found.contains(row)).take(2);
        let odd = found.iter().filter(|row| !expected.contains(row)).take(2);
        if found != expected {
            let (lacks, odd): (Vec<_>, Vec<_>) = (lacks.collect(), odd.collect());
            differing.push(format!("{view}: DuckDB lacks {lacks:#?} and has {odd:#?}"));
        }
    }
    differing
}

/// The rows as the warehouse's are given, the columns by their names.
fn of_duckdb(text: &str, columns: &[(String, String)]) -> Vec<Vec<String>> {
    let rows: Vec<BTreeMap<String, Option<String>>> = serde_json::from_str(text).unwrap();
    let row = |row: &BTreeMap<String, Option<String>>| {
        assert_eq!(row.len(), columns.len(), "{:?} beside {columns:?}", row.keys());
        named(columns, columns.iter().map(|(name, _)| row[name].clone()).collect())
    };
    comparable(rows.iter().map(row).collect())
}

/// Without what goes by the minute; of days those that are over everywhere, since the warehouse's end with the
/// last sync.
fn comparable(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let over = (chrono::Utc::now() - chrono::TimeDelta::hours(36)).date_naive().to_string();
    let is_day = |row: &[String]| row.iter().any(|cell| cell.starts_with("slots_expected: "));
    let date = |row: &[String]| {
        row.iter().find_map(|cell| cell.strip_prefix("local_date: ")).map(str::to_owned)
    };
    rows.retain(|row| !is_day(row) || date(row).is_some_and(|date| date < over));
    for row in &mut rows {
        row.retain(|cell| MINUTES.iter().all(|minutes| !cell.starts_with(minutes)));
        // A point as text: the emulator writes a blank.
        row.iter_mut().for_each(|cell| *cell = cell.replace("POINT (", "POINT("));
    }
    sorted(rows)
}
