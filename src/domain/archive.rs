//! Months that leave the store once the lake is proved to hold them, and what is kept of their ledger.

use std::fmt;

use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::days::Days;
use super::tables::{COLLECTION_SLOTS, Table, WEATHER_OBSERVATIONS};

mod stretch;

pub use stretch::{Stretch, Stretches};

/// The tables whose months leave the store, in the order in which they do. A table joins by its entry here:
/// it needs a day, and rows that only runs write.
pub const ARCHIVED_TABLES: [&Table; 2] = [&WEATHER_OBSERVATIONS, &COLLECTION_SLOTS];

/// Whether months of this table leave the store.
#[must_use]
pub fn is_archived_table(table: &Table) -> bool {
    ARCHIVED_TABLES.iter().any(|archived| archived.name == table.name)
}

/// A month (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(NaiveDate);

impl Month {
    /// The month of this day.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// The month written so: `2026-09`.
    ///
    /// # Errors
    /// What is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_plain = text.len() == 7 && text.bytes().all(|byte| byte != b'+');
        let day = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok();
        day.filter(|_| is_plain).map(Self).ok_or_else(|| "expected a month, such as 2026-09".into())
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        self.next().0.pred_opt().unwrap_or(self.0)
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// Its days.
    #[must_use]
    pub fn days(self) -> Days {
        Days { from: Some(self.first_day()), to: Some(self.last_day()) }
    }

    /// Its first moment, and the first that is after it.
    #[must_use]
    pub fn times(self) -> (DateTime<Utc>, DateTime<Utc>) {
        let start = |month: Self| month.0.and_time(NaiveTime::MIN).and_utc();
        (start(self), start(self.next()))
    }

    /// Whether its last day is more than so many days before `today`.
    #[must_use]
    pub fn is_older_than(self, keep_days: u32, today: NaiveDate) -> bool {
        today - self.last_day() > TimeDelta::days(keep_days.into())
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

/// Where a month of a table stands; a month that is not listed is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MonthStatus {
    /// Nothing may be written to it; its rows are in the store.
    Frozen,
    /// The lake holds it, and what stays of it is recorded; its rows are in the store still, or some.
    Proved,
    /// Its rows have left.
    Archived,
    /// Its rows are back, and may be written to.
    Restored,
}

impl MonthStatus {
    /// The status as the column has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Proved => "proved",
            Self::Archived => "archived",
            Self::Restored => "restored",
        }
    }

    /// The status written so. A status of a later program counts as frozen: nothing is written to such a
    /// month.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "proved" => Self::Proved,
            "archived" => Self::Archived,
            "restored" => Self::Restored,
            _ => Self::Frozen,
        }
    }

    /// Whether rows of the month may be written.
    #[must_use]
    pub fn is_live(self) -> bool {
        self == Self::Restored
    }

    /// Whether the lake is proved to hold it, and answers for it.
    #[must_use]
    pub fn is_proved(self) -> bool {
        matches!(self, Self::Proved | Self::Archived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_written_with_its_year() {
        let september = Month::parse("2026-09").unwrap();
        assert_eq!(september.to_string(), "2026-09");
        assert_eq!(
            (september.first_day(), september.last_day()),
            (day("2026-09-01"), day("2026-09-30"))
        );
        assert_eq!(Month::of(day("2024-02-29")).last_day(), day("2024-02-29"));
        assert_eq!(Month::parse("2026-12").unwrap().next(), Month::parse("2027-01").unwrap());
        for text in ["2026-13", "2026-9", "2026", "26-09", "2026-09-01", "", "+026-09", "2026-00"] {
            assert!(Month::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_month_is_older_than_some_days_once_its_last_day_is() {
        let september = Month::parse("2026-09").unwrap();
        assert!(!september.is_older_than(35, day("2026-11-04")));
        assert!(september.is_older_than(35, day("2026-11-05")));
    }

    #[test]
    fn a_status_is_read_as_it_is_written_and_an_unknown_one_lets_nothing_be_written() {
        use MonthStatus::{Archived, Frozen, Proved, Restored};
        for status in [Frozen, Proved, Archived, Restored] {
            assert_eq!(MonthStatus::parse(status.as_str()), status);
        }
        assert!(!MonthStatus::parse("of a later program").is_live());
    }
}
