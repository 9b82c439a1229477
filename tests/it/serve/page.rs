//! The live page: everything is in the HTML, whatever stands in a name is text, and nothing is inline.

use std::sync::Arc;

use chrono::TimeDelta;
use weather_data_product::domain::RunCounts;
use weather_data_product::domain::run::{StopKind, StopReason};
use weather_data_product::serve::access::{self, Access};
use weather_data_product::store::{Store, StoreSettings};

use super::fill;
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::program::Program;
use crate::support::samples::{collected, full_values, hour, open_run, run_end, site, sites};
use crate::support::server::{Answer, Server};

mod calendar;
mod charts;
mod in_a_browser;
mod judged;
mod live;
mod of_a_site;
mod overview;
mod printed;
mod problems;
mod readers;
mod settings;
mod without_scripts;

on_both_databases!(
    the_overview_has_every_site_with_its_age_its_strip_and_its_trouble,
    a_name_full_of_markup_is_text,
    a_store_with_one_hour_has_no_hole,
    the_runs_page_says_what_each_run_did,
);

const MARKUP: &str = "<script>alert('1')</script> \"O'Hare\" & <b>co</b>";

/// What every page has to be: whole, of this server, without anything inline.
fn check(page: &Answer) {
    check_in(page, "en");
}

/// The same of a page in one of the languages.
fn check_in(page: &Answer, language: &str) {
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'"),
        "{policy}"
    );
    let body = &page.body;
    assert!(body.starts_with("<!doctype html>") && body.trim_end().ends_with("</html>"), "{body}");
    for inline in [" style=", "<style", " onclick=", " onload=", "javascript:", "<script>"] {
        assert!(!body.contains(inline), "{inline}: {body}");
    }
    assert_eq!(body.matches("<main").count(), 1);
    assert!(
        body.contains("href=\"#main\"") && body.contains(&format!("<html lang=\"{language}\""))
    );
}

async fn page(server: &Server, path: &str) -> String {
    let page = server.get(path).await.expect(200);
    check(&page);
    page.body
}

async fn the_overview_has_every_site_with_its_age_its_strip_and_its_trouble(
    database: &TestDatabase,
) {
    fill(&*database.store, 40).await;
    let server = Server::start(database).await;
    let all = page(&server, "/").await;
    let all = all.replace('\u{a0}', " ");
    for text in [
        "headline bad",
        "1 of 3 sites is fresh",
        "more than a tenth of the sites is not fresh",
        "Site 0",
        "2 min",
        "aria-label=\"0.0 °C to 3.9 °C in 48 hours\"",
        "the source does not know the place",
        "3 sites, as of 25 Nov 2026, 08:07 UTC",
        "<path stroke=\"url(#hatch)\" d=\"M80 10h390\"",
    ] {
        assert!(all.contains(text), "{text}: {all}");
    }
    // Trouble stands first, and what fails is found.
    let rows = |body: &str| {
        body.split("<tr id=\"").skip(1).map(|row| row[..12].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rows(&all).last().unwrap(), "s-site-00000");
    let trouble = page(&server, "/?show=trouble").await;
    assert!(!rows(&trouble).contains(&"s-site-00000".to_owned()) && rows(&trouble).len() == 2);
    let named = page(&server, "/?q=SITE-00001&show=all&order=").await;
    assert!(named.contains("1 site, as of") && named.contains("value=\"site-00001\""));
    let sorted = page(&server, "/?sort=site&order=desc").await;
    assert!(sorted.contains("<th scope=\"col\" aria-sort=\"descending\">"), "{sorted}");
    let place = |name: &str| sorted.find(&format!("<bdi>{name}</bdi></a></th>")).unwrap();
    assert!(place("Site 2") < place("Site 1"));
    assert!(page(&server, "/?q=nowhere").await.contains("No site is like that"));
    for sort in ["age", "temperature", "wind", "rain", "humidity", "sky"] {
        page(&server, &format!("/?sort={sort}")).await;
    }
    let wrong = server.get("/?sort=moon").await.expect(400);
    check(&wrong);
    assert!(
        wrong.body.contains("The parameter sort cannot be") && wrong.body.contains("href=\"/\"")
    );
}

async fn a_store_with_one_hour_has_no_hole(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(2), hour()).await.unwrap();
    let run = open_run(store).await;
    let batch = [0, 1].map(|number| collected(number, hour(), full_values()));
    store.load(&run, &batch, hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let body = page(&Server::start(database).await, "/").await;
    assert!(body.contains("2 of 2 sites are fresh.") && body.contains("2 sites, as of"), "{body}");
    assert!(!body.contains("stroke=\"url(#hatch)\""), "{body}");
    // An hour later nothing came: that hour is missing when it is over, and no other.
    let later = Server::at(database, hour() + TimeDelta::minutes(125)).await;
    let body = page(&later, "/").await;
    assert_eq!(body.matches("in 48 hours, 1 hour missing\"").count(), 2, "{body}");
    assert_eq!(body.matches("stroke=\"url(#hatch)\" d=\"M460 10h10\"").count(), 2, "{body}");
}

async fn a_name_full_of_markup_is_text(database: &TestDatabase) {
    let store = &*database.store;
    let run = open_run(store).await;
    let mut named = site(0);
    named.name = MARKUP.into();
    store.take_in_sites(&[named], hour()).await.unwrap();
    store.load(&run, &[collected(0, hour(), full_values())], hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let server = Server::start(database).await;
    for path in ["/", "/sites/site-00000", "/?q=%22%3E%3Cscript%3E1%3C/script%3E"] {
        let body = page(&server, path).await;
        assert!(!body.contains("<b>co") && !body.contains("\"><script>"), "{body}");
    }
    assert!(page(&server, "/").await.contains("&#60;b&#62;co"));
}

async fn the_runs_page_says_what_each_run_did(database: &TestDatabase) {
    let store = &*database.store;
    let empty = Server::start(database).await;
    assert!(page(&empty, "/runs").await.contains("No run yet"));
    for number in 0..60 {
        let run = open_run(store).await;
        let mut end = run_end(RunCounts::default());
        end.counts.failed = 7;
        end.counts.errors.insert(weather_data_product::domain::ErrorKind::Timeout, 7);
        end.counts.latency_mean_ms = 11;
        end.counts.latency_p95_ms = 22;
        end.counts.latency_max_ms = 33;
        end.stop =
            (number == 59).then(|| StopReason { kind: StopKind::Store, message: MARKUP.into() });
        store.close_run(&run, &end).await.unwrap();
    }
    let server = Server::start(database).await;
    let body = page(&server, "/runs").await.replace('\u{a0}', " ");
    for text in [
        "7 × no answer in time",
        "11 / 22 / 33",
        "8 min",
        "partial",
        "/runs?before=11",
        "&#60;b&#62;co",
    ] {
        assert!(body.contains(text), "{text}: {body}");
    }
    let earlier = page(&server, "/runs?before=11").await;
    assert!(earlier.contains("10 earlier runs") && !earlier.contains("/runs?before="));
    let one = page(&server, "/runs/60").await.replace('\u{a0}', " ");
    for text in [
        "Run 60",
        "etl: partial, 8 min.",
        "7 × no answer in time",
        "None: what the run called for last",
    ] {
        assert!(one.contains(text), "{text}: {one}");
    }
    let idle = open_run(store).await;
    let end = weather_data_product::store::RunEnd {
        outcome: weather_data_product::domain::Outcome::Succeeded,
        ..run_end(RunCounts::default())
    };
    store.close_run(&idle, &end).await.unwrap();
    let folded = page(&Server::start(database).await, "/runs").await;
    assert!(folded.contains("a start that found nothing due"), "{folded}");
    let calls = page(&server, "/calls").await;
    let calls = calls.replace('\u{a0}', " ");
    assert!(
        calls.contains("0 used, 0 reserved, 1,000 left of 1,000; ")
            && calls.contains("this day (UTC)"),
        "{calls}"
    );
}

#[tokio::test]
async fn what_cannot_be_shown_is_a_page_with_the_way_back() {
    with_sqlite(async |database| {
        let server = Server::start(database).await;
        let new = page(&server, "/").await;
        assert!(new.contains("What to do next") && new.contains("weather demo --serve"));
        for (path, words) in [
            ("/sites/nowhere", "No site has this name"),
            ("/sites/%3Cscript%3E", "No site has this name"),
            ("/runs?before=x", "The parameter before cannot be"),
        ] {
            let answer = server.ask(path, &[("accept", "text/html")]).await;
            check(&answer);
            assert!(answer.status == 404 || answer.status == 400);
            assert!(
                answer.body.contains(words) && answer.body.contains("Back to"),
                "{}",
                answer.body
            );
        }
        let nothing =
            server.ask("/nothing", &[("accept", "text/html,*/*;q=0.1")]).await.expect(404);
        check(&nothing);
        let api = server.ask("/api/v1/nothing", &[("accept", "text/html")]).await.expect(404);
        assert_eq!(api.header("content-type"), "application/problem+json");
    })
    .await;
}

#[tokio::test]
async fn while_the_store_is_away_the_page_says_so_and_asks_again_by_itself() {
    with_sqlite(async |database| {
        let server = Server::start(database).await;
        database.execute("alter table ingestion_runs rename to elsewhere").await;
        let away = server.get("/").await.expect(503);
        check(&away);
        assert!(away.body.contains("The store cannot be asked at present"));
        assert!(away.body.contains("<meta http-equiv=\"refresh\" content=\"5\">"));
        assert!(away.body.contains("data-retry=\"5\"") && !away.header("retry-after").is_empty());
        database.execute("alter table elsewhere rename to ingestion_runs").await;
        let back = page(&server, "/").await;
        assert!(!back.contains("http-equiv=\"refresh\""));
    })
    .await;
}

#[tokio::test]
async fn style_script_and_picture_come_from_here_and_may_be_kept_for_ever() {
    with_sqlite(async |database| {
        let server = Server::start(database).await;
        let body = page(&server, "/").await;
        let mut paths: Vec<_> =
            body.split('"').filter(|text| text.starts_with("/assets/")).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), 4);
        for path in paths {
            let asset = server.get(path).await.expect(200);
            assert_eq!(asset.header("cache-control"), "private, max-age=31536000, immutable");
            let kind = asset.header("content-type");
            assert!(["text/css", "text/javascript", "image/svg+xml"].contains(&kind));
        }
        server.get("/assets/0-page.js").await.expect(404);
    })
    .await;
}

/// As a browser sends what it was given.
fn basic(password: &str) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    format!("Basic {}", BASE64_STANDARD.encode(format!("me:{password}")))
}

#[tokio::test]
async fn a_browser_is_asked_for_a_token_and_sends_it_as_a_password() {
    with_sqlite(async |database| {
        fill(&*database.store, 2).await;
        let program = Program::new();
        let token = super::access::token(&program, "me");
        let file = std::fs::read_to_string(program.folder.path().join("tokens.jsonl")).unwrap();
        let store = StoreSettings::at(&database.url).open_reader().await.unwrap();
        let access = Access::Tokens(Arc::from(access::parse(&file).ok().unwrap()));
        let server = Server::of(store, access).await;
        let stranger = server.get("/").await.expect(401);
        check(&stranger);
        assert!(stranger.header("www-authenticate").starts_with("Basic realm="));
        assert!(!stranger.body.contains("Site 0"));
        let api = server.get("/api/v1/status").await.expect(401);
        assert_eq!(api.header("www-authenticate"), "Bearer");
        for path in ["/", "/runs", "/sites/site-00000", "/api/v1/status"] {
            server.ask(path, &[("authorization", &basic("weather_wrong"))]).await.expect(401);
            server.ask(path, &[("authorization", &basic(&token))]).await.expect(200);
        }
    })
    .await;
}

/// Sites and an observation of each in every hour of two days.
async fn two_days_of(store: &dyn Store, count: u16) {
    let run = open_run(store).await;
    store.take_in_sites(&sites(count), hour()).await.unwrap();
    for ago in (0..48).rev().filter(|ago| ago % 13 != 5) {
        let slot = hour() - TimeDelta::hours(ago);
        let value = |number: u16| {
            let mut values = full_values();
            let turn = f64::from(u16::try_from(ago).unwrap() + number * 7) / 5.0;
            values.temperature_c = Some(12.0 + turn.sin() * 6.0 + f64::from(number % 10));
            values
        };
        let batch: Vec<_> =
            (0..count).map(|number| collected(number, slot, value(number))).collect();
        store.load(&run, &batch, hour()).await.unwrap();
    }
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}
