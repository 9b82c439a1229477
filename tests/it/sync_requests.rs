//! How much a sync asks of BigQuery: each request costs time, and each row that is sent again money.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use weather_data_product::domain::RunCounts;
use weather_data_product::domain::tables::WEATHER_OBSERVATIONS;

use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::gateway::{Asked, Gateway};
use crate::support::kills::spawn;
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites};
use crate::support::until;
use crate::support::warehouse::{Warehouse, bigquery_url};

on_both_databases!(
    an_hour_of_24_sites_is_a_load_a_table_and_one_script_and_nothing_new_is_one_call
);

/// A run that collects one hour of these sites.
async fn collect(database: &TestDatabase, sites: Range<u16>, slot_time: DateTime<Utc>) {
    let store = &*database.store;
    let run = open_run(store).await;
    let batch: Vec<_> = sites.map(|site| collected(site, slot_time, full_values())).collect();
    store.load(&run, &batch, slot_time).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

async fn an_hour_of_24_sites_is_a_load_a_table_and_one_script_and_nothing_new_is_one_call(
    database: &TestDatabase,
) {
    let gateway = Gateway::to(&bigquery_url());
    let warehouse = Warehouse::new();
    let program = warehouse.client(database, &gateway.url);
    let asked_of_a_sync = || {
        let before = gateway.asked(|_| true).len();
        program.run(&["sync"]).expect(0);
        gateway.asked(|_| true).split_off(before)
    };
    database.store.take_in_sites(&sites(24), hour()).await.unwrap();
    collect(database, 0..24, hour()).await;
    asked_of_a_sync();
    for hours in 1..3 {
        collect(database, 0..24, hour() + TimeDelta::hours(hours)).await;
        let asked = asked_of_a_sync();
        // A look at a job is of that job.
        let asked = asked.iter().filter(|asked| !asked.is_look());
        let (jobs, besides): (Vec<&Asked>, Vec<&Asked>) = asked.partition(|asked| asked.is_job());
        let (loads, scripts): (Vec<&Asked>, Vec<&Asked>) =
            jobs.into_iter().partition(|job| job.is_upload());
        let mut rows: Vec<_> = loads.into_iter().map(Asked::rows).collect();
        rows.sort_unstable();
        assert_eq!(rows, [1, 24, 24], "the run, the observations and the slots, a load each");
        assert_eq!(scripts.len(), 1, "{scripts:?}");
        assert!(besides.len() <= 1, "{besides:?}");
        let nothing_new = asked_of_a_sync();
        assert!(nothing_new.len() <= 2, "{nothing_new:?}");
        assert!(!nothing_new.iter().any(Asked::is_job), "{nothing_new:?}");
    }
    warehouse.assert_equals(database).await;
}

/// Rows of a rebase: some here, a million by `scripts/soak`.
fn rows() -> u32 {
    std::env::var("WEATHER_SOAK_ROWS").map_or(20_000, |text| text.parse().unwrap())
}

const KILLS: usize = 10;

/// Chunks of the rebase, and chunks between two kills.
const CHUNKS: u32 = 200;
const CHUNKS_TO_A_KILL: usize = 18;

/// A run with so many observations, of one slot; all but one by one statement.
async fn fill(database: &TestDatabase, rows: u32) {
    let store = &*database.store;
    store.take_in_sites(&sites(1), hour()).await.unwrap();
    let run = open_run(store).await;
    store.load(&run, &[collected(0, hour(), full_values())], hour()).await.unwrap();
    let columns: Vec<_> = WEATHER_OBSERVATIONS.column_names().collect();
    let copied = columns.iter().map(|column| match *column {
        "site_id" => "concat('copy-', 1000000 + n)",
        other => other,
    });
    let digits = (0..10).map(|digit| format!("select {digit} as d")).collect::<Vec<_>>();
    let digits = digits.join(" union all ");
    let places = (0..7).map(|place| format!("({digits}) p{place}")).collect::<Vec<_>>().join(", ");
    let number = (0..7).map(|place| format!("p{place}.d * {}", 10_u32.pow(place)));
    let number = number.collect::<Vec<_>>().join(" + ");
    let sql = format!(
        "insert into weather_observations ({}) select {} from weather_observations, \
        (select {number} as n from {places}) numbers where n < {}",
        columns.join(", "),
        copied.collect::<Vec<_>>().join(", "),
        rows - 1
    );
    database.execute(&sql).await;
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

#[tokio::test]
async fn a_rebase_killed_ten_times_sends_little_more_than_its_rows() {
    with_sqlite(async |database| {
        let rows = rows();
        fill(database, rows).await;
        let gateway = Gateway::to(&bigquery_url());
        let warehouse = Warehouse::new();
        warehouse.client(database, &bigquery_url()).run(&["sync"]).expect(0);
        let program = warehouse.client(database, &gateway.url);
        let program = program.env("WEATHER_CHUNK_ROWS", &(rows / CHUNKS).to_string());
        let loads = || gateway.asked(Asked::is_upload);
        for _ in 0..KILLS {
            let next = loads().len() + CHUNKS_TO_A_KILL;
            let mut rebase = spawn(&program, &["sync", "--rebase"]);
            until("a chunk is on its way", async || loads().len() >= next).await;
            assert!(rebase.try_wait().unwrap().is_none(), "it ended before it was killed");
            rebase.kill().unwrap();
            rebase.wait().unwrap();
        }
        program.run(&["sync", "--rebase"]).expect(0);
        let sent: i64 = loads().iter().map(Asked::rows).sum();
        println!("{sent} rows were sent, of {rows}");
        // The site, the slot and the run come once.
        assert!(sent >= i64::from(rows) + 3, "{sent} rows were sent, of {rows}");
        assert!(sent * 10 <= i64::from(rows) * 11, "{sent} rows were sent, of {rows}");
        let sql = "select count(distinct site_id) from {d}.weather_observations";
        assert_eq!(warehouse.count(sql).await, i64::from(rows));
        let sql = "select count(*) from {d}.weather_observations";
        assert_eq!(warehouse.count(sql).await, i64::from(rows));
    })
    .await;
}
