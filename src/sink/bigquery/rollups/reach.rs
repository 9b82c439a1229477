//! Which days a sync rewrites in the roll-ups.
//!
//! What changes on one day may change others: a slot is shown in the hour of another day's observation,
//! and an observation that fills two hours has rained once, in the first. No slot begins a day or more
//! before the observation that fills it, and none is filled by one that is older than
//! [`MAX_AGE`]: so far the days that are rewritten reach beyond those that were written.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::{MAX_SITES, Span};
use crate::domain::source_time::MAX_AGE;

/// Days from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) first: NaiveDate,
    pub(super) last: NaiveDate,
}

/// What is rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    /// UTC days of hours.
    pub(super) hours: Vec<Stretch>,
    /// Local days.
    pub(super) days: Vec<Stretch>,
}

/// A slot may begin so many days before the day of its observation.
const BEFORE_DAYS: u64 = 1;

/// A slot may be of so many days after its observation: the longest interval is a day, and one more is
/// for what is left of both days.
#[expect(clippy::cast_sign_loss, reason = "a constant above zero")]
const AFTER_DAYS: u64 = MAX_AGE.num_days() as u64 + 2;

/// The clocks of the world are at most so far behind UTC, and so far ahead of it.
const BEHIND: TimeDelta = TimeDelta::hours(12);
pub(super) const AHEAD: TimeDelta = TimeDelta::hours(14);

/// Stretches that are not further apart are one.
const JOINED_DAYS: i64 = 7;

/// So many stretches are read apart; beyond, the nearest are one: each has its own bounds in the script.
const MAX_STRETCHES: usize = 4;

impl Reach {
    /// What `span` rewrites; `None`: everything.
    pub(super) fn of(span: &Span) -> Option<Self> {
        let touched = span.touched.as_ref().filter(|_| span.sites.len() <= MAX_SITES)?;
        let since = span.since.unwrap_or(span.as_of);
        let last = local_day(span.as_of + AHEAD);
        let after = |day: NaiveDate| later(day, AFTER_DAYS).min(last.max(day));
        let hours: BTreeSet<Stretch> = touched
            .iter()
            .map(|day| Stretch { first: earlier(*day, BEFORE_DAYS), last: after(*day) })
            .collect();
        let hours = joined(hours, 1);
        let around =
            |of: &Stretch| Stretch { first: earlier(of.first, 1), last: later(of.last, 1) };
        let passed = Stretch { first: local_day(since.min(span.as_of) - BEHIND), last };
        let days: BTreeSet<Stretch> = hours.iter().map(around).chain([passed]).collect();
        Some(Self { hours, days: fewer(joined(days, JOINED_DAYS)) })
    }
}

impl PartialOrd for Stretch {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Stretch {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.first, self.last).cmp(&(other.first, other.last))
    }
}

/// Stretches in order, those that are at most so many days apart as one.
fn joined(stretches: BTreeSet<Stretch>, apart_days: i64) -> Vec<Stretch> {
    let mut joined: Vec<Stretch> = Vec::new();
    for stretch in stretches {
        match joined.last_mut() {
            Some(before) if gap_days(before, &stretch) <= apart_days => {
                before.last = before.last.max(stretch.last);
            }
            _ => joined.push(stretch),
        }
    }
    joined
}

/// At most [`MAX_STRETCHES`].
fn fewer(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    while stretches.len() > MAX_STRETCHES {
        let gap = |index: &usize| gap_days(&stretches[index - 1], &stretches[*index]);
        let Some(nearest) = (1..stretches.len()).min_by_key(gap) else { break };
        let taken = stretches.remove(nearest);
        stretches[nearest - 1].last = taken.last.max(stretches[nearest - 1].last);
    }
    stretches
}

fn gap_days(before: &Stretch, after: &Stretch) -> i64 {
    (after.first - before.last).num_days()
}

fn local_day(time: DateTime<Utc>) -> NaiveDate {
    time.date_naive()
}

pub(super) fn earlier(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

/// So many days after; the last day that BigQuery has at most.
pub(super) fn later(day: NaiveDate, days: u64) -> NaiveDate {
    let after = day.checked_add_days(Days::new(days)).unwrap_or(LAST_DAY);
    after.min(LAST_DAY)
}

/// No timestamp is later (<https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types>).
const LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn reach(touched: &[&str], since: &str, as_of: &str) -> [Vec<(String, String)>; 2] {
        let span = Span {
            touched: Some(touched.iter().map(|text| day(text)).collect()),
            since: Some(since.parse().unwrap()),
            as_of: as_of.parse().unwrap(),
            sites: vec![],
        };
        let Reach { hours, days } = Reach::of(&span).unwrap();
        let text = |of: Vec<Stretch>| {
            of.into_iter().map(|of| (of.first.to_string(), of.last.to_string())).collect()
        };
        [text(hours), text(days)]
    }

    fn stretches(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(first, last)| (first.to_string(), last.to_string())).collect()
    }

    #[test]
    fn an_hourly_sync_reaches_the_days_around_its_own() {
        let [hours, days] = reach(&["2026-11-25"], "2026-11-25T08:00:00Z", "2026-11-25T09:00:00Z");
        assert_eq!(hours, stretches(&[("2026-11-24", "2026-11-25")]));
        assert_eq!(days, stretches(&[("2026-11-23", "2026-11-26")]));
    }

    #[test]
    fn silent_days_between_two_syncs_are_reached_without_a_row() {
        let [hours, days] = reach(&[], "2026-11-01T08:00:00Z", "2026-11-25T20:00:00Z");
        assert_eq!(hours, stretches(&[]));
        assert_eq!(days, stretches(&[("2026-10-31", "2026-11-26")]));
    }

    #[test]
    fn a_late_row_reaches_as_far_as_its_observation_may_still_fill_slots() {
        let [hours, days] = reach(&["2025-01-10"], "2026-11-25T08:00:00Z", "2026-11-25T09:00:00Z");
        assert_eq!(hours, stretches(&[("2025-01-09", "2025-02-11")]));
        assert_eq!(days, stretches(&[("2025-01-08", "2025-02-12"), ("2026-11-24", "2026-11-25")]));
    }

    #[test]
    fn many_days_far_apart_are_a_few_stretches() {
        let touched = ["2016-01-01", "2018-01-01", "2020-01-01", "2020-06-01", "2022-01-01"];
        let [hours, days] = reach(&touched, "2026-11-25T08:00:00Z", "2026-11-25T09:00:00Z");
        assert_eq!(hours.len(), 5);
        assert_eq!(days.len(), MAX_STRETCHES);
        assert!(days.contains(&("2019-12-30".into(), "2022-02-03".into())), "{days:?}");
    }

    #[test]
    fn everything_is_reached_where_no_days_are_given() {
        let as_of = "2026-11-25T09:00:00Z".parse().unwrap();
        let span = Span { touched: None, since: None, as_of, sites: vec![] };
        assert_eq!(Reach::of(&span), None);
    }
}
