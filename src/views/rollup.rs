//! Slots, as they come in order, become days.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::iter::Peekable;

use chrono::{DateTime, NaiveDate, Utc};

use super::days::Tally;
use super::hours::OneHour;
use crate::domain::{Expected, Life};
use crate::store::{FilledSlot, LedgerSlot};
use crate::views::gaps;

/// Puts the days of a site and source together.
pub(super) struct Rollup<'a> {
    life: &'a Life,
    expected: Peekable<Box<dyn Iterator<Item = Expected> + Send + 'a>>,
    paused: BTreeSet<DateTime<Utc>>,
    /// The first and the last local day that is asked for.
    range: (NaiveDate, NaiveDate),
    days: BTreeMap<NaiveDate, Tally>,
    hour: OneHour,
    /// The observations whose rain is counted, by source and time.
    rained: HashSet<(Option<String>, Option<DateTime<Utc>>)>,
}

impl<'a> Rollup<'a> {
    /// Of the days from one to another, both included; the expected slots come in order.
    pub(super) fn new(
        life: &'a Life,
        (from, to): (NaiveDate, NaiveDate),
        expected: impl Iterator<Item = Expected> + Send + 'a,
        paused: BTreeSet<DateTime<Utc>>,
    ) -> Self {
        let is_asked_for =
            move |slot: &Expected| (from..=to).contains(&life.local_day(slot.slot_time));
        let expected: Box<dyn Iterator<Item = Expected> + Send> =
            Box::new(expected.filter(is_asked_for));
        let (expected, range) = (expected.peekable(), (from, to));
        let (days, hour, rained) = (BTreeMap::new(), OneHour::default(), HashSet::new());
        Self { life, expected, paused, range, days, hour, rained }
    }

    /// One slot more of the ledger; they come in order.
    pub(super) fn push(&mut self, slot: FilledSlot) {
        if let Some(past) = self.hour.push(slot) {
            self.hour(&past);
        }
    }

    /// The days on which slots are expected.
    pub(super) fn finish(mut self) -> BTreeMap<NaiveDate, Tally> {
        let last = std::mem::take(&mut self.hour);
        self.hour(&last);
        while let Some(slot) = self.expected.next() {
            self.count(slot, None);
        }
        self.days.retain(|_, tally| tally.expected > 0);
        self.days
    }

    /// Rain and snow are those of an hour: they are taken from its representative observation. One
    /// that fills two hours has rained once, in the first.
    fn hour(&mut self, hour: &OneHour) {
        let representative = hour.representative();
        for (index, filled) in hour.slots.iter().enumerate() {
            let observation = (filled.value_source.clone(), filled.observation_time);
            let counts_rain = representative == Some(index) && self.rained.insert(observation);
            self.slot(filled, counts_rain);
        }
    }

    /// What is in the ledger and not expected was called for under other rules: it counts as weather,
    /// and for no coverage.
    fn slot(&mut self, filled: &FilledSlot, counts_rain: bool) {
        let time = filled.slot.slot_time;
        while let Some(missing) = self.expected.next_if(|slot| slot.slot_time < time) {
            self.count(missing, None);
        }
        if let Some(own) = self.expected.next_if(|slot| slot.slot_time == time) {
            self.count(own, Some(&filled.slot));
        }
        let day = self.day_of(time);
        if filled.is_filled() && (self.range.0..=self.range.1).contains(&day) {
            self.days.entry(day).or_default().add(filled, counts_rain);
        }
    }

    fn count(&mut self, slot: Expected, row: Option<&LedgerSlot>) {
        let missing = gaps::missing(slot, row, &self.paused);
        let tally = self.days.entry(self.day_of(slot.slot_time)).or_default();
        tally.expected += 1;
        tally.last_slot = slot.slot_time;
        match missing {
            None => tally.present += 1,
            Some(missing) => {
                *tally.missing.entry(missing.reason.word().to_owned()).or_default() += 1;
            }
        }
    }

    fn day_of(&self, time: DateTime<Utc>) -> NaiveDate {
        self.life.local_day(time)
    }
}
