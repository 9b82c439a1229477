//! How the server is seen from outside: by another address, from pages of others, as a badge and by Prometheus.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;
use weather_data_product::domain::RunCounts;
use weather_data_product::domain::values::VALUES;
use weather_data_product::serve::access::{self, Access};
use weather_data_product::serve::{Origins, Outside, PublicUrl};

use super::access::token;
use super::fill;
use crate::support::browser::Browser;
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::program::{Program, repository_path};
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites};
use crate::support::server::{Server, ServerProcess};

on_both_databases!(prometheus_reads_every_fresh_value_and_none_that_is_not);

const PUBLIC: &str = "https://weather.example/data/weather";

async fn public(database: &TestDatabase) -> Server {
    let public_url = PublicUrl::parse(PUBLIC).unwrap();
    Server::seen(database, Access::Open, Outside { public_url, ..Outside::default() }).await
}

#[test]
fn what_is_no_address_and_no_origin_is_refused_with_the_form_all_at_once() {
    let bad = ["example.com", "null", "https://a.example/path"];
    let arguments = [
        "serve",
        "--cors-origin",
        bad[0],
        "--cors-origin",
        "null,https://a.example/path,https://good.example",
        "--public-url",
        "weather.example?a=b",
    ];
    let said = Program::new().run(&arguments).expect(2).stderr;
    for origin in bad {
        let fault = format!("--cors-origin (CORS_ORIGINS): `{origin}` is no origin");
        assert!(said.contains(&fault), "{said}");
    }
    assert!(said.contains("--public-url (PUBLIC_URL): no address of a server"), "{said}");
    assert!(said.contains("scheme://host:port") && !said.contains("good.example"), "{said}");
}

/// What stands in quotes behind these words.
fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn every_link_of_a_page_begins_with_the_public_path_and_leads_somewhere() {
    with_sqlite(async |database| {
        fill(&*database.store, 5).await;
        let server = public(database).await;
        let mut links = Vec::new();
        for path in ["/", "/runs", "/sites/site-00000", "/sites/nowhere"] {
            let page = server.get(&format!("/data/weather{path}")).await.body;
            assert!(page.contains("data-root=\"/data/weather\""), "{path}");
            assert_eq!(page, server.get(path).await.body, "{path}");
            for kind in ["href=\"", "src=\"", "action=\""] {
                links.extend(quoted(&page, kind).into_iter().map(str::to_owned));
            }
        }
        assert!(links.len() > 40, "{links:?}");
        for link in links.iter().filter(|link| !link.starts_with(['?', '#'])) {
            let link = link.replace("&amp;", "&");
            assert!(link.starts_with("/data/weather/"), "{link}");
            // A source that is in use may have nothing of a site; its link is of the page all the same.
            assert_ne!(server.get(&link).await.status, 404, "{link}");
        }
        let script = links.iter().find(|link| link.ends_with("page.js")).unwrap();
        assert!(server.get(script).await.body.contains("root + \"/api/v1/events\""));
    })
    .await;
}

#[tokio::test]
async fn documents_and_edr_name_the_public_address_however_they_are_asked() {
    with_sqlite(async |database| {
        fill(&*database.store, 5).await;
        let server = public(database).await;
        for prefix in ["", "/data/weather"] {
            for document in ["openapi.json", "openapi-3.0.json"] {
                let document = server.get(&format!("{prefix}/api/v1/{document}")).await.json();
                assert_eq!(document["servers"][0]["url"], PUBLIC);
            }
            let docs = server.get(&format!("{prefix}/api/v1/docs")).await.expect(308);
            assert_eq!(docs.header("location"), "/data/weather/api/v1/docs/");
            let script = format!("{prefix}/api/v1/docs/swagger-initializer.js");
            assert!(server.get(&script).await.body.contains("/data/weather/api/v1/openapi.json"));
            for path in ["/edr", "/edr/collections", "/edr/collections/observations/locations"] {
                let answer = server.ask(&format!("{prefix}{path}"), &[("host", "10.0.0.1")]).await;
                let links = quoted(&answer.body, "\"href\":\"").len();
                let of_us = quoted(&answer.body, &format!("\"href\":\"{PUBLIC}/")).len();
                assert!(links > 0 && links == of_us, "{}", answer.body);
            }
        }
        // Without a public address the document is of the server that it is read from.
        let server = Server::start(database).await;
        let document = server.get("/api/v1/openapi.json").await.json();
        assert_eq!(document["servers"][0]["url"], "/");
        server.get("/data/weather/").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn streams_and_events_ask_a_proxy_not_to_collect_them() {
    with_sqlite(async |database| {
        fill(&*database.store, 1500).await;
        let server = Server::start(database).await;
        let long = "/api/v1/sites/site-00000/observations?from=2026-07-01&to=2026-12-01";
        let csv = [("accept", "text/csv")];
        for (path, headers, asks) in [
            (long, &csv[..], "no"),
            ("/api/v1/latest", &csv[..], ""),
            ("/api/v1/sites", &[][..], ""),
        ] {
            let answer = server.ask(path, headers).await.expect(200);
            assert_eq!(answer.header("x-accel-buffering"), asks, "{path}");
        }
        let events = server.open("/api/v1/events").await;
        assert_eq!(events.headers()["x-accel-buffering"], "no");
    })
    .await;
}

const BI: &str = "https://bi.example.com";

#[tokio::test]
async fn only_pages_of_listed_origins_may_read_the_api() {
    with_sqlite(async |database| {
        fill(&*database.store, 2).await;
        let program = Program::new();
        let token = token(&program, "bi");
        let file = std::fs::read_to_string(program.folder.path().join("tokens.jsonl")).unwrap();
        let access = Access::Tokens(Arc::from(access::parse(&file).ok().unwrap()));
        let origins = Origins::parse([BI, "http://localhost:3000"]).unwrap();
        let outside = Outside { origins, ..Outside::default() };
        let server = Server::seen(database, access, outside).await;
        let bearer = format!("Bearer {token}");
        let ask = async |path: &str, origin: &str, token: &str| {
            server.ask(path, &[("origin", origin), ("authorization", token)]).await
        };
        let latest = "/api/v1/latest";
        for (path, token, status) in [
            (latest, &*bearer, 200),
            ("/edr/collections", &*bearer, 200),
            ("/api/v1/sites/nowhere", &*bearer, 404),
            (latest, "Bearer no", 401),
        ] {
            let answer = ask(path, BI, token).await.expect(status);
            assert_eq!(answer.header("access-control-allow-origin"), BI, "{path}");
            let read = answer.header("access-control-expose-headers");
            assert_eq!(read, "etag, retry-after, content-disposition");
            assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            assert!(varies(&answer.headers), "{path}");
        }
        // An origin that is not listed gets its answer, which its browser keeps from the page.
        for (path, origin) in [
            (latest, "https://bi.example.com.evil.example"),
            (latest, "http://bi.example.com"),
            (latest, "null"),
            ("/", BI),
            ("/metrics", BI),
        ] {
            let answer = ask(path, origin, &bearer).await.expect(200);
            assert_eq!(answer.header("access-control-allow-origin"), "", "{path} {origin}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        }
        assert!(varies(&server.ask(latest, &[("authorization", &bearer)]).await.headers));
        let question = [("origin", BI), ("access-control-request-method", "GET")];
        let answer = server.send("OPTIONS", latest, &question).await.expect(204);
        assert_eq!(answer.header("access-control-allow-methods"), "GET, HEAD");
        assert_eq!(answer.header("access-control-allow-headers"), "authorization, if-none-match");
        assert_eq!(answer.header("access-control-allow-origin"), BI);
        let other = [("origin", "https://other.example"), question[1]];
        let answer = server.send("OPTIONS", latest, &other).await.expect(401);
        assert_eq!(answer.header("access-control-allow-methods"), "");
    })
    .await;
}

fn varies(headers: &reqwest::header::HeaderMap) -> bool {
    headers.get_all("vary").iter().any(|value| value.to_str().unwrap().contains("origin"))
}

/// A page of another origin, which has nothing on it.
async fn other_origin() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let page =
        axum::routing::get(async || axum::response::Html("<!doctype html><title>BI</title>"));
    let router = axum::Router::new().route("/", page);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    origin
}

#[tokio::test]
async fn chromium_on_another_origin_reads_the_latest_with_a_token_when_it_is_listed_only() {
    let origin = other_origin().await;
    let program = Program::new().env("DATABASE_URL", "sqlite://weather-demo.db");
    program.run(&["demo"]).expect(0);
    let token = token(&program, "browser");
    let browser = Browser::start().await;
    browser.open(&origin).await;
    for (listed, expected) in [(&*origin, "23"), ("https://bi.example.com", "TypeError")] {
        let arguments = ["--api-tokens-file", "tokens.jsonl", "--cors-origin", listed];
        let server = ServerProcess::start(&program, &arguments);
        let script = format!(
            "const done = arguments[arguments.length - 1];
            fetch('http://{}/api/v1/latest', {{headers: {{Authorization: 'Bearer {token}'}}}})
              .then(async (answer) => [answer.headers.get('etag'), await answer.json()])
              .then(([tag, latest]) => done(tag ? String(latest.observations.length) : 'no tag'))
              .catch((error) => done(error.name));",
            server.address
        );
        let read = browser.wait_for(&script).await;
        assert_eq!(read, Value::from(expected), "{listed}");
    }
}

#[tokio::test]
async fn a_badge_says_how_many_sites_are_fresh_or_how_warm_it_is_there() {
    with_sqlite(async |database| {
        fill(&*database.store, 2).await;
        let server = Server::start(database).await;
        for (path, words) in [
            ("/badge/fresh.svg", "weather: 1 of 3 sites fresh"),
            ("/badge/sites/site-00000.svg", "Site 0: 0.0 °C, 2 min"),
            ("/badge/sites/site-00002.svg", "Site 2: nothing observed"),
        ] {
            let badge = server.get(path).await.expect(200);
            assert_eq!(badge.header("content-type"), "image/svg+xml");
            assert_eq!(badge.header("cross-origin-resource-policy"), "cross-origin");
            assert!(badge.body.contains(&format!("<title>{words}</title>")), "{}", badge.body);
            let tag = badge.header("etag");
            server.ask(path, &[("if-none-match", tag)]).await.expect(304);
        }
        let later = Server::at(database, hour() + TimeDelta::hours(9)).await;
        let badge = later.get("/badge/sites/site-00000.svg").await.expect(200).body;
        assert!(badge.contains("Site 0: nothing fresh, 8 h 55 min"), "{badge}");
        for path in ["/badge/sites/nowhere.svg", "/badge/sites/site-00000", "/badge/other.svg"] {
            let problem = server.get(path).await.expect(404);
            assert_eq!(problem.header("content-type"), "application/problem+json", "{path}");
        }
        server.get("/badge/fresh.svg?a=b").await.expect(400);
    })
    .await;
}

#[tokio::test]
async fn the_badge_of_all_sites_needs_no_token_where_it_is_made_public() {
    with_sqlite(async |database| {
        fill(&*database.store, 2).await;
        let access = || Access::Tokens(Arc::from([]));
        for public_badge in [false, true] {
            let outside = Outside { public_badge, ..Outside::default() };
            let server = Server::seen(database, access(), outside).await;
            let status = if public_badge { 200 } else { 401 };
            server.get("/badge/fresh.svg").await.expect(status);
            for path in ["/badge/sites/site-00000.svg", "/badge/fresh.svg/", "/metrics/weather"] {
                server.get(path).await.expect(401);
            }
        }
    })
    .await;
}

/// What `scripts/read-metrics` reads: name, labels and value of each figure.
async fn figures(server: &Server, query: &str) -> Vec<(String, Value, f64)> {
    let url = format!("http://{}/metrics/weather{query}", server.address);
    let mut script = tokio::process::Command::new(repository_path("scripts/read-metrics"));
    let ran = script.arg(url).output().await.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

async fn prometheus_reads_every_fresh_value_and_none_that_is_not(database: &TestDatabase) {
    let store = &*database.store;
    let run = open_run(store).await;
    let mut named = sites(3);
    named[0].name = "Say \"hey\", \\ you\n".into();
    store.take_in_sites(&named, hour()).await.unwrap();
    let mut few = full_values();
    (few.rain_1h_mm, few.wind_direction_deg) = (None, None);
    let stale = hour() - TimeDelta::hours(3);
    let batch = [
        collected(0, hour(), full_values()),
        collected(1, hour(), few),
        collected(2, stale, full_values()),
    ];
    store.load(&run, &batch, hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let server = Server::start(database).await;
    let all = figures(&server, "").await;
    let of = |name: &str, number: usize| {
        let labels = format!("site-0000{number}");
        let is_it = |(own, of, _): &&(String, Value, f64)| own == name && of["site_id"] == labels;
        all.iter().find(is_it).map(|(_, _, value)| *value)
    };
    let cells = full_values();
    let full = serde_json::to_value(&cells).unwrap();
    for (name, column) in [
        ("weather_temperature_celsius", "temperature_c"),
        ("weather_humidity_percent", "humidity_pct"),
        ("weather_pressure_msl_hectopascals", "pressure_msl_hpa"),
        ("weather_wind_speed_meters_per_second", "wind_speed_ms"),
        ("weather_wind_gust_meters_per_second", "wind_gust_ms"),
        ("weather_wind_direction_degrees", "wind_direction_deg"),
        ("weather_cloud_cover_percent", "cloud_cover_pct"),
        ("weather_visibility_meters", "visibility_m"),
        ("weather_rain_1h_millimeters", "rain_1h_mm"),
        ("weather_snow_1h_millimeters", "snow_1h_mm"),
        ("weather_uv_index", "uv_index"),
    ] {
        assert_eq!(of(name, 0), full[column].as_f64(), "{name}");
        let is_absent = ["rain_1h_mm", "wind_direction_deg"].contains(&column);
        assert_eq!(of(name, 1).is_none(), is_absent, "{name}");
    }
    let seconds = (hour() + TimeDelta::minutes(5)).timestamp();
    #[expect(clippy::cast_precision_loss, reason = "a time of today")]
    let seconds = seconds as f64;
    assert_eq!(of("weather_observation_timestamp_seconds", 0), Some(seconds));
    // A site of which nothing is fresh is known, and has no value.
    let of_stale: Vec<_> = all.iter().filter(|(_, of, _)| of["site_id"] == "site-00002").collect();
    let names: Vec<_> = of_stale.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["weather_site_info"]);
    let info = all.iter().find(|(name, ..)| name == "weather_site_info").unwrap();
    assert_eq!(
        (&info.1["name"], &info.1["country"]),
        (&named[0].name.clone().into(), &"ES".into())
    );
    assert_eq!((&info.1["latitude"], &info.1["longitude"]), (&"-84.75".into(), &"-175".into()));
    let latest =
        VALUES.iter().filter(|value| value.is_latest() && value.quantity.is_some()).count();
    assert_eq!(all.len(), 3 + 2 + 2 * latest - 2);
    for (query, expected) in [
        ("?site=site-00001,site-00000", 2),
        ("?site=site-00001", 1),
        ("?tag=office", 3),
        ("?tag=depot", 0),
        ("?country=PT", 0),
        ("?bbox=-175,-85,-174,-83", 2),
    ] {
        let selected = figures(&server, query).await;
        let is_info = |(name, ..): &&(String, Value, f64)| name == "weather_site_info";
        assert_eq!(selected.iter().filter(is_info).count(), expected, "{query}");
    }
    server.get("/metrics/weather?site=nowhere").await.expect(404);
    server.get("/metrics/weather?bbox=1,2,3").await.expect(400);
}
