//! Times of a site's own clocks, always with the zone: on the day on which clocks go back an hour is
//! there twice.

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;

/// A time, as in `2026-11-25 09:00 CET`.
pub(super) fn time(time: DateTime<Utc>, timezone: Tz) -> String {
    let local = time.with_timezone(&timezone);
    format!("{} {}", local.format("%F %H:%M"), zone(time, timezone))
}

/// From one time to another, the day and the zone said once where they are the same.
pub(super) fn span(from: DateTime<Utc>, to: DateTime<Utc>, timezone: Tz) -> String {
    let (first, last) = (from.with_timezone(&timezone), to.with_timezone(&timezone));
    if zone(from, timezone) != zone(to, timezone) {
        return format!("{} to {}", time(from, timezone), time(to, timezone));
    }
    let form = if first.date_naive() == last.date_naive() { "%H:%M" } else { "%F %H:%M" };
    format!("{} to {} {}", first.format("%F %H:%M"), last.format(form), zone(to, timezone))
}

/// The zone at a time: its letters where it has some, else how far it is from UTC.
pub(super) fn zone(time: DateTime<Utc>, timezone: Tz) -> String {
    let name = time.with_timezone(&timezone).format("%Z").to_string();
    if name.starts_with(['+', '-']) { format!("UTC{name}") } else { name }
}

/// Where a mark stands on an axis of time, and what it says.
pub(super) type Tick = (DateTime<Utc>, String);

/// Each fourth hour of the site's day, or the beginning of each so manieth local day.
pub(super) fn ticks((from, to): (DateTime<Utc>, DateTime<Utc>), timezone: Tz) -> Vec<Tick> {
    let days = (to - from).num_days();
    // By quarters of an hour, since there are zones that are off by one, and days without a midnight.
    let quarters = (0..).map(|number| from + TimeDelta::minutes(15 * number));
    let is_tick = |time: &DateTime<Utc>| {
        let local = time.with_timezone(&timezone);
        if days <= 2 {
            return local.minute() == 0 && local.hour().is_multiple_of(4);
        }
        let before = (*time - TimeDelta::minutes(15)).with_timezone(&timezone);
        let is_new = before.date_naive() != local.date_naive();
        is_new && (days <= 8 || local.num_days_from_ce() % 5 == 0)
    };
    let form = match days {
        ..=2 => "%H:%M",
        3..=8 => "%a %-d",
        _ => "%-d %b",
    };
    let label = |time: DateTime<Utc>| time.with_timezone(&timezone).format(form).to_string();
    quarters.take_while(|time| *time < to).filter(is_tick).map(|time| (time, label(time))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn an_hour_that_is_there_twice_is_told_apart_by_its_zone() {
        let madrid = Tz::Europe__Madrid;
        assert_eq!(time(at("2026-10-25T00:00:00Z"), madrid), "2026-10-25 02:00 CEST");
        assert_eq!(time(at("2026-10-25T01:00:00Z"), madrid), "2026-10-25 02:00 CET");
        assert_eq!(time(at("2026-03-29T00:59:00Z"), madrid), "2026-03-29 01:59 CET");
        assert_eq!(time(at("2026-03-29T01:00:00Z"), madrid), "2026-03-29 03:00 CEST");
        assert_eq!(time(at("2026-03-29T01:00:00Z"), Tz::Asia__Dubai), "2026-03-29 05:00 UTC+04");
        let change = (at("2026-10-25T00:00:00Z"), at("2026-10-25T02:00:00Z"));
        assert_eq!(
            span(change.0, change.1, madrid),
            "2026-10-25 02:00 CEST to 2026-10-25 03:00 CET"
        );
        let night = (at("2026-11-25T22:00:00Z"), at("2026-11-25T23:00:00Z"));
        assert_eq!(span(night.0, night.1, madrid), "2026-11-25 23:00 to 2026-11-26 00:00 CET");
        assert_eq!(span(night.0, night.1, Tz::UTC), "2026-11-25 22:00 to 23:00 UTC");
    }

    #[test]
    fn marks_stand_at_the_hours_and_midnights_of_the_site() {
        let labels = |from, to, timezone| {
            let ticks = ticks((at(from), at(to)), timezone);
            ticks
                .into_iter()
                .map(|(time, label)| format!("{} {label}", time.format("%dT%H:%M")))
                .collect::<Vec<_>>()
        };
        // Clocks go back: five hours from midnight to four.
        let day = labels("2026-10-24T22:00:00Z", "2026-10-25T04:00:00Z", Tz::Europe__Madrid);
        assert_eq!(day, ["24T22:00 00:00", "25T03:00 04:00"]);
        let india = labels("2026-11-24T18:00:00Z", "2026-11-25T00:00:00Z", Tz::Asia__Kolkata);
        assert_eq!(india, ["24T18:30 00:00", "24T22:30 04:00"]);
        let week = labels("2026-11-20T00:00:00Z", "2026-11-23T12:00:00Z", Tz::Europe__Madrid);
        assert_eq!(week, ["20T23:00 Sat 21", "21T23:00 Sun 22", "22T23:00 Mon 23"]);
    }
}
