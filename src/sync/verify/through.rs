//! Through which day the sink is known to hold what the store holds.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};

use super::{DayComparison, Report, Verdict, Verify};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::tables::TABLES;
use crate::domain::{Day, Days};
use crate::sink::{State, States, with_retries};

/// Notes in the sink through which day each table is equal.
pub(in crate::sync) async fn note(
    parts: Verify<'_>,
    store_id: &str,
    states: &States,
    report: &mut Report,
) -> anyhow::Result<()> {
    let yesterday = SystemClock.now().date_naive() - TimeDelta::days(1);
    let mut through = BTreeMap::new();
    for table in TABLES.into_iter().filter(|table| table.day_of.is_some()) {
        let before = states.get(table.name).and_then(|state: &State| state.verified_through);
        let days = report.days.iter().filter(|day| day.table.name == table.name);
        let found = Found::of(parts.days, &days.collect::<Vec<_>>());
        through.insert(table.name, verified_through(before, found, yesterday));
    }
    let is_new = |(name, day): (&&str, &Day)| {
        states.get(*name).is_none_or(|state| state.verified_through != *day)
    };
    if through.iter().any(is_new) {
        with_retries(async || parts.sink.set_verified_through(store_id, &through).await).await?;
    }
    report.verified_through = through.into_values().min().flatten();
    Ok(())
}

/// What a comparison of some days found.
#[derive(Debug, Clone, Copy)]
struct Found {
    days: Days,
    /// The first day that is different.
    different: Day,
    /// The first day that says nothing yet: some of its rows are still to be synced.
    pending: Day,
}

impl Found {
    fn of(days: Days, compared: &[&DayComparison]) -> Self {
        let first = |verdicts: &[Verdict]| {
            let is_one = |day: &&&DayComparison| verdicts.contains(&day.verdict);
            compared.iter().filter(is_one).filter_map(|day| day.day).min()
        };
        let different = first(&[Verdict::Different, Verdict::Kept]);
        Self { days, different, pending: first(&[Verdict::Pending]) }
    }
}

/// Through which day a table is equal that was equal through `before`. It goes back only where a
/// difference was found: what is not known does not undo what was.
fn verified_through(before: Day, found: Found, yesterday: NaiveDate) -> Day {
    let day_before = |day: NaiveDate| day - TimeDelta::days(1);
    let joins = |from: NaiveDate| before.is_some_and(|before| from <= before + TimeDelta::days(1));
    let open = [found.different, found.pending].into_iter().flatten().min();
    let end = open.map_or(found.days.to.unwrap_or(yesterday), day_before).min(yesterday);
    let through = match found.days.from.is_none_or(joins) {
        true => before.max(Some(end)),
        false => before,
    };
    found.different.map_or(through, |day| through.min(Some(day_before(day))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn november(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    #[test]
    fn it_is_verified_through_the_day_before_the_first_that_is_not() {
        let yesterday = november(24);
        let span = |from: Option<u32>, to: Option<u32>| Days {
            from: from.map(november),
            to: to.map(november),
        };
        for (before, days, different, pending, expected) in [
            (None, span(None, None), None, None, Some(24)),
            (None, span(None, None), Some(25), None, Some(24)),
            (None, span(None, None), Some(20), None, Some(19)),
            (Some(22), span(None, None), Some(20), None, Some(19)),
            (Some(22), span(None, Some(10)), None, None, Some(22)),
            (None, span(None, Some(10)), None, None, Some(10)),
            // Only part is compared: it counts if it joins what was known.
            (Some(19), span(Some(20), None), None, None, Some(24)),
            (Some(19), span(Some(21), None), None, None, Some(19)),
            (None, span(Some(21), None), None, None, None),
            (Some(22), span(Some(18), Some(20)), Some(19), None, Some(18)),
            (Some(10), span(Some(18), None), Some(19), None, Some(10)),
            // Rows that are still to be synced hold it up, and do not set it back.
            (None, span(None, None), None, Some(20), Some(19)),
            (Some(15), span(None, None), None, Some(20), Some(19)),
            (Some(22), span(None, None), None, Some(20), Some(22)),
            (Some(22), span(None, None), Some(21), Some(18), Some(20)),
            (Some(22), span(None, None), Some(18), Some(21), Some(17)),
        ] {
            let different = different.map(november);
            let found = Found { days, different, pending: pending.map(november) };
            let through = verified_through(before.map(november), found, yesterday);
            assert_eq!(through, expected.map(november), "{before:?} {found:?}");
        }
    }
}
