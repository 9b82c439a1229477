//! Whose a run was and why it stopped: a store and a warehouse of before the columns tell the same of it
//! afterwards.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, SqliteConnection};
use weather_data_product::domain::run::{StopKind, StopReason};
use weather_data_product::domain::{Outcome, RunCounts};
use weather_data_product::store::{RunEnd, RunStart, Start};

use crate::support::databases::{
    TestDatabase, on_both_databases, with_empty_mysql, with_empty_sqlite,
};
use crate::support::program::{Program, repository_path};
use crate::support::samples::{
    LONG_LEASE, SOURCE, collected, full_values, hour, opened, run_end, run_start, sites,
};
use crate::support::warehouse::{Warehouse, bigquery_url};

on_both_databases!(a_warehouse_of_before_gets_the_columns_and_their_values);

/// The version before the columns.
const BEFORE: i64 = 7;

/// Runs as the version before wrote them: kind, status, outcome, message; and what they come to: kind,
/// source, stop kind.
const RUNS: [(&str, &str, &str, &str, &str); 13] = [
    ("etl", "closed", "succeeded", "", "etl|openweathermap|-"),
    (
        "etl",
        "closed",
        "failed",
        "openweathermap has blocked the account: no call before noon",
        "etl|openweathermap|account_blocked",
    ),
    (
        "etl:open-meteo",
        "closed",
        "failed",
        "open-meteo refused the API key: HTTP 401",
        "etl|open-meteo|key_refused",
    ),
    (
        "etl",
        "closed",
        "failed",
        "openweathermap has no calls left this day: no call before midnight",
        "etl|openweathermap|budget_spent",
    ),
    (
        "heal:open-meteo",
        "closed",
        "failed",
        "open-meteo has no calls left this day: no call before midnight",
        "heal|open-meteo|budget_spent",
    ),
    (
        "heal",
        "closed",
        "failed",
        "openweathermap has no history for this key: HTTP 401",
        "heal|openweathermap|not_subscribed",
    ),
    (
        "heal",
        "closed",
        "failed",
        "openweathermap fails call after call: HTTP 500",
        "heal|openweathermap|source_fails",
    ),
    ("etl", "closed", "failed", "the store has no room left", "etl|openweathermap|store"),
    ("etl", "closed", "interrupted", "interrupted", "etl|openweathermap|interrupted"),
    (
        "etl",
        "abandoned",
        "interrupted",
        "set aside: silent past its lease",
        "etl|openweathermap|set_aside",
    ),
    ("migration", "closed", "partial", "", "migration|-|-"),
    // No site at all could be collected: it did not stop short.
    ("etl", "closed", "failed", "", "etl|openweathermap|-"),
    ("etl:open-meteo", "open", "", "", "etl|open-meteo|-"),
];

const SAID: &str = "select concat_ws('|', kind, coalesce(source, '-'), coalesce(stop_kind, '-')) \
    from ingestion_runs order by run_seq";

#[tokio::test]
async fn a_store_of_before_tells_the_same_after_its_migration_in_mysql() {
    with_empty_mysql(async |database| {
        let mut connection = MySqlConnection::connect(&database.url).await.unwrap();
        let known = sqlx::migrate::Migrator::new(repository_path("migrations/mysql"));
        known.await.unwrap().run_to(BEFORE, &mut connection).await.unwrap();
        migrated_and_the_same(database).await;
        // Cut off at its end and begun again, it changes nothing.
        let file = repository_path("migrations/mysql/0008_why_a_run_stopped.sql");
        let text = std::fs::read_to_string(file).unwrap();
        connection.execute(AssertSqlSafe(text)).await.unwrap();
        assert_eq!(database.texts(SAID).await[..RUNS.len()], RUNS.map(|run| run.4));
    })
    .await;
}

#[tokio::test]
async fn a_store_of_before_tells_the_same_after_its_migration_in_sqlite() {
    with_empty_sqlite(async |database| {
        let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
        let known = sqlx::migrate::Migrator::new(repository_path("migrations/sqlite"));
        known.await.unwrap().run_to(BEFORE, &mut connection).await.unwrap();
        migrated_and_the_same(database).await;
    })
    .await;
}

/// When the run of that number started: one an hour.
fn started_at(number: usize) -> DateTime<Utc> {
    hour() + TimeDelta::hours(i64::try_from(number).unwrap()) + TimeDelta::minutes(7)
}

async fn migrated_and_the_same(database: &TestDatabase) {
    let mut latest = DateTime::UNIX_EPOCH;
    for (number, (kind, status, outcome, message, _)) in RUNS.iter().enumerate() {
        latest = started_at(number);
        let time = database.time(latest);
        let text = |text: &str| match text {
            "" => "null".to_owned(),
            text => format!("'{text}'"),
        };
        let sql = format!(
            "insert into ingestion_runs (run_seq, run_id, kind, shard, status, outcome, \
                started_at, heartbeat_at, finished_at, error_message, program_version, host) \
            values ({number}, '{}', '{kind}', '0/1', '{status}', {}, {time}, {time}, {time}, {}, \
                '0.1.0', 'here')",
            uuid::Uuid::now_v7(),
            text(outcome),
            text(message)
        );
        database.execute(&sql).await;
    }
    let said = RUNS.len() - 1;
    database.execute(&format!("update run_counter set last_run_seq = {said}")).await;

    assert!(database.store.migrate().await.unwrap().starts_with(&[BEFORE + 1]));
    assert_eq!(database.texts(SAID).await, RUNS.map(|run| run.4));
    let stopped = database.reads.list_stopped_runs((started_at(0), latest)).await.unwrap();
    let stopped: Vec<_> = stopped.iter().map(|run| (run.started_at, &*run.source)).collect();
    // Those whose message had said so, less the one that heals.
    let expected =
        [(started_at(1), SOURCE), (started_at(2), "open-meteo"), (started_at(3), SOURCE)];
    assert_eq!(stopped, expected);

    // What was open holds its lock, under its new name, and no other.
    let start = async |source| {
        let start = RunStart { source: Some(source), ..run_start("0/1", LONG_LEASE) };
        database.store.start_run(&start).await.unwrap()
    };
    database.let_fall_silent(i64::try_from(said).unwrap(), 1).await;
    let held = start("open-meteo").await;
    assert!(matches!(&held, Start::Held(holder) if holder.host == "here"), "{held:?}");
    let own = opened(start(SOURCE).await);
    assert_eq!(own.run_seq, i64::try_from(said).unwrap() + 1);
}

/// The runs of the warehouse as the version before left them: its table lacks the columns, of which the
/// emulator keeps the cells.
async fn make_older(warehouse: &Warehouse) {
    let old = "update {d}.ingestion_runs set source = null, stop_kind = null, \
        kind = 'etl:open-meteo' where true";
    warehouse.execute(old).await;
    let mut schema = warehouse.describe("ingestion_runs").await["schema"].clone();
    let fields = schema["fields"].as_array_mut().unwrap();
    fields.retain(|field| field["name"] != "source" && field["name"] != "stop_kind");
    let labels = json!({"weather_columns": fields.len().to_string()});
    warehouse.patch("ingestion_runs", &json!({"schema": schema, "labels": labels})).await;
}

/// A run of a stopped source, for which no slot is called.
async fn stopped_run(database: &TestDatabase, started_at: DateTime<Utc>) {
    let start = RunStart { started_at, ..run_start("0/1", LONG_LEASE) };
    let run = opened(database.store.start_run(&start).await.unwrap());
    let stop = Some(StopReason { kind: StopKind::AccountBlocked, message: "in words".into() });
    let end = RunEnd { outcome: Outcome::Failed, stop, ..run_end(RunCounts::default()) };
    database.store.close_run(&run, &end).await.unwrap();
}

async fn a_warehouse_of_before_gets_the_columns_and_their_values(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(1), hour() - TimeDelta::hours(1)).await.unwrap();
    let first = opened(store.start_run(&run_start("0/1", LONG_LEASE)).await.unwrap());
    store.load(&first, &[collected(0, hour(), full_values())], hour()).await.unwrap();
    store.close_run(&first, &run_end(RunCounts::default())).await.unwrap();
    stopped_run(database, hour() + TimeDelta::minutes(67)).await;
    let warehouse = Warehouse::new();
    let program: Program = warehouse.client(database, &bigquery_url());
    program.run(&["sync"]).expect(0);
    program.run(&["verify"]).expect(0);
    let paused = "select count(*) from {d}.missing_hours where status = 'paused'";
    assert_eq!(warehouse.count(paused).await, 1);
    let before = program.run(&["status"]).expect(0).stdout;
    assert!(before.contains("sync 0 runs behind; verified through yesterday"), "{before}");

    make_older(&warehouse).await;
    warehouse.unprepare(database).await;
    let ran = program.run(&["sync"]).expect(0);
    assert!(ran.stderr.contains("ingestion_runs: columns source, stop_kind"), "{}", ran.stderr);
    warehouse.assert_equals(database).await;
    assert_eq!(warehouse.count(paused).await, 1);
    let kinds =
        "select count(*) from {d}.ingestion_runs where kind = 'etl' and source = 'openweathermap'";
    assert_eq!(warehouse.count(kinds).await, 2);
    // What is sent again is to be verified again.
    let after = program.run(&["status"]).expect(0).stdout;
    assert!(after.contains("sync 0 runs behind; not verified"), "{after}");
    program.run(&["verify", "--deep"]).expect(0);
    let after = program.run(&["status"]).expect(0).stdout;
    assert!(after.contains("sync 0 runs behind; verified through yesterday"), "{after}");
    // Once only: nothing is sent again.
    let again = program.run(&["sync"]).expect(0);
    let log = again.log();
    let summary = log.iter().find(|line| line["message"] == "sync_summary").unwrap();
    assert_eq!(summary["rowsSynced"], 0, "{summary}");
}
