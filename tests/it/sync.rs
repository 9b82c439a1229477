//! The sync, against a real emulator and an independent reader.

use chrono::TimeDelta;
use url::Url;
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::{ErrorKind, RunCounts};
use weather_data_product::sink::bigquery::BigQuery;
use weather_data_product::sink::{Sink as _, SinkError};

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::gateway::{Asked, Gateway};
use crate::support::program::{Program, SimulatorProcess, repository_path};
use crate::support::samples::{collected, failed, full_values, hour, open_run, run_end, sites};
use crate::support::warehouse::{Warehouse, bigquery_url};

on_both_databases!(
    what_the_store_holds_is_in_the_sink_once_and_then_no_statement_is_sent,
    only_runs_that_have_ended_are_synced,
    a_row_that_changes_is_changed_in_the_sink,
);

/// Hours of the demo: few here, a month by scripts/soak.
fn hours() -> usize {
    std::env::var("WEATHER_SOAK_HOURS").map_or(24, |text| text.parse().unwrap())
}

/// Fills the store with some hours by the demo.
fn seed(database: &TestDatabase, hours: &str) {
    let program = Program::new().env("LOG_LEVEL", "error");
    let mut command = program.command(&["demo", "--hours", hours, "--store", &database.url]);
    let sites = repository_path("config/sites_sample.json");
    let output = command.env("SITES_FILE", sites).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn what_the_store_holds_is_in_the_sink_once_and_then_no_statement_is_sent(
    database: &TestDatabase,
) {
    let hours = hours();
    seed(database, &hours.to_string());
    let warehouse = Warehouse::new();
    let gateway = Gateway::to(&bigquery_url());
    let program = warehouse
        .client(database, &gateway.url)
        .env("WEATHER_CHUNK_ROWS", &(hours * 8).to_string())
        .env("WEATHER_GROUP_ROWS", &(hours * 16).to_string());
    program.run(&["sync"]).expect(0);
    let counts = warehouse.assert_equals(database).await;
    assert!(counts["weather_observations"] > hours * 22 && counts["sites"] == 24, "{counts:?}");
    let before = gateway.asked(Asked::is_job).len();
    let loads = gateway.asked(Asked::is_upload).len();
    assert!(loads > 1 + 3 + 3, "several chunks: {loads}");
    assert!(gateway.asked(Asked::is_write).len() >= 3, "several groups");
    program.run(&["sync"]).expect(0);
    assert_eq!(gateway.asked(Asked::is_job).len(), before, "nothing new: no statement");

    let simulator = SimulatorProcess::start(&[]);
    let sites = repository_path("config/sites_sample.json");
    let pipeline = warehouse
        .settings(simulator.client(&database.url), &gateway.url)
        .env("FORECAST_PRODUCTS", "none")
        .env("SITES_FILE", sites.to_str().unwrap());
    // The demo has collected the present hour too.
    pipeline.run(&["pipeline", "--force"]).expect(0);
    let after = warehouse.assert_equals(database).await;
    let written = "select count(*) from {d}.weather_observations where run_seq = \
        (select max(run_seq) from {d}.ingestion_runs)";
    assert_eq!(warehouse.count(written).await, 24);
    assert_eq!(after["ingestion_runs"], counts["ingestion_runs"] + 1);
}

async fn only_runs_that_have_ended_are_synced(database: &TestDatabase) {
    let store = &*database.store;
    let warehouse = Warehouse::new();
    let program = warehouse.client(database, &bigquery_url());
    let run = open_run(store).await;
    store.load(&run, &[collected(1, hour(), full_values())], hour()).await.unwrap();
    program.run(&["sync"]).expect(0);
    assert!(warehouse.rows("weather_observations").await.is_empty());
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    program.run(&["sync"]).expect(0);
    assert_eq!(warehouse.rows("weather_observations").await.len(), 1);
    warehouse.assert_equals(database).await;
}

async fn a_row_that_changes_is_changed_in_the_sink(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(3), hour()).await.unwrap();
    let warehouse = Warehouse::new();
    let program = warehouse.client(database, &bigquery_url()).env("WEATHER_CHUNK_ROWS", "2");
    let dry = Values { temperature_c: Some(-0.5), ..Values::default() };
    for values in [full_values(), dry] {
        let run = open_run(store).await;
        let mut batch: Vec<_> =
            (0..5).map(|site| collected(site, hour(), values.clone())).collect();
        batch.push(failed(7, hour(), ErrorKind::NotFound));
        batch.push(collected(7, hour() - TimeDelta::days(400), values));
        store.load(&run, &batch, hour()).await.unwrap();
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        program.run(&["sync"]).expect(0);
        let counts = warehouse.assert_equals(database).await;
        assert_eq!((counts["weather_observations"], counts["collection_slots"]), (6, 7));
    }
    store.take_in_sites(&sites(1), hour()).await.unwrap();
    program.run(&["sync"]).expect(0);
    assert_eq!(
        warehouse.count("select count(*) from {d}.sites where deactivated_at is null").await,
        1
    );
    warehouse.assert_equals(database).await;
}

/// Google speaks TLS only, which the emulator never does.
#[tokio::test]
async fn a_sink_over_tls_is_called_over_tls() {
    let nobody = Url::parse("https://127.0.0.1:1/bigquery/v2").unwrap();
    let sink = BigQuery::open("project", "dataset", None, Some(&nobody)).await.unwrap();
    let Err(SinkError::Unavailable { cause, .. }) = sink.find_state("store").await else {
        panic!("nobody answers");
    };
    let causes =
        std::iter::successors(Some(&*cause as &dyn std::error::Error), |error| error.source());
    let told: Vec<String> = causes.map(ToString::to_string).collect();
    assert!(told.last().unwrap().contains("Connection refused"), "{told:?}");
}
