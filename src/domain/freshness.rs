//! How long an observation counts as fresh: `status`, the page, the metrics and the warehouse go by it.

use chrono::TimeDelta;

/// Two hours at least: the source itself renews its data every two hours on the smaller plans.
pub const MINUTES: i64 = 120;

/// Else two of the site's intervals.
pub const INTERVALS: i64 = 2;

/// The rule for a reader of the warehouse.
pub const IN_WORDS: &str = "Whether it is no older than 2 hours, or two of the site's intervals.";

/// How old the latest observation of a site may be that is observed every so many minutes.
#[must_use]
pub fn fresh_for(interval_minutes: i64) -> TimeDelta {
    TimeDelta::minutes(MINUTES.max(interval_minutes.saturating_mul(INTERVALS)))
}

/// Whether an observation of this age is fresh.
#[must_use]
pub fn is_fresh(age: TimeDelta, interval_minutes: i64) -> bool {
    age <= fresh_for(interval_minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_is_two_hours_or_two_intervals_whichever_is_longer() {
        let minutes = |interval| fresh_for(interval).num_minutes();
        assert_eq!((minutes(10), minutes(60), minutes(61), minutes(1440)), (120, 120, 122, 2880));
        assert!(is_fresh(TimeDelta::minutes(120), 60));
        assert!(!is_fresh(TimeDelta::minutes(120) + TimeDelta::milliseconds(1), 60));
    }
}
