//! Windows of time that calls are counted in: they begin and end by UTC, as the sources' do.

use chrono::{DateTime, Datelike as _, Months, NaiveTime, TimeDelta, Utc};

/// A window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// A minute of the clock.
    Minute,
    /// A day, UTC.
    Day,
    /// A calendar month, UTC.
    Month,
}

/// Rows that the minutes of one scope take in the store: an hour's, used again in the next one.
const MINUTES_KEPT: i64 = 60;

impl Window {
    /// Every window, the shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Day, Self::Month];

    /// The name in tables and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The window of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.as_str() == name)
    }

    /// When the window that contains `time` begins.
    #[must_use]
    pub fn start(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let day = time.date_naive();
        match self {
            Self::Minute => {
                let seconds = time.timestamp() - time.timestamp().rem_euclid(60);
                DateTime::from_timestamp(seconds, 0).unwrap_or(time)
            }
            Self::Day => day.and_time(NaiveTime::MIN).and_utc(),
            Self::Month => day.with_day(1).unwrap_or(day).and_time(NaiveTime::MIN).and_utc(),
        }
    }

    /// When the window that contains `time` ends: the start of the next one.
    #[must_use]
    pub fn end(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let start = self.start(time);
        match self {
            Self::Minute => start + TimeDelta::minutes(1),
            Self::Day => start + TimeDelta::days(1),
            Self::Month => start.checked_add_months(Months::new(1)).unwrap_or(start),
        }
    }

    /// The number of the row that counts the window that begins at `start`. A minute's row is used
    /// again an hour later, so that no row is ever deleted; days and months are kept.
    #[must_use]
    pub fn lane(self, start: DateTime<Utc>) -> i64 {
        match self {
            Self::Minute => start.timestamp().div_euclid(60).rem_euclid(MINUTES_KEPT),
            Self::Day => start.timestamp().div_euclid(86_400),
            Self::Month => i64::from(start.year()) * 12 + i64::from(start.month0()),
        }
    }
}
