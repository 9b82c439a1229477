//! Local days: on the day on which clocks go forward one may have no midnight.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// Quarters of an hour within which every day begins that has no midnight.
const QUARTERS: i64 = 4 * 4;

/// The first moment of a local day.
pub(super) fn begin(day: NaiveDate, timezone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let quarters = (0..QUARTERS).map(|number| midnight + TimeDelta::minutes(15 * number));
    let mut moments = quarters.filter_map(|time| timezone.from_local_datetime(&time).earliest());
    moments.next().map_or_else(|| midnight.and_utc(), |time| time.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_without_a_midnight_begins_when_its_clocks_do() {
        let begin = |day: &str, timezone| begin(day.parse().unwrap(), timezone).to_rfc3339();
        assert_eq!(begin("2026-11-25", Tz::Europe__Madrid), "2026-11-24T23:00:00+00:00");
        assert_eq!(begin("2026-10-25", Tz::Europe__Madrid), "2026-10-24T22:00:00+00:00");
        // In Cairo clocks go from midnight to one on that Friday.
        assert_eq!(begin("2026-04-24", Tz::Africa__Cairo), "2026-04-23T22:00:00+00:00");
        assert_eq!(begin("2026-11-25", Tz::Asia__Kolkata), "2026-11-24T18:30:00+00:00");
    }
}
