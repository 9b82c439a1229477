//! Rain and snow: whether it fell, how often that was said, and how probable.

use chrono::{DateTime, TimeDelta, Utc};

use super::pairs::Truths;

/// How often an amount was reached, said and observed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hits {
    /// Said, and it came.
    pub hits: u64,
    /// Came without being said.
    pub misses: u64,
    /// Said, and it did not come.
    pub false_alarms: u64,
    /// Neither.
    pub quiet: u64,
}

impl Hits {
    /// Of pairs of forecast and truth, at an amount.
    #[must_use]
    pub fn of(pairs: &[(f64, f64)], amount: f64) -> Self {
        let mut hits = Self::default();
        for (forecast, truth) in pairs {
            match (*forecast >= amount, *truth >= amount) {
                (true, true) => hits.hits += 1,
                (false, true) => hits.misses += 1,
                (true, false) => hits.false_alarms += 1,
                (false, false) => hits.quiet += 1,
            }
        }
        hits
    }

    /// Probability of detection: of what came the share that was said.
    #[must_use]
    pub fn pod(self) -> Option<f64> {
        share(self.hits, self.hits + self.misses)
    }

    /// False alarm ratio: of what was said the share that did not come.
    #[must_use]
    pub fn far(self) -> Option<f64> {
        share(self.false_alarms, self.hits + self.false_alarms)
    }

    /// Critical success index.
    #[must_use]
    pub fn csi(self) -> Option<f64> {
        share(self.hits, self.hits + self.misses + self.false_alarms)
    }

    /// How often it was said for each time that it came.
    #[must_use]
    pub fn frequency_bias(self) -> Option<f64> {
        share(self.hits + self.false_alarms, self.hits + self.misses)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The Brier score of probabilities (0 to 1) and whether it came; `None` without any.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub fn brier(pairs: &[(f64, bool)]) -> Option<f64> {
    let square = |(said, came): &(f64, bool)| (said - f64::from(u8::from(*came))).powi(2);
    let sum: f64 = pairs.iter().map(square).sum();
    (!pairs.is_empty()).then(|| sum / pairs.len() as f64)
}

/// What fell in the window that ends at a time, from sums of hours; `None` unless every hour is known.
#[must_use]
pub fn window_sum(hours: &Truths, end: DateTime<Utc>, window_minutes: i64) -> Option<f64> {
    let count = window_minutes / 60;
    if window_minutes % 60 != 0 || count == 0 {
        return None;
    }
    (0..count).map(|back| hours.nearest(end - TimeDelta::hours(back))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_and_came_is_counted_at_an_amount() {
        let pairs = [(0.3, 0.5), (0.0, 0.2), (3.0, 0.1), (0.0, 0.0), (0.1, 0.1)];
        let hits = Hits::of(&pairs, 0.2);
        assert_eq!(hits, Hits { hits: 1, misses: 1, false_alarms: 1, quiet: 2 });
        assert_eq!(
            (hits.pod(), hits.far(), hits.frequency_bias()),
            (Some(0.5), Some(0.5), Some(1.0))
        );
        assert!((hits.csi().unwrap() - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(Hits::of(&pairs, 10.0).pod(), None);
    }

    #[test]
    fn a_probability_is_held_against_what_came() {
        assert_eq!(brier(&[(1.0, true), (0.5, false)]), Some(0.125));
        assert_eq!(brier(&[]), None);
    }

    #[test]
    fn a_window_is_known_only_where_each_of_its_hours_is() {
        let at = |hour: i64| DateTime::from_timestamp(1_795_600_800 + hour * 3600, 0).unwrap();
        let hours: Truths =
            [(0, 0.5), (1, 0.25), (2, 1.0)].map(|(h, mm)| (at(h), mm)).into_iter().collect();
        assert_eq!(window_sum(&hours, at(2), 180), Some(1.75));
        assert_eq!(window_sum(&hours, at(2), 60), Some(1.0));
        assert_eq!(window_sum(&hours, at(3), 180), None);
        assert_eq!(window_sum(&hours, at(2), 90), None);
    }
}
