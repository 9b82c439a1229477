//! What a measured value may be: decimals kept, physical range.
//!
//! The [list of values](super::values) says it of each: for the transform, which rounds and refuses,
//! and for the fingerprint, which needs each value as a whole number of its last decimal.

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

/// A value with so many decimals as a whole number of the last one: 21.37 is 2137. `None` where 64
/// bits hold no such number: the value is not finite, or far out of any range.
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
    use crate::domain::values::{
        ANSWERED_LONGITUDE, HUMIDITY_PCT, TEMPERATURE_C, WIND_DIRECTION_DEG,
    };

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
