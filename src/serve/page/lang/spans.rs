//! From one time to another, marks of an axis, and where a wind comes from.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use chrono_tz::Tz;

use super::{Language, zone};

/// The points of the compass, clockwise from the north.
const POINTS: i64 = 8;

impl Language {
    /// A day at an axis: `30 Nov`.
    pub(in crate::serve::page) fn tick(&self, day: NaiveDate) -> String {
        let month = self.say(&format!("month-{}", day.month())).to_string();
        self.say("date-tick").with("day", day.day().to_string()).with("month", month).to_string()
    }

    /// A time of a day that is known: `14:00 CET`.
    pub(in crate::serve::page) fn clock(&self, time: DateTime<Utc>, timezone: Tz) -> String {
        let clock = time.with_timezone(&timezone).format("%H:%M").to_string();
        self.say("time-clock").with("time", clock).with("zone", zone(time, timezone)).to_string()
    }

    /// From one time to another: the day and the zone once where they are the same.
    pub(in crate::serve::page) fn between(
        &self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        timezone: Tz,
    ) -> String {
        let (first, last) = (from.with_timezone(&timezone), to.with_timezone(&timezone));
        let is_one_zone = zone(from, timezone) == zone(to, timezone);
        let begins = match is_one_zone {
            true => self.hour(first.naive_local()),
            false => format!("{} {}", self.hour(first.naive_local()), zone(from, timezone)),
        };
        let is_one_day = is_one_zone && first.date_naive() == last.date_naive();
        let ends = match is_one_day {
            true => self.clock(to, timezone),
            false => format!("{} {}", self.hour(last.naive_local()), zone(to, timezone)),
        };
        self.say("time-from-to").with("from", begins).with("to", ends).to_string()
    }

    /// Where a wind comes from: `SW`.
    pub(in crate::serve::page) fn compass(&self, degrees: i64) -> String {
        let point = (degrees * 2 + 45).div_euclid(90).rem_euclid(POINTS);
        self.say(&format!("compass-{point}")).to_string()
    }

    /// A reason of a gap in a word or two, by its name or the kind of its error.
    pub(in crate::serve::page) fn reason_word(&self, word: &str) -> String {
        let key = format!("reason-short-{}", word.replace([' ', '_'], "-"));
        if self.has(&key) { self.say(&key).to_string() } else { self.error(word) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::find;

    #[test]
    fn a_span_says_day_and_zone_once_where_they_are_the_same() {
        let (english, spanish) = (find("en").unwrap(), find("es").unwrap());
        let madrid = chrono_tz::Tz::Europe__Madrid;
        let times = |from: &str, to: &str| (from.parse().unwrap(), to.parse().unwrap());
        let one = times("2026-11-25T08:00:00Z", "2026-11-25T11:00:00Z");
        assert_eq!(english.between(one, madrid), "Wed 25 Nov 09:00 to 12:00 CET");
        assert_eq!(spanish.between(one, madrid), "de mié 25 nov 09:00 a 12:00 CET");
        let two = times("2026-11-25T22:00:00Z", "2026-11-25T23:00:00Z");
        assert_eq!(english.between(two, madrid), "Wed 25 Nov 23:00 to Thu 26 Nov 00:00 CET");
        let change = times("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z");
        assert_eq!(
            english.between(change, madrid),
            "Sun 25 Oct 02:00 CEST to Sun 25 Oct 03:00 CET"
        );
    }

    #[test]
    fn a_wind_is_named_by_where_it_comes_from() {
        let point = |degrees| find("es").unwrap().compass(degrees);
        assert_eq!([0, 22, 23, 240, 270, 359].map(point), ["N", "N", "NE", "SO", "O", "N"]);
    }
}
