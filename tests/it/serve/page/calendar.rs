//! The calendar of gaps and its cells: what they show is what `weather gaps` lists, day by day; each cell says why,
//! and what fills it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use weather_data_product::domain::{Days, ErrorKind, RunCounts, Site, SlotResult};
use weather_data_product::store::{Store, StoreError};
use weather_data_product::views::gaps::{self, Selection};

use super::{check, check_in, page};
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::samples::{
    collected, failed, full_values, hour, open_run, run_end, site, sites, time,
};
use crate::support::server::Server;

on_both_databases!(
    the_calendar_is_what_the_list_of_gaps_comes_to_on_both_changes_of_the_clock,
    a_cell_says_why_which_runs_and_what_fills_it,
);

const ZONES: [Tz; 5] = [
    Tz::Europe__Madrid,
    Tz::America__New_York,
    Tz::Asia__Kolkata,
    Tz::Pacific__Auckland,
    Tz::Pacific__Chatham,
];

/// Ten sites by the clocks of five zones.
pub(super) fn ten_sites() -> Vec<Site> {
    let of_zone =
        |number: u16| Site { timezone: ZONES[usize::from(number) % ZONES.len()], ..site(number) };
    (0..10).map(of_zone).collect()
}

pub(super) async fn load(store: &dyn Store, sites: &[Site], batch: &[SlotResult]) {
    let run = open_run(store).await;
    store.take_in_sites(sites, batch[0].slot.slot_time).await.unwrap();
    for some in batch.chunks(500) {
        store.load(&run, some, hour()).await.unwrap();
    }
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

/// Thirty days of hours from one time on: some failed, some were never called for.
pub(super) fn thirty_days(from: DateTime<Utc>) -> Vec<SlotResult> {
    let slot = |hour: i64, number: u16| {
        let time = from + TimeDelta::hours(hour);
        match (hour + i64::from(number) * 5) % 37 {
            0..3 => None,
            3 => Some(failed(number, time, ErrorKind::Timeout)),
            4 => Some(failed(number, time, ErrorKind::OutOfRange)),
            _ => Some(collected(number, time, full_values())),
        }
    };
    (0..30 * 24).flat_map(|hour| (0..10).filter_map(move |number| slot(hour, number))).collect()
}

/// Missing slots by site and local day, as the list of gaps has them.
async fn listed(database: &TestDatabase, now: DateTime<Utc>) -> BTreeMap<(String, NaiveDate), u32> {
    let lives = database.reads.list_lives().await.unwrap();
    let selection = Selection { source: None, days: Days::ALL, now };
    let mut days: BTreeMap<(String, NaiveDate), u32> = BTreeMap::new();
    let each = |found: gaps::SiteGap| {
        let zone =
            lives.iter().find(|life| life.site_id.as_str() == found.site_id).unwrap().timezone;
        let mut slot = found.gap.first_slot;
        while slot <= found.gap.last_slot {
            let day = slot.with_timezone(&zone).date_naive();
            *days.entry((found.site_id.clone(), day)).or_default() += 1;
            slot += found.gap.interval.span();
        }
        Ok::<_, StoreError>(())
    };
    gaps::list(&database.reads, &lives, selection, each).await.unwrap();
    days
}

/// The same as the page has them: of each cell its site, its day, and the first number of its words.
pub(super) fn shown(body: &str) -> BTreeMap<(String, NaiveDate), u32> {
    let cell = |link: &str| {
        let (path, words) = link.split_once("\"><title>")?;
        let (site_id, day) = path.split_once('/')?;
        let words = words.split("</title>").next()?;
        let number = words.rsplit(": ").nth(1)?.split(' ').next()?;
        Some(((site_id.to_owned(), day.parse().ok()?), number.parse().ok()?))
    };
    body.split("<a href=\"/gaps/").skip(1).filter_map(cell).collect()
}

async fn the_calendar_is_what_the_list_of_gaps_comes_to_on_both_changes_of_the_clock(
    database: &TestDatabase,
) {
    let (spring, autumn) = (time("2026-03-05T00:00:00Z"), time("2026-10-10T00:00:00Z"));
    load(&*database.store, &ten_sites(), &thirty_days(spring)).await;
    for (from, days) in
        [(spring, "from=2026-03-01&to=2026-04-03"), (autumn, "from=2026-10-08&to=2026-11-09")]
    {
        let now = from + TimeDelta::days(30) - TimeDelta::minutes(1);
        if from == autumn {
            load(&*database.store, &ten_sites(), &thirty_days(autumn)).await;
        }
        let server = Server::at(database, now).await;
        let body = page(&server, &format!("/gaps?{days}")).await;
        let (_, days) = days.split_once('=').unwrap();
        let (first, last) = days.split_once("&to=").unwrap();
        let (first, last): (NaiveDate, NaiveDate) = (first.parse().unwrap(), last.parse().unwrap());
        let mut expected = listed(database, now).await;
        expected.retain(|(_, day), _| (first..=last).contains(day));
        assert!(expected.len() > 200);
        assert_eq!(shown(&body), expected, "{first}");
    }
}

async fn a_cell_says_why_which_runs_and_what_fills_it(database: &TestDatabase) {
    let before = |ago: i64| hour() - TimeDelta::hours(ago);
    let slot = |ago: i64| match ago {
        2 => Some(failed(0, before(ago), ErrorKind::Timeout)),
        3 => Some(failed(0, before(ago), ErrorKind::NotFound)),
        4..=5 => None,
        _ => Some(collected(0, before(ago), full_values())),
    };
    load(&*database.store, &sites(2), &(0..48).rev().filter_map(slot).collect::<Vec<_>>()).await;
    let server = Server::start(database).await;
    let body = page(&server, "/gaps/site-00000/2026-11-25").await;
    let command = "<code>weather heal --site site-00000 --from 2026-11-24 --to 2026-11-25</code>";
    for text in [
        "Site 0, 25 Nov 2026",
        "4 of 10 slots missing",
        "Wed 25 Nov 04:00 to 06:00 CET",
        "never tried: no run called for it",
        "failed: the source does not know the place",
        "Correct the site in the sites file first",
        "failed: no answer in time",
        "href=\"/runs/1\"",
        command,
    ] {
        assert!(body.contains(text), "{text}: {body}");
    }
    assert_eq!(body.matches(command).count(), 3);
    let whole = page(&server, "/gaps/site-00000/2026-11-24").await;
    assert!(whole.contains("Nothing is missing: all 24 slots were collected."), "{whole}");
    let nothing = page(&server, "/gaps/site-00000/2026-11-01").await;
    assert!(nothing.contains("Nothing was expected on this day."));
    let spanish = server.get("/gaps/site-00000/2026-11-25?lang=es").await.expect(200);
    check_in(&spanish, "es");
    assert!(spanish.body.contains("sin intentar: ninguna ejecución la pidió"), "{}", spanish.body);
    let calendar = page(&server, "/gaps?reason=failed").await;
    let words =
        "Site 0, 25 Nov: 2 of 10 missing: the source does not know the place, no answer in time";
    let other =
        "Site 0, 25 Nov: 2 of 10 missing: no answer in time, the source does not know the place";
    assert!(calendar.contains(words) || calendar.contains(other), "{calendar}");
    assert!(page(&server, "/gaps").await.contains("Site 0, 25 Nov: 4 of 10 missing:"));
    assert!(page(&server, "/gaps?q=nowhere").await.contains("No site is like that."));
}

#[tokio::test]
async fn what_makes_no_calendar_is_a_problem_that_names_it() {
    with_sqlite(async |database| {
        let new = Server::start(database).await;
        assert!(page(&new, "/gaps").await.contains("There is nothing to show yet."));
        load(&*database.store, &sites(60), &[collected(0, hour(), full_values())]).await;
        let server = Server::start(database).await;
        for wrong in [
            "from=2026-11-25&to=2026-11-24",
            "from=2026-01-01&to=2026-11-24",
            "from=now",
            "reason=laziness",
            "page=3",
            "page=0",
            "country=Spain",
            "range=7d",
        ] {
            for lang in ["en", "es"] {
                check_in(
                    &server.get(&format!("/gaps?lang={lang}&{wrong}")).await.expect(400),
                    lang,
                );
            }
        }
        for wrong in [
            "/gaps/nowhere/2026-11-25",
            "/gaps/site-00000/today",
            "/gaps/%ff/2026-11-25",
            "/runs/none",
        ] {
            check(&server.get(wrong).await.expect(404));
        }
        check(&server.get("/gaps/site-00000/2026-11-25?source=nobody").await.expect(400));
        for far in ["0001-01-01", "9999-12-31"] {
            page(&server, &format!("/gaps/site-00000/{far}")).await;
            page(&server, &format!("/gaps?from={far}&to={far}")).await;
        }
        let second = page(&server, "/gaps?page=2&tag=office").await;
        assert_eq!(second.matches("<tr id=\"g-").count(), 10);
        assert!(second.contains("page=1") && !second.contains("page=3"), "{second}");
    })
    .await;
}

/// The most that a calendar can have: each day of each site lacks something, for two reasons.
#[tokio::test]
async fn fifty_sites_and_ninety_two_days_that_all_lack_something_are_short() {
    with_sqlite(async |database| {
        let first = hour() - TimeDelta::days(94);
        let slots = (0..94 * 4).flat_map(|number| {
            let time = first + TimeDelta::hours(6 * number) - TimeDelta::hours(2);
            (0..50).filter_map(move |site| match (number + i64::from(site)) % 4 {
                0 => Some(failed(site, time, ErrorKind::Timeout)),
                1 if number % 3 > 0 => None,
                _ => Some(collected(site, time, full_values())),
            })
        });
        let mut all = sites(50);
        all.iter_mut().for_each(|site| {
            site.interval = weather_data_product::domain::Interval::parse(360).unwrap();
        });
        load(&*database.store, &all, &slots.collect::<Vec<_>>()).await;
        let server = Server::start(database).await;
        let path = "/gaps?from=2026-08-25&to=2026-11-24";
        let body = page(&server, path).await;
        assert_eq!(shown(&body).len(), 50 * 92);
        let (status, length) = server.compressed(path).await;
        let elements = super::overview::elements(&body);
        println!("{} bytes of HTML, {length} compressed, {elements} elements", body.len());
        // A link, its words and its colour for each cell: fewer elements could not say them.
        assert!(elements < 3 * 50 * 92 + 1000, "{elements} elements");
        assert!(status == 200 && length <= 50_000, "{length} bytes");
    })
    .await;
}
