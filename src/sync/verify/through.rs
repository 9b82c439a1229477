//! Through which day the sink is known to hold what the store holds.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};

use super::{DayComparison, Report, Verdict, Verify};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::tables::TABLES;
use crate::domain::{Day, Days};
use crate::sink::{State, States, insist};

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
        let is_open =
            |day: &&DayComparison| !matches!(day.verdict, Verdict::Same | Verdict::Repaired);
        let first_open = days.filter(is_open).filter_map(|day| day.day).min();
        through.insert(table.name, verified_through(before, parts.days, first_open, yesterday));
    }
    let is_new = |(name, day): (&&str, &Day)| {
        states.get(*name).is_none_or(|state| state.verified_through != *day)
    };
    if through.iter().any(is_new) {
        insist(async || parts.sink.set_verified_through(store_id, &through).await).await?;
    }
    report.verified_through = through.into_values().min().flatten();
    Ok(())
}

/// Through which day a table is equal, after `days` were compared and `first_open` was the first
/// that was not; it was equal through `before`.
fn verified_through(before: Day, days: Days, first_open: Day, yesterday: NaiveDate) -> Day {
    let joins = |from: NaiveDate| before.is_some_and(|before| from <= before + TimeDelta::days(1));
    let end = first_open.map_or(days.to.unwrap_or(yesterday), |open| open - TimeDelta::days(1));
    let end = Some(end.min(yesterday));
    match (first_open, days.from.is_none_or(joins)) {
        (Some(_), true) => end,
        (Some(_), false) => before.min(end),
        (None, true) => before.max(end),
        (None, false) => before,
    }
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
        for (before, days, first_open, expected) in [
            (None, span(None, None), None, Some(24)),
            (None, span(None, None), Some(25), Some(24)),
            (None, span(None, None), Some(20), Some(19)),
            (Some(22), span(None, None), Some(20), Some(19)),
            (Some(22), span(None, Some(10)), None, Some(22)),
            (None, span(None, Some(10)), None, Some(10)),
            // Only part is compared: it counts if it joins what was known.
            (Some(19), span(Some(20), None), None, Some(24)),
            (Some(19), span(Some(21), None), None, Some(19)),
            (None, span(Some(21), None), None, None),
            (Some(22), span(Some(18), Some(20)), Some(19), Some(18)),
            (Some(10), span(Some(18), None), Some(19), Some(10)),
        ] {
            let found =
                verified_through(before.map(november), days, first_open.map(november), yesterday);
            assert_eq!(found, expected.map(november), "{before:?} {days:?} {first_open:?}");
        }
    }
}
