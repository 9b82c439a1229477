//! `observations_hourly`: an hour as it was collected.

use chrono::TimeDelta;
use chrono_tz::Tz;
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::{ErrorKind, Interval, Site, SlotResult};

use super::{assert_same, lines, synced};
use crate::support::samples::{
    SOURCE, collected, failed, full_values, healed, hour, observed, site, time,
};

#[tokio::test]
async fn an_hour_has_every_value_and_rain_and_snow_are_0_where_none_was_reported() {
    let sites = vec![Site { country: None, ..site(1) }, site(2)];
    let slots = [collected(1, hour(), Values::default()), collected(2, hour(), full_values())];
    let warehouse = synced(&[(hour(), sites)], &slots).await;
    let without_time = "update {d}.observations_by_hour set available_at = \
        timestamp '2026-11-25 08:00:00' where true";
    warehouse.execute(without_time).await;
    let rows = warehouse.rows("observations_hourly").await;
    let (at, told) =
        (hour().timestamp_micros(), (hour() + TimeDelta::minutes(5)).timestamp_micros());
    let of_site = |number: u16, country: &str, values: [&str; 17]| {
        let columns = [
            "temperature_c",
            "feels_like_c",
            "humidity_pct",
            "pressure_msl_hpa",
            "pressure_ground_hpa",
            "wind_speed_ms",
            "wind_gust_ms",
            "wind_direction_deg",
            "cloud_cover_pct",
            "visibility_m",
            "rain_1h_mm",
            "snow_1h_mm",
            "condition_id",
            "condition_group",
            "condition_description",
            "uv_index",
            "dew_point_c",
        ];
        let mut row = vec![
            format!("site_id: site-0000{number}"),
            "source: openweathermap".to_owned(),
            format!("hour: {at}"),
            format!("slot_time: {at}"),
            "local_time: 2026-11-25T09:00:00".to_owned(),
            "local_date: 2026-11-25".to_owned(),
            format!("site_name: Site {number}"),
            format!("country: {country}"),
            "timezone: Europe/Madrid".to_owned(),
            format!("observation_time: {told}"),
            "value_kind: live".to_owned(),
            "value_source: openweathermap".to_owned(),
            format!("available_at: {at}"),
            "staleness_minutes: 0".to_owned(),
        ];
        row.extend(columns.iter().zip(values).map(|(column, value)| format!("{column}: {value}")));
        row
    };
    let absent = ["NULL"; 10].into_iter().chain(["0.0"; 2]).chain(["NULL"; 5]);
    let absent = absent.collect::<Vec<_>>().try_into().unwrap();
    let full = [
        "-9.46",
        "-12.5",
        "81.5",
        "1014.25",
        "939.0",
        "5.14",
        "9.2",
        "240",
        "75.0",
        "9000.0",
        "1.3",
        "0.2",
        "501",
        "Rain",
        "дождь 🌧",
        "0.25",
        "-12.13",
    ];
    assert_eq!(rows, [of_site(1, "NULL", absent), of_site(2, "ES", full)]);
}

#[tokio::test]
async fn an_hour_is_told_in_the_sites_own_time_with_the_age_of_its_observation() {
    let zoned = |number, timezone| Site { timezone, ..site(number) };
    let half_hourly = Site { interval: Interval::parse(30).unwrap(), ..site(3) };
    let sites = vec![zoned(1, Tz::Asia__Kathmandu), zoned(2, Tz::Europe__Madrid), half_hourly];
    // Site, start of the slot, time of the observation that fills it, and the hour's line; `None`:
    // it has none.
    let cases = [
        (1, "2025-01-15T17:00Z", "16:50", Some("2025-01-15T22:45:00|2025-01-15|10")),
        (1, "2025-01-15T18:00Z", "17:57", Some("2025-01-15T23:45:00|2025-01-15|3")),
        // Newer than the start of the slot.
        (1, "2025-01-15T19:00Z", "19:04", Some("2025-01-16T00:45:00|2025-01-16|0")),
        // Nothing newer than the hour before had.
        (1, "2025-01-15T20:00Z", "19:04", Some("2025-01-16T01:45:00|2025-01-16|56")),
        (1, "2025-01-15T22:00Z", "19:04", Some("2025-01-16T03:45:00|2025-01-16|176")),
        // An hour that the clocks leave out, and one that they show twice.
        (2, "2025-03-30T00:00Z", "00:00", Some("2025-03-30T01:00:00|2025-03-30|0")),
        (2, "2025-03-30T01:00Z", "01:00", Some("2025-03-30T03:00:00|2025-03-30|0")),
        (2, "2025-10-26T00:00Z", "00:00", Some("2025-10-26T02:00:00|2025-10-26|0")),
        (2, "2025-10-26T01:00Z", "01:00", Some("2025-10-26T02:00:00|2025-10-26|0")),
        // Of two slots in an hour the last that was collected.
        (3, "2025-07-01T09:30Z", "09:30", Some("2025-07-01T11:30:00|2025-07-01|0")),
        (3, "2025-07-01T10:00Z", "10:00", None),
        (3, "2025-07-01T10:30Z", "10:20", Some("2025-07-01T12:30:00|2025-07-01|10")),
        (3, "2025-07-01T11:00Z", "11:00", Some("2025-07-01T13:00:00|2025-07-01|0")),
    ];
    let mut slots: Vec<_> = (cases.iter())
        .map(|(number, slot, told, _)| {
            let told = format!("{}T{told}:00Z", &slot[..10]);
            observed(*number, minute(slot), time(&told), full_values())
        })
        .collect();
    slots.push(failed(3, minute("2025-07-01T11:30Z"), ErrorKind::Timeout));
    let warehouse = synced(&[(hour(), sites)], &slots).await;
    let line = |(number, slot, told, line): &(u16, &str, &str, Option<&str>)| {
        let (hour, id) = (&slot[..13], site(*number).site_id);
        line.map(|line| format!("{id}|{hour}|{slot}|{told}|{line}"))
    };
    let expected: Vec<_> = cases.iter().filter_map(line).collect();
    let hours = "select site_id, format_timestamp('%Y-%m-%dT%H', hour), \
        format_timestamp('%Y-%m-%dT%H:%MZ', slot_time), \
        format_timestamp('%H:%M', observation_time), local_time, local_date, staleness_minutes \
        from {d}.observations_hourly";
    assert_same(&lines(&warehouse, hours).await, &expected);
}

#[tokio::test]
async fn a_live_value_goes_before_a_healed_one_and_an_hour_says_which_it_shows() {
    let half_hourly = |number| Site { interval: Interval::parse(30).unwrap(), ..site(number) };
    let sites = vec![half_hourly(1), half_hourly(2), site(3), site(4)];
    let at = |minutes| hour() + TimeDelta::minutes(minutes);
    let with = |number, minutes, temperature_c, rain_1h_mm| {
        let (temperature_c, rain_1h_mm) = (Some(temperature_c), Some(rain_1h_mm));
        let values = Values { temperature_c, rain_1h_mm, ..full_values() };
        observed(number, at(minutes), at(minutes), values)
    };
    let slots = [
        with(1, 0, 1.0, 0.5),
        healed(SOURCE, with(1, 30, 2.0, 9.0)),
        healed(SOURCE, with(2, 0, 3.0, 9.0)),
        healed("open-meteo", with(2, 30, 4.0, 0.25)),
        healed("open-meteo", with(3, 0, 5.0, 0.75)),
        // Of one time, and two observations.
        SlotResult { slot: with(4, 0, 6.0, 0.5).slot, ..with(4, 60, 6.0, 0.5) },
        healed("open-meteo", with(4, 60, 7.0, 0.25)),
    ];
    let warehouse = synced(&[(hour(), sites)], &slots).await;
    let hours = "select site_id, source, format_timestamp('%H:%M', slot_time), value_kind, \
        value_source, temperature_c, rain_1h_mm from {d}.observations_hourly";
    let expected = [
        "site-00001|openweathermap|08:00|live|openweathermap|1|0.5",
        "site-00002|openweathermap|08:30|backfill|open-meteo|4|0.25",
        "site-00003|openweathermap|08:00|backfill|open-meteo|5|0.75",
        "site-00004|openweathermap|08:00|live|openweathermap|6|0.5",
        "site-00004|openweathermap|09:00|backfill|open-meteo|7|0.25",
    ];
    assert_same(&lines(&warehouse, hours).await, &expected.map(str::to_owned));
    let days = "select site_id, source, temperature_max_c, rain_sum_mm, slots_present \
        from {d}.observations_daily where slots_present > 0";
    let expected = [
        "site-00001|openweathermap|2|0.5|2",
        "site-00002|openweathermap|4|0.25|2",
        "site-00003|openweathermap|5|0.75|1",
        "site-00004|openweathermap|7|0.75|2",
    ];
    assert_same(&lines(&warehouse, days).await, &expected.map(str::to_owned));
}

fn minute(text: &str) -> chrono::DateTime<chrono::Utc> {
    time(&text.replace('Z', ":00Z"))
}
