//! A day or a time as a person writes it: `2026-11-01`, `2026-11-01T14:00:00Z`, `yesterday`, `7d`.
//!
//! It is read without a clock; what it means follows from the present moment. Days are UTC.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::days::day_after;

/// What may be written.
pub const FORMS: &str = "expected a day (2026-11-01), a time (2026-11-01T14:00:00Z), `today`, `yesterday`, \
                         or how long ago in days or hours (7d, 24h)";

/// The longest way back, in days: a century is beyond every history.
const MAX_DAYS_AGO: u32 = 36_500;

/// A day or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// This day.
    Day(NaiveDate),
    /// This moment.
    Time(DateTime<Utc>),
    /// The day so many days before today; 0 is today.
    DaysAgo(u32),
    /// The moment so many hours before now.
    HoursAgo(u32),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let day = || text.parse().ok().filter(|_| text.len() == "2026-11-01".len()).map(Self::Day);
        let time = || DateTime::parse_from_rfc3339(text).ok().map(|time| Self::Time(time.to_utc()));
        let parsed = match text {
            "today" => Some(Self::DaysAgo(0)),
            "yesterday" => Some(Self::DaysAgo(1)),
            _ => ago(text).or_else(day).or_else(time),
        };
        parsed.ok_or_else(|| FORMS.to_owned())
    }
}

/// `7d` or `24h`.
fn ago(text: &str) -> Option<When> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = number.parse().ok().filter(|_| is_number)?;
    match unit {
        "d" if number <= MAX_DAYS_AGO => Some(When::DaysAgo(number)),
        "h" if number <= MAX_DAYS_AGO * 24 => Some(When::HoursAgo(number)),
        _ => None,
    }
}

impl When {
    /// The day (UTC) that it is or lies on.
    #[must_use]
    pub fn day(self, now: DateTime<Utc>) -> NaiveDate {
        match self {
            Self::Day(day) => day,
            Self::Time(time) => time.date_naive(),
            Self::DaysAgo(days) => now.date_naive() - TimeDelta::days(days.into()),
            Self::HoursAgo(hours) => (now - TimeDelta::hours(hours.into())).date_naive(),
        }
    }

    /// The moment that it begins with, as a start that is included.
    #[must_use]
    pub fn start(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Day(_) | Self::DaysAgo(_) => self.day(now).and_time(NaiveTime::MIN).and_utc(),
            Self::Time(time) => time,
            Self::HoursAgo(hours) => now - TimeDelta::hours(hours.into()),
        }
    }

    /// The first moment after it, as an end that is left out: a day ends with the next one, a time is its
    /// own end. `None` where there is no later time.
    #[must_use]
    pub fn end(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Day(_) | Self::DaysAgo(_) => {
                day_after(self.day(now)).map(|day| day.and_time(NaiveTime::MIN).and_utc())
            }
            Self::Time(_) | Self::HoursAgo(_) => Some(self.start(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-30T07:15:00Z".parse().unwrap()
    }

    #[test]
    fn a_day_a_time_and_a_way_back_mean_what_a_person_means() {
        for (text, start, end, day) in [
            ("2026-11-01", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-01"),
            (" today ", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z", "2026-11-30"),
            ("yesterday", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z", "2026-11-29"),
            ("0d", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z", "2026-11-30"),
            ("7d", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", "2026-11-23"),
            ("24h", "2026-11-29T07:15:00Z", "2026-11-29T07:15:00Z", "2026-11-29"),
            ("8h", "2026-11-29T23:15:00Z", "2026-11-29T23:15:00Z", "2026-11-29"),
            (
                "2026-11-01T01:30:00+02:00",
                "2026-10-31T23:30:00Z",
                "2026-10-31T23:30:00Z",
                "2026-10-31",
            ),
        ] {
            let when: When = text.parse().unwrap();
            assert_eq!(when.start(now()), start.parse::<DateTime<Utc>>().unwrap(), "{text}");
            assert_eq!(when.end(now()), end.parse::<DateTime<Utc>>().ok(), "{text}");
            assert_eq!(when.day(now()).to_string(), day, "{text}");
        }
        assert_eq!(When::Day("9999-12-31".parse().unwrap()).end(now()), None);
    }

    #[test]
    fn what_is_none_of_these_gets_the_list_of_them() {
        for text in [
            "",
            "31.11.",
            "2026-11-31",
            "2026-11-1",
            "26-11-01",
            "d",
            "-7d",
            "+7d",
            "7w",
            "7 d",
            "7D",
            "99999999999d",
            "36501d",
            "tomorrow",
            "2026-11-01T14:00",
            "2026-11-01 14:00",
            "7\u{e4}",
            "\u{e4}",
        ] {
            let error = text.parse::<When>().unwrap_err();
            for form in ["2026-11-01", "T14:00:00Z", "today", "yesterday", "7d", "24h"] {
                assert!(error.contains(form), "{text}: {error}");
            }
        }
        assert!("36500d".parse::<When>().is_ok());
    }
}
