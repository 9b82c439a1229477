//! Days and hours, computed from literal slots.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::days::Tally;
use super::*;
use crate::domain::{Coordinates, Interval, Locality, SiteId, Spans, TakenIn, Values};
use crate::store::{FilledSlot, LedgerSlot};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A site that was always there, with slots of so many minutes.
fn life(timezone: Tz, minutes: u32) -> Life {
    let interval = Interval::parse(minutes).unwrap();
    Life {
        site_id: SiteId::parse("a").unwrap(),
        timezone,
        active_from: Some(date("2025-01-01")),
        active_until: None,
        spans: Spans::default().taken_in(TakenIn {
            interval,
            locality: locality(timezone),
            last_collected: None,
            now: time("2025-01-01T00:00:00Z"),
        }),
    }
}

fn locality(timezone: Tz) -> Locality {
    let coordinates = Coordinates::parse(1.0, 2.0).unwrap();
    Locality { coordinates, timezone, country: None, elevation_m: None }
}

/// A slot that an observation of that time fills, and its rain.
fn filled(slot: &str, observation: &str, rain_1h_mm: f64) -> FilledSlot {
    FilledSlot {
        slot: ledger(slot, "collected", None),
        value_source: Some("openweathermap".into()),
        observation_time: Some(time(observation)),
        values: Values {
            temperature_c: Some(10.0),
            rain_1h_mm: Some(rain_1h_mm),
            ..Values::default()
        },
        ..FilledSlot::default()
    }
}

fn failed(slot: &str, kind: &str) -> FilledSlot {
    FilledSlot { slot: ledger(slot, "failed", Some(kind)), ..FilledSlot::default() }
}

fn ledger(slot: &str, status: &str, kind: Option<&str>) -> LedgerSlot {
    let error_kind = kind.map(str::to_owned);
    LedgerSlot { slot_time: time(slot), status: status.into(), error_kind, error_message: None }
}

/// What the slots come to on the days from one to another.
fn rolled_up(
    life: &Life,
    (from, to): (&str, &str),
    slots: impl IntoIterator<Item = FilledSlot>,
) -> BTreeMap<NaiveDate, Tally> {
    let days = (date(from), date(to));
    let (first, after) = around(days);
    let expected = life.slots(None, first, after - TimeDelta::seconds(1));
    let mut rollup = Rollup::new(life, days, expected, BTreeSet::new());
    slots.into_iter().for_each(|slot| rollup.push(slot));
    rollup.finish()
}

fn one(life: &Life, day: &str, slots: impl IntoIterator<Item = FilledSlot>) -> Tally {
    let mut days = rolled_up(life, (day, day), slots);
    assert_eq!(days.len(), 1);
    days.pop_first().unwrap().1
}

#[test]
fn a_day_has_as_many_slots_as_its_clocks_show_hours() {
    use Tz::{Australia__Lord_Howe as LordHowe, Europe__Madrid as Madrid};
    for (timezone, minutes, day, slots) in [
        (Madrid, 60, "2025-03-29", 24),
        (Madrid, 60, "2025-03-30", 23),
        (Madrid, 60, "2025-10-26", 25),
        (Madrid, 180, "2025-10-26", 8),
        // By half an hour: of 23:30 and of 24:30 hours.
        (LordHowe, 30, "2025-10-05", 47),
        (LordHowe, 30, "2025-04-06", 49),
        // Ten and a half hours before UTC the day begins at 13:30, eleven at 13:00.
        (LordHowe, 60, "2025-10-05", 23),
        (LordHowe, 60, "2025-04-06", 25),
        (LordHowe, 60, "2025-07-01", 24),
    ] {
        let tally = one(&life(timezone, minutes), day, []);
        assert_eq!((tally.expected, tally.present), (slots, 0), "{timezone} {day} {minutes}");
        assert_eq!(tally.missing, BTreeMap::from([("never tried".to_owned(), slots)]));
    }
}

#[test]
fn a_day_without_any_is_listed_and_says_why() {
    let days = rolled_up(
        &life(Tz::UTC, 60),
        ("2025-03-01", "2025-03-03"),
        [
            filled("2025-03-01T23:00:00Z", "2025-03-01T22:50:00Z", 1.0),
            failed("2025-03-02T00:00:00Z", "timeout"),
            failed("2025-03-02T01:00:00Z", "timeout"),
            failed("2025-03-02T02:00:00Z", "not_found"),
            filled("2025-03-03T00:00:00Z", "2025-03-02T23:50:00Z", 1.0),
        ],
    );
    let filled: Vec<_> = days.values().map(|tally| (tally.present, tally.is_filled)).collect();
    assert_eq!(filled, [(1, true), (0, false), (1, true)]);
    let missing = [("never tried", 21), ("not_found", 1), ("timeout", 2)];
    let missing: BTreeMap<_, _> = missing.map(|(reason, slots)| (reason.to_owned(), slots)).into();
    assert_eq!(days[&date("2025-03-02")].missing, missing);
}

#[test]
fn an_observation_that_fills_two_slots_has_rained_once_in_the_first() {
    let days = rolled_up(
        &life(Tz::UTC, 60),
        ("2025-03-02", "2025-03-02"),
        [
            // Told the day before.
            filled("2025-03-01T22:00:00Z", "2025-03-01T21:50:00Z", 4.0),
            filled("2025-03-02T00:00:00Z", "2025-03-01T21:50:00Z", 4.0),
            filled("2025-03-02T01:00:00Z", "2025-03-02T00:50:00Z", 0.5),
            filled("2025-03-02T02:00:00Z", "2025-03-02T00:50:00Z", 0.5),
            // A time that another source names too is that of another observation.
            FilledSlot {
                value_source: Some("open-meteo".into()),
                ..filled("2025-03-02T03:00:00Z", "2025-03-02T00:50:00Z", 0.25)
            },
        ],
    );
    let tally = &days[&date("2025-03-02")];
    assert_eq!((tally.rain_mm, tally.present), (0.75, 4));
    assert_eq!(tally.temperature_c.mean(2), Some(10.0));
}

#[test]
fn of_several_slots_in_an_hour_the_last_that_was_live_gives_its_rain() {
    let healed = |slot, observation, rain| FilledSlot {
        value_kind: Some("backfill".into()),
        values: Values { temperature_c: Some(20.0), rain_1h_mm: Some(rain), ..Values::default() },
        ..filled(slot, observation, rain)
    };
    let slots = [
        filled("2025-03-02T08:00:00Z", "2025-03-02T08:00:00Z", 0.5),
        healed("2025-03-02T08:20:00Z", "2025-03-02T08:20:00Z", 8.0),
        failed("2025-03-02T08:40:00Z", "timeout"),
        healed("2025-03-02T09:00:00Z", "2025-03-02T09:00:00Z", 8.0),
        healed("2025-03-02T09:20:00Z", "2025-03-02T09:20:00Z", 0.25),
        filled("2025-03-02T10:00:00Z", "2025-03-02T10:00:00Z", 8.0),
        filled("2025-03-02T10:20:00Z", "2025-03-02T10:20:00Z", 1.0),
    ];
    let (mut hour, mut representatives) = (OneHour::default(), Vec::new());
    for slot in slots.clone() {
        representatives.extend(hour.push(slot).map(|past| past.representative()));
    }
    representatives.push(hour.representative());
    assert_eq!(representatives, [Some(0), Some(1), Some(1)]);
    let tally = one(&life(Tz::UTC, 20), "2025-03-02", slots);
    assert_eq!((tally.rain_mm, tally.present, tally.expected), (1.75, 6, 72));
    assert_eq!(tally.temperature_c.mean(2), Some(15.0));
}

#[test]
fn an_hour_over_two_local_days_rains_on_the_day_of_its_representative_slot() {
    // Midnight in Kathmandu is at 18:15 UTC.
    let days = rolled_up(
        &life(Tz::Asia__Kathmandu, 30),
        ("2025-03-01", "2025-03-02"),
        [
            filled("2025-03-01T18:00:00Z", "2025-03-01T18:00:00Z", 4.0),
            filled("2025-03-01T18:30:00Z", "2025-03-01T18:30:00Z", 1.0),
        ],
    );
    let rain = days.values().map(|tally| (tally.is_filled, tally.rain_mm)).collect::<Vec<_>>();
    assert_eq!(rain, [(true, 0.0), (true, 1.0)]);
}

#[test]
fn what_was_called_for_under_other_rules_is_weather_and_no_coverage() {
    let slots = [
        filled("2025-03-02T08:00:00Z", "2025-03-02T08:00:00Z", 0.5),
        filled("2025-03-02T08:30:00Z", "2025-03-02T08:30:00Z", 1.5),
    ];
    let tally = one(&life(Tz::UTC, 60), "2025-03-02", slots.clone());
    assert_eq!((tally.present, tally.expected, tally.rain_mm), (1, 24, 1.5));
    // A day on which nothing is expected is not listed.
    let ended = Life { active_until: Some(date("2025-03-01")), ..life(Tz::UTC, 60) };
    assert!(rolled_up(&ended, ("2025-03-02", "2025-03-02"), slots).is_empty());
}

#[test]
fn hours_begin_at_the_full_hour() {
    let at = |text: &str| next_hour(time(text)).to_rfc3339();
    assert_eq!(at("2025-03-02T08:00:00Z"), "2025-03-02T08:00:00+00:00");
    assert_eq!(at("2025-03-02T08:00:00.000001Z"), "2025-03-02T09:00:00+00:00");
    assert_eq!(hour_of(time("2025-03-02T08:59:59Z")), time("2025-03-02T08:00:00Z"));
}
