//! The overview held against what is not its own: tiles and table against the API by pandas and pint, strips against
//! the gaps, hour by hour.

use std::collections::BTreeSet;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use weather_data_product::domain::RunCounts;

use super::in_a_browser::Demo;
use super::page;
use crate::support::databases::with_sqlite;
use crate::support::program::repository_path;
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites, time};
use crate::support::server::Server;

#[tokio::test]
async fn tiles_and_table_are_those_of_the_api_in_both_systems_of_units() {
    let demo = Demo::still();
    let mut script = tokio::process::Command::new(repository_path("scripts/check-overview"));
    let ran = script.arg(&demo.url).output().await.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8(ran.stdout).unwrap();
    let compared: u32 = said.split(' ').next().unwrap().parse().unwrap();
    assert!(compared >= 2 * (24 * 4 + 4), "{said}");
}

/// The times that are collected: thirty days up to the tests' hour, and those around both changes of the clock.
fn stretches() -> [(DateTime<Utc>, DateTime<Utc>); 3] {
    [
        (time("2026-03-27T00:00:00Z"), time("2026-03-31T00:00:00Z")),
        (time("2026-10-23T00:00:00Z"), time("2026-10-27T00:00:00Z")),
        (hour() - TimeDelta::days(30), hour() + TimeDelta::hours(1)),
    ]
}

fn hours((from, to): (DateTime<Utc>, DateTime<Utc>)) -> impl Iterator<Item = DateTime<Utc>> {
    (0..(to - from).num_hours()).map(move |hour| from + TimeDelta::hours(hour))
}

/// Whether the slot of a site is collected: now and then one is not, and some nights none is.
fn is_there(site: u16, slot: DateTime<Utc>) -> bool {
    let number = slot.timestamp() / 3600 * 31 + i64::from(site) * 17;
    number % 23 > 1 && number / 7 % 41 > 0
}

/// The missing hours of a site's strip that ends with `now`.
fn hatched(body: &str, site: u16, now: DateTime<Utc>) -> BTreeSet<DateTime<Utc>> {
    let row = body.split(&format!("<tr id=\"s-site-{site:05}\"")).nth(1).unwrap();
    let row = row.split("</tr>").next().unwrap();
    let path = row.split("<path stroke=\"url(#hatch)\" d=\"").nth(1).unwrap_or_default();
    let first = now.duration_trunc(TimeDelta::hours(1)).unwrap() - TimeDelta::hours(47);
    let mut hours = BTreeSet::new();
    for part in path.split('"').next().unwrap().split('M').skip(1) {
        let (start, rest) = part.split_once(" 10h").unwrap();
        let (start, length): (i64, i64) = (start.parse().unwrap(), rest.parse().unwrap());
        let of = |tenth: i64| first + TimeDelta::hours(tenth / 10);
        hours.extend((start..start + length).step_by(10).map(of));
    }
    hours
}

#[tokio::test]
async fn every_hatched_hour_of_a_strip_is_a_gap_and_every_gap_is_hatched() {
    const SITES: u16 = 10;
    with_sqlite(async |database| {
        let store = &*database.store;
        store.take_in_sites(&sites(SITES), hour()).await.unwrap();
        let run = open_run(store).await;
        for slots in stretches().into_iter().map(|stretch| hours(stretch).collect::<Vec<_>>()) {
            for some in slots.chunks(24) {
                let there = |slot: &DateTime<Utc>| {
                    let slot = *slot;
                    let sites = (0..SITES).filter(move |site| is_there(*site, slot));
                    sites.map(move |site| collected(site, slot, full_values()))
                };
                let batch: Vec<_> = some.iter().flat_map(there).collect();
                store.load(&run, &batch, hour()).await.unwrap();
            }
        }
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        let windows = (0..15).map(|number| hour() - TimeDelta::days(2 * number));
        let changes = ["2026-03-30T08:00:00Z", "2026-10-26T08:00:00Z"].map(time);
        let mut compared = 0;
        for window in windows.chain(changes) {
            let now = window + TimeDelta::minutes(7);
            let server = Server::at(database, now).await;
            let body = page(&server, "/").await;
            let from = (now - TimeDelta::days(3)).format("%F");
            let gaps = format!("/api/v1/gaps?from={from}&to={}&limit=1000", now.format("%F"));
            let gaps = server.get(&gaps).await.expect(200).json();
            for site in 0..SITES {
                let hatched = hatched(&body, site, now);
                let first = window - TimeDelta::hours(47);
                let missing: BTreeSet<_> = gaps["gaps"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|gap| gap["site_id"] == format!("site-{site:05}"))
                    .flat_map(|gap| {
                        let at = |name: &str| time(gap[name].as_str().unwrap());
                        hours((at("first_slot"), at("last_slot") + TimeDelta::hours(1)))
                    })
                    // The present hour is not over: the page waits for its end.
                    .filter(|slot| (first..window).contains(slot))
                    .collect();
                compared += missing.len();
                assert_eq!(hatched, missing, "{now} site {site}");
            }
        }
        assert!(compared > 500, "{compared} missing hours");
    })
    .await;
}
