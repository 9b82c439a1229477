//! The page of a site: what is missing, healed or stood still, each with its reason; local times.

use chrono::{DateTime, TimeDelta, Utc};
use weather_data_product::domain::{ErrorKind, RunCounts, SlotResult};
use weather_data_product::store::Store;

use super::{check, page};
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::samples::{
    collected, failed, full_values, healed, hour, observed, open_run, run_end, sites, time,
};
use crate::support::server::Server;

on_both_databases!(
    holes_healed_hours_and_a_source_that_stood_still_are_told_with_their_reasons,
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

async fn holes_healed_hours_and_a_source_that_stood_still_are_told_with_their_reasons(
    database: &TestDatabase,
) {
    a_day(&*database.store).await;
    let server = Server::start(database).await;
    let body = page(&server, "/sites/site-00000").await;
    for text in [
        "Europe/Madrid (now CET)",
        // Missing: 12:00 and 13:00 failed, from 17:00 to 20:00 nobody called.
        "2026-11-24 12:00 to 14:00 CET",
        "failed, the source had a fault of its own: city not found",
        "2026-11-24 17:00 to 20:00 CET",
        "never tried: no run called for it",
        "2026-11-24 20:00 to 2026-11-25 01:00 CET",
        "filled later from the history of open-meteo, not collected when it was due",
        "2026-11-25 04:00 to 06:00 CET",
        "the source stood still: it repeated its observation of 2026-11-25 03:05 CET for 3 hours",
        "healed from open-meteo",
        "2026-11-25 09:00 CET: -9.5 °C",
        "(healed)</title>",
        "gusts 9.2 m/s",
        "5.1 (9.2) SW",
    ] {
        let is_there = body.contains(text);
        assert!(is_there, "{text}: {body}");
    }
    // In each of the five charts two bands of each that is missing, one where it stood still.
    assert_eq!(body.matches("<rect class=\"hole\"").count(), 10);
    assert_eq!(body.matches("<rect class=\"frozen\"").count(), 5);
    assert_eq!(body.matches("<circle class=\"healed\"").count(), 25);
    assert_eq!(body.matches("<svg class=\"chart\"").count(), 5);
    for id in ["temperature", "pressure", "wind", "rain", "humidity"] {
        assert!(body.contains(&format!("aria-labelledby=\"c-{id}\"")));
    }
    let week = page(&server, "/sites/site-00000?range=7d").await;
    assert!(week.contains("Each hour of these 7 days"));
    let month = page(&server, "/sites/site-00000?range=30d").await;
    assert!(month.contains("Each local day of these 30 days"));
    assert!(month.contains("2 × the source had a fault of its own") && month.len() < 1 << 20);
    let never = page(&server, "/sites/site-00001").await;
    assert!(never.contains("no source was asked for this site yet"), "{never}");
    for wrong in ["?range=1y", "?source=nobody", "?source=%3Cb%3E", "?x=1"] {
        check(&server.get(&format!("/sites/site-00000{wrong}")).await.expect(400));
    }
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
    assert!(body.contains("2026-03-29 01:00 CET") && body.contains("2026-03-29 03:00 CEST"));
    assert!(!body.contains("2026-03-29 02:00"), "an hour that was not");
    assert!(body.contains("Europe/Madrid (now CEST)"));
    let autumn = Server::at(database, time("2026-10-25T11:10:00Z")).await;
    let body = page(&autumn, "/sites/site-00000").await;
    assert!(body.contains("2026-10-25 02:00 CEST:") && body.contains("2026-10-25 02:00 CET:"));
    let days = page(&autumn, "/sites/site-00000?range=30d").await;
    assert!(days.contains("14 of 14") && days.contains("2026-10-25</th>"), "{days}");
}

#[tokio::test]
async fn what_the_ledger_says_is_text_too() {
    with_sqlite(async |database| {
        let mut slot = failed(0, before(2), ErrorKind::ServerError);
        let words = "<img src=x onerror=alert(1)> \"'";
        slot.outcome =
            weather_data_product::domain::SlotOutcome::failed(ErrorKind::ServerError, words);
        load(&*database.store, &[slot]).await;
        let server = Server::start(database).await;
        for path in ["/sites/site-00000", "/"] {
            let body = page(&server, path).await;
            assert!(!body.contains("<img src=x"), "{body}");
        }
        assert!(page(&server, "/sites/site-00000").await.contains("&#60;img src=x onerror"));
    })
    .await;
}
