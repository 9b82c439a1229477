//! What must not keep a sync from going on: a run that was killed, a table that is gone, more days
//! than a job may write, a rebase that was interrupted.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;
use weather_data_product::domain::RunCounts;
use weather_data_product::sink::Sink as _;
use weather_data_product::sink::bigquery::BigQuery;
use weather_data_product::store::{Opened, Run, RunStart, StoreError, StoreSettings};
use weather_data_product::sync::{self, Rebasing, Sync};

use crate::support::databases::{TestDatabase, on_both_databases, with_mysql, with_sqlite};
use crate::support::gateway::{Asked, Deed, Gateway};
use crate::support::program::{Program, Ran};
use crate::support::samples::{
    LONG_LEASE, collected, full_values, hour, opened, run_end, run_start, sites,
};
use crate::support::warehouse::{Warehouse, bigquery_url};

on_both_databases!(
    a_killed_run_of_a_kind_that_is_never_started_again_holds_no_sync_back,
    a_reader_leaves_a_silent_run_as_it_is_and_says_what_waits,
    a_table_that_is_gone_is_filled_again_and_the_others_are_left,
    a_group_ends_at_a_thousand_days,
    a_table_that_is_gone_is_noticed_by_the_script_that_needs_it,
    a_rebase_that_was_interrupted_goes_on_where_it_was,
    what_was_staged_of_a_store_that_has_gone_back_is_not_gone_on_with,
);

const LEASE: Duration = Duration::from_secs(120);

/// A run of that kind and source with an observation of each of these sites.
async fn run_of(
    database: &TestDatabase,
    (kind, source): (&'static str, &'static str),
    sites: &[u16],
) -> Run {
    let store = &*database.store;
    let start = RunStart { kind, source: Some(source), ..run_start("0/1", LONG_LEASE) };
    let run = opened(store.start_run(&start).await.unwrap());
    let batch: Vec<_> = sites.iter().map(|site| collected(*site, hour(), full_values())).collect();
    store.load(&run, &batch, hour()).await.unwrap();
    run
}

/// The same, ended.
async fn ended_run(database: &TestDatabase, sites: &[u16]) {
    let run = run_of(database, ("etl", "openweathermap"), sites).await;
    database.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

/// `weather` with the lease that it has by itself.
fn program(database: &TestDatabase, warehouse: &Warehouse, base: &str) -> Program {
    warehouse.client(database, base).env("WEATHER_LEASE_SECONDS", &LEASE.as_secs().to_string())
}

fn rows_synced(ran: &Ran) -> i64 {
    let log = ran.log();
    let summary = log.iter().find(|line| line["message"] == "sync_summary");
    summary.expect("a sync_summary")["rowsSynced"].as_i64().unwrap()
}

/// The warnings of a log.
fn warnings(ran: &Ran) -> Vec<Value> {
    ran.log().into_iter().filter(|line| line["severity"] == "WARNING").collect()
}

const OPEN: &str = "select count(*) from ingestion_runs where status = 'open'";

async fn a_killed_run_of_a_kind_that_is_never_started_again_holds_no_sync_back(
    database: &TestDatabase,
) {
    database.store.take_in_sites(&sites(3), hour()).await.unwrap();
    let warehouse = Warehouse::new();
    let program = program(database, &warehouse, &bigquery_url());
    let killed = run_of(database, ("heal", "open-meteo"), &[1]).await;
    ended_run(database, &[2]).await;
    let id = killed.run_id.to_string();

    // It may be at work: what ended after it waits, and somebody should know for whom.
    let ran = program.run(&["sync"]).expect(0);
    assert!(warehouse.rows("weather_observations").await.is_empty());
    assert_eq!(warnings(&ran)[0]["runId"], *id);

    database.let_fall_silent(killed.run_seq, 121).await;
    let said = program.run(&["status"]).expect(0).stdout;
    assert!(said.contains("sync 1 run behind"), "{said}");
    assert!(said.contains(&format!("run {id} (heal open-meteo on here) open for")), "{said}");
    let told = program.run(&["status", "--output", "json"]).expect(0);
    assert_eq!(warnings(&told)[0]["runId"], *id);
    let pending = program.run(&["sync", "--dry-run", "--output", "json"]).expect(0).stdout;
    let pending: Vec<Value> = serde_json::from_str(&pending).unwrap();
    let rows =
        |table: &str| pending.iter().find(|row| row["table"] == table).unwrap()["rows"].clone();
    assert_eq!(rows("weather_observations"), 2, "{pending:?}");
    assert_eq!(database.count(OPEN).await, 1, "a look writes nothing");

    let ran = program.run(&["sync"]).expect(0);
    let warning = &warnings(&ran)[0];
    assert_eq!((&warning["kind"], &warning["source"]), (&json!("heal"), &json!("open-meteo")));
    assert!(warning["message"].as_str().unwrap().contains("set aside"), "{warning}");
    warehouse.assert_equals(database).await;
    assert_eq!(warehouse.rows("weather_observations").await.len(), 2, "what it committed counts");
    let late = database.store.load(&killed, &[collected(3, hour(), full_values())], hour()).await;
    assert!(matches!(late, Err(StoreError::Fenced { .. })), "{late:?}");
    let said = program.run(&["status"]).expect(0).stdout;
    assert!(said.contains("sync 0 runs behind") && !said.contains("open for"), "{said}");
}

async fn a_reader_leaves_a_silent_run_as_it_is_and_says_what_waits(database: &TestDatabase) {
    let warehouse = Warehouse::new();
    ended_run(database, &[1]).await;
    let silent = run_of(database, ("heal", "openweathermap"), &[2]).await;
    ended_run(database, &[3]).await;
    database.let_fall_silent(silent.run_seq, 121).await;
    let url = Url::parse(&bigquery_url()).unwrap();
    let sink = BigQuery::open("test-project", &warehouse.dataset, None, Some(&url)).await.unwrap();
    let reader = StoreSettings::at(&database.url).read_only();
    let Opened { store, reads, .. } = reader.open().await.unwrap();
    let parts = Sync {
        reads: &reads,
        store: &*store,
        sink: &sink,
        chunk_rows: 100,
        group_rows: 100,
        rebase: Rebasing::No,
        lease: LEASE,
        shutdown: &CancellationToken::new(),
    };
    let report = sync::run(parts).await;
    assert!(report.stop.is_none(), "{:?}", report.stop);
    assert_eq!(database.count(OPEN).await, 1, "it could not be set aside");
    // It may still write: only the run below it is certain. What the others have written so far has come
    // along.
    assert_eq!(warehouse.rows("ingestion_runs").await.len(), 1);
    assert_eq!(warehouse.rows("weather_observations").await.len(), 3);
    assert!(report.lag_s.is_some_and(|lag| lag > 0), "{:?}", report.lag_s);
    let standing = sync::standing(&reads, &sink, LEASE).await.unwrap();
    assert_eq!(standing.runs_behind, 1);

    program(database, &warehouse, &bigquery_url()).run(&["sync"]).expect(0);
    warehouse.assert_equals(database).await;
}

/// What is there once two runs of three sites each have ended.
const ROWS: [(&str, i64); 4] =
    [("sites", 6), ("weather_observations", 6), ("collection_slots", 6), ("ingestion_runs", 2)];

async fn fill(database: &TestDatabase) {
    database.store.take_in_sites(&sites(6), hour()).await.unwrap();
    ended_run(database, &[0, 1, 2]).await;
    ended_run(database, &[3, 4, 5]).await;
}

fn all_rows() -> i64 {
    ROWS.iter().map(|(_, rows)| rows).sum()
}

async fn a_table_that_is_gone_is_filled_again_and_the_others_are_left(database: &TestDatabase) {
    fill(database).await;
    let warehouse = Warehouse::new();
    let program = program(database, &warehouse, &bigquery_url());
    assert_eq!(rows_synced(&program.run(&["sync"]).expect(0)), all_rows());
    for (table, rows) in ROWS {
        program.run(&["verify"]).expect(0);
        let verified = program.run(&["status"]).expect(0).stdout;
        assert!(verified.contains("verified through"), "{verified}");
        warehouse.drop_table(table).await;
        warehouse.unprepare(database).await;
        let ran = program.run(&["sync"]).expect(0);
        assert_eq!(rows_synced(&ran), rows, "{table}: its rows, and no other's");
        let warnings = warnings(&ran);
        let said = warnings[0]["message"].as_str().unwrap();
        assert!(said.contains(table) && said.contains("was there and is gone"), "{warnings:?}");
        warehouse.assert_equals(database).await;
        let status = program.run(&["status"]).expect(0).stdout;
        assert_eq!(status.contains("not verified"), table != "sites", "{table}: {status}");
        assert_eq!(rows_synced(&program.run(&["sync"]).expect(0)), 0);
    }
}

/// Without a look at what is there: the statement that needs it says that it is gone.
async fn a_table_that_is_gone_is_noticed_by_the_script_that_needs_it(database: &TestDatabase) {
    fill(database).await;
    let warehouse = Warehouse::new();
    let program = program(database, &warehouse, &bigquery_url());
    program.run(&["sync"]).expect(0);
    for table in ["weather_observations", "collection_slots", "ingestion_runs"] {
        warehouse.drop_table(table).await;
        ended_run(database, &[1, 2]).await;
        let ran = program.run(&["sync"]).expect(0);
        assert!(ran.stderr.contains("was there and is gone"), "{table}: {}", ran.stderr);
        warehouse.assert_equals(database).await;
    }
}

/// A rebase that the platform starts again is not another one.
#[tokio::test]
async fn a_rebase_that_is_over_is_not_begun_anew_by_another_try_of_the_platform() {
    with_mysql(async |database| {
        fill(database).await;
        let warehouse = Warehouse::new();
        let program = program(database, &warehouse, &bigquery_url()).env("CLOUD_RUN_JOB", "sync");
        program.run(&["sync"]).expect(0);
        assert_eq!(rows_synced(&program.run(&["sync", "--rebase"]).expect(0)), all_rows());
        let again = program.env("CLOUD_RUN_TASK_ATTEMPT", "1");
        assert_eq!(rows_synced(&again.run(&["sync", "--rebase"]).expect(0)), 0);
        let first = again.env("CLOUD_RUN_TASK_ATTEMPT", "0");
        assert_eq!(rows_synced(&first.run(&["sync", "--rebase"]).expect(0)), all_rows());
    })
    .await;
}

/// The table is made once the position is taken back: wherever a start ends, the next one finds no
/// position in an empty table.
#[tokio::test]
async fn a_start_that_ends_while_a_lost_table_is_made_is_mended_by_the_next() {
    with_sqlite(async |database| {
        fill(database).await;
        let warehouse = Warehouse::new();
        let sync = program(database, &warehouse, &bigquery_url());
        sync.run(&["sync"]).expect(0);

        warehouse.drop_table("weather_observations").await;
        warehouse.unprepare(database).await;
        let is_new_table =
            |asked: &Asked| asked.method == "POST" && asked.path.ends_with("/tables");
        let gateway = Gateway::deciding(&bigquery_url(), move |asked| match is_new_table(asked) {
            true => Deed::refuse(403, "accessDenied", "Permission bigquery.tables.create denied"),
            false => Deed::Pass,
        });
        program(database, &warehouse, &gateway.url).run(&["sync"]).expect(3);
        sync.run(&["sync"]).expect(0);
        warehouse.assert_equals(database).await;

        // Made, and not a row sent.
        warehouse.drop_table("weather_observations").await;
        let url = Url::parse(&bigquery_url()).unwrap();
        let sink =
            BigQuery::open("test-project", &warehouse.dataset, None, Some(&url)).await.unwrap();
        assert_eq!(sink.prepare().await.unwrap().made.len(), 1);
        assert!(warehouse.rows("weather_observations").await.is_empty());
        sync.run(&["sync"]).expect(0);
        warehouse.assert_equals(database).await;
    })
    .await;
}

#[tokio::test]
async fn an_end_that_a_dataset_gives_to_tables_is_warned_of_and_taken_from_ours() {
    with_sqlite(async |database| {
        fill(database).await;
        let warehouse = Warehouse::new();
        let sixty_days = json!({"defaultTableExpirationMs": "5184000000"});
        let internal = format!("{}_internal", warehouse.dataset);
        warehouse.make_dataset(&warehouse.dataset, sixty_days.clone()).await;
        warehouse.make_dataset(&internal, sixty_days).await;
        let gateway = Gateway::to(&bigquery_url());
        let program = program(database, &warehouse, &gateway.url);
        let ran = program.run(&["sync"]).expect(0);
        for dataset in [&warehouse.dataset, &internal] {
            let named = format!("dataset test-project.{dataset} lets new tables go");
            let said = |line: &Value| {
                let message = line["message"].as_str().unwrap();
                message.contains(&named) && message.contains("after 60 days")
            };
            assert!(warnings(&ran).iter().any(said), "{}", ran.stderr);
        }
        let endless = gateway.asked(|asked| {
            let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
            let is_taken = body.as_object().is_some_and(|body| body.contains_key("expirationTime"));
            asked.method == "PATCH" && is_taken && body["expirationTime"].is_null()
        });
        let names = endless.iter().map(|asked| asked.path.rsplit('/').next().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        assert!(names[0].starts_with("_state_"), "{names:?}");
        let rollups = ["observations_by_day", "observations_by_hour", "sources_asked"];
        let mirrored = ["collection_slots", "ingestion_runs", "sites", "weather_observations"];
        let all: BTreeSet<_> = mirrored.into_iter().chain(rollups).collect();
        assert_eq!(names[1..].iter().copied().collect::<BTreeSet<_>>(), all);
        let by_day = endless.iter().filter(|asked| asked.text().contains("\"expirationMs\":null"));
        assert_eq!(by_day.count(), 5, "partitions have no end either");
        let before = endless.len();
        program.run(&["sync"]).expect(0);
        assert_eq!(
            gateway
                .asked(|asked| asked.method == "PATCH" && asked.text().contains("expirationTime"))
                .len(),
            before
        );

        let found = program.run(&["doctor", "--no-call", "--output", "json"]).stdout;
        let findings: Vec<Value> = serde_json::from_str(&found).unwrap();
        let finding = findings.iter().find(|row| row["check"] == "sink keeps its rows").unwrap();
        assert_eq!(finding["verdict"], "warning");
        assert!(finding["remedy"].as_str().unwrap().contains("default_table_expiration_days"));
    })
    .await;
}

/// Days of history of one site: more than two groups may have.
const DAYS: i64 = 2100;

async fn a_group_ends_at_a_thousand_days(database: &TestDatabase) {
    database.store.take_in_sites(&sites(2), hour()).await.unwrap();
    let start = run_start("0/1", LONG_LEASE);
    let run = opened(database.store.start_run(&start).await.unwrap());
    let days: Vec<_> = (0..DAYS).map(|back| hour() - TimeDelta::days(back)).collect();
    for days in days.chunks(500) {
        // Two rows a day, so that a chunk may not end within one.
        let both = days.iter().flat_map(|day| [0, 1].map(|site| (site, *day)));
        let batch: Vec<_> = both.map(|(site, day)| collected(site, day, full_values())).collect();
        database.store.load(&run, &batch, hour()).await.unwrap();
    }
    database.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let warehouse = Warehouse::new();
    let gateway = Gateway::to(&bigquery_url());
    let program = program(database, &warehouse, &gateway.url);
    program.run(&["sync"]).expect(0);
    for (table, day_of) in
        [("weather_observations", "observation_time"), ("collection_slots", "slot_time")]
    {
        let of_table = format!("_internal.staging_{table}_");
        let writes = gateway.asked(|asked| asked.is_write() && asked.text().contains(&of_table));
        assert_eq!(writes.len(), 3, "{table}");
        let days_each = format!(
            "select count(distinct date({day_of})) from {{d}}.{table} where {day_of} < timestamp '2026-11-26'"
        );
        assert_eq!(warehouse.count(&days_each).await, DAYS);
    }
    warehouse.assert_equals(database).await;
}

/// The number of the run that is lost is given out again: its rows that are staged are no others' rows.
async fn what_was_staged_of_a_store_that_has_gone_back_is_not_gone_on_with(
    database: &TestDatabase,
) {
    fill(database).await;
    let warehouse = Warehouse::new();
    let by = |base: &str| program(database, &warehouse, base).env("WEATHER_CHUNK_ROWS", "2");
    by(&bigquery_url()).run(&["sync"]).expect(0);
    database.back_up().await;
    ended_run(database, &[0, 5]).await;
    // Nothing is written, and what is staged cannot be dropped: as after a kill.
    let gateway = Gateway::deciding(&bigquery_url(), |asked| {
        match asked.is_write() || asked.method == "DELETE" {
            true => Deed::refuse(403, "accessDenied", "Access Denied: it is over"),
            false => Deed::Pass,
        }
    });
    by(&gateway.url).run(&["sync"]).expect(3);
    assert!(!gateway.asked(|asked| asked.method == "DELETE").is_empty(), "something is left");
    database.restore().await;
    ended_run(database, &[1, 2]).await;
    let gateway = Gateway::to(&bigquery_url());
    by(&gateway.url).run(&["sync"]).expect(0);
    let resumes = gateway.asked(|asked| asked.is_job() && asked.text().contains("weather_resume_"));
    assert!(!resumes.is_empty(), "what is left is looked at");
    warehouse.assert_equals(database).await;
    assert_eq!(rows_synced(&by(&bigquery_url()).run(&["sync"]).expect(0)), 0);
}

/// A way that lets so many groups through, and refuses the next.
fn letting_through(groups: usize) -> Gateway {
    let left = AtomicUsize::new(groups);
    Gateway::deciding(&bigquery_url(), move |asked| {
        let take = |left: usize| left.checked_sub(1);
        let is_over = asked.is_write()
            && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err();
        match is_over {
            true => Deed::fail_job("accessDenied", "Access Denied: it is over"),
            false => Deed::Pass,
        }
    })
}

async fn a_rebase_that_was_interrupted_goes_on_where_it_was(database: &TestDatabase) {
    fill(database).await;
    let warehouse = Warehouse::new();
    let by = |base: &str| {
        program(database, &warehouse, base)
            .env("WEATHER_CHUNK_ROWS", "2")
            .env("WEATHER_GROUP_ROWS", "2")
    };
    let program = by(&bigquery_url());
    program.run(&["sync"]).expect(0);
    let ended_early = |groups: usize| {
        let ran = by(&letting_through(groups).url).run(&["sync", "--rebase"]).expect(3);
        rows_synced(&ran)
    };

    // The sites and three times two observations, the last with two slots; then what is left, once.
    assert_eq!(ended_early(3), 14);
    assert_eq!(ended_early(1), 2, "it goes on, and is interrupted again");
    let rest = rows_synced(&program.run(&["sync", "--rebase"]).expect(0));
    assert_eq!(rest, all_rows() - 16);
    warehouse.assert_equals(database).await;

    // It is over: another one begins from the first row. A plain sync ends one as well.
    assert_eq!(ended_early(3), 14);
    assert_eq!(rows_synced(&program.run(&["sync"]).expect(0)), all_rows() - 14);
    assert_eq!(rows_synced(&program.run(&["sync", "--rebase"]).expect(0)), all_rows());
    warehouse.assert_equals(database).await;

    // A store that was restored since is not the one whose rows were sent: from the first row.
    database.back_up().await;
    ended_run(database, &[0, 5]).await;
    program.run(&["sync"]).expect(0);
    database.restore().await;
    assert_eq!(ended_early(4), 16);
    database.restore().await;
    assert_eq!(rows_synced(&program.run(&["sync", "--rebase"]).expect(0)), all_rows());
    warehouse.assert_holds(database).await;
}
