//! What Terraform reads from the log is there, is a whole number, and would have raised its alert.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use serde_json::Value;
use weather_data_product::domain::RunCounts;

use crate::support::databases::{TestDatabase, with_sqlite};
use crate::support::gateway::{Asked, Deed, Gateway};
use crate::support::program::{Ran, SimulatorProcess, repository_file};
use crate::support::samples::{collected, full_values, hour, open_run, run_end};
use crate::support::warehouse::{Warehouse, bigquery_url};

/// The figures of `terraform/figures.json`, of which metrics and alerts are made.
fn figures() -> BTreeMap<String, Value> {
    serde_json::from_str(&repository_file("terraform/figures.json")).unwrap()
}

/// The one line with this message.
fn line(ran: &Ran, message: &str) -> Value {
    let mut lines = ran.log().into_iter().filter(|line| line["message"] == message);
    let line = lines.next().unwrap_or_else(|| panic!("no {message}: {}", ran.stderr));
    assert!(lines.next().is_none(), "{message} twice");
    line
}

/// Runs a command against a simulator with such faults.
fn collect(database: &TestDatabase, faults: &[&str], command: &str) -> Ran {
    let simulator = SimulatorProcess::start(faults);
    simulator.client(&database.url).with_sites(40).run(&[command, "--force"])
}

/// A value of a figure in a line, as Terraform extracts it.
#[track_caller]
fn value(figure: &Value, line: &Value) -> i64 {
    let field = figure["field"].as_str().unwrap();
    assert_eq!(line["message"], figure["line"]);
    line[field].as_i64().unwrap_or_else(|| panic!("{field} is no whole number: {line}"))
}

#[tokio::test]
async fn every_figure_is_a_whole_number_in_its_line() {
    with_sqlite(async |database| {
        let ran = collect(database, &["--fault", "not_found=30%"], "etl");
        let program = Warehouse::new().client(database, &bigquery_url());
        let mut lines = BTreeMap::from([("run_summary", line(&ran, "run_summary"))]);
        for (command, message) in [("sync", "sync_summary"), ("verify", "verify_summary")] {
            lines.insert(message, line(&program.run(&[command]).expect(0), message));
        }
        for (name, figure) in figures() {
            let line = &lines[figure["line"].as_str().unwrap()];
            let found = value(&figure, line);
            println!("{name}: {found}");
            let label = figure.get("by").and_then(Value::as_str);
            assert!(
                label.is_none_or(|label| line[label].is_string()),
                "{name}: {label:?} of {line}"
            );
            let unit = figure["unit"].as_str().unwrap();
            let field = figure["field"].as_str().unwrap();
            let tells_unit = match unit {
                "ms" => field.ends_with("Ms"),
                "s" => field.ends_with('S'),
                _ => unit == "1",
            };
            assert!(tells_unit, "{field} is not in {unit}");
        }
    })
    .await;
}

/// The figure of a line is past its limit, and an alert is made of it.
#[track_caller]
fn assert_fires(name: &str, line: &Value) {
    let figures = figures();
    let figure = figures.get(name).unwrap_or_else(|| panic!("no figure {name}"));
    let (found, limit) = (value(figure, line), figure["alert_above"].as_i64().unwrap());
    assert!(found > limit, "{name}: {found} is not above {limit}");
    let alert = format!("figure = \"{name}\"");
    assert!(repository_file("terraform/alerts.tf").contains(&alert), "no alert of {name}");
}

/// All but one: a mean latency of 30 s would take its time.
#[tokio::test]
async fn what_should_raise_an_alert_is_past_its_limit() {
    with_sqlite(async |database| {
        let ran = collect(database, &["--fault", "not_found=50%"], "etl").expect(1);
        assert_fires("failed_permille", &line(&ran, "run_summary"));
        let fires = "account_blocked";
        let ran = collect(database, &["--fault", "rate_limited=100%"], "etl").expect(3);
        assert_fires(fires, &line(&ran, "run_summary"));
    })
    .await;

    // A source that says nothing new, and a sink that takes nothing.
    with_sqlite(async |database| {
        let store = &*database.store;
        let long_ago = hour() - TimeDelta::days(1);
        let run = open_run(store).await;
        store.load(&run, &[collected(1, long_ago, full_values())], long_ago).await.unwrap();
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        let ran = collect(database, &["--fault", "not_found=100%"], "etl").expect(1);
        assert_fires("newest_observation_age_s", &line(&ran, "run_summary"));

        database
            .execute(&format!(
                "update ingestion_runs set finished_at = '{}'",
                (Utc::now() - TimeDelta::hours(3)).format("%F %T")
            ))
            .await;
        let gateway = Gateway::deciding(&bigquery_url(), |asked| match asked.is_upload() {
            true => Deed::refuse(403, "quotaExceeded", "Quota exceeded"),
            false => Deed::Pass,
        });
        let warehouse = Warehouse::new();
        let ran = warehouse.client(database, &gateway.url).run(&["sync"]).expect(3);
        assert!(!gateway.asked(Asked::is_upload).is_empty());
        assert_fires("sync_lag_s", &line(&ran, "sync_summary"));

        let program = warehouse.client(database, &bigquery_url());
        let synced = program.run(&["sync"]).expect(0);
        assert_eq!(line(&synced, "sync_summary")["lagS"], 0);
        warehouse.execute("update {d}.weather_observations set humidity_pct = 1 where true").await;
        let ran = program.run(&["verify"]).expect(1);
        assert_fires("days_different", &line(&ran, "verify_summary"));
    })
    .await;
}

#[test]
fn a_database_that_is_away_or_refuses_is_what_the_alert_looks_for() {
    let alerts = repository_file("terraform/alerts.tf");
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator.client("mysql://weather:wrong@127.0.0.1:1/weather").with_sites(1);
    let program = program.env("WEATHER_FIRST_CONNECTION_SECONDS", "1");
    let log = program.run(&["etl"]).expect(3).log();
    let last = log.last().unwrap();
    assert_eq!(
        (&last["severity"], &last["errorKind"]),
        (&"ERROR".into(), &"store_unreachable".into())
    );
    for kind in [
        "store_unreachable",
        "store_tls",
        "store_access_denied",
        "store_crowded",
        "store_read_only",
    ] {
        assert!(alerts.contains(&format!("\\\"{kind}\\\"")), "no alert looks for {kind}");
    }
}
