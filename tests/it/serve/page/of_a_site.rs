//! The page of a site: what is missing, healed or stood still, each with its reason; local times; ranges; what is
//! drawn beside it.

use chrono::{DateTime, TimeDelta, Utc};
use weather_data_product::domain::{ErrorKind, RunCounts, SlotOutcome, SlotResult};
use weather_data_product::store::Store;

use super::{check, check_in, page};
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::samples::{
    collected, failed, full_values, healed, hour, observed, of_source, open_run, run_end, sites,
    time,
};
use crate::support::server::Server;

on_both_databases!(
    holes_healed_hours_and_a_source_that_stood_still_are_shown_with_their_reasons,
    times_are_the_sites_own_on_both_days_of_a_clock_change,
);

async fn load(store: &dyn Store, batch: &[SlotResult]) {
    let run = open_run(store).await;
    store.take_in_sites(&sites(2), batch[0].slot.slot_time).await.unwrap();
    store.load(&run, batch, hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

fn before(hours: i64) -> DateTime<Utc> {
    hour() - TimeDelta::hours(hours)
}

/// A day: 5 hours healed, 2 failed, 3 in which nobody called, 3 with one observation, and the rest.
async fn a_day(store: &dyn Store) {
    let slot = |ago: i64| match ago {
        20..=21 => Some(failed(0, before(ago), ErrorKind::ServerError)),
        14..=16 => None,
        9..=13 => Some(healed("open-meteo", collected(0, before(ago), full_values()))),
        4..=6 => Some(observed(0, before(ago), before(6) + TimeDelta::minutes(5), full_values())),
        _ => Some(collected(0, before(ago), full_values())),
    };
    load(store, &(0..48).rev().filter_map(slot).collect::<Vec<_>>()).await;
}

async fn holes_healed_hours_and_a_source_that_stood_still_are_shown_with_their_reasons(
    database: &TestDatabase,
) {
    a_day(&*database.store).await;
    let server = Server::start(database).await;
    let body = page(&server, "/sites/site-00000").await;
    let plain = body.replace('\u{a0}', " ");
    for text in [
        "Clocks of Europe/Madrid; times are CET",
        // The present, in a sentence.
        "<b class=\"big\">-9.5 °C</b> feels like -12.5 °C, dew point -12.1 °C; moderate rain; \
            wind 19 km/h from SW, gusts 33 km/h; rain 1.3 mm in the last hour",
        "pressure 1,014 hPa, +0.0 in 3 h",
        "25 Nov 2026, 09:05 CET, 2 min ago",
        // Missing: 12:00 and 13:00 failed, from 17:00 to 20:00 nobody called.
        "Tue 24 Nov 12:00 to 14:00 CET",
        "failed: the source had a fault of its own",
        "<summary>In the source’s own words</summary>city not found",
        "Tue 24 Nov 17:00 to 20:00 CET",
        "never tried: no run called for it",
        "Tue 24 Nov 20:00 to Wed 25 Nov 01:00 CET",
        "filled later from the history of open-meteo, not collected when it was due",
        "Wed 25 Nov 04:00 to 06:00 CET",
        "the source stood still: it repeated its observation of 25 Nov 2026, 03:05 CET for 3 hours",
        "healed from open-meteo",
        "19 (33) SW",
        "/api/v1/sites/site-00000/hourly?from=2026-11-24T09%3A00Z&#38;to=2026-11-25T09%3A00Z\
            &#38;source=openweathermap&#38;format=csv",
    ] {
        assert!(plain.contains(text), "{text}: {plain}");
    }
    // Every chart has the bands, and dots at what was healed; near the south pole it is no night now.
    for (kind, count) in [("hole", 5), ("frozen", 5), ("night", 0), ("healed", 5)] {
        assert_eq!(body.matches(&format!("<path class=\"{kind}\"")).count(), count, "{kind}");
    }
    for id in ["temperature", "rain", "wind", "humidity", "pressure"] {
        assert!(body.contains(&format!("aria-labelledby=\"c-{id}\"")), "{id}");
    }
    assert!(!body.contains("c-coverage") && body.matches("<svg class=\"arrow\"").count() > 5);
    let week = page(&server, "/sites/site-00000?range=7d").await;
    assert_eq!(week.matches("<details class=\"day\"").count(), 3);
    let month = page(&server, "/sites/site-00000?range=30d").await.replace('\u{a0}', " ");
    assert!(month.contains("2 × the source had a fault of its own") && month.len() < 1 << 20);
    assert!(month.contains("<path class=\"band\"") && month.contains("c-coverage"));
    assert!(!month.contains("<path class=\"night\"") && month.contains("/daily?from=2026-10-27"));
    let year = page(&server, "/sites/site-00000?range=1y").await;
    assert!(year.contains("25 of 25") || year.contains("10 of 10"), "{year}");
    let june = page(&server, "/sites/site-00000?from=2026-06-20&to=2026-06-21").await;
    assert!(
        !june.contains("<svg class=\"chart\"") && june.contains("There is no value in this time.")
    );
    let never = page(&server, "/sites/site-00001").await;
    assert!(never.contains("No source was asked for this site yet"), "{never}");
    assert!(!never.contains("<svg class=\"chart\""), "an axis that is made up");
}

async fn times_are_the_sites_own_on_both_days_of_a_clock_change(database: &TestDatabase) {
    let hours = |from: &str| {
        let from = time(from);
        (0..24).map(move |hour| collected(0, from + TimeDelta::hours(hour), full_values()))
    };
    let batch: Vec<_> =
        hours("2026-03-28T12:00:00Z").chain(hours("2026-10-24T12:00:00Z")).collect();
    load(&*database.store, &batch).await;
    let spring = Server::at(database, time("2026-03-29T11:10:00Z")).await;
    let body = page(&spring, "/sites/site-00000").await;
    assert!(body.contains(">01:00 CET<") && body.contains(">03:00 CEST<"), "{body}");
    assert!(!body.contains(">02:00 CE"), "an hour that was not");
    assert!(body.contains("times are CEST"));
    let autumn = Server::at(database, time("2026-10-25T11:10:00Z")).await;
    let body = page(&autumn, "/sites/site-00000").await;
    assert!(body.contains(">02:00 CEST<") && body.contains(">02:00 CET<"));
    let days = page(&autumn, "/sites/site-00000?range=30d").await;
    assert!(days.contains("14 of 14") && days.contains("Sun 25 Oct</a></th>"), "{days}");
    let utc = page(&autumn, "/sites/site-00000?times=utc&units=imperial").await;
    assert!(utc.contains(">11:00 UTC<") && utc.contains("15.0\u{a0}°F"), "{utc}");
}

#[tokio::test]
async fn what_cannot_be_shown_is_a_problem_in_the_readers_language() {
    with_sqlite(async |database| {
        a_day(&*database.store).await;
        let server = Server::start(database).await;
        for (wrong, status, name) in [
            ("range=1w", 400, "range"),
            ("range=24h&from=2026-11-24", 400, "range"),
            ("from=2026-11-25&to=2026-11-24", 400, "to"),
            ("from=2024-01-01&to=2026-01-01", 400, "to"),
            ("to=2026-11-24", 400, "from"),
            ("from=yesterday", 400, "from"),
            ("source=nobody", 400, "source"),
            ("source=%3Cb%3E", 400, "source"),
            ("with=nobody", 400, "with"),
            ("with=source:nobody", 400, "with"),
            ("with=site:nope", 404, ""),
            ("x=1", 400, "x"),
        ] {
            for (lang, words) in [("en", "The parameter"), ("es", "El parámetro")] {
                let path = format!("/sites/site-00000?lang={lang}&{wrong}");
                let page = server.get(&path).await.expect(status);
                check_in(&page, lang);
                let names = page.body.contains(&format!(" {name} ")) && page.body.contains(words);
                assert!(status == 404 || names || name == "x", "{path}: {}", page.body);
            }
        }
        check(&server.get("/sites/nope").await.expect(404));
    })
    .await;
}

#[tokio::test]
async fn another_source_and_another_site_are_drawn_beside_it_with_their_difference() {
    with_sqlite(async |database| {
        let mut warmer = full_values();
        warmer.temperature_c = warmer.temperature_c.map(|value| value + 2.0);
        let hours = (0..24).rev().flat_map(|ago| {
            let own = collected(0, before(ago), full_values());
            let second = of_source("open-meteo", collected(0, before(ago), warmer.clone()));
            let other = (ago < 10).then(|| collected(1, before(ago), full_values()));
            [Some(own), Some(second), other].into_iter().flatten()
        });
        load(&*database.store, &hours.collect::<Vec<_>>()).await;
        let server = Server::start(database).await;
        let beside = page(&server, "/sites/site-00000?with=source:open-meteo").await;
        let plain = beside.replace('\u{a0}', " ");
        assert!(
            plain.contains("−2.0 °C on the mean against open-meteo, over 24 common hours"),
            "{plain}"
        );
        assert_eq!(
            beside.matches("<path class=\"beside\"").count(),
            6,
            "five charts and their key"
        );
        let other = page(&server, "/sites/site-00000?with=site:site-00001&units=imperial").await;
        let plain = other.replace('\u{a0}', " ");
        assert!(
            plain.contains("+0.0 °F on the mean against Site 1, over 10 common hours"),
            "{plain}"
        );
        assert!(beside.contains("id=\"source-open-meteo\"") && beside.contains("id=\"alone\""));
    })
    .await;
}

#[tokio::test]
async fn what_the_ledger_says_is_text_and_not_all_of_it() {
    with_sqlite(async |database| {
        let mut slot = failed(0, before(2), ErrorKind::ServerError);
        let words = format!("<img src=x onerror=alert(1)> \"'{}", "page ".repeat(60));
        slot.outcome = SlotOutcome::failed(ErrorKind::ServerError, &words);
        load(&*database.store, &[slot]).await;
        let server = Server::start(database).await;
        for path in ["/sites/site-00000", "/", "/gaps", "/gaps/site-00000/2026-11-25", "/runs/1"] {
            let body = page(&server, path).await;
            assert!(!body.contains("<img src=x"), "{path}: {body}");
        }
        for path in ["/sites/site-00000", "/gaps/site-00000/2026-11-25", "/runs/1"] {
            let body = page(&server, path).await;
            assert!(body.contains("&#60;img src=x onerror"), "{path}: {body}");
            assert!(body.contains('…') && !body.contains(&"page ".repeat(50)), "{path}");
        }
    })
    .await;
}
