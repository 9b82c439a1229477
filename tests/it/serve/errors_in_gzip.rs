//! Every error as a browser asks for it, compressed: what it gets can be read.

use std::sync::Arc;

use weather_data_product::serve::access::{self, Access};
use weather_data_product::store::StoreSettings;

use super::access::token;
use super::fill;
use super::hostile::raw;
use crate::support::databases::{TestDatabase, on_both_databases, with_mysql, with_sqlite};
use crate::support::program::Program;
use crate::support::proxy::Proxy;
use crate::support::server::Server;

on_both_databases!(an_error_for_a_person_or_a_program_decodes);

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

/// Asks twice: for what a client reads, and for whether the bytes are what the headers say.
async fn read(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], status: u16) {
    let headers = [headers, &[("accept-encoding", "gzip")]].concat();
    let (told, bytes) = server.send_raw(method, path, &headers).await;
    let is_gzip = told.get("content-encoding").is_some_and(|encoding| encoding == "gzip");
    assert_eq!(bytes.starts_with(&[0x1f, 0x8b]), is_gzip, "{method} {path}: {told:?}");
    assert!(told.get("etag").is_none(), "{method} {path}: {told:?}");
    let answer = server.send_decoded(method, path, &headers).await.expect(status);
    let is_page = answer.header("content-type").starts_with("text/html");
    assert!(is_gzip, "long enough to be worth it: {path}");
    match is_page {
        true => assert!(answer.body.contains("Back to the overview"), "{path}: {}", answer.body),
        false => assert_eq!(answer.json()["status"], status, "{path}"),
    }
    let first = path.split('/').nth(1).unwrap();
    let for_people = ["", "sites", "runs"].contains(&first) || headers.contains(&HTML);
    assert_eq!(is_page, for_people && !["api", "edr"].contains(&first), "{path}");
}

async fn an_error_for_a_person_or_a_program_decodes(database: &TestDatabase) {
    fill(&*database.store, 2).await;
    let server = Server::start(database).await;
    for (method, path, headers, status) in [
        ("GET", "/sites/nope", &[][..], 404),
        ("GET", "/sites/nope", &[HTML], 404),
        ("GET", "/sites/Nope!", &[HTML], 404),
        ("GET", "/nope", &[HTML], 404),
        ("GET", "/nope", &[], 404),
        ("GET", "/?nope=1", &[HTML], 400),
        ("GET", "/runs?before=0", &[HTML], 400),
        ("GET", "/sites/site-00000?range=9d", &[HTML], 400),
        ("POST", "/", &[HTML], 405),
        ("DELETE", "/sites/site-00000", &[], 405),
        ("POST", "/", &[HTML, ("content-length", "99999")], 413),
        ("GET", "/api/v1/nothing", &[], 404),
        ("GET", "/api/v1/nothing", &[HTML], 404),
        ("GET", "/api/v1/sites/nope", &[], 404),
        ("GET", "/api/v1/runs?limit=0", &[], 400),
        ("POST", "/api/v1/sites", &[], 405),
        ("GET", "/api/v1/sites", &[("accept", "image/png")], 406),
        ("GET", "/edr/collections/nope", &[], 404),
        ("POST", "/api/v1/sites", &[("content-length", "99999")], 413),
    ] {
        read(&server, method, path, headers, status).await;
    }
}

#[tokio::test]
async fn who_has_no_token_can_read_that_one_is_needed() {
    with_sqlite(async |database| {
        let program = Program::new();
        token(&program, "grafana");
        let file = std::fs::read_to_string(program.folder.path().join("tokens.jsonl")).unwrap();
        let store = StoreSettings::at(&database.url).open_reader().await.unwrap();
        let access = Access::Tokens(Arc::from(access::parse(&file).ok().unwrap()));
        let server = Server::of(store, access).await;
        for path in ["/", "/runs", "/sites/site-00000", "/api/v1/latest", "/edr", "/nope"] {
            read(&server, "GET", path, &[], 401).await;
        }
    })
    .await;
}

#[tokio::test]
async fn who_asks_while_the_store_is_away_can_read_that() {
    with_mysql(async |database| {
        fill(&*database.store, 2).await;
        let proxy = Proxy::to(&database.url).await;
        let store = StoreSettings::at(&proxy.url).open_reader().await.unwrap();
        let server = Server::of(store, Access::Open).await;
        proxy.close();
        for path in ["/", "/runs", "/sites/site-00000", "/api/v1/latest", "/api/v1/sites"] {
            read(&server, "GET", path, &[], 503).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_head_is_refused_where_the_limits_say_and_its_refusal_has_no_encoding() {
    with_sqlite(async |database| {
        let server = Server::start(database).await;
        let end = "host: x\r\nconnection: close\r\naccept-encoding: gzip\r\n";
        // The longest head that fits, and one byte more: in the address and in a header.
        let of_address = |length: usize| {
            let rest = "GET /healthz? HTTP/1.1\r\n\r\n".len() + end.len();
            format!("GET /healthz?{} HTTP/1.1\r\n{end}\r\n", "a".repeat(length - rest))
        };
        let of_header = |length: usize| {
            let rest = "GET /healthz HTTP/1.1\r\nx: \r\n\r\n".len() + end.len();
            format!("GET /healthz HTTP/1.1\r\n{end}x: {}\r\n\r\n", "a".repeat(length - rest))
        };
        let headers = |count: usize| {
            let more: String = (3..count).map(|number| format!("x-{number}: a\r\n")).collect();
            format!("GET /healthz HTTP/1.1\r\n{end}{more}\r\n")
        };
        for (request, status) in [
            (of_header(64 << 10), 200),
            (of_header((64 << 10) + 1), 431),
            (of_header(100_000), 431),
            (of_address((64 << 10) + 1), 431),
            (of_address(100_000), 431),
            (headers(100), 200),
            (headers(101), 431),
            ("GET /healthz HTTP/1.1\r\nhost: x\r\n\0\r\n\r\n".to_owned(), 400),
        ] {
            let answer = raw(&server.address, request.as_bytes()).await;
            let answer = String::from_utf8_lossy(&answer).into_owned();
            let line = answer.lines().next().unwrap_or_default();
            assert!(
                line.starts_with(&format!("HTTP/1.1 {status}")),
                "{} bytes: {line}",
                request.len()
            );
            let is_bare =
                !answer.contains("content-encoding") && answer.contains("content-length: 0");
            assert!(status == 200 || is_bare, "{answer}");
        }
    })
    .await;
}
