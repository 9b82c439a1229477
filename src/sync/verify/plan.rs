//! Which days a comparison reads, decided before the first row.

use std::collections::BTreeSet;
use std::num::NonZero;

use chrono::NaiveDate;

use super::Verify;
use crate::domain::proofs::{DayRange, days_to_prove, join_days};
use crate::domain::{Day, Days};
use crate::sink::{State, with_retries};
use crate::store::{Reads, StoreError};

/// Which days are compared. Rows of a table without days are compared always.
#[derive(Debug, Clone, Copy)]
pub enum Scope {
    /// These days.
    Of(Days),
    /// The days that changed since they were last proved, the last three, and one of so many of the
    /// rest: so many runs compare every day ([`days_to_prove`]).
    Rolling(NonZero<u16>),
}

/// What a comparison reads.
#[derive(Debug)]
pub(in crate::sync) struct Plan {
    /// The state that was read before any row.
    pub(super) state: State,
    /// The day (UTC) on which all is compared.
    pub(super) today: NaiveDate,
    /// The first day that rows are expected of.
    pub(super) first_day: NaiveDate,
    /// The days, in their order. Where the first day is among them there is no beginning, where today is,
    /// no end: what lies beyond should not be there, or is seldom, and costs nothing where nothing is.
    pub(in crate::sync) ranges: Vec<Days>,
    /// Where the sweep has come to, if it is one.
    pub(super) swept_to: Option<Day>,
}

impl Plan {
    pub(super) async fn of(parts: Verify<'_>, state: &State) -> Result<Self, StoreError> {
        let today = parts.clock.now().date_naive();
        let first_day = first_day(parts.reads, state).await?.unwrap_or(today).min(today);
        let (ranges, swept_to) = match parts.scope {
            Scope::Of(days) => (vec![days], None),
            Scope::Rolling(n) => {
                let choice = days_to_prove(&state.changed, &state.proofs, first_day, today, n);
                let ranges = join_days(&choice.days).into_iter();
                let ranges = ranges.map(|days| open_ended(&days, first_day, today));
                (ranges.collect(), Some(choice.swept_to))
            }
        };
        Ok(Self { state: state.clone(), today, first_day, ranges, swept_to })
    }

    /// The days that are read, from the first that rows are expected of to today.
    pub(super) fn days(&self) -> BTreeSet<NaiveDate> {
        let days = |range: &Days| {
            let first = range.from.map_or(self.first_day, |from| from.max(self.first_day));
            let last = range.to.map_or(self.today, |to| to.min(self.today));
            first.iter_days().take_while(move |day| *day <= last)
        };
        self.ranges.iter().flat_map(days).collect()
    }

    /// How many days there are from the first that rows are expected of to today.
    pub(super) fn known_days(&self) -> usize {
        self.first_day.iter_days().take_while(|day| *day <= self.today).count()
    }
}

/// The first day that rows are expected of, or a difference is known of; `None` without any.
pub(in crate::sync) async fn first_day(reads: &Reads, state: &State) -> Result<Day, StoreError> {
    let first = with_retries(async || reads.first_day().await).await?;
    Ok(first.into_iter().chain(state.proofs.first_different()).min())
}

fn open_ended(days: &DayRange, first_day: NaiveDate, today: NaiveDate) -> Days {
    Days {
        from: Some(*days.start()).filter(|start| *start > first_day),
        to: Some(*days.end()).filter(|end| *end < today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn november(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    #[test]
    fn what_lies_beyond_the_history_is_read_with_its_ends() {
        let of = |first, last| {
            open_ended(&(november(first)..=november(last)), november(1), november(30))
        };
        let days = |from: Option<u32>, to: Option<u32>| Days {
            from: from.map(november),
            to: to.map(november),
        };
        assert_eq!(of(1, 14), days(None, Some(14)));
        assert_eq!(of(3, 4), days(Some(3), Some(4)));
        assert_eq!(of(28, 30), days(Some(28), None));
        assert_eq!(of(1, 30), days(None, None));
    }

    #[test]
    fn the_days_are_counted_within_the_history() {
        let plan = |ranges| Plan {
            state: State { epoch: 1, ..State::default() },
            today: november(30),
            first_day: november(11),
            ranges,
            swept_to: None,
        };
        let all = plan(vec![Days::ALL]);
        assert_eq!((all.days().len(), all.known_days()), (20, 20));
        let some = [Days { from: None, to: Some(november(12)) }, Days::of(Some(november(20)))];
        assert_eq!(plan(some.into()).days(), [11, 12, 20].map(november).into());
        let beyond = [Days { from: Some(november(1)), to: Some(november(10)) }];
        assert_eq!(plan(beyond.into()).days(), [].into());
    }
}
