//! A value for each of some days, kept as ranges of days that have the same.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;

use crate::domain::Day;

/// Days (UTC) that follow one another, the first and the last included.
pub type DayRange = RangeInclusive<NaiveDate>;

/// The days, in their order, joined where one follows another.
#[must_use]
pub fn join_days(days: &BTreeSet<NaiveDate>) -> Vec<DayRange> {
    let mut ranges = DayRanges::default();
    days.iter().for_each(|day| ranges.set(&(*day..=*day), ()));
    ranges.iter().map(|(days, ())| days).collect()
}

/// A value for each of some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayRanges<V>(BTreeMap<NaiveDate, (NaiveDate, V)>);

impl<V> Default for DayRanges<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V: Copy + PartialEq> DayRanges<V> {
    /// The value of a day.
    pub(super) fn get(&self, day: NaiveDate) -> Option<V> {
        let (_, (last, value)) = self.0.range(..=day).next_back()?;
        (day <= *last).then_some(*value)
    }

    /// Gives days a value, whatever they had. Days in the wrong order are none.
    pub(super) fn set(&mut self, days: &DayRange, value: V) {
        if days.is_empty() {
            return;
        }
        self.clear(days);
        let (mut first, mut last) = (*days.start(), *days.end());
        let before = first.pred_opt().and_then(|day| self.range_at(day));
        let after = last.succ_opt().and_then(|day| self.range_at(day));
        if let Some((found, _)) = before.filter(|(_, found)| *found == value) {
            first = *found.start();
        }
        if let Some((found, _)) = after.filter(|(_, found)| *found == value) {
            last = *found.end();
            self.0.remove(found.start());
        }
        self.0.insert(first, (last, value));
    }

    /// Takes the values of days.
    pub(super) fn clear(&mut self, days: &DayRange) {
        while let Some((range, value)) = self.first_within(days) {
            self.0.remove(range.start());
            if let Some(before) = days.start().pred_opt().filter(|day| day >= range.start()) {
                self.0.insert(*range.start(), (before, value));
            }
            if let Some(after) = days.end().succ_opt().filter(|day| day <= range.end()) {
                self.0.insert(after, (*range.end(), value));
            }
        }
    }

    /// The ranges, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (DayRange, V)> {
        self.0.iter().map(|(first, (last, value))| (*first..=*last, *value))
    }

    /// Another value for each range; `None` takes it.
    pub(super) fn map_values(&mut self, change: impl Fn(V) -> Option<V>) {
        self.0.retain(|_, (_, value)| match change(*value) {
            Some(changed) => {
                *value = changed;
                true
            }
            None => false,
        });
    }

    pub(super) fn first_day(&self) -> Day {
        self.0.keys().next().copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many ranges they are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn range_at(&self, day: NaiveDate) -> Option<(DayRange, V)> {
        let (first, (last, value)) = self.0.range(..=day).next_back()?;
        (day <= *last).then_some((*first..=*last, *value))
    }

    /// The first range that has one of these days.
    fn first_within(&self, days: &DayRange) -> Option<(DayRange, V)> {
        self.range_at(*days.start()).or_else(|| {
            let (first, (last, value)) = self.0.range(days.clone()).next()?;
            Some((*first..=*last, *value))
        })
    }
}
