//! Values of a forecast, one by one: a number a little outside its range is clamped, one beyond it is left
//! out with a note, and a sentinel ("missing" written as a number) refuses the issue.

use std::collections::BTreeMap;

use crate::domain::ErrorKind;
use crate::domain::measure::Measure;
use crate::source::fault::Fault;

/// Numbers that services write for "missing".
const SENTINELS: [f64; 5] = [-9999.0, -999.0, 9999.0, 1e20, -1e20];

/// Nothing is colder, degrees Celsius.
const ABSOLUTE_ZERO_C: f64 = -273.15;

/// How far beyond its ends a value of this unit is clamped: what models really produce.
fn tolerance(name: &str) -> (f64, f64) {
    match name {
        "humidity_pct" => (1.0, 5.0),
        "cloud_cover_pct" | "precipitation_probability_pct" => (1.0, 1.0),
        _ if name.ends_with("_mm") || name.ends_with("_ms") || name == "visibility_m" => (0.5, 0.0),
        _ => (0.0, 0.0),
    }
}

/// What was left out of an issue.
#[derive(Debug, Default)]
pub(in crate::source) struct Checked {
    nulled: BTreeMap<&'static str, (usize, f64)>,
}

impl Checked {
    /// A value of this column, rounded and in its range; `None` where it is not known, or left out.
    ///
    /// # Errors
    /// `out_of_range` for a sentinel.
    pub(in crate::source) fn real(
        &mut self,
        column: &'static str,
        measure: Measure,
        value: Option<f64>,
    ) -> Result<Option<f64>, Fault> {
        let Some(value) = value else { return Ok(None) };
        if is_sentinel(column, value) {
            let message = format!("{column}: {value} stands for a missing value");
            return Err(Fault { kind: ErrorKind::OutOfRange, message });
        }
        let (below, above) = tolerance(column);
        let clamped = if (measure.min - below..=measure.max + above).contains(&value) {
            value.clamp(measure.min, measure.max)
        } else {
            value
        };
        let Ok(rounded) = measure.round(clamped) else {
            self.nulled.entry(column).or_insert((0, value)).0 += 1;
            return Ok(None);
        };
        Ok(Some(rounded))
    }

    /// A direction: 360 to 361 and -1 to 0 degrees come round.
    ///
    /// # Errors
    /// As [`real`](Self::real).
    pub(in crate::source) fn direction(
        &mut self,
        measure: Measure,
        value: Option<f64>,
    ) -> Result<Option<i64>, Fault> {
        let round = |value: f64| match value {
            -1.0..0.0 => value + 360.0,
            360.0..=361.0 => value - 360.0,
            value => value,
        };
        let degrees = self.real("wind_direction_deg", measure, value.map(round))?;
        #[expect(clippy::cast_possible_truncation, reason = "0 to 360")]
        Ok(degrees.map(|degrees| degrees as i64))
    }

    /// What was left out, in words; `None`: nothing.
    pub(super) fn words(&self) -> Option<String> {
        let each = self.nulled.iter().map(|(column, (count, first))| {
            format!("{column}: {count} out of range left out, the first {first}")
        });
        let all: Vec<_> = each.collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

fn is_sentinel(column: &str, value: f64) -> bool {
    let is_too_cold = column.ends_with("_c") && value <= ABSOLUTE_ZERO_C;
    !value.is_finite() || is_too_cold || SENTINELS.contains(&value) && column != "visibility_m"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::values::{HUMIDITY_PCT, TEMPERATURE_C, WIND_DIRECTION_DEG, WIND_SPEED_MS};

    #[test]
    fn a_value_a_little_outside_is_clamped_and_one_beyond_is_left_out_by_name() {
        let mut checked = Checked::default();
        let mut humidity = |value| checked.real("humidity_pct", HUMIDITY_PCT, Some(value));
        assert_eq!(humidity(104.9), Ok(Some(100.0)));
        assert_eq!(humidity(-0.5), Ok(Some(0.0)));
        assert_eq!(humidity(131.0), Ok(None));
        assert_eq!(humidity(140.0), Ok(None));
        assert_eq!(checked.real("wind_speed_ms", WIND_SPEED_MS, Some(-0.3)), Ok(Some(0.0)));
        let words = checked.words().unwrap();
        assert_eq!(words, "humidity_pct: 2 out of range left out, the first 131");
    }

    #[test]
    fn a_sentinel_refuses_the_issue() {
        for value in [-9999.0, -999.0, 1e20, -273.15, -300.0, f64::NAN] {
            let mut checked = Checked::default();
            let refused = checked.real("temperature_c", TEMPERATURE_C, Some(value)).unwrap_err();
            assert_eq!(refused.kind, ErrorKind::OutOfRange, "{value}");
            assert!(refused.message.starts_with("temperature_c: "), "{}", refused.message);
        }
    }

    #[test]
    fn a_direction_comes_round() {
        let mut checked = Checked::default();
        for (said, degrees) in [(-0.4, 360), (360.6, 1), (359.7, 360), (0.0, 0), (90.4, 90)] {
            assert_eq!(checked.direction(WIND_DIRECTION_DEG, Some(said)), Ok(Some(degrees)));
        }
        assert_eq!(checked.direction(WIND_DIRECTION_DEG, Some(720.0)), Ok(None));
    }
}
