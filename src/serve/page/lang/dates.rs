//! Days and times as a language writes them. A time of day always has its zone, or its day beside it: on the day on
//! which clocks go back an hour is there twice.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::{Language, Said};

impl Language {
    /// A day without its year: `Mon 30 Nov`.
    pub(in crate::serve::page) fn day(&self, day: NaiveDate) -> String {
        self.dated("date-day", day).to_string()
    }

    /// A day with its year: `30 Nov 2026`.
    pub(in crate::serve::page) fn date(&self, day: NaiveDate) -> String {
        self.dated("date-full", day).to_string()
    }

    /// A month with its year: `Nov 2026`.
    pub(in crate::serve::page) fn month(&self, day: NaiveDate) -> String {
        self.dated("date-month", day).to_string()
    }

    /// A local time without its year and zone: `Mon 30 Nov 14:00`.
    pub(in crate::serve::page) fn hour(&self, local: NaiveDateTime) -> String {
        let said = self.dated("date-hour", local.date());
        said.with("time", local.format("%H:%M").to_string()).to_string()
    }

    /// A time with all that it has: `30 Nov 2026, 14:00 CET`.
    pub(in crate::serve::page) fn moment(&self, time: DateTime<Utc>, timezone: Tz) -> String {
        let local = time.with_timezone(&timezone);
        let said = self.dated("date-moment", local.date_naive());
        let said = said.with("time", local.format("%H:%M").to_string());
        said.with("zone", zone(time, timezone)).to_string()
    }

    /// A text that has a day's parts.
    fn dated(&self, key: &'static str, day: NaiveDate) -> Said<'_> {
        let weekday = day.weekday().number_from_monday();
        let name = |kind: &str, number: u32| self.say(&format!("{kind}-{number}")).to_string();
        self.say(key)
            .with("weekday", name("weekday", weekday))
            .with("day", day.day().to_string())
            .with("month", name("month", day.month()))
            .with("year", day.year().to_string())
    }
}

/// The zone at a time: its letters where it has some, else how far it is from UTC.
pub(in crate::serve::page) fn zone(time: DateTime<Utc>, timezone: Tz) -> String {
    let name = time.with_timezone(&timezone).format("%Z").to_string();
    if name.starts_with(['+', '-']) { format!("UTC{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::super::find;

    #[test]
    fn days_and_times_are_written_as_the_language_does() {
        let time = "2026-11-30T13:05:00Z".parse().unwrap();
        let madrid = chrono_tz::Tz::Europe__Madrid;
        let day = "2026-11-30".parse().unwrap();
        let local = "2026-11-30T14:05:00".parse().unwrap();
        for (tag, expected) in [
            ("en", ["Mon 30 Nov", "30 Nov 2026", "Mon 30 Nov 14:05", "30 Nov 2026, 14:05 CET"]),
            ("es", ["lun 30 nov", "30 nov 2026", "lun 30 nov 14:05", "30 nov 2026, 14:05 CET"]),
        ] {
            let language = find(tag).unwrap();
            let written = [
                language.day(day),
                language.date(day),
                language.hour(local),
                language.moment(time, madrid),
            ];
            assert_eq!(written, expected);
        }
    }

    #[test]
    fn an_hour_that_is_there_twice_is_named_with_its_zone() {
        let english = find("en").unwrap();
        let madrid = chrono_tz::Tz::Europe__Madrid;
        let moment = |text: &str| english.moment(text.parse().unwrap(), madrid);
        assert_eq!(moment("2026-10-25T00:00:00Z"), "25 Oct 2026, 02:00 CEST");
        assert_eq!(moment("2026-10-25T01:00:00Z"), "25 Oct 2026, 02:00 CET");
        let dubai = chrono_tz::Tz::Asia__Dubai;
        let time = "2026-03-29T01:00:00Z".parse().unwrap();
        assert_eq!(english.moment(time, dubai), "29 Mar 2026, 05:00 UTC+04");
    }
}
