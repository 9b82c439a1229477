//! The marks of an axis of time: hours or days of the clocks that the reader wants, one of them with its date.

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;

use crate::serve::answer::values::midnight;
use crate::serve::page::lang::Language;
use crate::serve::page::local;

/// So many marks have room beside each other; on a phone half as many.
const MOST: usize = 9;

/// A mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tick {
    pub(super) time: DateTime<Utc>,
    pub(super) label: String,
    /// It leaves first where there is little room.
    pub(super) is_minor: bool,
}

/// The beginning of each local day within these times.
pub(super) fn midnights(
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    timezone: Tz,
) -> Vec<DateTime<Utc>> {
    let first = from.with_timezone(&timezone).date_naive();
    let begins = first.iter_days().map(|day| local::begin(day, timezone));
    begins.skip_while(|time| *time < from).take_while(|time| *time < to).collect()
}

/// Of hours: whole hours that divide the day, or the local days.
pub(super) fn of_hours(
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    timezone: Tz,
    language: &Language,
) -> Vec<Tick> {
    let hours = u32::try_from((to - from).num_hours()).unwrap_or(u32::MAX);
    let step = [1, 2, 3, 4, 6].into_iter().find(|step| hours / step <= 7);
    let Some(step) = step else {
        let days = midnights((from, to), timezone);
        let label =
            |time: &DateTime<Utc>| language.tick(time.with_timezone(&timezone).date_naive());
        return thinned(days.iter().map(|time| (*time, label(time))).collect());
    };
    // By quarters of an hour, since there are zones that are off by one.
    let quarters = (0..).map(|number| from + TimeDelta::minutes(15 * number));
    let is_mark = |time: &DateTime<Utc>| {
        let local = time.with_timezone(&timezone);
        local.minute() == 0 && local.hour().is_multiple_of(step)
    };
    let times: Vec<_> = quarters.take_while(|time| *time < to).filter(is_mark).collect();
    let is_day = |time: &DateTime<Utc>| time.with_timezone(&timezone).hour() == 0;
    let dated = times.iter().position(is_day).unwrap_or(0);
    let label = |(index, time): (usize, &DateTime<Utc>)| {
        let local = time.with_timezone(&timezone);
        let clock = local.format("%H:%M").to_string();
        let day = || language.tick(local.date_naive());
        match (is_day(time), index == dated) {
            (true, _) => day(),
            (false, true) => format!("{} {clock}", day()),
            (false, false) => clock,
        }
    };
    thinned(times.iter().enumerate().map(|(index, time)| (*time, label((index, time)))).collect())
}

/// Of local days: each so manieth.
pub(super) fn of_days((first, last): (NaiveDate, NaiveDate), language: &Language) -> Vec<Tick> {
    let count = usize::try_from((last - first).num_days() + 1).unwrap_or(1);
    let step = [1, 2, 5, 10, 15, 30, 45].into_iter().find(|step| count.div_ceil(*step) <= MOST);
    let days = first.iter_days().take(count).step_by(step.unwrap_or(61));
    thinned(days.map(|day| (midnight(day), language.tick(day))).collect())
}

/// Every other one leaves first where there are many.
fn thinned(marks: Vec<(DateTime<Utc>, String)>) -> Vec<Tick> {
    let is_many = marks.len() > MOST / 2;
    let marks = marks.into_iter().enumerate();
    marks
        .map(|(index, (time, label))| Tick { time, label, is_minor: is_many && index % 2 == 1 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::page::lang::find;

    fn labels(from: &str, to: &str, timezone: Tz) -> Vec<String> {
        let times = (from.parse().unwrap(), to.parse().unwrap());
        of_hours(times, timezone, find("en").unwrap()).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn marks_stand_at_the_hours_and_midnights_of_the_clocks_and_name_the_date() {
        // Clocks go back: five hours from midnight to four.
        let day = labels("2026-10-24T22:00:00Z", "2026-10-25T22:00:00Z", Tz::Europe__Madrid);
        assert_eq!(day, ["25 Oct", "04:00", "08:00", "12:00", "16:00", "20:00"]);
        let india = labels("2026-11-24T18:00:00Z", "2026-11-25T00:00:00Z", Tz::Asia__Kolkata);
        assert_eq!(india, ["25 Nov", "01:00", "02:00", "03:00", "04:00", "05:00"]);
        let noon = labels("2026-11-25T08:00:00Z", "2026-11-25T11:00:00Z", Tz::UTC);
        assert_eq!(noon, ["25 Nov 08:00", "09:00", "10:00"]);
        let week = labels("2026-11-20T00:00:00Z", "2026-11-23T12:00:00Z", Tz::Europe__Madrid);
        assert_eq!(week, ["21 Nov", "22 Nov", "23 Nov"]);
    }

    #[test]
    fn a_year_of_days_has_few_marks() {
        let day = |text: &str| text.parse().unwrap();
        let ticks = of_days((day("2026-01-01"), day("2026-12-31")), find("es").unwrap());
        assert!(ticks.len() <= MOST && ticks[0].label == "1 ene" && ticks[1].is_minor);
        assert_eq!(of_days((day("2026-01-01"), day("2026-01-03")), find("en").unwrap()).len(), 3);
    }
}
