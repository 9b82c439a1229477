//! What is newest, first and last, whatever times a source has said, and however long it is failing.

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use weather_data_product::columnar::Row;
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::source_time::last_believed;
use weather_data_product::domain::tables::WEATHER_OBSERVATIONS;
use weather_data_product::domain::{Days, ErrorKind};
use weather_data_product::store::{Rows, SiteState};

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::samples::{
    SOURCE, collected, failed, full_values, hour, observed, of_source, open_run, sites, time,
};

on_both_databases!(
    a_failure_is_told_from_its_first_slot_however_long_ago,
    rows_of_the_last_day_that_a_store_can_hold_are_read,
    what_is_of_a_time_to_come_is_newest_nowhere,
);

fn at(hours: i64) -> DateTime<Utc> {
    hour() + TimeDelta::hours(hours)
}

fn cold() -> Values {
    Values { temperature_c: Some(-1.5), ..full_values() }
}

async fn keys(database: &TestDatabase, rows: Rows) -> Vec<(String, DateTime<Utc>)> {
    let batches = database.reads.read_rows(&WEATHER_OBSERVATIONS, &rows);
    let batches: Vec<_> = batches.try_collect().await.unwrap();
    let rows = batches.iter().flat_map(|batch| Row::all(&WEATHER_OBSERVATIONS, batch));
    let key = |row: Row<'_>| {
        (row.text("site_id").unwrap().to_owned(), row.time("observation_time").unwrap())
    };
    rows.map(key).collect()
}

/// The times that a source has said by mistake: three years and three hours ahead, the last minute of
/// all, and a second more than a clock may be ahead.
fn times_to_come() -> [DateTime<Utc>; 4] {
    let a_little = last_believed(hour()) + TimeDelta::seconds(1);
    [at(3 * 365 * 24), at(3), time("9999-12-31T23:59:00Z"), a_little]
}

async fn what_is_of_a_time_to_come_is_newest_nowhere(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(3), at(-9)).await.unwrap();
    let run = open_run(store).await;
    let mut batch = vec![
        observed(0, at(-5), at(-5), cold()),
        observed(1, at(-1), last_believed(hour()), cold()),
        observed(2, at(0), at(3), cold()),
    ];
    let ahead = (-4..0).zip(times_to_come());
    batch.extend(ahead.map(|(hours, time)| observed(0, at(hours), time, full_values())));
    batch.push(of_source("open-meteo", observed(0, at(-1), at(-2), cold())));
    store.load(&run, &batch, hour()).await.unwrap();
    let until = last_believed(hour());

    let states = database.reads.list_site_states(SOURCE, (at(-24), until)).await.unwrap();
    let newest: Vec<_> = states.iter().map(|state| state.last_observation_time).collect();
    assert_eq!(newest, [Some(at(-5)), Some(until), None]);
    let ages: Vec<_> = states.iter().map(|state| state.age(hour())).collect();
    assert_eq!(ages, [Some(TimeDelta::hours(5)), Some(TimeDelta::zero()), None]);
    assert_eq!(states.iter().map(|state| state.slots_collected).collect::<Vec<_>>(), [5, 1, 1]);
    assert!(!states[0].is_fresh(hour()) && states[1].is_fresh(hour()));

    assert_eq!(database.reads.newest_observation_time(until).await.unwrap(), Some(until));
    assert_eq!(database.reads.newest_observation_time(at(-3)).await.unwrap(), Some(at(-5)));
    assert_eq!(database.reads.newest_observation_time(at(-6)).await.unwrap(), None);

    let spans = database.reads.list_observed_spans(SOURCE, until).await.unwrap();
    let spans: Vec<_> = spans.iter().map(|span| (span.first_time, span.last_time)).collect();
    let both = |time| (Some(time), Some(time));
    assert_eq!(spans, [both(at(-5)), both(until), (None, None)]);

    let of = (&["site-00000", "site-00001", "site-00002"][..], &[SOURCE][..]);
    let own = database.reads.list_temperatures(of, (at(-24), until)).await.unwrap();
    let own = own.iter();
    let known: Vec<_> = own.clone().map(|row| row.temperature_c.is_some()).collect();
    assert_eq!(known, [true, false, false, false, false, true, false], "by site and slot");
    assert_eq!(own.map(|row| row.slot_time).min(), Some(at(-5)));

    let own = ("site-00000".to_owned(), at(-5));
    let other = ("site-00000".to_owned(), at(-2));
    let second = ("site-00001".to_owned(), until);
    let latest = |site_id| keys(database, Rows::Latest { site_id, until });
    assert_eq!(latest(None).await, [other.clone(), own.clone(), second.clone()]);
    let newest = database.reads.list_newest_observations(None, until).await.unwrap();
    assert!(newest.iter().all(|newest| newest.values == cold()), "{newest:?}");
    let newest = newest.into_iter().map(|newest| (newest.site_id, newest.observation_time));
    assert_eq!(newest.collect::<Vec<_>>(), [other.clone(), own.clone(), second.clone()]);
    assert_eq!(latest(Some("site-00000".into())).await, [other, own]);
    assert_eq!(latest(Some("site-00001".into())).await, [second]);
    assert_eq!(latest(Some("site-00002".into())).await, []);
}

/// Of more sites than are looked for at once.
const SITES: u16 = 60;

async fn a_failure_is_told_from_its_first_slot_however_long_ago(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(SITES), at(-3000)).await.unwrap();
    let run = open_run(store).await;
    let fails = |number: u16, hours: std::ops::RangeInclusive<i64>| {
        hours.map(move |hours| failed(number, at(hours), ErrorKind::Timeout))
    };
    let good = |number: u16, hours: i64| collected(number, at(hours), full_values());
    // The source repeats what it said long ago.
    let old = |number: u16, hours: i64, of: i64| observed(number, at(hours), at(of), full_values());
    let mut batch = Vec::new();
    // Since a day and a half and more, each another hour; not of before it last answered.
    for number in 0..i64::from(SITES) {
        let site = u16::try_from(number).unwrap();
        if number >= 10 {
            batch.extend(fails(site, -200..=-190).chain([good(site, -100)]));
            batch.extend(fails(site, (-36 - number)..=0));
        }
    }
    // Never answered; answers again; fails since it was tried last, long ago.
    batch.extend(fails(0, -50..=0));
    batch.extend(fails(1, -50..=-1).chain([good(1, 0)]));
    batch.extend([good(2, -2000)].into_iter().chain(fails(2, -1999..=-1990)));
    // Within the look-back: after what was collected, though the observation is old.
    batch.extend(fails(3, -50..=-10));
    batch.extend([old(3, -9, -90)].into_iter().chain(fails(3, -8..=0)));
    // Beyond what is looked through: at least the latest.
    batch.extend([old(4, -900, -1700)].into_iter().chain(fails(4, -899..=-890)));
    // Healed or given up: nothing is failing.
    batch.extend(fails(5, -9..=-1).chain([good(5, 0)]));
    for some in batch.chunks(500) {
        store.load(&run, some, hour()).await.unwrap();
    }
    let states =
        database.reads.list_site_states(SOURCE, (at(-24), last_believed(hour()))).await.unwrap();
    let since = |state: &SiteState| state.failing_since.map(|since| (since - hour()).num_hours());
    let since: Vec<_> = states.iter().map(since).collect();
    let mut expected = vec![Some(-50), None, Some(-1999), Some(-8), Some(-890), None];
    expected.extend([None; 4]);
    expected.extend((10..i64::from(SITES)).map(|number| Some(-36 - number)));
    assert_eq!(since, expected);
    assert_eq!(states[0].first_slot, Some(at(-50)));
    assert_eq!(states[6].first_slot, None);
    assert_eq!(states[2].error_kind.as_deref(), Some("timeout"));
    assert_eq!(states[5].error_kind, None);
}

async fn rows_of_the_last_day_that_a_store_can_hold_are_read(database: &TestDatabase) {
    let store = &*database.store;
    let run = open_run(store).await;
    let (last, before) = (time("9999-12-31T23:59:59Z"), time("9999-12-30T23:59:00Z"));
    let batch = [
        observed(0, at(0), last, full_values()),
        observed(0, at(1), before, full_values()),
        collected(0, at(2), full_values()),
    ];
    store.load(&run, &batch, hour()).await.unwrap();
    let of = |days: Days| async move {
        let keys = keys(database, Rows::Of(days)).await;
        keys.into_iter().map(|(_, time)| time).collect::<Vec<_>>()
    };
    let day = |time: DateTime<Utc>| Some(time.date_naive());
    assert_eq!(of(Days::of(day(last))).await, [last]);
    assert_eq!(of(Days::of(day(before))).await, [before]);
    assert_eq!(of(Days { from: day(before), to: day(last) }).await.len(), 2);
    assert_eq!(of(Days { from: None, to: day(last) }).await.len(), 3);
}
