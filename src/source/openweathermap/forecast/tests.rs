//! Bodies are written after the facts of recorded answers, which are not ours to keep.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::*;
use crate::domain::ErrorKind;

const FIRST: i64 = 1_795_600_800;

fn step(hours: i64) -> Value {
    json!({
        "dt": FIRST + hours * 3600,
        "main": {
            "temp": 11.827, "feels_like": 11.1, "temp_min": 10.0, "temp_max": 12.4, "pressure": 1016,
            "sea_level": 1016, "grnd_level": 939, "humidity": 81, "temp_kf": -0.43
        },
        "weather": [{"id": 500, "main": "Rain", "description": "light rain", "icon": "10n"}],
        "clouds": {"all": 75},
        "wind": {"speed": 5.14, "deg": 240, "gust": 9.2},
        "visibility": 9000,
        "pop": 0.63,
        "rain": {"3h": 0.0049999999999999},
        "sys": {"pod": "n"},
        "dt_txt": "2026-11-25 09:00:00"
    })
}

fn steps(hours: impl IntoIterator<Item = i64>) -> Value {
    let list: Vec<_> = hours.into_iter().map(step).collect();
    json!({
        "cod": "200", "message": 0, "cnt": list.len(), "list": list,
        "city": {"id": 1, "name": "Madrid", "coord": {"lat": 40.4153, "lon": -3.6827}}
    })
}

fn read(product: Product, body: &Value) -> Result<Issue, Fault> {
    let at = DateTime::from_timestamp(FIRST - 3600, 0);
    let site_id = SiteId::parse("mad").unwrap();
    transform_forecast(product, &site_id, Units::Metric, body.to_string().as_bytes(), at)
}

fn read_steps(hours: impl IntoIterator<Item = i64>) -> Issue {
    read(Product::Owm3h, &steps(hours)).unwrap()
}

#[test]
fn a_step_has_the_values_of_its_time_and_the_sums_of_its_window() {
    let issue = read_steps((0..40).map(|step| step * 3));
    assert_eq!((issue.values.len(), issue.step_minutes(), issue.hole()), (40, Some(180), None));
    assert_eq!((issue.answered_latitude, issue.answered_longitude), (Some(40.4153), Some(-3.6827)));
    assert_eq!((issue.issued_at, issue.issued_by.as_str(), &issue.note), (None, "unknown", &None));
    let ForecastValue { valid_at, window_minutes, values } = &issue.values[0];
    assert_eq!((valid_at.timestamp(), *window_minutes), (FIRST, 180));
    let expected = ForecastValues {
        temperature_c: Some(11.83),
        feels_like_c: Some(11.1),
        humidity_pct: Some(81.0),
        pressure_msl_hpa: Some(1016.0),
        pressure_ground_hpa: Some(939.0),
        wind_speed_ms: Some(5.14),
        wind_gust_ms: Some(9.2),
        wind_direction_deg: Some(240),
        cloud_cover_pct: Some(75.0),
        visibility_m: Some(9000.0),
        condition_id: Some(500),
        condition_group: Some("Rain".into()),
        rain_mm: Some(0.0),
        precipitation_mm: Some(0.0),
        precipitation_probability_pct: Some(63.0),
        ..ForecastValues::default()
    };
    assert_eq!(*values, expected);
}

/// As in recorded answers: 33 rows with a hole of 54,000 s, 37 rows, rows by the hour.
#[test]
fn a_hole_fewer_rows_and_another_step_are_stored_as_they_are_and_named() {
    let holed = read_steps((0..5).chain(9..37).map(|step| step * 3));
    assert_eq!((holed.values.len(), holed.hole()), (33, Some(TimeDelta::seconds(54_000))));
    assert_eq!(holed.note.as_deref(), Some("a hole of 900 minutes; 33 times, expected 40"));
    let short = read_steps((0..37).map(|step| step * 3));
    assert_eq!(short.note.as_deref(), Some("37 times, expected 40"));
    let hourly = read_steps(0..40);
    assert_eq!(hourly.note.as_deref(), Some("a step of 60 minutes, expected 180"));
}

#[test]
fn an_empty_rain_is_unknown_and_a_sum_of_an_hour_has_the_window_of_an_hour() {
    let mut body = steps([0, 3]);
    body["list"][0]["rain"] = json!({});
    let issue = read(Product::Owm3h, &body).unwrap();
    assert_eq!(issue.values[0].values.rain_mm, None);
    assert_eq!(issue.values[0].values.precipitation_mm, None);
    body["list"][0]["rain"] = json!({"1h": 0.4});
    body["list"][1]["rain"] = json!({});
    let issue = read(Product::Owm3h, &body).unwrap();
    assert_eq!((issue.values[0].window_minutes, issue.values[0].values.rain_mm), (60, Some(0.4)));
}

#[test]
fn rows_out_of_order_are_sorted_and_a_time_said_twice_alike_counts_once() {
    let issue = read_steps([6, 0, 3, 3]);
    let hours: Vec<_> =
        issue.values.iter().map(|value| (value.valid_at.timestamp() - FIRST) / 3600).collect();
    assert_eq!(hours, [0, 3, 6]);
    let mut body = steps([0, 3, 3]);
    body["list"][2]["main"]["temp"] = json!(11.9);
    let refused = read(Product::Owm3h, &body).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Malformed);
    assert!(refused.message.ends_with("is said twice, in two ways"), "{}", refused.message);
}

#[test]
fn bad_answers_are_refused_by_what_is_wrong_with_them() {
    let with = |change: fn(&mut Value)| {
        let mut body = steps([0, 3]);
        change(&mut body);
        read(Product::Owm3h, &body)
    };
    type Case = (fn(&mut Value), ErrorKind, &'static str);
    let cases: [Case; 6] = [
        (|body| body["list"] = Value::Null, ErrorKind::Malformed, "list: missing"),
        (|body| body["list"] = json!([]), ErrorKind::Malformed, "no forecast in the answer"),
        (|body| body["list"] = json!([{"main": {}}]), ErrorKind::Malformed, "no forecast"),
        (
            |body| body["list"][1]["dt"] = json!(FIRST + 17 * 86_400),
            ErrorKind::Malformed,
            "expected 1 day back to 17 days ahead",
        ),
        (
            |body| body["list"][1]["main"]["temp"] = json!(-9999),
            ErrorKind::OutOfRange,
            "temperature_c: -9999 stands for a missing value",
        ),
        (
            |body| body["list"] = json!([{"dt": FIRST, "pop": 0.5}]),
            ErrorKind::Malformed,
            "every field that was asked for is null",
        ),
    ];
    for (change, kind, words) in cases {
        let refused = with(change).unwrap_err();
        assert_eq!(refused.kind, kind, "{words}");
        assert!(refused.message.contains(words), "{}", refused.message);
    }
    let kept = with(|body| body["list"][1]["main"]["humidity"] = json!(131)).unwrap();
    assert_eq!(kept.values[1].values.humidity_pct, None);
    let note = kept.note.unwrap();
    assert!(note.contains("humidity_pct: 1 out of range left out, the first 131"), "{note}");
    let null = with(|body| {
        for step in body["list"].as_array_mut().unwrap() {
            step["clouds"] = Value::Null;
        }
    });
    assert_eq!(null.unwrap().null_fields, ["cloud_cover_pct"]);
}

#[test]
fn the_first_hour_of_one_call_may_be_over_and_its_dew_point_is_kept() {
    let hour = |hours: i64| {
        json!({
            "dt": FIRST + hours * 3600, "temp": 11.5, "feels_like": 11, "pressure": 1016, "humidity": 81,
            "dew_point": 8.3, "uvi": 0.4, "clouds": 75, "visibility": 10000, "wind_speed": 5.1,
            "wind_deg": 240, "weather": [{"id": 500, "main": "Rain"}], "pop": 0.2, "snow": {"1h": 0.13}
        })
    };
    let hours: Vec<_> = (-1..47).map(|at| hour(at - 1)).collect();
    let body = json!({"lat": 40.42, "lon": -3.68, "hourly": hours});
    let issue = read(Product::OwmOneCall1h, &body).unwrap();
    assert_eq!((issue.values.len(), issue.step_minutes(), &issue.note), (48, Some(60), &None));
    let lead = |at: usize| {
        crate::domain::forecast::lead_minutes(issue.available_at, issue.values[at].valid_at)
    };
    assert_eq!((lead(0), lead(1), lead(2)), (-60, 0, 60));
    let values = &issue.values[0].values;
    assert_eq!((values.dew_point_c, values.uv_index), (Some(8.3), Some(0.4)));
    assert_eq!((values.snow_mm, values.precipitation_mm), (Some(0.13), Some(0.13)));
    assert_eq!(issue.values[0].window_minutes, 60);
    let refused = read(Product::OwmOneCall1h, &json!({"lat": 1, "current": {}})).unwrap_err();
    assert_eq!(refused.message, "hourly: missing");
}
