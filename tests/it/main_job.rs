//! The main job at its size, as its user runs it, and what it must never tell.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::databases::{TestDatabase, with_mysql};
use crate::support::program::SimulatorProcess;

#[tokio::test]
async fn two_thousand_sites_end_collected_or_failed_with_their_kind_and_again_only_garbage_is_called()
 {
    with_mysql(async |database| {
        let faults = ["server_error=5%:1", "slow=2%:1", "not_found=1%", "truncated=1%"];
        let arguments: Vec<&str> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
        let simulator = SimulatorProcess::start(&arguments);
        let program = simulator
            .client(&database.url)
            .with_sites(2000)
            .env("HTTP_TIMEOUT_SECONDS", "1")
            .env("MAX_WORKERS", "64");
        let first = program.run(&["etl"]).expect(0).run_summary();
        let by_fault = sites_by_fault(&simulator);
        let count = |fault: &str| by_fault.get(fault).map_or(0, BTreeSet::len);
        assert!(count("server_error") > 50 && count("slow") > 15, "{:?}", by_fault.keys());
        let (lost, garbage) = (count("not_found"), count("truncated"));
        assert!(lost > 5 && garbage > 5);
        let failed = lost + garbage;
        assert_eq!(first["failed"], failed);
        assert_eq!(first["collected"], 2000 - failed);
        assert_eq!(
            (&first["errorsNotFound"], &first["errorsMalformed"]),
            (&lost.into(), &garbage.into())
        );
        let slots = "select concat_ws('|', status, error_kind, count(*)) from collection_slots \
            group by status, error_kind order by 1";
        assert_eq!(
            database.lines(slots).await,
            [
                format!("collected|{}", 2000 - failed),
                format!("failed|malformed|{garbage}"),
                format!("failed|not_found|{lost}"),
            ]
        );
        assert_eq!(first["calls"], simulator.calls().len());

        let before = rows(database).await;
        assert_eq!(before.len(), 2000 - failed);
        let calls = simulator.calls().len();
        program.run(&["etl"]).expect(0);
        assert_eq!(rows(database).await, before);
        let again: BTreeSet<_> = simulator.calls()[calls..]
            .iter()
            .map(|call| (call["latitude"].to_string(), call["longitude"].to_string()))
            .collect();
        assert_eq!(Some(&again), by_fault.get("truncated"));
    })
    .await;
}

/// The places that each fault was played for.
fn sites_by_fault(simulator: &SimulatorProcess) -> BTreeMap<String, BTreeSet<(String, String)>> {
    let mut sites = BTreeMap::<_, BTreeSet<_>>::new();
    for call in simulator.calls() {
        if let Some(fault) = call["fault"].as_str() {
            let place = (call["latitude"].to_string(), call["longitude"].to_string());
            sites.entry(fault.to_owned()).or_default().insert(place);
        }
    }
    sites
}

/// Keys and values of every row.
async fn rows(database: &TestDatabase) -> Vec<String> {
    database
        .lines(
            "select concat_ws('|', site_id, source, observation_time, row_hash, temperature_c, \
                humidity_pct, ingestion_run_id, updated_at) from weather_observations order by 1",
        )
        .await
}

/// A key that looks like nothing else, with characters that an address must encode.
const SECRET: &str = "S3CRETkey+/0123456789abcdef";

#[tokio::test]
async fn the_key_appears_in_no_output_no_log_and_no_table() {
    with_mysql(async |database| {
        let arguments = |kinds: &[&str]| -> Vec<String> {
            kinds.iter().flat_map(|kind| ["--fault".to_owned(), (*kind).to_owned()]).collect()
        };
        let many = [
            "server_error=10%",
            "dropped=10%",
            "truncated=10%",
            "html=10%",
            "not_found=10%",
            "bad_request=10%",
            "out_of_range=10%",
            "slow=5%",
        ];
        let mut told = String::new();
        for faults in
            [arguments(&many), arguments(&["unauthorized=100%"]), arguments(&["rate_limited=100%"])]
        {
            let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
            let simulator = SimulatorProcess::start(&faults);
            told += &etl(&simulator.url, database);
            told += &simulator.log();
        }
        database.execute("update source_state set paused_until = null").await;
        told += &etl("http://127.0.0.1:1", database);
        told += &everything(database).await;
        assert!(told.contains("connection") && told.contains("HTTP 401"), "the faults were met");
        for form in [SECRET, "S3CRETkey%2B%2F0123456789abcdef", "S3CRET"] {
            assert!(!told.contains(form));
        }
    })
    .await;
}

/// What a run of 40 sites prints, at the lowest level of the log and in both forms.
fn etl(service: &str, database: &TestDatabase) -> String {
    let mut told = String::new();
    for format in ["json", "pretty"] {
        let program = crate::support::program::Program::new()
            .with_sites(40)
            .env("DATABASE_URL", &database.url)
            .env("OPENWEATHER_BASE_URL", service)
            .env("OPENWEATHER_API_KEY", SECRET)
            .env("OPENWEATHER_CALLS_PER_MINUTE", "0")
            .env("HTTP_TIMEOUT_SECONDS", "0.3")
            .env("MAX_ATTEMPTS", "2")
            .env("LOG_LEVEL", "trace")
            .env("LOG_FORMAT", format);
        for command in [&["etl", "--force"][..], &["doctor"], &["status"], &["runs", "show", "1"]] {
            let ran = program.run(command);
            told += &ran.stdout;
            told += &ran.stderr;
        }
    }
    told
}

/// Each page of One Call 4.0 comes with the addresses of others, which hold the key.
#[tokio::test]
async fn the_key_in_the_pages_of_history_appears_in_no_output_no_log_and_no_table() {
    with_mysql(async |database| {
        let mut told = String::new();
        for fault in ["truncated=50%:1", "not_found=30%", "wrong_json=100%", "server_error=100%"] {
            let simulator = SimulatorProcess::start(&["--fault", fault]);
            let program =
                crate::heal::healer(&simulator, database, &crate::heal::past_sites(10, 3))
                    .env("OPENWEATHER_API_KEY", SECRET)
                    .env("MAX_ATTEMPTS", "2")
                    .env("LOG_LEVEL", "trace");
            program.run(&["migrate"]);
            for command in [&["heal", "--dry-run"][..], &["heal"], &["status"], &["gaps"]] {
                let ran = program.run(command);
                told += &(ran.stdout + &ran.stderr);
            }
            assert!(simulator.log().contains("/data/4.0/onecall/timeline/1h"), "{told}");
            told += &simulator.log();
            database.execute("delete from collection_slots where slot_time > 0").await;
        }
        told += &everything(database).await;
        assert!(
            told.contains("backfill") && told.contains("HTTP 404"),
            "pages and faults were met"
        );
        for form in [SECRET, "S3CRETkey%2B%2F0123456789abcdef", "S3CRET"] {
            assert!(!told.contains(form));
        }
    })
    .await;
}

/// Every text of every table.
async fn everything(database: &TestDatabase) -> String {
    let columns = "select concat_ws('|', table_name, column_name) from information_schema.columns \
        where table_schema = database() order by table_name, ordinal_position";
    let mut text = String::new();
    for column in database.lines(columns).await {
        let (table, column) = column.split_once('|').unwrap();
        let cells = format!("select coalesce(cast({column} as char), '') from {table}");
        text += &database.lines(&cells).await.join("\n");
    }
    text
}
