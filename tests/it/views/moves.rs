//! A site that moves: its hours, days and holes go by the time zone that it had then.

use chrono::{Days, DurationRound as _, NaiveDate, TimeDelta, Utc};
use weather_data_product::domain::{ErrorKind, Site};

use super::served::{bogota, tokyo};
use super::{date, lines, synced};
use crate::support::samples::{collected, failed, full_values, time};

/// Taken in on the 21st in Tokyo, at noon of the 24th over there in Bogota, where it is ten at night of
/// the 23rd; the 25th of Bogota is the last day.
#[tokio::test]
async fn hours_and_days_go_by_the_place_where_the_site_stood_then() {
    let last: Option<NaiveDate> = Some(date("2025-11-25"));
    let first = last.map(|last| last - Days::new(4));
    let lives = |site: Site| Site { active_from: first, active_until: last, ..site };
    let at = |text: &str| time(&format!("2025-11-{text}:00Z"));
    let files = [(at("21T08:07"), vec![lives(tokyo(1))]), (at("24T03:07"), vec![lives(bogota(1))])];
    let slots = [
        collected(1, at("23T14:00"), full_values()),
        collected(1, at("24T02:00"), full_values()),
        collected(1, at("24T03:00"), full_values()),
        collected(1, at("24T05:00"), full_values()),
        failed(1, at("24T04:00"), ErrorKind::Timeout),
    ];
    let warehouse = synced(&files, &slots).await;
    let hours = "select unix_seconds(slot_time), local_time, local_date, timezone, country \
        from {d}.observations_hourly order by slot_time";
    let hour = |text: &str, rest: &str| format!("{}|{rest}", at(text).timestamp());
    assert_eq!(
        lines(&warehouse, hours).await,
        [
            hour("23T14:00", "2025-11-23T23:00:00|2025-11-23|Asia/Tokyo|JP"),
            hour("24T02:00", "2025-11-24T11:00:00|2025-11-24|Asia/Tokyo|JP"),
            hour("24T03:00", "2025-11-23T22:00:00|2025-11-23|America/Bogota|-"),
            hour("24T05:00", "2025-11-24T00:00:00|2025-11-24|America/Bogota|-"),
        ]
    );
    let days = "select local_date, slots_present, slots_expected, timezone, country \
        from {d}.observations_daily order by local_date";
    assert_eq!(
        lines(&warehouse, days).await,
        [
            "2025-11-21|0|24|Asia/Tokyo|JP",
            "2025-11-22|0|24|Asia/Tokyo|JP",
            // 24 hours of Tokyo and the last two of Bogota; then 12 of Tokyo and 24 of Bogota.
            "2025-11-23|2|26|America/Bogota|-",
            "2025-11-24|2|36|America/Bogota|-",
            "2025-11-25|0|24|America/Bogota|-",
        ]
    );
    let holes = "select local_time, local_date, timezone, status from {d}.missing_hours \
        where slot_time in (timestamp '2025-11-24 01:00:00 UTC', timestamp '2025-11-24 04:00:00 UTC') \
        order by slot_time";
    assert_eq!(
        lines(&warehouse, holes).await,
        [
            "2025-11-24T10:00:00|2025-11-24|Asia/Tokyo|never_tried",
            "2025-11-23T23:00:00|2025-11-23|America/Bogota|failed",
        ]
    );
}

/// The newest observation is of the place before the move until there is one of the new place.
#[tokio::test]
async fn the_latest_observation_is_of_the_place_where_the_site_stood_then() {
    let now = Utc::now().duration_trunc(TimeDelta::hours(1)).unwrap();
    let ago = |hours| now - TimeDelta::hours(hours);
    let files = [
        (ago(9), vec![tokyo(1), tokyo(2), tokyo(3)]),
        (ago(4), vec![bogota(1), bogota(2), bogota(3)]),
    ];
    let of = |number, hours| collected(number, ago(hours), full_values());
    let slots = [of(1, 6), of(2, 6), of(2, 2)];
    let warehouse = synced(&files, &slots).await;
    let latest = "select site_id, timezone, country, latitude, longitude, \
        datetime_diff(local_time, datetime(observation_time, 'UTC'), hour) \
        from {d}.observations_latest order by site_id";
    assert_eq!(
        lines(&warehouse, latest).await,
        [
            "site-00001|Asia/Tokyo|JP|35.68|139.69|9",
            "site-00002|America/Bogota|-|4.71|-74.07|-5",
            "site-00003|America/Bogota|-|4.71|-74.07|-",
        ]
    );
}
