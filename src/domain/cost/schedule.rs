//! Which slots the schedule meets, and how long a run has for them.

use crate::domain::site::Interval;

/// The minutes of each hour at which the schedule starts a run.
pub const START_MINUTES: [u32; 2] = [7, 37];

const MINUTES_PER_DAY: u32 = 1440;

/// Slots of one site in a day.
pub(super) fn slots_per_day(interval: Interval) -> u32 {
    MINUTES_PER_DAY / interval.minutes()
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
