//! Which times of a source are believed: what a source says of its own time is a claim.
//!
//! A live observation is of now. One whose time lies outside these bounds is refused by the source's
//! transform, and every reader of "newest" or "latest" leaves it out, since stores from before hold
//! some: a time in the future would otherwise count as fresh until it comes.

use chrono::{DateTime, TimeDelta, Utc};

/// How far the time of a live observation may lie after the moment of its answer: the clocks of two
/// servers differ, and Open-Meteo names the start of the current quarter of an hour.
pub const MAX_AHEAD: TimeDelta = TimeDelta::minutes(15);

/// How far the time of a live observation may lie before the moment of its answer. A source that
/// stands still is reported as such, not refused.
pub const MAX_AGE: TimeDelta = TimeDelta::days(30);

/// The last observation time that counts at `now`.
#[must_use]
pub fn last_believed(now: DateTime<Utc>) -> DateTime<Utc> {
    now + MAX_AHEAD
}

/// How old an observation of `time` is at `now`: no age is below zero, since the clock that says so may
/// be a little ahead.
#[must_use]
pub fn age(time: DateTime<Utc>, now: DateTime<Utc>) -> TimeDelta {
    (now - time).max(TimeDelta::zero())
}

/// How far the clock of a source may be from this machine's: what is further off is a clock that was never set,
/// at one end or the other, and this machine's is the one that slots go by.
const MAX_CLOCK_DIFFERENCE: TimeDelta = TimeDelta::days(1);

/// The moment of an answer that came while our clock shows `now`, and whose `Date` says `date`: the
/// server's, whose clock its times go by too; this machine's, where it has none or one that is a day off.
#[must_use]
pub fn moment_of_answer(date: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    let is_near = |date: &DateTime<Utc>| (*date - now).abs() < MAX_CLOCK_DIFFERENCE;
    date.filter(is_near).unwrap_or(now)
}

/// A time that a live observation cannot be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOfNow {
    /// It has not come yet.
    #[error(
        "{time} is out of range: after the answer of {answered_at} by more than {} minutes",
        MAX_AHEAD.num_minutes()
    )]
    Ahead {
        /// What the source said.
        time: DateTime<Utc>,
        /// When.
        answered_at: DateTime<Utc>,
    },
    /// It is long past.
    #[error(
        "{time} is out of range: before the answer of {answered_at} by more than {} days",
        MAX_AGE.num_days()
    )]
    Past {
        /// What the source said.
        time: DateTime<Utc>,
        /// When.
        answered_at: DateTime<Utc>,
    },
}

/// Checks the time that a live answer of `answered_at` gives its observation.
///
/// # Errors
/// When it lies outside the bounds; both belong to them.
pub fn check_live(time: DateTime<Utc>, answered_at: DateTime<Utc>) -> Result<(), NotOfNow> {
    match time - answered_at {
        ahead if ahead > MAX_AHEAD => Err(NotOfNow::Ahead { time, answered_at }),
        ahead if -ahead > MAX_AGE => Err(NotOfNow::Past { time, answered_at }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_moment_of_an_answer_is_the_servers_unless_it_is_a_day_off() {
        let now = at("2026-11-25T08:07:00Z");
        for (date, moment) in [
            (Some("2026-11-25T08:09:30Z"), "2026-11-25T08:09:30Z"),
            (Some("2026-11-24T08:07:01Z"), "2026-11-24T08:07:01Z"),
            (Some("2026-11-24T08:07:00Z"), "2026-11-25T08:07:00Z"),
            (Some("2026-11-26T08:07:00Z"), "2026-11-25T08:07:00Z"),
            (Some("1970-01-01T00:00:00Z"), "2026-11-25T08:07:00Z"),
            (None, "2026-11-25T08:07:00Z"),
        ] {
            assert_eq!(moment_of_answer(date.map(at), now), at(moment), "{date:?}");
        }
    }

    #[test]
    fn a_live_time_is_believed_from_thirty_days_before_the_answer_to_a_quarter_of_an_hour_after() {
        let answered_at = at("2026-11-25T08:00:00Z");
        let check = |time| check_live(at(time), answered_at).map_err(|error| error.to_string());
        for time in ["2026-11-25T08:15:00Z", "2026-11-25T08:00:00Z", "2026-10-26T08:00:00Z"] {
            assert_eq!(check(time), Ok(()), "{time}");
        }
        for (time, words) in [
            ("2026-11-25T08:15:01Z", "after the answer of 2026-11-25 08:00:00 UTC by more than 15"),
            ("2026-11-25T11:00:00Z", "2026-11-25 11:00:00 UTC is out of range: after the answer"),
            ("2029-11-25T08:00:00Z", "after the answer"),
            ("9999-12-31T23:59:00Z", "after the answer"),
            (
                "2026-10-26T07:59:59Z",
                "before the answer of 2026-11-25 08:00:00 UTC by more than 30",
            ),
            ("1970-01-01T00:00:00Z", "before the answer"),
        ] {
            let error = check(time).unwrap_err();
            assert!(error.contains(words), "{time}: {error}");
        }
    }
}
