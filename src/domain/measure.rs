//! The measured quantities: name with unit, decimals kept, physical range.
//!
//! One table says it for the transform, which rounds and refuses, and for the fingerprint, which
//! needs each value as a whole number of its last decimal.

use std::fmt;

/// A measured quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// The column, with its unit.
    pub name: &'static str,
    /// Decimals that are kept.
    pub decimals: u8,
    /// Smallest value that can be.
    pub min: f64,
    /// Largest value that can be.
    pub max: f64,
}

/// A value that cannot be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfRange {
    measure: Measure,
    value: f64,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measure { name, min, max, .. } = self.measure;
        write!(f, "{name}: {} is out of range: expected {min} to {max}", self.value)
    }
}

impl std::error::Error for OutOfRange {}

const fn measure(name: &'static str, decimals: u8, min: f64, max: f64) -> Measure {
    Measure { name, decimals, min, max }
}

/// Air temperature.
pub const TEMPERATURE_C: Measure = measure("temperature_c", 2, -95.0, 65.0);
/// Temperature as a person feels it.
pub const FEELS_LIKE_C: Measure = measure("feels_like_c", 2, -95.0, 65.0);
/// Lowest temperature in the area at this moment.
pub const TEMPERATURE_AREA_MIN_C: Measure = measure("temperature_area_min_c", 2, -95.0, 65.0);
/// Highest temperature in the area at this moment.
pub const TEMPERATURE_AREA_MAX_C: Measure = measure("temperature_area_max_c", 2, -95.0, 65.0);
/// Relative humidity.
pub const HUMIDITY_PCT: Measure = measure("humidity_pct", 1, 0.0, 100.0);
/// Air pressure reduced to mean sea level.
pub const PRESSURE_MSL_HPA: Measure = measure("pressure_msl_hpa", 2, 800.0, 1100.0);
/// Air pressure at the ground.
pub const PRESSURE_GROUND_HPA: Measure = measure("pressure_ground_hpa", 2, 300.0, 1100.0);
/// Wind speed.
pub const WIND_SPEED_MS: Measure = measure("wind_speed_ms", 2, 0.0, 150.0);
/// Wind gust.
pub const WIND_GUST_MS: Measure = measure("wind_gust_ms", 2, 0.0, 150.0);
/// Direction the wind comes from; 0 is north, 90 east.
pub const WIND_DIRECTION_DEG: Measure = measure("wind_direction_deg", 0, 0.0, 360.0);
/// Share of the sky that clouds cover.
pub const CLOUD_COVER_PCT: Measure = measure("cloud_cover_pct", 1, 0.0, 100.0);
/// How far one sees.
pub const VISIBILITY_M: Measure = measure("visibility_m", 0, 0.0, 100_000.0);
/// Rain of the last hour.
pub const RAIN_1H_MM: Measure = measure("rain_1h_mm", 2, 0.0, 500.0);
/// Rain of the last three hours.
pub const RAIN_3H_MM: Measure = measure("rain_3h_mm", 2, 0.0, 1000.0);
/// Snow of the last hour, as water.
pub const SNOW_1H_MM: Measure = measure("snow_1h_mm", 2, 0.0, 500.0);
/// Snow of the last three hours, as water.
pub const SNOW_3H_MM: Measure = measure("snow_3h_mm", 2, 0.0, 1000.0);
/// Latitude of the place the source answered for.
pub const ANSWERED_LATITUDE: Measure = measure("answered_latitude", 4, -90.0, 90.0);
/// Longitude of the place the source answered for.
pub const ANSWERED_LONGITUDE: Measure = measure("answered_longitude", 4, -180.0, 180.0);

impl Measure {
    /// `value` rounded to the decimals kept, half away from zero, and checked against the range.
    ///
    /// # Errors
    /// [`OutOfRange`] when the rounded value lies outside, or is not a number.
    pub fn round(&self, value: f64) -> Result<f64, OutOfRange> {
        let scale = self.scale();
        // Adding zero turns -0.0 into 0.0: they are one value, and must have one fingerprint.
        let rounded = (value * scale).round() / scale + 0.0;
        if (self.min..=self.max).contains(&rounded) {
            Ok(rounded)
        } else {
            Err(OutOfRange { measure: *self, value })
        }
    }

    fn scale(&self) -> f64 {
        scale(self.decimals)
    }
}

/// A value with so many decimals as a whole number of the last one: 21.37 is 2137. `None` where there
/// is none that 64 bits hold: the value is not finite, or far out of any range.
#[must_use]
pub fn scaled(value: f64, decimals: u8) -> Option<i64> {
    const END: f64 = 9_223_372_036_854_775_808.0; // 2^63
    let scaled = (value * scale(decimals)).round();
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within 64 bits")]
    (-END..END).contains(&scaled).then_some(scaled as i64)
}

fn scale(decimals: u8) -> f64 {
    10_f64.powi(i32::from(decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_rounded_half_away_from_zero() {
        assert_eq!(TEMPERATURE_C.round(-0.125), Ok(-0.13));
        assert_eq!(TEMPERATURE_C.round(11.8204), Ok(11.82));
        assert_eq!(WIND_DIRECTION_DEG.round(359.5), Ok(360.0));
    }

    #[test]
    fn minus_zero_is_zero() {
        assert!(TEMPERATURE_C.round(-0.001).unwrap().is_sign_positive());
    }

    #[test]
    fn what_rounds_into_the_range_is_in_it_and_what_does_not_is_named() {
        assert_eq!(HUMIDITY_PCT.round(100.04), Ok(100.0));
        let error = HUMIDITY_PCT.round(104.0).unwrap_err();
        assert_eq!(error.to_string(), "humidity_pct: 104 is out of range: expected 0 to 100");
        assert!(HUMIDITY_PCT.round(f64::NAN).is_err());
    }

    #[test]
    fn a_rounded_value_scales_to_its_last_decimal() {
        assert_eq!(scaled(21.37, TEMPERATURE_C.decimals), Some(2137));
        assert_eq!(scaled(-3.6827, ANSWERED_LONGITUDE.decimals), Some(-36827));
    }

    #[test]
    fn a_value_that_no_whole_number_stands_for_has_none() {
        let end = 9_223_372_036_854_775_808.0;
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, f64::MAX, end] {
            assert_eq!(scaled(value, 0), None, "{value}");
        }
        assert_eq!(scaled(9.3e16, 2), None);
        assert_eq!(scaled(-end, 0), Some(i64::MIN));
        assert_eq!(scaled(9.2e16, 2), Some(9_200_000_000_000_000_000));
    }
}
