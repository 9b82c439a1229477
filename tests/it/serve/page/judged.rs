//! The pages held against what is not their own: tiles and table against the API by pandas and pint, strips and calendar
//! against what `weather gaps` lists, cell by cell.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, DurationRound as _, TimeDelta, TimeZone as _, Utc};
use serde_json::Value;

use super::calendar::{load, shown, ten_sites, thirty_days};
use super::charts::of_list;
use super::in_a_browser::Demo;
use super::page;
use crate::support::databases::{TestDatabase, with_sqlite};
use crate::support::program::{Program, repository_path};
use crate::support::samples::time;
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

/// Thirty days with each change of the clock of five zones, both over: from the eighth of March and from the ninth of
/// October on, in order.
fn seasons() -> [DateTime<Utc>; 2] {
    let latest = |month: u32, day: u32| {
        let of_year = |year: i32| Utc.with_ymd_and_hms(year, month, day, 0, 0, 0).unwrap();
        let is_over = |from: &DateTime<Utc>| *from + TimeDelta::days(40) < Utc::now();
        let this_year = of_year(Utc::now().year());
        Some(this_year).filter(is_over).unwrap_or_else(|| of_year(Utc::now().year() - 1))
    };
    let mut seasons = [latest(3, 8), latest(10, 9)];
    seasons.sort();
    seasons
}

/// What `weather gaps` lists of thirty days and a few around them.
fn listed(database: &TestDatabase, from: DateTime<Utc>) -> String {
    let day = |days: i64| (from + TimeDelta::days(days)).format("%F").to_string();
    let arguments = ["gaps", "--database-url", &database.url, "--output", "json", "--from"];
    let program = Program::new();
    let ran = program.run(&[&arguments[..], &[&day(-3), "--to", &day(33)]].concat());
    ran.expect(0).stdout
}

/// The missing slots of a list, by site.
fn missing(list: &str) -> BTreeMap<String, BTreeSet<DateTime<Utc>>> {
    let mut slots: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for gap in serde_json::from_str::<Vec<Value>>(list).unwrap() {
        let first = time(gap["first_slot"].as_str().unwrap());
        let hours = (0..gap["slots"].as_i64().unwrap()).map(|hour| first + TimeDelta::hours(hour));
        slots.entry(gap["site_id"].as_str().unwrap().to_owned()).or_default().extend(hours);
    }
    slots
}

/// The missing hours of a site's strip that ends with `now`.
fn hatched(body: &str, site_id: &str, now: DateTime<Utc>) -> BTreeSet<DateTime<Utc>> {
    let row = body.split(&format!("<tr id=\"s-{site_id}\"")).nth(1).unwrap();
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

/// Every two days of thirty.
async fn check_strips(database: &TestDatabase, from: DateTime<Utc>, list: &str) -> usize {
    let (missing, mut compared) = (missing(list), 0);
    for hour in (2..15).map(|number| from + TimeDelta::hours(48 * number + 7)) {
        let now = hour + TimeDelta::minutes(7);
        let body = page(&Server::at(database, now).await, "/").await;
        for site in ten_sites() {
            let (id, first) = (site.site_id.as_str(), hour - TimeDelta::hours(47));
            // The present hour is not over: the page waits for its end.
            let expected: BTreeSet<_> = missing[id].range(first..hour).copied().collect();
            assert_eq!(hatched(&body, id, now), expected, "{now} {id}");
            compared += expected.len();
        }
    }
    compared
}

async fn check_calendar(database: &TestDatabase, from: DateTime<Utc>, list: &str) {
    let (first, last) = (from.date_naive(), from.date_naive() + TimeDelta::days(29));
    let server = Server::at(database, Utc::now()).await;
    let body = page(&server, &format!("/gaps?from={first}&to={last}")).await;
    let zones =
        ten_sites().into_iter().map(|site| (site.site_id.as_str().to_owned(), site.timezone));
    let mut expected = of_list(list, &zones.collect());
    expected.retain(|(_, day), _| (first..=last).contains(day));
    assert!(expected.len() > 200, "{}", expected.len());
    assert_eq!(shown(&body), expected);
}

#[tokio::test]
async fn strips_and_calendar_are_cell_by_cell_what_the_command_lists() {
    with_sqlite(async |database| {
        let mut compared = 0;
        for from in seasons() {
            load(&*database.store, &ten_sites(), &thirty_days(from)).await;
        }
        for from in seasons() {
            let list = listed(database, from);
            compared += check_strips(database, from, &list).await;
            check_calendar(database, from, &list).await;
        }
        assert!(compared > 1000, "{compared} missing hours");
    })
    .await;
}
