//! Units are checked field by field against the documentation, and what users of other clients
//! got wrong is a test here.

use proptest::prelude::{any, prop_assert, proptest};
use serde_json::{Value, json};

use super::*;
use crate::domain::{Coordinates, ErrorKind, Interval, Site};

fn site(name: &str) -> Site {
    Site {
        site_id: SiteId::parse(name).unwrap(),
        name: name.into(),
        coordinates: Coordinates::parse(52.52, 13.41).unwrap(),
        timezone: chrono_tz::Tz::UTC,
        country: None,
        elevation_m: None,
        interval: Interval::HOUR,
        active_from: None,
        active_until: None,
        tags: Vec::new(),
    }
}

fn transformed(body: &Value) -> Result<Observation, Fault> {
    transform(&SiteId::parse("site").unwrap(), body.to_string().as_bytes())
}

fn observed(body: &Value) -> Values {
    transformed(body).unwrap().values
}

fn fault(body: &Value) -> String {
    transformed(body).unwrap_err().to_string()
}

const NOW: i64 = 1_764_000_000;

/// Of the shape of recorded answers: the quarter before the hour is there too.
fn full() -> Value {
    json!({
        "latitude": 52.52, "longitude": 13.419_998, "generationtime_ms": 0.25,
        "utc_offset_seconds": 0, "timezone": "GMT", "timezone_abbreviation": "GMT",
        "elevation": 38.0,
        "current_units": {
            "time": "unixtime", "interval": "seconds", "temperature_2m": "°C",
            "apparent_temperature": "°C", "relative_humidity_2m": "%", "pressure_msl": "hPa",
            "surface_pressure": "hPa", "wind_speed_10m": "m/s", "wind_gusts_10m": "m/s",
            "wind_direction_10m": "°", "cloud_cover": "%", "visibility": "m",
            "weather_code": "wmo code", "uv_index": "", "dew_point_2m": "°C"
        },
        "current": {
            "time": NOW, "interval": 900, "temperature_2m": 9.4, "apparent_temperature": 7.5,
            "relative_humidity_2m": 81, "pressure_msl": 1014.2, "surface_pressure": 1009.6,
            "wind_speed_10m": 5.14, "wind_gusts_10m": 9.2, "wind_direction_10m": 240,
            "cloud_cover": 75, "visibility": 24140.0, "weather_code": 63,
            "uv_index": 0.45, "dew_point_2m": 6.3
        },
        "minutely_15_units": {"time": "unixtime", "rain": "mm", "showers": "mm", "snowfall": "cm"},
        "minutely_15": {
            "time": [NOW - 3600, NOW - 2700, NOW - 1800, NOW - 900, NOW],
            "rain": [9.9, 0.1, 0.2, 0.3, 0.4],
            "showers": [9.9, 0.0, 0.5, 0.0, 0.0],
            "snowfall": [9.9, 0.07, 0.0, 0.0, 0.07]
        }
    })
}

#[test]
fn a_full_answer_gives_every_value_in_our_units() {
    let observation = transformed(&full()).unwrap();
    assert_eq!(observation.source, "open-meteo");
    assert_eq!(observation.observation_time.timestamp(), NOW);
    let expected = Values {
        temperature_c: Some(9.4),
        feels_like_c: Some(7.5),
        humidity_pct: Some(81.0),
        pressure_msl_hpa: Some(1014.2),
        pressure_ground_hpa: Some(1009.6),
        wind_speed_ms: Some(5.14),
        wind_gust_ms: Some(9.2),
        wind_direction_deg: Some(240),
        cloud_cover_pct: Some(75.0),
        visibility_m: Some(24140.0),
        rain_1h_mm: Some(1.5),
        snow_1h_mm: Some(0.2),
        condition_id: Some(63),
        condition_group: Some("Rain".into()),
        condition_description: Some("moderate rain".into()),
        answered_latitude: Some(52.52),
        answered_longitude: Some(13.42),
        uv_index: Some(0.45),
        dew_point_c: Some(6.3),
        ..Values::default()
    };
    assert_eq!(observation.values, expected);
}

/// Each unit as <https://open-meteo.com/en/docs> lists it, and what it must not be taken for.
#[test]
fn each_field_is_taken_in_its_documented_unit_and_refused_in_any_other() {
    for (block, variable, unit, others) in [
        ("current", "temperature_2m", "°C", &["°F"][..]),
        ("current", "apparent_temperature", "°C", &["°F"]),
        ("current", "relative_humidity_2m", "%", &["1"]),
        ("current", "pressure_msl", "hPa", &["kPa"]),
        ("current", "surface_pressure", "hPa", &["kPa"]),
        ("current", "wind_speed_10m", "m/s", &["km/h", "mp/h", "kn"]),
        ("current", "wind_gusts_10m", "m/s", &["km/h", "mp/h", "kn"]),
        ("current", "wind_direction_10m", "°", &["rad"]),
        ("current", "cloud_cover", "%", &["okta"]),
        ("current", "visibility", "m", &["ft", "km"]),
        ("current", "weather_code", "wmo code", &["code"]),
        ("current", "dew_point_2m", "°C", &["°F"]),
        ("minutely_15", "rain", "mm", &["inch"]),
        ("minutely_15", "showers", "mm", &["inch"]),
        ("minutely_15", "snowfall", "cm", &["inch", "mm"]),
    ] {
        let units = format!("{block}_units");
        assert_eq!(full()[&units][variable], unit, "{variable}");
        for other in others {
            let mut body = full();
            body[&units][variable] = json!(other);
            let message = format!("malformed: {block}.{variable}: in {other}, expected {unit}");
            assert_eq!(fault(&body), message);
        }
    }
    // The UV index has none, which the service writes as an empty text.
    assert_eq!(full()["current_units"]["uv_index"], "");
    let mut body = full();
    body["current_units"]["uv_index"] = json!("W/m²");
    let expected = "malformed: current.uv_index: in W/m², expected no unit";
    assert_eq!(fault(&body), expected);
}

#[test]
fn seven_centimetres_of_snow_are_ten_millimetres_of_water() {
    let mut body = full();
    body["minutely_15"]["snowfall"] = json!([0, 7, 0, 0, 0]);
    assert_eq!(observed(&body).snow_1h_mm, Some(10.0));
}

#[test]
fn the_rain_of_an_hour_is_not_known_while_one_of_its_quarters_is_not() {
    let mut body = full();
    body["minutely_15"]["rain"][2] = json!(null);
    let values = observed(&body);
    assert_eq!((values.rain_1h_mm, values.snow_1h_mm), (None, Some(0.2)));
    body["minutely_15"]["time"][1] = json!(NOW + 900);
    assert_eq!(observed(&body).snow_1h_mm, None);
    body["minutely_15"] = json!(null);
    assert_eq!(observed(&body).rain_1h_mm, None);
}

#[test]
fn showers_come_on_top_of_rain_where_a_model_tells_them_apart() {
    let mut body = full();
    body["minutely_15"]["showers"] = json!([null, null, null, null, null]);
    body["minutely_15_units"]["showers"] = json!("undefined");
    assert_eq!(observed(&body).rain_1h_mm, Some(1.0));
    body["minutely_15"]["rain"] = json!([null, null, null, null, null]);
    assert_eq!(observed(&body).rain_1h_mm, None);
}

#[test]
fn what_is_null_is_none_although_its_unit_is_undefined() {
    let mut body = full();
    body["current"]["visibility"] = json!(null);
    body["current_units"]["visibility"] = json!("undefined");
    assert_eq!(observed(&body).visibility_m, None);
}

#[test]
fn calm_and_dry_are_zero_and_not_none() {
    let mut body = full();
    body["current"]["wind_speed_10m"] = json!(0);
    body["minutely_15"]["rain"] = json!([0, 0, 0, 0, 0]);
    body["minutely_15"]["showers"] = json!([0.0, 0.0, 0.0, 0.0, 0.0]);
    let values = observed(&body);
    assert_eq!((values.wind_speed_ms, values.rain_1h_mm), (Some(0.0), Some(0.0)));
}

#[test]
fn an_unknown_weather_code_is_kept_without_words() {
    let mut body = full();
    body["current"]["weather_code"] = json!(42.0);
    let values = observed(&body);
    assert_eq!((values.condition_id, values.condition_group), (Some(42), None));
    body["current"]["weather_code"] = json!(1.5);
    assert!(fault(&body).contains("no whole number"));
}

/// The table of <https://open-meteo.com/en/docs#weather_variable_documentation>.
#[test]
fn every_documented_weather_code_has_its_words() {
    let documented = [
        0, 1, 2, 3, 45, 48, 51, 53, 55, 56, 57, 61, 63, 65, 66, 67, 71, 73, 75, 77, 80, 81, 82, 85,
        86, 95, 96, 99,
    ];
    for code in 0..=99 {
        assert_eq!(condition::find(code).is_some(), documented.contains(&code), "{code}");
    }
    for (code, group, words) in [
        (0, "Clear", "clear sky"),
        (3, "Clouds", "overcast"),
        (48, "Fog", "depositing rime fog"),
        (57, "Drizzle", "dense freezing drizzle"),
        (67, "Rain", "heavy freezing rain"),
        (75, "Snow", "heavy snow fall"),
        (82, "Rain", "violent rain showers"),
        (86, "Snow", "heavy snow showers"),
        (99, "Thunderstorm", "thunderstorm with heavy hail"),
    ] {
        assert_eq!(condition::find(code), Some((group, words)), "{code}");
    }
}

#[test]
fn a_value_out_of_its_range_names_the_field() {
    for (block, variable, value, field) in [
        ("current", "temperature_2m", 999.0, "temperature_c"),
        ("current", "relative_humidity_2m", 120.0, "humidity_pct"),
        ("current", "wind_direction_10m", 400.0, "wind_direction_deg"),
        ("current", "pressure_msl", 10.0, "pressure_msl_hpa"),
        ("current", "uv_index", -1.0, "uv_index"),
        ("current", "dew_point_2m", 66.0, "dew_point_c"),
    ] {
        let mut body = full();
        body[block][variable] = json!(value);
        let error = transformed(&body).unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutOfRange);
        assert!(error.message.starts_with(field), "{error}");
    }
    let mut body = full();
    body["minutely_15"]["snowfall"][4] = json!(500);
    assert!(fault(&body).starts_with("out_of_range: snow_1h_mm"), "{}", fault(&body));
}

#[test]
fn odd_payloads_are_malformed_and_say_what_is_wrong() {
    let empty = json!({"current": {"time": NOW, "interval": 900}});
    let iso = json!({"current": {"time": "2026-11-25T08:00", "temperature_2m": 1}});
    let text = json!({"current": {"time": NOW, "temperature_2m": "9.4"}});
    for (body, expected) in [
        (json!({}), "current: missing"),
        (json!({"current": 7}), "current: no object"),
        (json!({"current": {"temperature_2m": 1}}), "current.time: missing"),
        (iso, "current.time: no number"),
        (text, "current.temperature_2m: no number"),
        (empty, "every value is absent"),
        (json!([]), "for 0 places"),
        (json!([full(), full()]), "for 2 places"),
        (json!([1]), "neither an object nor a list"),
        (json!(null), "neither an object nor a list"),
        (json!({"error": true, "reason": "too\nmuch"}), "the answer says error: too much"),
        (json!({"error": true}), "no reason"),
        (json!({"current": [NOW, 900, 9.4]}), "current: no object"),
        (json!({"current": []}), "current: no object"),
        (json!({"current": {"time": NOW}, "current_units": ["°C"]}), "current_units: no object"),
        (json!({"current": {"time": NOW}, "minutely_15": [[NOW], [1]]}), "minutely_15: no object"),
    ] {
        let error = transformed(&body).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Malformed, "{body}");
        assert!(error.message.contains(expected), "{body}: {error}");
    }
    for body in [&b""[..], b"{", b"<html>", b"\xff\xfe"] {
        let error = transform(&SiteId::parse("site").unwrap(), body).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Malformed);
    }
}

#[test]
fn a_limit_told_in_a_200_is_one() {
    let body = json!({"error": true, "reason": "Daily API request limit exceeded. Please try…"});
    assert_eq!(transformed(&body).unwrap_err().kind, ErrorKind::RateLimited);
}

fn archive(temperatures: &Value) -> Value {
    json!({
        "latitude": 52.5, "longitude": 13.4,
        "hourly_units": {
            "time": "unixtime", "temperature_2m": "°C", "rain": "mm", "snowfall": "cm",
            "wind_speed_10m": "m/s", "weather_code": "wmo code", "dew_point_2m": "°C"
        },
        "hourly": {
            "time": [NOW, NOW + 3600, NOW + 7200],
            "temperature_2m": temperatures,
            "rain": [1.5, null, null], "snowfall": [0.7, null, null],
            "wind_speed_10m": [3.25, null, null], "weather_code": [61, null, null],
            "dew_point_2m": [4.5, null, null]
        }
    })
}

fn hours(sites: &[Site]) -> HistoryCall<'_> {
    let first = DateTime::from_timestamp(NOW, 0).unwrap();
    HistoryCall { sites: sites.iter().collect(), first, last: first + chrono::TimeDelta::hours(2) }
}

#[test]
fn each_site_hour_of_the_archive_has_an_observation_or_a_reason() {
    let sites = [site("a"), site("b")];
    let call = hours(&sites);
    let body = json!([archive(&json!([9.4, null, 999])), archive(&json!([1, 2, 3]))]);
    let recalled = recall(&call, &ARCHIVE, body.to_string().as_bytes()).unwrap();
    let keys: Vec<(&str, i64)> =
        recalled.iter().map(|each| (each.site_id.as_str(), each.hour.timestamp() - NOW)).collect();
    let expected = [("a", 0), ("a", 3600), ("a", 7200), ("b", 0), ("b", 3600), ("b", 7200)];
    assert_eq!(keys, expected);
    let first = recalled[0].found.as_ref().unwrap();
    assert_eq!(first.observation_time.timestamp(), NOW);
    assert_eq!(first.values.rain_1h_mm, Some(1.5)); // of the hour already, showers in it
    assert_eq!(first.values.snow_1h_mm, Some(1.0));
    assert_eq!(first.values.wind_speed_ms, Some(3.25));
    assert_eq!((first.values.dew_point_c, first.values.uv_index), (Some(4.5), None));
    assert_eq!(first.values.condition_description.as_deref(), Some("slight rain"));
    assert_eq!(recalled[1].found, Err(Missing::Silent));
    let missing = recalled[2].found.as_ref().unwrap_err();
    assert!(matches!(missing, Missing::OutOfRange(_)), "{missing:?}");
    assert!(missing.to_string().contains("temperature_c: 999"), "{missing}");
    assert!(recalled[3..].iter().all(|each| each.found.is_ok()));
}

/// What the body says of two sites, three hours each: `None` for an hour that is there, else why not.
fn reasons(body: &str) -> Vec<Option<Missing>> {
    let sites = [site("a"), site("b")];
    let recalled = recall(&hours(&sites), &ARCHIVE, body.as_bytes()).unwrap();
    recalled.into_iter().map(|each| each.found.err()).collect()
}

#[test]
fn an_hour_that_is_not_in_the_answer_is_no_hour_without_a_value() {
    let sites = [site("a")];
    let mut call = hours(&sites);
    call.last += chrono::TimeDelta::hours(1);
    let body = archive(&json!([1, null, 3])).to_string();
    let recalled = recall(&call, &ARCHIVE, body.as_bytes()).unwrap();
    assert_eq!(recalled.len(), 4);
    assert_eq!(recalled[1].found, Err(Missing::Silent));
    let missing = recalled[3].found.as_ref().unwrap_err();
    assert!(matches!(missing, Missing::Unreadable(_)), "{missing:?}");
    assert!(missing.to_string().contains("2025-11-24 19:00:00 UTC was asked for"), "{missing}");
    // Of another day altogether.
    let mut other = archive(&json!([1, 2, 3]));
    other["hourly"]["time"] = json!([NOW - 86_400, NOW - 82_800, NOW - 79_200]);
    let recalled = recall(&call, &ARCHIVE, other.to_string().as_bytes()).unwrap();
    assert!(recalled.iter().all(|each| matches!(each.found, Err(Missing::Unreadable(_)))));
}

#[test]
fn an_answer_for_another_number_of_sites_is_nobodys() {
    let sites = [site("a"), site("b")];
    for (body, words) in [
        (archive(&json!([])), "1 places answered, 2 asked for"),
        (json!([archive(&json!([1, 2, 3]))]), "1 places answered, 2 asked for"),
        (json!([null, null, null]), "3 places answered, 2 asked for"),
        (json!([]), "0 places answered, 2 asked for"),
    ] {
        let error = recall(&hours(&sites), &ARCHIVE, body.to_string().as_bytes()).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Malformed, words));
    }
}

/// Whatever one place of an answer is, the other one is taken.
#[test]
fn each_place_of_an_answer_is_judged_by_itself() {
    let with = |pointer: &str, value: Value| {
        let mut place = archive(&json!([1, 2, 3]));
        match place.pointer_mut(pointer) {
            Some(part) => *part = value,
            None => panic!("no {pointer}"),
        }
        place
    };
    let mut without = archive(&json!([1, 2, 3]));
    without.as_object_mut().unwrap().remove("hourly");
    let only_times = json!({"hourly": {"time": [NOW, NOW + 3600, NOW + 7200]}});
    for (place, words) in [
        (json!(null), "neither an object nor a list"),
        (json!([1, 2]), "neither an object nor a list"),
        (json!({"error": true}), "no reason"),
        (json!({"error": true, "reason": "Internal Server Error"}), "Internal Server Error"),
        (json!({}), "hourly: missing"),
        (without, "hourly: missing"),
        (only_times, "hourly: nothing that was asked for"),
        (with("/hourly", json!([[NOW], [1]])), "hourly: no object"),
        (with("/hourly", json!([])), "hourly: no object"),
        (with("/hourly_units", json!(["unixtime", "°F"])), "hourly_units: no object"),
        (with("/hourly_units/temperature_2m", json!("°F")), "temperature_2m: in °F, expected °C"),
        (with("/hourly_units/temperature_2m", json!(["°C"])), "expected °C"),
        (with("/hourly_units/wind_speed_10m", json!("km/h")), "in km/h, expected m/s"),
        (with("/hourly/time", json!([NOW, null, NOW + 7200])), "hourly.time: no time"),
        (with("/hourly/time", json!([NOW, NOW + 3600, 1e15])), "hourly.time: 1000000000000000 is"),
        (with("/hourly/time", json!([NOW, NOW + 3600])), "temperature_2m: 3 values at 2 times"),
        (with("/hourly/temperature_2m", json!([1])), "temperature_2m: 1 values at 3 times"),
        (with("/hourly/temperature_2m", json!(["1", "2", "3"])), "temperature_2m: no number"),
    ] {
        let good = archive(&json!([1, 2, 3]));
        for (bad_first, body) in [(true, json!([place, good])), (false, json!([good, place]))] {
            let reasons = reasons(&body.to_string());
            let (first, second) = reasons.split_at(3);
            let (bad, good) = if bad_first { (first, second) } else { (second, first) };
            assert_eq!(good, [None, None, None], "{words}");
            for missing in bad {
                let missing = missing.as_ref().unwrap();
                assert!(matches!(missing, Missing::Unreadable(_)), "{words}: {missing:?}");
                assert!(missing.to_string().contains(words), "{words}: {missing}");
            }
        }
    }
}

#[test]
fn a_limit_that_one_place_tells_of_is_the_accounts() {
    let sites = [site("a"), site("b")];
    let limit = json!({"error": true, "reason": "Hourly API request limit exceeded. Please try…"});
    let body = json!([archive(&json!([1, 2, 3])), limit]).to_string();
    let fault = recall(&hours(&sites), &ARCHIVE, body.as_bytes()).unwrap_err();
    assert_eq!(fault.kind, ErrorKind::RateLimited);
}

/// Where the service writes a number that JSON has no form for.
const BARE: [&str; 6] = ["nan", "-nan", "NaN", "inf", "-inf", "Infinity"];

#[test]
fn a_bare_nan_is_a_value_that_is_not_known_and_spoils_nothing_else() {
    for word in BARE {
        let good = archive(&json!([1, 2, 3])).to_string();
        let place = good.replace("52.5", word).replace("[1,2,3]", &format!("[1,{word},3]"));
        assert!(place.matches(word).count() == 2, "{place}");
        let reasons = reasons(&format!("[{place}, {good}]"));
        let expected = [None, Some(Missing::Silent), None, None, None, None];
        assert_eq!(reasons, expected, "{word}");
    }
}

#[test]
fn the_echoed_place_is_not_needed_for_a_row() {
    for word in BARE {
        let body = full().to_string().replace("52.52", word);
        assert!(body.contains(&format!("\"latitude\":{word}")), "{body}");
        let observation = transform(&SiteId::parse("site").unwrap(), body.as_bytes()).unwrap();
        assert_eq!(observation.values.temperature_c, Some(9.4));
        assert_eq!(observation.values.answered_latitude, None);
        assert_eq!(observation.values.answered_longitude, Some(13.42));
    }
    for place in [json!(null), json!("52.5"), json!(400), json!([52.5])] {
        let mut body = full();
        body["latitude"] = place;
        assert_eq!(observed(&body).answered_latitude, None);
    }
}

proptest! {
    #[test]
    fn no_bytes_panic_the_transform(body: Vec<u8>) {
        let _ = transform(&SiteId::parse("site").unwrap(), &body);
    }

    #[test]
    fn what_is_accepted_is_in_range(temperature: f64, snow in any::<f64>(), code: i32) {
        let mut body = full();
        body["current"]["temperature_2m"] = json!(temperature);
        body["current"]["weather_code"] = json!(code);
        body["minutely_15"]["snowfall"][3] = json!(snow);
        match transformed(&body) {
            Ok(observation) => {
                let values = observation.values;
                prop_assert!(values.temperature_c.is_none_or(|t| (-95.0..=65.0).contains(&t)));
                prop_assert!(values.snow_1h_mm.is_none_or(|mm| (0.0..=500.0).contains(&mm)));
            }
            Err(fault) => prop_assert!(fault.to_string().lines().count() == 1),
        }
    }
}
