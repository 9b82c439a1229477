//! Which slots the schedule meets, and how long a run has for them.

use chrono::{DateTime, Utc};

use crate::domain::site::{Interval, Site};
use crate::domain::slot::slot_time;

/// The minutes of each hour at which the schedule starts a run.
pub const START_MINUTES: [u32; 2] = [7, 37];

const MINUTES_PER_DAY: u32 = 1440;

/// Slots of one site in a day.
pub(super) fn slots_per_day(interval: Interval) -> u32 {
    MINUTES_PER_DAY / interval.minutes()
}

/// The calls that the slots of these sites take from `from` up to, and without, `to`: one for each
/// that is under way at `from` or begins later.
#[must_use]
pub fn expected_calls(sites: &[Site], from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    sites.iter().map(|site| slots_between(site, from, to)).sum()
}

/// A life has no gaps, so that between two of its slots there are as many as fit.
fn slots_between(site: &Site, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    let (first, step) = (slot_time(from, site.interval), site.interval.span());
    let count = (to - first)
        .num_seconds()
        .max(0)
        .unsigned_abs()
        .div_ceil(step.num_seconds().unsigned_abs());
    let Some(last) = count.checked_sub(1).and_then(|last| i32::try_from(last).ok()) else {
        return 0;
    };
    if site.is_active_at(first) && site.is_active_at(first + step * last) {
        return count;
    }
    (0..=last).filter(|number| site.is_active_at(first + step * *number)).count() as u64
}

/// Each slot of a day, as the minutes it has left at the first start in it; `None`: no start
/// falls into it. Intervals divide a day, so that every day is the same.
fn minutes_left_by_slot(interval: Interval) -> impl Iterator<Item = Option<u32>> {
    let minutes = interval.minutes();
    (0..slots_per_day(interval)).map(move |slot| {
        let (begin, end) = (slot * minutes, (slot + 1) * minutes);
        let start = (begin..end).find(|minute| START_MINUTES.contains(&(minute % 60)))?;
        Some(end - start)
    })
}

/// The least time a run has until the slots it fills are over.
pub(super) fn minutes_left(interval: Interval) -> Option<u32> {
    minutes_left_by_slot(interval).flatten().min()
}

/// The warning about an interval of which some slots see no start.
pub(super) fn unmet(interval: Interval, sites: u64) -> Option<String> {
    let missed = minutes_left_by_slot(interval).filter(Option::is_none).count();
    (missed > 0).then(|| {
        format!(
            "interval_minutes {} (sites: {sites}): {missed} of {} slots a day stay empty, since \
             runs start at minutes {} and {} only: use 30 or more, or start runs more often",
            interval.minutes(),
            slots_per_day(interval),
            START_MINUTES[0],
            START_MINUTES[1],
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Coordinates, SiteId};

    #[test]
    fn expected_calls_are_those_of_the_slot_under_way_and_of_those_to_come() {
        let day = |day| chrono::NaiveDate::from_ymd_opt(2026, 11, day);
        let hourly = Site {
            site_id: SiteId::parse("akl-viaduct").unwrap(),
            name: String::new(),
            coordinates: Coordinates::parse(-36.84, 174.76).unwrap(),
            timezone: chrono_tz::Tz::Pacific__Auckland,
            country: None,
            elevation_m: None,
            interval: Interval::HOUR,
            active_from: None,
            active_until: None,
            tags: Vec::new(),
        };
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let calls = |site: &Site, from: &str, to: &str| {
            expected_calls(std::slice::from_ref(site), at(from), at(to))
        };
        assert_eq!(calls(&hourly, "2026-11-15T00:00:00Z", "2026-11-16T00:00:00Z"), 24);
        assert_eq!(calls(&hourly, "2026-11-15T22:20:00Z", "2026-11-16T00:00:00Z"), 2);
        assert_eq!(calls(&hourly, "2026-11-15T22:20:00Z", "2026-11-15T22:21:00Z"), 1);
        assert_eq!(calls(&hourly, "2026-11-15T22:00:00Z", "2026-11-15T22:00:00Z"), 0);
        assert_eq!(calls(&hourly, "2026-11-15T22:00:00Z", "2026-11-14T22:00:00Z"), 0);
        // Midnight in Auckland is 11:00 UTC of the day before.
        let first_day = Site { active_from: day(16), active_until: day(16), ..hourly };
        assert_eq!(calls(&first_day, "2026-11-15T00:00:00Z", "2026-11-16T00:00:00Z"), 13);
        assert_eq!(calls(&first_day, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"), 24);
    }

    #[test]
    fn the_schedule_meets_intervals_of_30_minutes_and_more() {
        for interval in (10..=1440).filter_map(Interval::parse) {
            let met = unmet(interval, 1).is_none();
            assert_eq!(met, interval.minutes() >= 30, "{interval:?}");
        }
    }

    #[test]
    fn a_run_has_what_is_left_of_the_slot_at_its_start() {
        let left = |minutes| minutes_left(Interval::parse(minutes).unwrap());
        assert_eq!((left(30), left(60), left(180)), (Some(23), Some(53), Some(173)));
        // Slots of 32 minutes begin anywhere: 02:08 to 02:40 has its first start at 02:37.
        assert_eq!(left(32), Some(3));
    }
}
