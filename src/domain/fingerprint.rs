//! The fingerprint of an observation, which a warehouse can compute again by SQL.
//!
//! `row_hash` is FarmHash's `Fingerprint64` (BigQuery's `FARM_FINGERPRINT`) of a canonical text of
//! key and values; the run and our own times are not part of it. The text joins these with `|`:
//!
//! - a measured value: the whole number of its last decimal (21.37 °C is `2137`), see
//!   [`measure`];
//! - a time: Unix seconds;
//! - a text: its length in characters, `:`, and the text, so that no text can pose as two;
//! - what is NULL: `~`, which no number and no text can be;
//! - a measured value that has no such number (not finite, or beyond 64 bits): `!`. The program
//!   writes none, and one that is written by hand must differ from every other value.

use std::fmt::Write as _;

use super::measure::{self, Measure};
use super::observation::Observation;
use crate::farmhash::fingerprint64;

/// `FARM_FINGERPRINT` of the canonical text, see the [module](self).
#[must_use]
pub fn row_hash(observation: &Observation) -> i64 {
    canonical_text(observation).fingerprint()
}

/// The first of the measured values that is none, by its column: not finite, or far out of any range.
#[must_use]
pub fn find_unusable(observation: &Observation) -> Option<&'static str> {
    canonical_text(observation).unusable
}

/// Key and values as one unambiguous text, in the order of the table's columns.
fn canonical_text(observation: &Observation) -> CanonicalText {
    let values = &observation.values;
    let mut text = CanonicalText::new();
    text.text(Some(observation.site_id.as_str()));
    text.text(Some(observation.source));
    text.number(Some(observation.observation_time.timestamp()));
    text.measured(measure::TEMPERATURE_C, values.temperature_c);
    text.measured(measure::FEELS_LIKE_C, values.feels_like_c);
    text.measured(measure::TEMPERATURE_AREA_MIN_C, values.temperature_area_min_c);
    text.measured(measure::TEMPERATURE_AREA_MAX_C, values.temperature_area_max_c);
    text.measured(measure::HUMIDITY_PCT, values.humidity_pct);
    text.measured(measure::PRESSURE_MSL_HPA, values.pressure_msl_hpa);
    text.measured(measure::PRESSURE_GROUND_HPA, values.pressure_ground_hpa);
    text.measured(measure::WIND_SPEED_MS, values.wind_speed_ms);
    text.measured(measure::WIND_GUST_MS, values.wind_gust_ms);
    text.number(values.wind_direction_deg.map(i64::from));
    text.measured(measure::CLOUD_COVER_PCT, values.cloud_cover_pct);
    text.measured(measure::VISIBILITY_M, values.visibility_m);
    text.measured(measure::RAIN_1H_MM, values.rain_1h_mm);
    text.measured(measure::RAIN_3H_MM, values.rain_3h_mm);
    text.measured(measure::SNOW_1H_MM, values.snow_1h_mm);
    text.measured(measure::SNOW_3H_MM, values.snow_3h_mm);
    text.number(values.condition_id);
    text.text(values.condition_group.as_deref());
    text.text(values.condition_description.as_deref());
    text.measured(measure::ANSWERED_LATITUDE, values.answered_latitude);
    text.measured(measure::ANSWERED_LONGITUDE, values.answered_longitude);
    text
}

/// Cells as one text, which no other cells make.
#[derive(Debug, PartialEq)]
pub(crate) struct CanonicalText {
    text: String,
    /// The first column with a measured value that is none.
    unusable: Option<&'static str>,
}

impl CanonicalText {
    /// Without a cell; a row of ours fits in.
    pub(crate) fn new() -> Self {
        Self { text: String::with_capacity(192), unusable: None }
    }

    /// `FARM_FINGERPRINT` of the text.
    pub(crate) fn fingerprint(&self) -> i64 {
        fingerprint64(self.text.as_bytes()).cast_signed()
    }

    fn measured(&mut self, measure: Measure, value: Option<f64>) {
        if value.is_some_and(|value| measure::scaled(value, measure.decimals).is_none()) {
            self.unusable = self.unusable.or(Some(measure.name));
        }
        self.real(measure.decimals, value);
    }

    /// A number with so many decimals at most.
    pub(crate) fn real(&mut self, decimals: u8, value: Option<f64>) {
        match value.map(|value| measure::scaled(value, decimals)) {
            Some(None) => {
                self.separate();
                self.text.push('!');
            }
            number => self.number(number.flatten()),
        }
    }

    /// A number.
    pub(crate) fn number(&mut self, value: Option<i64>) {
        self.separate();
        match value {
            Some(value) => {
                // Writing to a String cannot fail.
                let _ = write!(self.text, "{value}");
            }
            None => self.text.push('~'),
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, value: Option<&str>) {
        self.number(value.and_then(|value| i64::try_from(value.chars().count()).ok()));
        if let Some(value) = value {
            self.text.push(':');
            self.text.push_str(value);
        }
    }

    fn separate(&mut self) {
        if !self.text.is_empty() {
            self.text.push('|');
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;
    use crate::domain::observation::Values;
    use crate::domain::site::SiteId;

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

    #[test]
    fn a_value_that_is_none_differs_from_null_and_zero_and_is_named() {
        let rained = |rain_1h_mm: Option<f64>| {
            observation(Values { temperature_c: Some(1.0), rain_1h_mm, ..Values::default() })
        };
        for value in [f64::NAN, f64::INFINITY, 1e300] {
            let odd = rained(Some(value));
            assert_eq!(find_unusable(&odd), Some("rain_1h_mm"), "{value}");
            for other in [None, Some(0.0), Some(500.0)] {
                assert_eq!(find_unusable(&rained(other)), None);
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
            let value = measure::TEMPERATURE_C.round(hundredths as f64 / 100.0).unwrap();
            prop_assert_eq!(measure::scaled(value, 2), Some(hundredths));
        }
    }
}
