//! What the reads of status, page and API cost: the same however long the history is.
//!
//! Every path of the API's document, every page and the commands are asked of a store with a history, and
//! of one whose history is three times as long. In MySQL a server of the test's own writes down each
//! statement that it is sent, so that none can be forgotten; each is carried out once more, for the rows
//! that it reads, and explained. SQLite does not count rows: there it is the bytes that the server reads.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use sqlx::{Connection as _, Executor as _, MySqlConnection, Row as _};
use uuid::Uuid;
use weather_data_product::domain::{ErrorKind, RunCounts, SlotResult};

use crate::support::databases::{TestDatabase, with_mysql_of, with_sqlite};
use crate::support::own_server::OwnServer;
use crate::support::program::Program;
use crate::support::samples::{
    collected, failed, full_values, of_source, open_run, run_end, sites,
};
use crate::support::server::ServerProcess;

/// Days of history; longer than any path looks back that is not told how far.
const SHORT: i64 = 45;
const LONG: i64 = 3 * SHORT;

/// Three sites. One answers by both sources, and its second stopped some hours ago; one stopped two days
/// ago; one never answered.
async fn fill(database: &TestDatabase, days: i64) {
    let store = &*database.store;
    let now = Utc::now().duration_trunc(TimeDelta::hours(1)).unwrap();
    let slot = |ago: i64| now - TimeDelta::hours(ago);
    let of_hour = |ago: i64| {
        let second = match ago {
            0..5 => None,
            _ => Some(of_source("open-meteo", collected(0, slot(ago), full_values()))),
        };
        let stopped = match ago {
            0..48 => failed(1, slot(ago), ErrorKind::Timeout),
            _ => collected(1, slot(ago), full_values()),
        };
        let never = failed(2, slot(ago), ErrorKind::NotFound);
        second.into_iter().chain([collected(0, slot(ago), full_values()), stopped, never])
    };
    store.take_in_sites(&sites(3), slot(24 * days)).await.unwrap();
    let run = open_run(store).await;
    let slots: Vec<SlotResult> = (0..24 * days).rev().flat_map(of_hour).collect();
    for batch in slots.chunks(500) {
        store.load(&run, batch, now).await.unwrap();
    }
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    // A run in two hours for ten times as long, every fiftieth of which the source stopped.
    let runs: Vec<i64> = (0..12 * 10 * days).collect();
    for some in runs.chunks(500) {
        let rows: Vec<_> = some.iter().map(|number| run_row(database, now, *number)).collect();
        let columns = "run_seq, run_id, kind, source, stop_kind, shard, status, outcome, started_at, heartbeat_at, \
            finished_at, error_message, program_version, host";
        let rows = rows.join(", ");
        database.execute(&format!("insert into ingestion_runs ({columns}) values {rows}")).await;
    }
}

fn run_row(database: &TestDatabase, now: DateTime<Utc>, number: i64) -> String {
    let time = database.time(now - TimeDelta::hours(2 * (number + 1)));
    let (outcome, stop_kind, message) = match number % 50 {
        0 => (
            "failed",
            "'account_blocked'",
            "'openweathermap has blocked the account: no call before noon'",
        ),
        _ => ("succeeded", "null", "null"),
    };
    let (run_seq, run_id) = (1_000_000 - number, Uuid::now_v7());
    format!(
        "({run_seq}, '{run_id}', 'etl', 'openweathermap', {stop_kind}, '0/1', 'closed', '{outcome}', {time}, {time}, {time}, \
        {message}, '0.1.0', 'here')"
    )
}

/// How a path of the document is asked that needs more than its name; `None`: it never ends.
fn asked(path: &str) -> Option<String> {
    let path = path.replace("{site_id}", "site-00000").replace("{id}", "1000000");
    assert!(!path.contains('{'), "{path}: say how it is asked");
    match path.as_str() {
        "/api/v1/events" => None,
        "/edr/collections/observations/position" => {
            Some(format!("{path}?coords=POINT(-175 -84.75)"))
        }
        "/edr/collections/observations/radius" => {
            Some(format!("{path}?coords=POINT(-175 -84.75)&within=10&within-units=km"))
        }
        "/edr/collections/observations/area" => {
            Some(format!("{path}?coords=POLYGON((-176 -85,-174 -85,-174 -84,-176 -84,-176 -85))"))
        }
        _ => Some(path),
    }
}

/// What is in no document.
const PAGES: [&str; 11] = [
    "/",
    "/runs",
    "/runs?before=999900",
    "/runs/999999",
    "/calls",
    "/gaps",
    "/gaps/site-00000/2026-11-25",
    "/sites/site-00000?range=30d",
    "/sites/site-00002",
    "/metrics",
    "/api/v1/runs/1?",
];

async fn paths(server: &ServerProcess) -> Vec<String> {
    let document = server.get("/api/v1/openapi.json").await.expect(200).json();
    let documented = document["paths"].as_object().unwrap().keys().filter_map(|path| asked(path));
    documented.chain(PAGES.map(str::to_owned)).collect()
}

async fn ask(server: &ServerProcess, path: &str) {
    let answer = server.get(path).await;
    assert!([200, 204].contains(&answer.status), "{path}: {}", answer.body);
}

/// What grows with the history.
const TABLES: [&str; 3] = ["weather_observations", "collection_slots", "ingestion_runs"];

const COMMANDS: [&[&str]; 6] = [
    &["show"],
    &["show", "site-00000"],
    &["status"],
    &["status", "--output", "json"],
    &["runs", "--limit", "20"],
    &["runs", "show", "1000000"],
];

/// Rows that a statement reads, by the statement without its values.
type Costs = BTreeMap<String, u64>;

#[tokio::test]
async fn no_statement_of_status_page_and_api_reads_more_rows_of_a_longer_history() {
    let server = OwnServer::start_with("--general-log=ON --log-output=TABLE");
    let url = server.url_at("127.0.0.1");
    let mut costs = Vec::new();
    for days in [SHORT, LONG] {
        with_mysql_of(&url, async |database| {
            fill(database, days).await;
            database
                .execute("analyze table weather_observations, collection_slots, ingestion_runs")
                .await;
            costs.push(of_statements(database).await);
        })
        .await;
    }
    let [short, long] = costs.try_into().unwrap();
    // What is asked of every table that grows is among them.
    let has = |table: &str| long.keys().any(|statement| statement.contains(table));
    assert!(long.len() >= 20 && TABLES.iter().all(|table| has(table)), "{:?}", long.keys());
    let names = |costs: &Costs| costs.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&short), names(&long));
    for (statement, rows) in long {
        let before = short[&statement];
        assert!(rows <= before + before / 10 + 10, "{before} rows became {rows}: {statement}");
    }
}

/// What each statement reads that the program sends.
async fn of_statements(database: &TestDatabase) -> Costs {
    database.execute("truncate table mysql.general_log").await;
    let program = Program::new().env("DATABASE_URL", &database.url);
    let server = ServerProcess::start(&program, &[]);
    for path in paths(&server).await {
        ask(&server, &path).await;
    }
    drop(server);
    for command in COMMANDS {
        program.run(command).expect(0);
    }
    let log = "select convert(argument using utf8mb4) from mysql.general_log \
        where command_type = 'Execute'";
    let sent: Vec<String> = database.texts(log).await;
    let reads = sent.iter().map(|text| text.trim());
    let reads = reads.filter(|text| text.starts_with("select") || text.starts_with("with"));
    let mut costs = Costs::new();
    let mut connection = MySqlConnection::connect(&database.url).await.unwrap();
    for statement in reads.filter(|text| !text.contains("mysql.general_log")) {
        let rows = rows_read(&mut connection, statement).await;
        let cost = costs.entry(without_values(statement)).or_default();
        *cost = rows.max(*cost);
        assert_no_scan(&mut connection, statement).await;
    }
    costs
}

/// How often the server was asked for a row.
async fn rows_read(connection: &mut MySqlConnection, statement: &str) -> u64 {
    connection.execute("flush status").await.unwrap();
    let result = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()));
    result.fetch_all(&mut *connection).await.unwrap();
    let counts = sqlx::raw_sql("show session status like 'Handler_read%'");
    let counts = counts.fetch_all(&mut *connection).await.unwrap();
    counts.iter().map(|row| row.get::<String, _>(1).parse::<u64>().unwrap()).sum()
}

/// No table that grows is read from one end to the other.
async fn assert_no_scan(connection: &mut MySqlConnection, statement: &str) {
    let explain = format!("explain format=traditional {statement}");
    let plan = sqlx::raw_sql(sqlx::AssertSqlSafe(explain)).fetch_all(connection).await.unwrap();
    for row in plan {
        let text = |name: &str| row.get::<Option<String>, _>(name).unwrap_or_default();
        let rows = row.get::<Option<u64>, _>("rows").unwrap_or_default();
        let is_made_here = text("table").starts_with('<');
        let is_whole = ["ALL", "index"].contains(&text("type").as_str());
        // All sites are read, and the last 50 runs.
        let is_scan = is_whole && !is_made_here && rows > 100;
        assert!(!is_scan, "{} {} {rows}: {statement}", text("table"), text("type"));
    }
}

/// A statement without what it asks for, so that the same statements are one.
fn without_values(statement: &str) -> String {
    let mut text = String::new();
    for (number, part) in statement.split('\'').enumerate() {
        text.push_str(if number % 2 == 0 { part } else { "?" });
    }
    let is_value = |word: &&str| !word.chars().all(|c| c.is_ascii_digit());
    text.split_whitespace().filter(is_value).collect::<Vec<_>>().join(" ")
}

/// What a path may read of the longer history, where it read so much of the shorter one.
fn allowed(bytes: u64) -> u64 {
    bytes + bytes / 4 + (128 << 10)
}

/// The bytes that a server reads to answer a path. It has read nothing before, and keeps no page in
/// memory; what it does beside, on a busy machine, adds to the bytes, so the least of some counts.
async fn least_bytes_read(program: &Program, path: &str, enough: u64) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..5 {
        let server = ServerProcess::start(program, &[]);
        ask(&server, path).await;
        least = least.min(server.bytes_read());
        if least <= enough {
            break;
        }
    }
    least
}

#[tokio::test]
async fn no_path_reads_more_bytes_of_a_longer_history_from_sqlite() {
    let mut costs = Vec::<Costs>::new();
    for days in [SHORT, LONG] {
        with_sqlite(async |database| {
            fill(database, days).await;
            let program = Program::new().env("DATABASE_URL", &database.url);
            let mut of_paths = Costs::new();
            for path in paths(&ServerProcess::start(&program, &[])).await {
                let enough = costs.first().map_or(u64::MAX, |short| allowed(short[&path]));
                let bytes = least_bytes_read(&program, &path, enough).await;
                of_paths.insert(path, bytes);
            }
            costs.push(of_paths);
        })
        .await;
    }
    let [short, long] = costs.try_into().unwrap();
    let grown: Vec<_> = long
        .into_iter()
        .map(|(path, bytes)| (short[&path], bytes, path))
        .filter(|(before, bytes, _)| *bytes > allowed(*before))
        .collect();
    assert!(grown.is_empty(), "bytes before, now: {grown:#?}");
}
