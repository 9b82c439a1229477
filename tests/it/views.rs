//! The views as BI people ask them, beside what the tests know of what they have put in.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use weather_data_product::domain::{RunCounts, Site, SlotResult};
use weather_data_product::store::Store;

use crate::support::databases::{TestDatabase, with_sqlite};
use crate::support::program::Program;
use crate::support::samples::{open_run, run_end};
use crate::support::warehouse::{Warehouse, bigquery_url};

mod columns;
mod days;
mod gaps;
mod hours;
mod lives;
mod moves;
mod now;
mod rollups;
mod served;

/// A warehouse with what a store holds that has taken these sites files in, each at its time, and
/// collected these slots.
async fn synced(files: &[(DateTime<Utc>, Vec<Site>)], slots: &[SlotResult]) -> Warehouse {
    let warehouse = Warehouse::new();
    with_sqlite(async |database| {
        for (time, sites) in files {
            database.store.take_in_sites(sites, *time).await.unwrap();
        }
        fill(&*database.store, slots).await;
        sync(database, &warehouse);
    })
    .await;
    warehouse
}

/// Loads these slots in a run of their own.
async fn fill(store: &dyn Store, slots: &[SlotResult]) {
    let run = open_run(store).await;
    for batch in slots.chunks(500) {
        store.load(&run, batch, run_end(RunCounts::default()).finished_at).await.unwrap();
    }
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

fn sync(database: &TestDatabase, warehouse: &Warehouse) {
    let program = Program::new().env("DATABASE_URL", &database.url);
    warehouse.settings(program, &bigquery_url()).run(&["sync"]).expect(0);
}

/// Every row as a line, its cells apart by `|`: `-` is NULL, and a number looks the same from
/// every server.
async fn lines(warehouse: &Warehouse, sql: &str) -> Vec<String> {
    let text = |cell: Option<String>| match cell {
        None => "-".to_owned(),
        Some(text) => text.parse().map_or(text, |number: f64| number.to_string()),
    };
    let line = |row: Vec<Option<String>>| row.into_iter().map(text).collect::<Vec<_>>().join("|");
    warehouse.query(sql).await.into_iter().map(line).collect()
}

/// The lines are the expected ones, in whatever order; what differs is told and not the rest.
fn assert_same(found: &[String], expected: &[String]) {
    let [in_found, in_expected] =
        [found, expected].map(|lines| lines.iter().collect::<BTreeSet<_>>());
    let odd: Vec<_> = in_found.difference(&in_expected).take(5).collect();
    let lost: Vec<_> = in_expected.difference(&in_found).take(5).collect();
    assert!(odd.is_empty() && lost.is_empty(), "not expected: {odd:#?}\nnot found: {lost:#?}");
    assert_eq!(found.len(), expected.len(), "a line is there twice");
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}
