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
