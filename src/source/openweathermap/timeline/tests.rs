//! Pages as the documentation shows them, and what may be odd about one.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::one_call::recall;
use super::*;
use crate::domain::observation::Values;
use crate::domain::{Observation, SiteId};
use crate::source::history::Missing;

/// 2026-07-31T11:00:00Z, the full hour.
const START: i64 = 1_785_495_600;

fn hours(count: i64) -> Vec<DateTime<Utc>> {
    let start = DateTime::from_timestamp(START, 0).unwrap();
    (0..count).map(|n| start + TimeDelta::hours(n)).collect()
}

/// What the body says of so many hours from the start on.
fn recalled(count: i64, body: &Value) -> Vec<Result<Observation, Missing>> {
    let site_id = SiteId::parse("lis").unwrap();
    let hours = hours(count);
    let recalled = recall(&site_id, &hours, body.to_string().as_bytes()).unwrap();
    assert_eq!(recalled.iter().map(|each| each.hour).collect::<Vec<_>>(), hours);
    assert!(recalled.iter().all(|each| each.site_id == site_id));
    recalled.into_iter().map(|each| each.found).collect()
}

/// A past hour: no probability of precipitation, no sunrise, and rain only where it rained.
fn record(dt: i64) -> Value {
    json!({
        "dt": dt, "temp": 24.5, "feels_like": 24.25, "pressure": 1017, "humidity": 61,
        "dew_point": 16.5, "uvi": 7.25, "clouds": 40, "visibility": 10000, "wind_speed": 3.5,
        "wind_deg": 310, "wind_gust": 6.25,
        "weather": [{"id": 802, "main": "Clouds", "description": "scattered clouds", "icon": "03d"}]
    })
}

fn page(records: &[Value]) -> Value {
    let address = |start: i64| {
        format!(
            "http://api.openweathermap.org/data/4.0/onecall/timeline/1h?cnt=20&lat=38.7&lon=-9.1\
             &start={start}&appid=not-a-key&units=metric"
        )
    };
    json!({
        "lat": 38.7, "lon": -9.1, "timezone": "Europe/Lisbon", "timezone_offset": 3600,
        "data": records, "prev": address(START - 72_000), "next": address(START + 72_000),
    })
}

#[test]
fn each_hour_has_the_values_of_its_record_in_our_units() {
    let mut rainy = record(START + 3600);
    rainy["rain"] = json!({"1h": 0.25});
    rainy["snow"] = json!({"1h": 0.5});
    let found = recalled(2, &page(&[record(START), rainy]));
    let [dry, rainy] = found.as_slice() else { panic!("{found:?}") };
    let dry = dry.as_ref().unwrap();
    let expected = Values {
        temperature_c: Some(24.5),
        feels_like_c: Some(24.25),
        humidity_pct: Some(61.0),
        pressure_msl_hpa: Some(1017.0),
        wind_speed_ms: Some(3.5),
        wind_gust_ms: Some(6.25),
        wind_direction_deg: Some(310),
        cloud_cover_pct: Some(40.0),
        visibility_m: Some(10_000.0),
        condition_id: Some(802),
        condition_group: Some("Clouds".into()),
        condition_description: Some("scattered clouds".into()),
        answered_latitude: Some(38.7),
        answered_longitude: Some(-9.1),
        uv_index: Some(7.25),
        dew_point_c: Some(16.5),
        ..Values::default()
    };
    assert_eq!((dry.source, dry.observation_time), ("openweathermap", hours(1)[0]));
    assert_eq!(dry.values, expected);
    let fallen = Values { rain_1h_mm: Some(0.25), snow_1h_mm: Some(0.5), ..expected };
    assert_eq!(rainy.as_ref().unwrap().values, fallen);
}

/// The record of so many hours after the start.
fn of(hour: i64, temp: f64) -> Value {
    let mut record = record(START + hour * 3600);
    record["temp"] = json!(temp);
    record
}

fn temperatures(found: &[Result<Observation, Missing>]) -> Vec<Option<f64>> {
    let celsius = |found: &Result<Observation, _>| found.as_ref().ok()?.values.temperature_c;
    found.iter().map(celsius).collect()
}

#[test]
fn records_count_by_their_own_time_in_whatever_order_and_others_are_left() {
    // A page that goes on into hours that nobody asked for, and one hour twice.
    let found = recalled(3, &page(&[of(3, 3.0), of(2, 2.0), of(4, 4.0), of(0, 0.0), of(2, 9.0)]));
    assert_eq!(temperatures(&found), [Some(0.0), None, Some(2.0)]);
    assert_eq!(found[1], Err(Missing::Silent));
}

#[test]
fn an_hour_that_is_not_there_is_silent_only_where_the_page_is_of_the_time_that_was_asked_for() {
    let mut timeless = record(START);
    timeless["dt"] = json!(null);
    let mut year_30000 = record(START);
    year_30000["dt"] = json!(9e11);
    for (records, words) in [
        (vec![of(-1, -1.0), of(0, 0.0), of(2, 2.0)], "the answer begins at 2026-07-31 10:00"),
        (vec![of(0, 0.0), timeless, of(2, 2.0)], "dt: missing"),
        (vec![of(0, 0.0), year_30000, of(2, 2.0)], "dt: 900000000000 is out of range"),
    ] {
        let found = recalled(3, &page(&records));
        assert_eq!(temperatures(&found), [Some(0.0), None, Some(2.0)]);
        let missing = found[1].as_ref().unwrap_err();
        assert!(matches!(missing, Missing::Unreadable(_)), "{missing:?}");
        assert!(missing.to_string().contains(words), "{missing}");
    }
    for hour in [-7, 7] {
        let found = recalled(3, &page(&[of(hour, 1.0), of(hour + 1, 2.0)]));
        assert!(
            found.iter().all(|found| matches!(found, Err(Missing::Unreadable(_)))),
            "{found:?}"
        );
    }
}

#[test]
fn a_record_within_the_hour_is_of_the_hour_and_keeps_its_time() {
    let found = recalled(2, &page(&[record(START + 3599), record(START + 7200)]));
    let observed = found[0].as_ref().unwrap().observation_time;
    assert_eq!(observed.timestamp(), START + 3599);
    assert_eq!(found[1], Err(Missing::Silent));
}

#[test]
fn one_impossible_record_costs_no_other_hour() {
    let mut impossible = record(START);
    impossible["temp"] = json!(999);
    let nothing = json!({"dt": START + 3600});
    let found = recalled(3, &page(&[impossible, nothing, record(START + 7200)]));
    let words = |found: &Result<_, Missing>| found.as_ref().unwrap_err().to_string();
    assert!(words(&found[0]).contains("temperature_c: 999 is out of range"), "{found:?}");
    assert_eq!(found[1], Err(Missing::Silent));
    assert!(found[2].is_ok());
}

#[test]
fn a_page_without_records_is_silent_and_one_that_cannot_be_read_is_worth_another_call() {
    assert_eq!(recalled(2, &page(&[])), [Err(Missing::Silent), Err(Missing::Silent)]);
    let site_id = SiteId::parse("lis").unwrap();
    for body in ["", "{", "<html>", r#"{"data": {}}"#, "{}", r#"{"cod": "500", "message": "x"}"#] {
        let fault = recall(&site_id, &hours(2), body.as_bytes()).unwrap_err();
        assert!(fault.kind.is_transient(), "{body}: {fault}");
    }
}

#[test]
fn the_key_in_the_addresses_of_other_pages_goes_nowhere() {
    let found = recalled(2, &page(&[record(START)]));
    assert!(!format!("{found:?}").contains("not-a-key"));
}
