//! The kits of `kits/`, against a store, a warehouse and a query API with two days of the demo.

use crate::support::databases::{TestDatabase, with_empty_mysql};
use crate::support::program::{Program, repository_path};
use crate::support::server::ServerProcess;
use crate::support::warehouse::{PROJECT, Warehouse, bigquery_url};

/// What `scripts/check-kits` says; it has to end well.
fn check(
    database: &TestDatabase,
    warehouse: &Warehouse,
    server: &ServerProcess,
    token: &str,
    more: &[&str],
) -> String {
    let api = format!("http://{}", server.address);
    let mut script = std::process::Command::new(repository_path("scripts/check-kits"));
    script.args(["--mysql", &database.url, "--bigquery", &bigquery_url(), "--project", PROJECT]);
    script.args(["--dataset", &warehouse.dataset, "--api", &api, "--token", token]).args(more);
    let ran = script.output().unwrap();
    let (said, faults) =
        (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}\n{faults}");
    said.into_owned()
}

#[tokio::test]
async fn every_kit_is_what_its_tool_reads_and_a_column_under_another_name_is_seen() {
    with_empty_mysql(async |database| {
        let warehouse = Warehouse::new();
        let program = Program::new();
        program.run(&["demo", "--hours", "48", "--store", &database.url]).expect(0);
        warehouse.client(database, &bigquery_url()).run(&["sync"]).expect(0);
        let program = program.env("DATABASE_URL", &database.url);
        let made = program.run(&["token", "new", "kits", "--append", "tokens.jsonl"]).expect(0);
        let token = made.stdout.trim();
        let server = ServerProcess::start(&program, &["--api-tokens-file", "tokens.jsonl"]);
        let said = check(database, &warehouse, &server, token, &[]);
        for kit in [
            "grafana: ",
            "dbt: 6 sources",
            "looker: 6 views",
            "powerbi: 1 query",
            "home-assistant: ",
        ] {
            assert!(said.contains(kit), "{kit}: {said}");
        }
        println!("{said}");
        println!("{}", check(database, &warehouse, &server, token, &["--prove"]));
    })
    .await;
}
