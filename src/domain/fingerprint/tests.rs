//! The canonical text, and that it stays what it was.

use chrono::DateTime;
use proptest::prelude::{any, prop_assert_eq, proptest};

use super::*;
use crate::domain::site::SiteId;
use crate::domain::values::{TEMPERATURE_C, Values};

fn observation(values: Values) -> Observation {
    Observation {
        site_id: SiteId::parse("mad-retiro").unwrap(),
        source: "openweathermap",
        observation_time: DateTime::from_timestamp(1_764_000_000, 0).unwrap(),
        values,
    }
}

#[test]
fn the_canonical_text_is_fixed() {
    let values = Values {
        temperature_c: Some(-0.5),
        humidity_pct: Some(40.5),
        wind_direction_deg: Some(270),
        condition_id: Some(800),
        condition_group: Some("Clear".into()),
        condition_description: Some("a|~".into()),
        answered_longitude: Some(-3.6827),
        ..Values::default()
    };
    assert_eq!(
        canonical_text(&observation(values)).text,
        "10:mad-retiro|14:openweathermap|1764000000|-50|~|~|~|405|~|~|~|~|270|~|~|~|~|~|~|800|5:Clear|3:a|~|~|-36827"
    );
}

/// What the program of before there was a list of values wrote into `row_hash`: a row that is there
/// keeps its hash.
#[test]
#[expect(clippy::approx_constant, reason = "a temperature")]
fn a_row_has_the_hash_that_it_had_before() {
    let full = Values {
        temperature_c: Some(-0.13),
        feels_like_c: Some(-3.14),
        temperature_area_min_c: Some(-0.65),
        temperature_area_max_c: Some(1.1),
        humidity_pct: Some(81.0),
        pressure_msl_hpa: Some(1013.0),
        pressure_ground_hpa: Some(941.0),
        wind_speed_ms: Some(5.14),
        wind_gust_ms: Some(9.2),
        wind_direction_deg: Some(290),
        cloud_cover_pct: Some(75.0),
        visibility_m: Some(9000.0),
        rain_1h_mm: Some(0.25),
        rain_3h_mm: Some(1.5),
        snow_1h_mm: Some(0.5),
        snow_3h_mm: Some(2.0),
        condition_id: Some(500),
        condition_group: Some("Rain".into()),
        condition_description: Some("light | rain ~ é".into()),
        answered_latitude: Some(40.4153),
        answered_longitude: Some(-3.6827),
        ..Values::default()
    };
    let some = Values {
        temperature_c: Some(-0.5),
        humidity_pct: Some(40.5),
        wind_direction_deg: Some(270),
        condition_id: Some(800),
        condition_group: Some("Clear".into()),
        condition_description: Some("a|~".into()),
        answered_longitude: Some(-3.6827),
        ..Values::default()
    };
    let one = Values { temperature_c: Some(21.37), ..Values::default() };
    for (values, before) in [
        (full, -657_431_517_486_092_972),
        (some, 1_122_278_069_639_420_203),
        (one, 3_264_569_913_891_606_513),
    ] {
        assert_eq!(row_hash(&observation(values)), before);
    }
}

#[test]
fn a_value_that_came_later_is_in_the_text_by_its_name_where_there_is_one() {
    let text = |values| canonical_text(&observation(values)).text;
    let before = text(Values::default());
    assert!(before.ends_with("|~|~"), "{before}");
    let uv_index = Values { uv_index: Some(3.25), ..Values::default() };
    assert_eq!(text(uv_index.clone()), format!("{before}|8:uv_index|325"));
    let dew_point_c = Values { dew_point_c: Some(3.25), ..Values::default() };
    assert_eq!(text(dew_point_c), format!("{before}|11:dew_point_c|325"));
    let both = Values { dew_point_c: Some(-0.5), ..uv_index };
    assert_eq!(text(both), format!("{before}|8:uv_index|325|11:dew_point_c|-50"));
    let odd = observation(Values { uv_index: Some(f64::NAN), ..Values::default() });
    assert_eq!(usable_row_hash(&odd), Err("uv_index"));
}

#[test]
fn a_value_that_is_none_differs_from_null_and_zero_and_is_named() {
    let rained = |rain_1h_mm: Option<f64>| {
        observation(Values { temperature_c: Some(1.0), rain_1h_mm, ..Values::default() })
    };
    for value in [f64::NAN, f64::INFINITY, 1e300] {
        let odd = rained(Some(value));
        assert_eq!(usable_row_hash(&odd), Err("rain_1h_mm"), "{value}");
        for other in [None, Some(0.0), Some(500.0)] {
            assert_eq!(usable_row_hash(&rained(other)), Ok(row_hash(&rained(other))));
            assert_ne!(row_hash(&odd), row_hash(&rained(other)), "{value} {other:?}");
        }
    }
    assert!(canonical_text(&rained(Some(f64::NAN))).text.contains("|!|"));
}

#[test]
fn an_absent_value_differs_from_zero() {
    let zero = Values { rain_1h_mm: Some(0.0), ..Values::default() };
    assert_ne!(row_hash(&observation(zero)), row_hash(&observation(Values::default())));
}

proptest! {
    #[test]
    fn two_texts_never_pose_as_two_others(a: String, b: String, c: String, d: String) {
        let text = |group: &String, description: &String| {
            let values = Values {
                condition_group: Some(group.clone()),
                condition_description: Some(description.clone()),
                ..Values::default()
            };
            canonical_text(&observation(values))
        };
        prop_assert_eq!(text(&a, &b) == text(&c, &d), (a, b) == (c, d));
    }

    #[test]
    fn a_measured_value_keeps_its_last_decimal(hundredths in -9500_i64..6500, _any in any::<u8>()) {
        #[expect(clippy::cast_precision_loss, reason = "four digits")]
        let value = TEMPERATURE_C.round(hundredths as f64 / 100.0).unwrap();
        prop_assert_eq!(measure::scaled(value, 2), Some(hundredths));
    }
}
