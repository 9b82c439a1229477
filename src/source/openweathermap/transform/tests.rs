//! Each complaint of other clients' users that touches a payload is a test here.

use proptest::prelude::{any, prop_assert, proptest};
use serde_json::{Value, json};

use super::*;

fn transformed(units: Units, body: &[u8]) -> Result<Observation, Fault> {
    transform(&SiteId::parse("site").unwrap(), units, body)
}

fn observed(payload: &Value) -> Values {
    transformed(Units::Metric, payload.to_string().as_bytes()).unwrap().values
}

fn fault(body: &str) -> String {
    transformed(Units::Metric, body.as_bytes()).unwrap_err().to_string()
}

fn full() -> Value {
    json!({
        "coord": {"lon": -3.6827, "lat": 40.4153},
        "weather": [
            {"id": 501, "main": "Rain", "description": "moderate rain", "icon": "10d"},
            {"id": 701, "main": "Mist", "description": "mist", "icon": "50d"}
        ],
        "base": "stations",
        "uvi": 3.5,
        "main": {"temp": 9.456, "feels_like": 7.5, "temp_min": 8, "temp_max": 10.5,
                 "dew_point": 6.5, "pressure": 1013, "humidity": 81, "sea_level": 1014, "grnd_level": 939},
        "visibility": 9000,
        "wind": {"speed": 5.14, "deg": 240, "gust": 9.2},
        "rain": {"1h": 1.3},
        "clouds": {"all": 75},
        "dt": 1_764_000_000, "timezone": 3600, "id": 6_544_494, "name": "Retiro", "cod": 200
    })
}

/// What its fields are called that only One Call has, stands for nothing here.
#[test]
fn a_full_answer_gives_every_value_in_our_units() {
    let expected = Values {
        temperature_c: Some(9.46),
        feels_like_c: Some(7.5),
        temperature_area_min_c: Some(8.0),
        temperature_area_max_c: Some(10.5),
        humidity_pct: Some(81.0),
        pressure_msl_hpa: Some(1014.0),
        pressure_ground_hpa: Some(939.0),
        wind_speed_ms: Some(5.14),
        wind_gust_ms: Some(9.2),
        wind_direction_deg: Some(240),
        cloud_cover_pct: Some(75.0),
        visibility_m: Some(9000.0),
        rain_1h_mm: Some(1.3),
        condition_id: Some(501),
        condition_group: Some("Rain".into()),
        condition_description: Some("moderate rain".into()),
        answered_latitude: Some(40.4153),
        answered_longitude: Some(-3.6827),
        ..Values::default()
    };
    assert_eq!(observed(&full()), expected);
}

#[test]
fn pressure_at_sea_level_is_the_plain_one_where_no_other_is_given() {
    let values = observed(&json!({"dt": 1, "main": {"pressure": 1013}}));
    assert_eq!((values.pressure_msl_hpa, values.pressure_ground_hpa), (Some(1013.0), None));
}

#[test]
fn the_same_weather_in_three_units_gives_the_same_values() {
    let body = |temp: f64, speed: f64| {
        json!({"dt": 1, "main": {"temp": temp}, "wind": {"speed": speed}, "rain": {"1h": 2.5}})
            .to_string()
    };
    let metric = transformed(Units::Metric, body(20.0, 10.0).as_bytes());
    assert_eq!(transformed(Units::Standard, body(293.15, 10.0).as_bytes()), metric);
    assert_eq!(transformed(Units::Imperial, body(68.0, 22.369).as_bytes()), metric);
}

#[test]
fn rain_of_one_hour_and_of_three_are_two_values_and_neither_fills_the_other() {
    let values = observed(&json!({"dt": 1, "rain": {"3h": 4.5}, "snow": {"1h": 0.2}}));
    assert_eq!((values.rain_1h_mm, values.rain_3h_mm), (None, Some(4.5)));
    assert_eq!((values.snow_1h_mm, values.snow_3h_mm), (Some(0.2), None));
}

#[test]
fn what_is_absent_null_or_empty_is_none_and_never_zero() {
    let values = observed(&json!({
        "dt": 1, "main": {"temp": 1.5, "humidity": null}, "wind": {"speed": 0}, "rain": {},
        "weather": [], "visibility": null
    }));
    let expected =
        Values { temperature_c: Some(1.5), wind_speed_ms: Some(0.0), ..Values::default() };
    assert_eq!(values, expected);
}

#[test]
fn numbers_come_whole_or_not() {
    let values = observed(&json!({
        "dt": 1.0, "main": {"temp": -7}, "visibility": 10000.0, "wind": {"deg": 359.6},
        "weather": [{"id": 800.0}]
    }));
    assert_eq!(values.temperature_c, Some(-7.0));
    assert_eq!(values.visibility_m, Some(10000.0));
    assert_eq!(values.wind_direction_deg, Some(360));
    assert_eq!(values.condition_id, Some(800));
}

#[test]
fn an_unknown_condition_is_kept_with_its_text_in_any_language() {
    let values = observed(&json!({"dt": 1, "weather": [{"id": 9999, "description": "небо"}]}));
    assert_eq!(values.condition_id, Some(9999));
    assert_eq!(values.condition_description.as_deref(), Some("небо"));
}

#[test]
fn the_site_asked_for_is_the_site_whatever_place_is_named() {
    let site_id = SiteId::parse("mad-retiro").unwrap();
    let observation = transform(&site_id, Units::Metric, full().to_string().as_bytes()).unwrap();
    assert_eq!(observation.site_id, site_id);
    assert_eq!(observation.observation_time.timestamp(), 1_764_000_000);
}

#[test]
fn a_value_that_cannot_be_is_refused_by_name() {
    assert_eq!(
        fault(r#"{"dt":1,"main":{"temp":1,"humidity":104}}"#),
        "out_of_range: humidity_pct: 104 is out of range: expected 0 to 100"
    );
    assert!(fault(r#"{"dt":-5,"main":{"temp":1}}"#).starts_with("out_of_range: dt: -5"));
    assert!(fault(r#"{"dt":1e300,"main":{"temp":1}}"#).starts_with("out_of_range: dt"));
}

#[test]
fn a_field_of_another_type_is_named_with_its_path() {
    let fault = fault(r#"{"dt":1,"main":{"temp":"warm"}}"#);
    assert!(fault.starts_with("malformed: main.temp: invalid type: string"), "{fault}");
}

#[test]
fn an_error_inside_a_200_is_an_error() {
    assert_eq!(
        fault(r#"{"message":"Error: Not found city","cod":"404"}"#),
        "not_found: the answer says cod 404: Error: Not found city"
    );
    assert!(fault(r#"{"cod":500}"#).starts_with("server_error"));
    assert!(fault(r#"{"cod":"401","message":"Invalid API key"}"#).starts_with("unauthorized"));
}

#[test]
fn what_is_no_weather_is_malformed_in_one_line() {
    for body in [
        "",
        " \n",
        "null",
        "[]",
        "<html>\n<body>",
        "{",
        r#"{"dt":1}"#,
        r#"{"dt":1,"coord":{"lat":1,"lon":2}}"#,
        r#"{"list":[],"dt":5}"#,
        r#"{"main":{"temp":1}}"#,
        r#"{"dt":1,"main":{"temp":1}} x"#,
        r#"{"dt":1,"main":{"temp":1e999}}"#,
    ] {
        let fault = fault(body);
        assert!(fault.starts_with("malformed: ") && fault.lines().count() == 1, "{body}: {fault}");
    }
    assert!(transformed(Units::Metric, b"{\"dt\":1,\"weather\":[{\"main\":\"\xFF\"}]}").is_err());
}

/// Every object of a payload in its place, and what a list in its place is told as.
#[test]
fn a_list_is_no_object_wherever_one_belongs() {
    for (pointer, field) in [
        ("", ""),
        ("/coord", "coord: "),
        ("/weather/0", "weather[0]: "),
        ("/main", "main: "),
        ("/wind", "wind: "),
        ("/rain", "rain: "),
        ("/snow", "snow: "),
        ("/clouds", "clouds: "),
    ] {
        let mut payload = full();
        payload["snow"] = json!({"1h": 0.5});
        let object = payload.pointer_mut(pointer).unwrap();
        let by_position: Vec<Value> = object.as_object().unwrap().values().cloned().collect();
        for list in [json!(by_position), json!([40, 3]), json!([])] {
            *payload.pointer_mut(pointer).unwrap() = list;
            let expected = format!("malformed: {field}invalid type: sequence, expected an object");
            let fault = fault(&payload.to_string());
            assert!(fault.starts_with(&expected), "{pointer}: {fault}");
        }
    }
    let by_position = r#"[1764000000,[40.4,-3.6],[[800,"Clear","x"]],[20.0,19.0]]"#;
    assert!(fault(by_position).contains("expected an object"));
}

#[test]
fn the_echoed_place_is_not_needed_for_a_row() {
    for coord in [json!(null), json!({}), json!({"lat": 400, "lon": null})] {
        let mut payload = full();
        payload["coord"] = coord;
        let values = observed(&payload);
        assert_eq!((values.temperature_c, values.answered_latitude), (Some(9.46), None));
    }
}

#[test]
fn a_text_too_long_for_its_column_is_refused() {
    let body = json!({"dt": 1, "weather": [{"id": 1, "description": "x".repeat(256)}]});
    assert!(fault(&body.to_string()).contains("weather[0].description: longer than 255"));
}

/// A JSON value of any kind where a payload expects one of its own.
fn odd_value(kind: u8, number: f64) -> Value {
    match kind % 7 {
        0 => Value::Null,
        1 => json!(number),
        2 => json!("text"),
        3 => json!([number]),
        4 => json!({"1h": number}),
        5 => json!(true),
        _ => json!({}),
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(body: Vec<u8>) {
        let _ = transformed(Units::Metric, &body);
    }

    #[test]
    fn no_field_of_an_answer_changed_to_anything_panics(
        field in 0_usize..40, kind in any::<u8>(), number in any::<f64>(),
    ) {
        let mut payload = full();
        let pointers: Vec<String> = payload.as_object().unwrap().iter()
            .flat_map(|(key, value)| {
                let inner: Vec<String> =
                    value.as_object().into_iter().flat_map(|object| object.keys())
                        .map(|inner| format!("/{key}/{inner}")).collect();
                inner.into_iter().chain([format!("/{key}")])
            })
            .collect();
        *payload.pointer_mut(&pointers[field % pointers.len()]).unwrap() = odd_value(kind, number);
        let result = transformed(Units::Standard, payload.to_string().as_bytes());
        if let Err(fault) = result {
            prop_assert!(fault.to_string().lines().count() == 1);
        }
    }

    #[test]
    fn every_observation_is_within_its_ranges(
        temp in -400.0_f64..400.0, humidity in -20.0_f64..120.0, deg in -10.0_f64..370.0,
        pressure in 700.0_f64..1200.0,
    ) {
        let body = json!({"dt": 1, "main": {"temp": temp, "humidity": humidity, "pressure": pressure},
                          "wind": {"deg": deg}}).to_string();
        if let Ok(Observation { values, .. }) = transformed(Units::Metric, body.as_bytes()) {
            prop_assert!((-95.0..=65.0).contains(&values.temperature_c.unwrap()));
            prop_assert!((0.0..=100.0).contains(&values.humidity_pct.unwrap()));
            prop_assert!((0..=360).contains(&values.wind_direction_deg.unwrap()));
            prop_assert!((800.0..=1100.0).contains(&values.pressure_msl_hpa.unwrap()));
        } else {
            let celsius = (temp * 100.0).round() / 100.0;
            let refused = !(-95.0..=65.0).contains(&celsius)
                || !(-0.05..100.05).contains(&humidity)
                || !(-0.5..360.5).contains(&deg)
                || !(799.995..1100.005).contains(&pressure);
            prop_assert!(refused);
        }
    }
}
