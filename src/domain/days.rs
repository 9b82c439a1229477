//! A span of days, and what the rows of a day come to.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;

/// Days (UTC) from one to another, both included; without an end where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

/// The last year that stores and warehouses hold: MySQL's `datetime` and BigQuery's `timestamp` end with
/// it, and of SQLite's texts a longer one would stand before all others.
const LAST_YEAR: i32 = 9999;

/// The day after, as an end that is left out; `None` where there is no later time.
#[must_use]
pub fn day_after(day: NaiveDate) -> Option<NaiveDate> {
    day.succ_opt().filter(|after| after.year() <= LAST_YEAR)
}

/// Whether `time` lies on one of the local days from `first` to `last`.
pub(crate) fn is_between(
    timezone: Tz,
    first: Option<NaiveDate>,
    last: Option<NaiveDate>,
    time: DateTime<Utc>,
) -> bool {
    if first.is_none() && last.is_none() {
        return true;
    }
    let local_day = timezone.from_utc_datetime(&time.naive_utc()).date_naive();
    first.is_none_or(|first| first <= local_day) && last.is_none_or(|last| local_day <= last)
}

impl Days {
    /// Every day.
    pub const ALL: Self = Self { from: None, to: None };

    /// One day; every day for rows that have none.
    #[must_use]
    pub fn of(day: Day) -> Self {
        Self { from: day, to: day }
    }

    /// Whether this day is among them.
    #[must_use]
    pub fn holds(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Days of the past up to `today`, as the flags `--from` and `--to` name them.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn of_flags(
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        today: NaiveDate,
    ) -> Result<Self, String> {
        if let Some(from) = from.filter(|from| *from > today) {
            return Err(format!("--from {from} is in the future: nothing is expected yet"));
        }
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err("--to is before --from".into());
        }
        Ok(Self { from, to })
    }
}

/// The day (UTC) of a row; `None` is the one group that a table without days has.
pub type Day = Option<NaiveDate>;

/// What the rows of each day come to.
pub type DaySums = BTreeMap<Day, DaySum>;

/// What rows come to: equal when they are the same rows with the same values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DaySum {
    /// How many rows.
    pub rows: u64,
    /// How many different keys: fewer where a row is there twice.
    pub keys: u64,
    /// The exclusive or of the rows' fingerprints: two changes do not cancel in it, as they may in a
    /// sum.
    pub fingerprint: i64,
}

impl DaySum {
    /// One row more, of a key of its own.
    pub fn add(&mut self, fingerprint: i64) {
        self.rows += 1;
        self.keys += 1;
        self.fingerprint ^= fingerprint;
    }
}
