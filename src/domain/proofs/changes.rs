//! Which days were written, and at which epoch.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::ranges::{DayRange, DayRanges};
use super::{Proofs, text};
use crate::domain::Day;

/// So many ranges of days are kept apart for each table. Beyond, neighbours become one: days between
/// them count as changed and are read once more than they need be, and none is left out.
const MAX_RANGES: usize = 100;

/// Which days of which table were written since they were last proved, and at which epoch last.
///
/// As text it is `{"weather_observations": "2016-11-30 14@812 5 1@813"}`: runs of days from a first
/// day, each with the epoch at which they were written; a number alone is of days that were not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "text::ChangesText", into = "text::ChangesText")]
pub struct Changes {
    pub(super) tables: BTreeMap<String, DayRanges<i64>>,
}

impl Changes {
    /// Notes that rows of these days were written; `epoch` is the state's **after** the write. A table
    /// without days has none to note.
    pub fn add(&mut self, table: &str, days: impl IntoIterator<Item = NaiveDate>, epoch: i64) {
        let mut days = days.into_iter().peekable();
        if days.peek().is_none() {
            return;
        }
        let ranges = self.tables.entry(table.to_owned()).or_default();
        days.for_each(|day| ranges.set(&(day..=day), epoch));
        fold(ranges);
    }

    /// Drops the days that were proved at the epoch of their change or later.
    pub fn prune(&mut self, proofs: &Proofs) {
        for (table, ranges) in &mut self.tables {
            for (proved, epoch) in proofs.proved(table) {
                for days in changed_by(ranges, &proved, epoch) {
                    ranges.clear(&days);
                }
            }
            fold(ranges);
        }
        self.tables.retain(|_, ranges| !ranges.is_empty());
    }

    /// The first day that was written and not proved since.
    #[must_use]
    pub fn first_day(&self) -> Day {
        self.tables.values().filter_map(DayRanges::first_day).min()
    }

    /// Those of one table.
    #[must_use]
    pub fn of_table(&self, table: &str) -> Self {
        let ranges = self.tables.get_key_value(table);
        Self { tables: ranges.map(|(name, of)| (name.clone(), of.clone())).into_iter().collect() }
    }

    /// Takes over those of other tables.
    pub fn join(&mut self, others: Self) {
        self.tables.extend(others.tables);
    }

    /// The epoch at which a day was written last, if it was since it was last proved.
    #[must_use]
    pub fn epoch(&self, table: &str, day: NaiveDate) -> Option<i64> {
        self.tables.get(table)?.get(day)
    }
}

/// Those of `days` that were changed up to `epoch`.
fn changed_by(ranges: &DayRanges<i64>, days: &DayRange, epoch: i64) -> Vec<DayRange> {
    let common = |range: &DayRange| *range.start().max(days.start())..=*range.end().min(days.end());
    let changed = ranges.iter().filter(|(_, changed)| *changed <= epoch);
    changed.map(|(range, _)| common(&range)).filter(|days| !days.is_empty()).collect()
}

/// Joins the nearest neighbours, the oldest first, until the ranges are few. What is joined counts as
/// changed at the later of its epochs.
fn fold(ranges: &mut DayRanges<i64>) {
    while ranges.len() > MAX_RANGES {
        let pairs = ranges.iter().zip(ranges.iter().skip(1));
        let nearest = pairs.min_by_key(|((one, _), (other, _))| *other.start() - *one.end());
        let Some(((one, epoch), (other, later))) = nearest else { return };
        ranges.set(&(*one.start()..=*other.end()), epoch.max(later));
    }
}
