//! Degree days: how much a building had to be heated or cooled on a day, by the mean of its temperature.
//!
//! Heating: how far the mean lies below a base, else 0; cooling: how far it lies above one. A day of which
//! too little is there has none, nor one that goes on: its mean is not that of a day.

/// The base that is meant if none is named, degrees Celsius.
pub const BASE_C: f64 = 18.0;

/// Of so many hundredths of its slots a day has to have a value.
pub const MIN_COVERAGE_PCT: u32 = 80;

/// What the degree days are counted from, degrees Celsius.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bases {
    /// Below it a day is heated.
    pub heating_c: f64,
    /// Above it a day is cooled.
    pub cooling_c: f64,
}

impl Default for Bases {
    fn default() -> Self {
        Self { heating_c: BASE_C, cooling_c: BASE_C }
    }
}

impl Bases {
    /// Heating and cooling degree days of a day with this mean, to two decimals.
    #[must_use]
    pub fn degree_days(self, mean_c: f64) -> (f64, f64) {
        let over_zero = |degrees: f64| (degrees.max(0.0) * 100.0).round() / 100.0;
        (over_zero(self.heating_c - mean_c), over_zero(mean_c - self.cooling_c))
    }
}

/// Whether enough of a day's slots have a value.
#[must_use]
pub fn is_covered(present: u32, expected: u32) -> bool {
    u64::from(present) * 100 >= u64::from(expected) * u64::from(MIN_COVERAGE_PCT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_heated_below_the_base_and_cooled_above() {
        for (mean, expected) in [
            (18.0, (0.0, 0.0)),
            (12.34, (5.66, 0.0)),
            (21.01, (0.0, 3.01)),
            (-9.99, (27.99, 0.0)),
            (17.99, (0.01, 0.0)),
        ] {
            let found = Bases::default().degree_days(mean);
            assert_eq!(found, expected, "{mean}");
            assert!(found.0.is_sign_positive() && found.1.is_sign_positive(), "{mean}");
        }
        let bases = Bases { heating_c: 15.5, cooling_c: 22.0 };
        assert_eq!(bases.degree_days(15.49), (0.01, 0.0));
        assert_eq!(bases.degree_days(22.25), (0.0, 0.25));
        assert_eq!(bases.degree_days(20.0), (0.0, 0.0));
    }

    #[test]
    fn four_fifths_of_a_day_are_enough_and_less_is_not() {
        assert!(!is_covered(19, 24) && is_covered(20, 24) && is_covered(24, 24));
        assert!(is_covered(4, 5) && !is_covered(39, 49) && is_covered(40, 50));
    }
}
