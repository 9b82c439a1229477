//! Verify and repair, on changes made by hand in the sink.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use url::Url;
use weather_data_product::clock::SteppedClock;
use weather_data_product::domain::Days;
use weather_data_product::domain::views::ROLL_UPS;
use weather_data_product::domain::{ErrorKind, RunCounts};
use weather_data_product::sink::bigquery::BigQuery;
use weather_data_product::store::RunStart;
use weather_data_product::sync::repair;
use weather_data_product::sync::verify::{self, Report, Scope, Verdict, Verify};

use crate::support::databases::{TestDatabase, on_both_databases, with_mysql, with_sqlite};
use crate::support::gateway::{Asked, Gateway};
use crate::support::program::{Program, Ran};
use crate::support::samples::{
    LONG_LEASE, collected, failed, full_values, hour, observed, opened, run_end, run_start, sites,
};
use crate::support::warehouse::{Warehouse, bigquery_url};

on_both_databases!(
    changes_that_cancel_and_rows_lost_or_doubled_are_found_and_only_their_days_rewritten,
    a_day_with_rows_to_be_synced_is_pending_and_no_difference,
    a_repair_beside_a_sync_leaves_every_row_once,
    a_cell_that_is_no_number_spoils_its_day_only_and_is_mended,
    a_row_of_the_last_minute_of_all_is_synced_compared_and_repaired,
);

/// More days than a table has columns.
const DAYS: u16 = 31;

fn day(back: u16) -> DateTime<Utc> {
    hour() - TimeDelta::days(back.into())
}

/// A run on each of the last days, with two observations and a failure.
async fn fill(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(15), hour()).await.unwrap();
    for back in 0..DAYS {
        collect(database, back).await;
    }
}

/// A run on one day.
async fn collect(database: &TestDatabase, back: u16) {
    let store = &*database.store;
    let time = day(back);
    let start = RunStart { started_at: time, ..run_start("0/1", LONG_LEASE) };
    let run = opened(store.start_run(&start).await.unwrap());
    let (one, other) = (collected(1, time, full_values()), collected(2, time, full_values()));
    let batch = [one, other, failed(3, time, ErrorKind::NotFound)];
    store.load(&run, &batch, time).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

/// The program that has synced the store.
async fn synced(database: &TestDatabase, warehouse: &Warehouse) -> Program {
    fill(database).await;
    let program = Program::new().env("DATABASE_URL", &database.url);
    let program = warehouse.settings(program, &bigquery_url());
    program.run(&["sync"]).expect(0);
    program
}

/// A day that was not the same: table, day (empty for a table without), and what became of it.
type Found = BTreeSet<(String, String, String)>;

fn found(ran: &Ran) -> Found {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows: Vec<Value> =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    rows.iter().map(|row| (text(row, "table"), text(row, "day"), text(row, "verdict"))).collect()
}

fn expected(days: &[(&str, u16)], verdict: &str) -> Found {
    let date = |back: u16| day(back).date_naive().to_string();
    days.iter().map(|(table, back)| ((*table).into(), date(*back), verdict.into())).collect()
}

/// How often was written.
async fn epochs(database: &TestDatabase, warehouse: &Warehouse) -> i64 {
    let store_id = database.reads.facts().await.unwrap().store_id.replace('-', "_");
    let state = format!("{{d}}_internal._state_{store_id}");
    warehouse.count(&format!("select epoch from {state}")).await
}

/// SQL for another value of a column.
fn changed(name: &str, data_type: &str) -> String {
    match data_type {
        "STRING" => format!("concat(coalesce({name}, ''), 'x')"),
        "TIMESTAMP" => format!(
            "timestamp_add(coalesce({name}, timestamp '2026-11-25 00:00:00'), interval 1 microsecond)"
        ),
        "DATE" => format!("date_add(coalesce({name}, date '2026-11-25'), interval 1 day)"),
        _ => format!("coalesce({name}, 0) + 1"),
    }
}

#[tokio::test]
async fn each_changed_column_is_found_and_repaired() {
    with_mysql(a_change_of_each_column_is_found_and_repaired).await;
}

async fn a_change_of_each_column_is_found_and_repaired(database: &TestDatabase) {
    let warehouse = Warehouse::new();
    let program = synced(database, &warehouse).await;
    let mut days = Vec::new();
    let mut columns = Vec::new();
    for (table, day_of, key) in [
        (
            "weather_observations",
            "observation_time",
            &["site_id", "source", "observation_time"][..],
        ),
        ("collection_slots", "slot_time", &["site_id", "source", "slot_time"]),
        ("ingestion_runs", "started_at", &["run_seq"]),
    ] {
        let others = warehouse.columns(table).await;
        let others = others.into_iter().filter(|(name, _)| !key.contains(&name.as_str()));
        for (back, (name, data_type)) in (0..).zip(others) {
            let date = day(back).date_naive();
            let value = changed(&name, &data_type);
            let of_one_site = if key.len() > 1 { "and site_id = 'site-00001'" } else { "" };
            warehouse
                .execute(&format!(
                    "update {{d}}.{table} set {name} = {value} where date({day_of}) = '{date}' {of_one_site}"
                ))
                .await;
            days.push((table, back));
            columns.push((table.to_owned(), date.to_string(), name));
        }
    }
    // One column of each site.
    let others = warehouse.columns("sites").await.into_iter().skip(1);
    for (number, (name, data_type)) in (0..).zip(others) {
        let value = changed(&name, &data_type);
        warehouse
            .execute(&format!(
                "update {{d}}.sites set {name} = {value} where site_id = 'site-{number:05}'"
            ))
            .await;
        columns.push(("sites".into(), String::new(), name));
    }
    assert_eq!(columns.len(), 31 + 12 + 25 + 14);

    let mut differing = expected(&days, "different");
    differing.insert(("sites".into(), String::new(), "different".into()));
    let quick = program.run(&["verify", "--output", "json"]).expect(1);
    assert_eq!(found(&quick), differing);
    let deep = program.run(&["verify", "--deep", "--output", "json"]).expect(1);
    assert_eq!(found(&deep), differing);
    let rows: Vec<Value> = serde_json::from_str(&deep.stdout).unwrap();
    for (table, date, column) in columns {
        let row = rows
            .iter()
            .find(|row| row["table"] == *table && row["day"].as_str().unwrap_or_default() == date);
        let what = row.unwrap()["what"].as_str().unwrap();
        let named = what.split([' ', ';', ',']).any(|word| word == column);
        assert!(named, "{table} {date}: {column} is not in {what}");
    }
    program.run(&["repair", "--output", "json"]).expect(0);
    let clean = program.run(&["verify", "--deep", "--output", "json"]).expect(0);
    assert_eq!(found(&clean), Found::new());
    warehouse.assert_equals(database).await;
}

async fn changes_that_cancel_and_rows_lost_or_doubled_are_found_and_only_their_days_rewritten(
    database: &TestDatabase,
) {
    let warehouse = Warehouse::new();
    let program = synced(database, &warehouse).await;
    let date = |back| day(back).date_naive();
    let observations = "{d}.weather_observations";
    for statement in [
        format!(
            "update {observations} set temperature_c = temperature_c + if(site_id = 'site-00001', 1, -1) where date(observation_time) = '{}'",
            date(3)
        ),
        format!(
            "delete from {observations} where date(observation_time) = '{}' and site_id = 'site-00002'",
            date(5)
        ),
        format!(
            "insert into {observations} select * from {observations} where date(observation_time) = '{}' and site_id = 'site-00002'",
            date(7)
        ),
        format!("delete from {{d}}.collection_slots where date(slot_time) = '{}'", date(9)),
    ] {
        warehouse.execute(&statement).await;
    }
    let (cancelling, lost, doubled, gone) = (3, 5, 7, 9);
    let table = "weather_observations";
    let days = [(table, cancelling), (table, lost), (table, doubled), ("collection_slots", gone)];
    let before = epochs(database, &warehouse).await;
    for arguments in
        [&["verify", "--output", "json"][..], &["repair", "--dry-run", "--output", "json"]]
    {
        let code = i32::from(arguments[0] == "verify");
        let ran = program.run(arguments).expect(code);
        assert_eq!(found(&ran), expected(&days, "different"));
        assert_eq!(epochs(database, &warehouse).await, before, "nothing is written");
    }
    let words = program.run(&["verify"]).expect(1).stdout;
    for (number, words_of_day) in
        [(lost, "1 row missing"), (doubled, "1 row more than once"), (gone, "3 rows missing")]
    {
        let line = words.lines().find(|line| line.contains(&date(number).to_string())).unwrap();
        assert!(line.contains(words_of_day), "{line}");
    }
    let first = format!("4 differ; verified through {}", date(gone) - TimeDelta::days(1));
    assert!(words.contains(&first), "{words}");

    // A part of the days: the others stay as they are.
    let to = date(lost).to_string();
    let part = program.run(&["repair", "--from", &to, "--to", &to, "--output", "json"]).expect(0);
    assert_eq!(found(&part), expected(&[(table, lost)], "repaired"));
    let rest = [(table, cancelling), (table, doubled), ("collection_slots", gone)];
    let repaired = program.run(&["repair", "--output", "json"]).expect(0);
    assert_eq!(found(&repaired), expected(&rest, "repaired"));
    assert_eq!(epochs(database, &warehouse).await, before + 4, "a write for each day");
    program.run(&["verify", "--deep"]).expect(0);
    warehouse.assert_equals(database).await;
    assert_eq!(program.run(&["sync"]).expect(0).log().last().unwrap()["rowsSynced"], 0);
}

/// Also a key that is missing beside one that is too many: the rows are as many as they should be.
#[tokio::test]
async fn what_only_the_sink_has_stays_until_it_is_allowed_to_go() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        let program = synced(database, &warehouse).await;
        let date = day(4).date_naive();
        let of_day = format!("date(observation_time) = '{date}' and site_id = 'site-00001'");
        warehouse
            .execute(&format!("update {{d}}.weather_observations set site_id = 'ghost' where {of_day}"))
            .await;
        warehouse
            .execute("update {d}.collection_slots set slot_time = timestamp_sub(slot_time, interval 1000 day) \
                where slot_time = (select max(slot_time) from {d}.collection_slots where slot_time < '2026-11-22')")
            .await;
        let slot_day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let moved = slot_day - TimeDelta::days(1000);
        let text = |date: NaiveDate| date.to_string();
        let all = |verdict: &str, missing: &str| -> Found {
            [
                ("weather_observations", text(date), verdict),
                ("collection_slots", text(moved), verdict),
                ("collection_slots", text(slot_day), missing),
            ]
            .map(|(table, day, verdict)| (table.into(), day, verdict.into()))
            .into()
        };
        let kept = program.run(&["repair", "--output", "json"]).expect(1);
        assert_eq!(found(&kept), all("kept", "repaired"));
        let words = program.run(&["repair"]).expect(1).stdout;
        assert!(words.contains("2 differ and are kept: --allow-delete"), "{words}");
        let ghosts = "select count(*) from {d}.weather_observations where site_id = 'ghost'";
        assert_eq!(warehouse.count(ghosts).await, 1);
        program.run(&["repair", "--allow-delete"]).expect(0);
        program.run(&["verify", "--deep"]).expect(0);
        warehouse.assert_equals(database).await;
    })
    .await;
}

async fn a_day_with_rows_to_be_synced_is_pending_and_no_difference(database: &TestDatabase) {
    let warehouse = Warehouse::new();
    let program = synced(database, &warehouse).await;
    let status = |program: &Program| program.run(&["status"]).expect(0).stdout;
    assert!(status(&program).contains("sync 0 runs behind; not verified"), "{}", status(&program));
    program.run(&["verify"]).expect(0);
    let said = status(&program);
    assert!(said.contains("sync 0 runs behind; verified through yesterday"), "{said}");

    collect(database, 6).await;
    let run = opened(database.store.start_run(&run_start("0/1", LONG_LEASE)).await.unwrap());
    let open = [collected(1, day(8), full_values())];
    database.store.load(&run, &open, day(8)).await.unwrap();
    let pending = program.run(&["verify", "--deep", "--output", "json"]).expect(0);
    let tables = ["weather_observations", "collection_slots"];
    let mut days: Vec<_> = tables.iter().flat_map(|table| [(*table, 6), (*table, 8)]).collect();
    // The run started on that day; the open one, on the last.
    days.extend([("ingestion_runs", 6), ("ingestion_runs", 0)]);
    assert_eq!(found(&pending), expected(&days, "pending"));
    // What was equal is not undone by what is still to come.
    let said = status(&program);
    assert!(said.contains("sync 1 run behind; verified through yesterday"), "{said}");
    database.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    program.run(&["sync"]).expect(0);
    program.run(&["verify", "--deep"]).expect(0);
    assert!(status(&program).contains("sync 0 runs behind; verified through yesterday"));
}

async fn a_repair_beside_a_sync_leaves_every_row_once(database: &TestDatabase) {
    let warehouse = Warehouse::new();
    let program = synced(database, &warehouse).await.env("WEATHER_CHUNK_ROWS", "20");
    for back in 0..DAYS {
        collect(database, back).await;
    }
    let broken = (0..6).map(|number| day(number * 5).date_naive());
    for date in broken {
        warehouse
            .execute(&format!(
                "delete from {{d}}.weather_observations where date(observation_time) = '{date}'"
            ))
            .await;
    }
    let mut sync = program.command(&["sync"]).spawn().unwrap();
    let mut repairs = 0;
    while sync.try_wait().unwrap().is_none() {
        program.run(&["repair", "--allow-delete"]).expect(0);
        repairs += 1;
    }
    assert!(sync.wait().unwrap().success() && repairs > 0);
    program.run(&["repair"]).expect(0);
    program.run(&["verify", "--deep"]).expect(0);
    warehouse.assert_equals(database).await;
}

/// After that minute no database knows a time.
async fn a_row_of_the_last_minute_of_all_is_synced_compared_and_repaired(database: &TestDatabase) {
    let store = &*database.store;
    let warehouse = Warehouse::new();
    store.take_in_sites(&sites(2), hour()).await.unwrap();
    let run = opened(store.start_run(&run_start("0/1", LONG_LEASE)).await.unwrap());
    let last = "9999-12-31T23:59:00Z".parse().unwrap();
    let batch = [observed(0, hour(), last, full_values()), collected(1, hour(), full_values())];
    store.load(&run, &batch, hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let program = Program::new().env("DATABASE_URL", &database.url);
    let program = warehouse.settings(program, &bigquery_url());
    program.run(&["sync"]).expect(0);
    program.run(&["verify", "--deep"]).expect(0);
    warehouse
        .execute(
            "update {d}.weather_observations set humidity_pct = 1 where site_id = 'site-00000'",
        )
        .await;
    let differs = |verdict: &str| -> Found {
        [("weather_observations".into(), "9999-12-31".into(), verdict.into())].into()
    };
    let ran = program.run(&["verify", "--deep", "--output", "json"]).expect(1);
    assert_eq!(found(&ran), differs("different"));
    assert!(ran.stdout.contains("humidity_pct"), "{}", ran.stdout);
    let ran = program.run(&["repair", "--output", "json"]).expect(0);
    assert_eq!(found(&ran), differs("repaired"));
    program.run(&["verify", "--deep"]).expect(0);
    warehouse.assert_equals(database).await;
}

#[tokio::test]
async fn without_a_sink_or_a_first_sync_it_is_said_what_to_do() {
    with_sqlite(async |database| {
        let program = Program::new().env("DATABASE_URL", &database.url).env("LOG_FORMAT", "pretty");
        for command in ["verify", "repair"] {
            let stderr = program.run(&[command]).expect(2).stderr;
            assert!(stderr.contains("BIGQUERY_DATASET is not set"), "{stderr}");
        }
        let warehouse = Warehouse::new();
        let program = warehouse.settings(program, &bigquery_url());
        let stderr = program.run(&["verify"]).expect(3).stderr;
        assert!(stderr.contains("never synced") && stderr.contains("weather sync"), "{stderr}");
    })
    .await;
}

async fn a_cell_that_is_no_number_spoils_its_day_only_and_is_mended(database: &TestDatabase) {
    let warehouse = Warehouse::new();
    let program = synced(database, &warehouse).await;
    let date = |back: u16| day(back).date_naive();
    let odd = ["cast('nan' as float64)", "cast('-inf' as float64)", "1e300", "1.7e308"];
    for (back, value) in (3..).zip(odd) {
        warehouse
            .execute(&format!(
                "update {{d}}.weather_observations set temperature_c = {value} \
                where date(observation_time) = '{}' and site_id = 'site-00001'",
                date(back)
            ))
            .await;
    }
    // In the store, by hand: the row can be compared, and what it holds goes to the sink.
    database
        .execute(&format!(
            "update weather_observations set wind_gust_ms = 1e300 \
            where site_id = 'site-00002' and date(observation_time) = '{}'",
            date(9)
        ))
        .await;
    let table = "weather_observations";
    let days = [3, 4, 5, 6, 9].map(|back| (table, back));
    for arguments in
        [&["verify", "--output", "json"][..], &["verify", "--deep", "--output", "json"]]
    {
        let ran = program.run(arguments).expect(1);
        assert_eq!(found(&ran), expected(&days, "different"), "{arguments:?}");
    }
    let repaired = program.run(&["repair", "--output", "json"]).expect(0);
    assert_eq!(found(&repaired), expected(&days, "repaired"));
    program.run(&["verify", "--deep"]).expect(0);
    warehouse.assert_equals(database).await;
}

/// The runs within which each day is compared: 6 in a test run, 30 by `scripts/soak`.
fn rolling() -> u16 {
    std::env::var("WEATHER_SOAK_ROLLING").map_or(6, |text| text.parse().unwrap())
}

/// The days of the history: 13 and a third for a run, 400 for thirty.
fn history_days() -> u16 {
    rolling() * 40 / 3
}

/// A comparison on simulated days, by a way that sees what is read.
struct Simulated<'a> {
    database: &'a TestDatabase,
    gateway: Gateway,
    sink: BigQuery,
}

impl<'a> Simulated<'a> {
    async fn of(database: &'a TestDatabase, warehouse: &Warehouse) -> Self {
        let gateway = Gateway::to(&bigquery_url());
        let url = Url::parse(&gateway.url).unwrap();
        let dataset = &warehouse.dataset;
        let sink = BigQuery::open("test-project", dataset, None, Some(&url)).await.unwrap();
        Self { database, gateway, sink }
    }

    /// A comparison so many days after the history, and the days that were read of BigQuery for it.
    async fn run(
        &self,
        after: u16,
        job: impl AsyncFnOnce(Verify<'_>) -> Report,
    ) -> (Report, DaysRead) {
        let today = hour() + TimeDelta::days(after.into());
        let before = self.gateway.asked(Asked::is_job).len();
        let parts = Verify {
            archive: None,
            reads: &self.database.reads,
            sink: &self.sink,
            scope: Scope::Rolling(rolling().try_into().unwrap()),
            clock: &SteppedClock::new(today),
            is_deep: false,
            chunk_rows: 1000,
            shutdown: &CancellationToken::new(),
        };
        let report = job(parts).await;
        assert!(report.stop.is_none(), "{:?}", report.stop);
        let jobs = self.gateway.asked(Asked::is_job).split_off(before);
        let mut read = DaysRead::default();
        for job in jobs.iter().map(Asked::text) {
            let of_roll_ups = ROLL_UPS.iter().any(|rollup| job.contains(rollup.name));
            let days = if of_roll_ups { &mut read.for_roll_ups } else { &mut read.of_rows };
            days.extend(days_read(&job, today.date_naive()));
        }
        (report, read)
    }

    async fn verify(&self, after: u16) -> (Report, BTreeSet<NaiveDate>) {
        let (report, read) = self.run(after, async |parts| verify::run(parts).await).await;
        let known = usize::from(history_days() + after);
        assert_eq!((report.days_read, report.days_known), (read.of_rows.len(), known));
        // Where rows differ, what is made of them is not compared.
        if !report.has_differences() {
            read.assert_roll_ups_are_of_the_same_days();
        }
        (report, read.of_rows)
    }
}

/// The days of observations that a comparison reads of BigQuery.
#[derive(Default)]
struct DaysRead {
    /// For the rows.
    of_rows: BTreeSet<NaiveDate>,
    /// For what the roll-ups should be.
    for_roll_ups: BTreeSet<NaiveDate>,
}

impl DaysRead {
    /// A local day begins on another UTC day than it ends, and an observation of its first hour may be of
    /// the day before: no more than that is read beside the days themselves. There are no observations
    /// after the history.
    fn assert_roll_ups_are_of_the_same_days(&self) {
        let is_near = |day: &NaiveDate| {
            let (from, to) = (*day - TimeDelta::days(1), *day + TimeDelta::days(3));
            self.of_rows.range(from..=to).next().is_some()
        };
        let far: Vec<_> = self.for_roll_ups.iter().filter(|day| !is_near(day)).collect();
        assert!(far.is_empty(), "{far:?} beside {:?}", self.of_rows);
        let observed = self.of_rows.iter().take_while(|day| **day <= hour().date_naive());
        let unread: Vec<_> = observed.filter(|day| !self.for_roll_ups.contains(day)).collect();
        assert!(unread.is_empty(), "{unread:?} beside {:?}", self.for_roll_ups);
    }
}

/// The days of observations that a statement reads, from the first of the history to today.
fn days_read(sql: &str, today: NaiveDate) -> BTreeSet<NaiveDate> {
    let mut days = BTreeSet::new();
    for part in sql.split("observation_time >= timestamp '").skip(1) {
        let from: NaiveDate = part[..10].parse().unwrap();
        let after = |mark| part.split_once(mark).filter(|(before, _)| before.len() < 30);
        let date = |(_, end): (&str, &str)| end[..10].parse::<NaiveDate>().unwrap();
        let end = after(" and observation_time < timestamp '").map(date);
        let last = after(" and observation_time <= timestamp '").map(date);
        let end = end.or(last.map(|last| last + TimeDelta::days(1)));
        let end = end.unwrap_or(today + TimeDelta::days(1));
        let first = from.max(day(history_days() - 1).date_naive());
        days.extend(first.iter_days().take_while(|day| *day < end));
    }
    days
}

/// An observation a day, of one run.
async fn fill_history(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(15), hour()).await.unwrap();
    let run = opened(store.start_run(&run_start("0/1", LONG_LEASE)).await.unwrap());
    let batch: Vec<_> =
        (0..history_days()).map(|back| collected(1, day(back), full_values())).collect();
    store.load(&run, &batch, hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

fn different(report: &Report) -> Vec<NaiveDate> {
    report.with(Verdict::Different).filter_map(|found| found.day).collect()
}

#[tokio::test]
async fn rolling_runs_read_every_day_and_each_twenty_at_most() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        fill_history(database).await;
        let program = warehouse.client(database, &bigquery_url());
        program.run(&["sync"]).expect(0);
        let simulated = Simulated::of(database, &warehouse).await;
        let (runs, changed) = (rolling(), day(history_days() / 2).date_naive());
        let (mut read, mut found) = (BTreeSet::new(), Vec::new());
        for after in 0..runs {
            let (report, days) = simulated.verify(after).await;
            assert!(days.len() <= 20, "{} days", days.len());
            read.extend(days);
            found.push(different(&report));
            if after == 0 {
                warehouse
                    .execute(&format!(
                        "update {{d}}.weather_observations set humidity_pct = 1 \
                        where date(observation_time) = '{changed}'"
                    ))
                    .await;
            }
        }
        let first = day(history_days() - 1).date_naive();
        let last = hour().date_naive() + TimeDelta::days(i64::from(runs) - 1);
        assert_eq!(read, first.iter_days().take_while(|day| *day <= last).collect());
        // Found once, and by each run from then on.
        let since = found.iter().position(|days| !days.is_empty()).expect("it is found");
        assert!(found[since..].iter().all(|days| *days == [changed]), "{found:?}");

        let (report, _) = simulated
            .run(runs, async |parts| {
                let scope = Scope::Of(Days::of(Some(changed)));
                repair::run(Verify { scope, ..parts }, false).await
            })
            .await;
        assert_eq!(report.with(Verdict::Repaired).count(), 1);

        // A row that comes late, into a day that was proved.
        let late = history_days() / 4;
        collect(database, late).await;
        program.run(&["sync"]).expect(0);
        let (report, days) = simulated.verify(runs).await;
        assert!(days.contains(&day(late).date_naive()), "{days:?}");
        assert_eq!(different(&report), []);
        assert_eq!(report.verified_through, Some(last));
        let (_, days) = simulated.verify(runs + 1).await;
        assert!(!days.contains(&day(late).date_naive()), "{days:?}");
        // After days without a run, too.
        let (report, _) = simulated.verify(runs + 9).await;
        let yesterday = last + TimeDelta::days(9);
        assert_eq!(report.verified_through, Some(yesterday));
    })
    .await;
}
