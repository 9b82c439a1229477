//! Hostile requests: whatever is asked, no answer holds the token or the password that are known
//! here, and nobody gets anything without the token.

use std::time::Duration;

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::access::token;
use super::fill;
use crate::support::HUNG;
use crate::support::databases::{TestDatabase, with_mysql};
use crate::support::program::Program;
use crate::support::server::ServerProcess;

/// What no answer is waited for longer than: a request that a server still reads gets none, and a slow
/// machine only makes the test see less.
const SILENCE: Duration = Duration::from_secs(2);

const PASSWORD: &str = "kN0wn-pa55word";

/// Requests: 500 in a test run, more by `scripts/soak`.
fn requests() -> u32 {
    std::env::var("WEATHER_SOAK_REQUESTS").map_or(500, |text| text.parse().unwrap())
}

/// Sends bytes, and reads what comes until the connection ends: the request asks for that.
pub(super) async fn raw(address: &str, request: &[u8]) -> Vec<u8> {
    read_within(HUNG, address, request).await
}

/// The same, until nothing has come for a while: some requests have no end that a server could see.
async fn read_within(silence: Duration, address: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut answer, mut bytes) = (Vec::new(), vec![0; 65536]);
    // The server may have answered and gone before all is sent.
    let _ = stream.write_all(request).await;
    while let Ok(Ok(length)) = tokio::time::timeout(silence, stream.read(&mut bytes)).await {
        answer.extend_from_slice(&bytes[..length]);
        if length == 0 || answer.len() > 1 << 20 {
            break;
        }
    }
    answer
}

/// Text that has something to it.
fn spice() -> impl Strategy<Value = String> {
    let known = [
        "site-00000",
        "latest",
        "..%2f..%2f",
        "%00",
        "%ff%fe",
        "' or 1=1 --",
        "\"; drop table sites",
        "{{7*7}}",
        "${DATABASE_URL}",
        "$(env)",
        "<script>",
        "%0d%0aset-cookie:a=b",
        "-1",
        "0",
        "99999999999999999999",
        "1e999",
        "NaN",
        "2026-11-25",
        "2026-11-25T08:00:00Z",
        "1970-01-01",
        "9999-12-31T23:59:59Z",
        "openweathermap.253402300799",
        "temperature_c,row_hash",
        "🌧",
        "%25",
        "openweathermap",
        "../../../etc/passwd",
        "tokens.jsonl",
        ".env",
        "null",
        "true",
        "[]",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "[ -~]{0,40}",
        1 => proptest::collection::vec(any::<char>(), 0..20).prop_map(|text| text.into_iter().collect()),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let base = [
        "/",
        "/runs",
        "/sites",
        "/assets",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/sites",
        "/api/v1/sites/site-00000",
        "/api/v1/latest",
        "/api/v1/sites/site-00000/latest",
        "/api/v1/sites/site-00000/observations",
        "/api/v1/sites/site-00000/hourly",
        "/api/v1/sites/site-00000/daily",
        "/api/v1/gaps",
        "/api/v1/runs",
        "/api/v1/runs/1",
        "/api/v1/status",
        "/api/v1/openapi.json",
        "/api/v1/docs/",
        "/api/v1",
        "/edr",
        "/edr/conformance",
        "/edr/collections",
        "/edr/collections/observations/locations",
        "/edr/collections/observations/locations/site-00000",
        "/edr/collections/observations/position",
        "//",
        "/.env",
        "/api/v1/docs/../../..",
        "*",
        "http://x/",
    ];
    let base = proptest::sample::select(base.to_vec()).prop_map(str::to_owned);
    prop_oneof![3 => base.clone(), 1 => (base, spice()).prop_map(|(base, more)| format!("{base}/{more}"))]
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let names = [
        "from",
        "to",
        "source",
        "fields",
        "limit",
        "cursor",
        "site",
        "before",
        "x",
        "",
        "datetime",
        "coords",
        "bbox",
        "parameter-name",
        "f",
        "crs",
    ];
    let known = proptest::sample::select(names.to_vec()).prop_map(str::to_owned);
    proptest::collection::vec((prop_oneof![5 => known, 1 => spice()], spice()), 0..4)
}

fn query() -> impl Strategy<Value = String> {
    let raw = pairs().prop_map(|pairs| {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    });
    // As a client would write it, so that it gets past the reading of the head.
    let encoded = pairs().prop_map(|pairs| {
        let mut text = url::form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
        text.extend_pairs(pairs).finish()
    });
    prop_oneof![2 => Just(String::new()), 2 => encoded, 1 => raw]
}

fn header() -> impl Strategy<Value = String> {
    let names = [
        "accept",
        "accept-encoding",
        "if-none-match",
        "cookie",
        "x-forwarded-for",
        "host",
        "x-forwarded-proto",
        "range",
        "content-length",
        "transfer-encoding",
        "expect",
        "content-type",
        "origin",
        "te",
        "upgrade",
    ];
    (proptest::sample::select(names.to_vec()), spice())
        .prop_map(|(name, value)| format!("{name}: {}\r\n", value.replace(['\r', '\n'], " ")))
}

/// What stands where the token should; `None`: the token.
fn authorization() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(String::new())),
        1 => Just(Some("authorization: Bearer weather_0\r\n".to_owned())),
        1 => spice().prop_map(|text| {
            Some(format!("authorization: Bearer {}\r\n", text.replace(['\r', '\n'], " ")))
        }),
    ]
}

/// Bytes of a request, and whether the token is in them.
fn request(token: &str) -> impl Strategy<Value = (Vec<u8>, bool)> + use<> {
    let good = format!("authorization: Bearer {token}\r\n");
    let methods =
        ["GET", "GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE", "MAKE", "g"];
    let method = proptest::sample::select(methods.to_vec());
    let headers = proptest::collection::vec(header(), 0..3);
    let parts = (method, path(), query(), authorization(), headers, spice());
    parts.prop_map(move |(method, path, query, authorization, headers, body)| {
        let is_let_in = authorization.is_none();
        let authorization = authorization.unwrap_or_else(|| good.clone());
        let target = format!("{path}{query}").replace([' ', '\r', '\n'], "+");
        let headers = headers.concat();
        let text = format!(
            "{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{authorization}{headers}\r\n{body}"
        );
        (text.into_bytes(), is_let_in)
    })
}

fn status(answer: &[u8]) -> u16 {
    let line = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
    line.strip_prefix("HTTP/1.1 ").and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// A user who may only read, with the password that is looked for; the URL to come as him.
async fn reader(database: &TestDatabase) -> (String, String) {
    let mut url = url::Url::parse(&database.url).unwrap();
    let name = url.path().trim_start_matches('/').to_owned();
    let user = format!("r{}", &name[name.len() - 24..]);
    database.execute(&format!("create user {user}@'%' identified by '{PASSWORD}'")).await;
    database.execute(&format!("grant select on {name}.* to {user}@'%'")).await;
    url.set_username(&user).unwrap();
    url.set_password(Some(PASSWORD)).unwrap();
    (url.into(), user)
}

#[tokio::test]
async fn no_request_gets_a_secret_out_and_none_without_the_token_gets_anything() {
    with_mysql(async |database| {
        fill(&*database.store, 30).await;
        let (url, user) = reader(database).await;
        let program = Program::new().env("DATABASE_URL", &url);
        let token = token(&program, "grafana");
        let server = ServerProcess::start(&program, &["--api-tokens-file", "tokens.jsonl"]);
        let mut random = TestRunner::deterministic();
        let strategy = request(&token);
        let host = url.split('@').nth(1).unwrap().split('/').next().unwrap();
        let (mut let_in, mut answered) = (0, 0);
        for _ in 0..requests() {
            let (request, is_let_in) = strategy.new_tree(&mut random).unwrap().current();
            let answer = read_within(SILENCE, &server.address, &request).await;
            let (request, text) =
                (String::from_utf8_lossy(&request), String::from_utf8_lossy(&answer));
            for secret in [&token["weather_".len()..], PASSWORD, &user, host, "sqlx", "panicked"] {
                assert!(!text.contains(secret), "{secret}\n{request}\n{text}");
            }
            let status = status(&answer);
            assert!(status < 500, "{request}\n{text}");
            answered += u32::from(status == 200);
            let_in += u32::from(is_let_in);
            // Not even a request to hyper: it could not be read, or there is none in it.
            let is_unread = [0, 400, 414, 431].contains(&status) && !text.contains("problem+json");
            let is_probe = request.contains(" /healthz") || request.contains(" /readyz");
            assert!(is_let_in || is_unread || is_probe || status == 401, "{request}\n{text}");
        }
        assert!(answered > let_in / 20, "{answered} of {let_in} were answered");
        println!("{} requests, {let_in} with the token, {answered} of them 200", requests());
        database.execute(&format!("drop user {user}@'%'")).await;
    })
    .await;
}
