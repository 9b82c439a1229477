//! Who may ask, and where the program listens.

use std::sync::Arc;

use weather_data_product::serve::access::{self, Access};
use weather_data_product::store::StoreSettings;

use super::fill;
use super::hostile::raw;
use crate::support::databases::with_sqlite;
use crate::support::kills::signal;
use crate::support::program::{Program, repository_file};
use crate::support::server::{Server, ServerProcess};
use crate::support::until;

/// A token made by the program, and the file that lets it in.
pub(super) fn token(program: &Program, name: &str) -> String {
    let made = program.run(&["token", "new", name, "--append", "tokens.jsonl"]).expect(0);
    assert_eq!(made.stderr, "");
    made.stdout.trim().to_owned()
}

#[tokio::test]
async fn without_a_valid_token_nothing_but_401_and_with_one_all_of_it() {
    with_sqlite(async |database| {
        fill(&*database.store, 2).await;
        let program = Program::new();
        let (first, second) = (token(&program, "grafana"), token(&program, "bi"));
        let file = std::fs::read_to_string(program.folder.path().join("tokens.jsonl")).unwrap();
        assert!(!file.contains(&first) && file.lines().count() == 2);
        let store = StoreSettings::at(&database.url).open_reader().await.unwrap();
        let access = Access::Tokens(Arc::from(access::parse(&file).ok().unwrap()));
        let server = Server::of(store, access).await;
        let paths = [
            "/metrics",
            "/api/v1/latest",
            "/api/v1/sites/nowhere",
            "/api/v1/openapi.json",
            "/api/v1/docs/",
            "/api/v1/events",
            "/nothing",
            "/",
            "/runs",
            "/sites/site-00000",
            "/assets/page.js",
            "/healthz/",
            "/readyz/x",
        ];
        for path in paths {
            for header in [&[][..], &[("authorization", "Bearer weather_0")]] {
                let answer = server.ask(path, header).await.expect(401);
                let is_page = ["/", "/runs", "/sites/site-00000"].contains(&path);
                let (scheme, form) = match is_page {
                    true => {
                        ("Basic realm=\"weather\", charset=\"UTF-8\"", "text/html; charset=utf-8")
                    }
                    false => ("Bearer", "application/problem+json"),
                };
                assert_eq!(answer.header("www-authenticate"), scheme, "{path}");
                assert_eq!(answer.header("content-type"), form, "{path}");
                assert_eq!(answer.header("x-frame-options"), "DENY");
            }
        }
        for token in [first, second] {
            let bearer = format!("Bearer {token}");
            for (path, status) in [("/api/v1/latest", 200), ("/metrics", 200), ("/nothing", 404)] {
                server.ask(path, &[("authorization", &bearer)]).await.expect(status);
            }
        }
        for path in ["/healthz", "/readyz"] {
            server.get(path).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn the_token_that_the_compose_file_is_told_about_is_the_one_that_it_lets_in() {
    with_sqlite(async |database| {
        let store = StoreSettings::at(&database.url).open_reader().await.unwrap();
        let file = access::parse(&repository_file("config/compose-tokens.jsonl"));
        let server = Server::of(store, Access::Tokens(Arc::from(file.ok().unwrap()))).await;
        for text in [repository_file("README.md"), repository_file("docker-compose.yml")] {
            let asked = text.split("-H 'Authorization: ").nth(1).unwrap();
            let header = asked.split('\'').next().unwrap();
            server.ask("/api/v1/sites", &[("authorization", header)]).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_a_browser_out_of_trouble() {
    with_sqlite(async |database| {
        let server = Server::start(database).await;
        let paths =
            ["/healthz", "/api/v1/sites", "/api/v1/sites/x", "/x", "/metrics", "/api/v1/docs/"];
        for path in paths {
            let answer = server.get(path).await;
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(answer.header(name), value, "{path}");
            }
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
            assert!(!policy.contains("script-src 'self' 'unsafe"), "{path}: {policy}");
        }
        // The page to try the API has no script of its own in it, which the policy would stop.
        let page = server.get("/api/v1/docs/").await.expect(200).body;
        assert!(page.split("<script").skip(1).all(|rest| rest.starts_with(" src=\"./")), "{page}");
        for file in page.split("src=\"./").skip(1).filter_map(|rest| rest.split('"').next()) {
            server.get(&format!("/api/v1/docs/{file}")).await.expect(200);
        }
    })
    .await;
}

#[test]
fn without_tokens_it_listens_on_this_machine_only() {
    let program = Program::new();
    program.run(&["demo", "--hours", "1", "--sites", "1"]).expect(0);
    let store = ["--database-url", "sqlite://weather-demo.db", "--log-format", "pretty"];
    for (listen, environment) in [
        (&["--listen", "0.0.0.0:0"][..], &[][..]),
        (&["--listen", "[::]:0"], &[]),
        (&["--listen", "192.0.2.1:80"], &[]),
        (&[], &[("PORT", "0")]),
    ] {
        let mut command = program.command(&[&["serve"][..], listen, &store].concat());
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let ran = crate::support::program::Ran::of(&output).expect(2);
        for part in ["can be reached from other machines", "weather token new", "127.0.0.1"] {
            assert!(ran.stderr.contains(part), "{listen:?}: {}", ran.stderr);
        }
    }
    // On Cloud Run the platform asks who is there, and the store is no file.
    let mut command = program.command(&[&["serve"][..], &store].concat());
    let output = command.env("PORT", "0").env("K_SERVICE", "weather").output().unwrap();
    let ran = crate::support::program::Ran::of(&output).expect(2);
    assert!(ran.stderr.contains("a file on Cloud Run is forgotten"), "{}", ran.stderr);
}

#[test]
fn every_fault_of_a_tokens_file_is_told_at_once_and_no_secret_with_it() {
    let hash = "0".repeat(64);
    let program = Program::new().file(
        "tokens.jsonl",
        &format!(
            "{{\"name\": \"A\", \"sha256\": \"{hash}\"}}\n\nweather_secret\n{{\"name\": \"b\"}}\n"
        ),
    );
    let serve = ["serve", "--log-format", "pretty", "--api-tokens-file"];
    let ran = program.run(&[&serve[..], &["tokens.jsonl"]].concat()).expect(2);
    for part in ["tokens.jsonl: 3 faults", "line 1: name", "line 3: expected", "line 4: expected"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    let ran = program.run(&[&serve[..], &["none.jsonl"]].concat()).expect(2);
    assert!(ran.stderr.contains("none.jsonl: No such file"), "{}", ran.stderr);
    program.run(&["token", "new", "b", "--append", "tokens.jsonl"]).expect(2);
    program.run(&["token", "new", "Not A Name"]).expect(2);
    let made = program.run(&["token", "new", "bi"]).expect(0);
    assert!(made.stderr.starts_with("{\"name\":\"bi\",\"sha256\":\""), "{}", made.stderr);
}

#[tokio::test]
async fn a_log_of_every_level_names_the_token_and_does_not_hold_it() {
    let program = Program::new().env("DATABASE_URL", "sqlite://weather-demo.db");
    program.run(&["demo", "--hours", "1", "--sites", "1"]).expect(0);
    let token = token(&program, "grafana");
    let file = std::fs::read_to_string(program.folder.path().join("tokens.jsonl")).unwrap();
    let hash = file.split('"').find(|part| part.len() == 64).unwrap().to_owned();
    let arguments = ["--api-tokens-file", "tokens.jsonl", "--log-level", "trace"];
    let server = ServerProcess::start(&program, &arguments);
    for authorization in [format!("Bearer {token}"), format!("Basic {token}"), token.clone()] {
        let request = format!(
            "GET /api/v1/latest HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: {authorization}\r\n\r\n"
        );
        assert!(raw(&server.address, request.as_bytes()).await.starts_with(b"HTTP/1.1 "));
    }
    until("the log names the token", async || server.log().contains("grafana")).await;
    let log = server.log();
    assert!(log.contains("grafana") && log.contains("/api/v1/latest"), "{log}");
    assert!(!log.contains(&token["weather_".len()..]) && !log.contains(&hash), "{log}");
}

#[test]
fn it_does_not_start_without_its_tables_and_ends_at_a_signal() {
    let program = Program::new().env("DATABASE_URL", "sqlite://weather-demo.db");
    let ran = program.run(&["serve"]).expect(3);
    assert!(!program.folder.path().join("weather-demo.db").exists(), "{}", ran.stderr);
    program.run(&["demo", "--hours", "1", "--sites", "1"]).expect(0);
    let mut server = ServerProcess::start(&program, &[]);

    signal(&server.child, "-TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}
