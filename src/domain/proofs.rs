//! Which days of the mirrored tables were written, and which were proved equal in the sink.
//!
//! A sync notes the days that it writes ([`Changes`]), a comparison the days that it found equal
//! ([`Proofs`]): two columns of the state, so that neither overwrites the other's. Each note has the
//! epoch of the state, so that a proof from before a change is known as such. From both follow the
//! days that are worth reading next ([`days_to_prove`]) and the day up to which the sink is known to
//! hold what the store holds ([`Proofs::verified_through`]).
//!
//! Both are texts of a few kilobytes, however long the history: days that follow one another are one
//! entry, and a comparison is written once, whatever it covers.

use std::collections::BTreeMap;

use chrono::{Days as DayCount, NaiveDate};
use serde::{Deserialize, Serialize};

use super::Day;
use super::tables::TABLES;

mod changes;
mod choice;
mod ranges;
#[cfg(test)]
mod tests;
mod text;

pub use changes::Changes;
pub use choice::{Choice, days_to_prove};
pub use ranges::{DayRange, join_days};

use ranges::DayRanges;

/// Who relies on a proof does so for so many days: a rolling comparison of a month may miss two weeks.
pub const PROOF_LIFE_DAYS: u64 = 45;

/// So many comparisons are remembered: one a day for more than a year. Older ones are forgotten, and
/// what they proved is to be proved again.
const MAX_LOOKS: usize = 500;

/// Which days of which table were found equal, when, and at which epoch.
///
/// As text it is `{"looks": [["2026-11-30", 812], …], "days": {"weather_observations": "…"}}`: each
/// comparison with its date (UTC) and epoch, oldest first, and each table's days as
/// [runs of days](DayRange) from a first day, with the comparison that proved them (counted from 0),
/// with `!` where they differed and nothing where they were not compared: `2016-11-30 14:0 2 14:1 1:!`.
/// `"swept_to"` is the last day that a rolling comparison has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "text::ProofsText", into = "text::ProofsText")]
pub struct Proofs {
    /// The comparisons, oldest first.
    looks: Vec<Look>,
    tables: BTreeMap<String, DayRanges<Seen>>,
    /// The last day that a rolling comparison has come to.
    swept_to: Day,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Look(NaiveDate, i64);

/// What a comparison found of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Both sides were equal at this of the comparisons.
    Equal(usize),
    /// They differed.
    Different,
}

impl Proofs {
    /// Notes days of a table that a comparison found equal, `on` that date (UTC), at the epoch that was
    /// read **before** any row.
    pub fn note(&mut self, table: &str, days: &DayRange, on: NaiveDate, epoch: i64) {
        let look = Look(on, epoch);
        let known = self.looks.iter().rposition(|known| *known == look);
        let place = known.unwrap_or_else(|| {
            self.looks.push(look);
            self.looks.len() - 1
        });
        let seen = Seen::Equal(place);
        self.tables.entry(table.to_owned()).or_default().set(days, seen);
        self.forget_looks();
    }

    /// Notes the last day that a rolling comparison has come to ([`Choice::swept_to`]): the next one goes
    /// on after it.
    pub fn note_sweep(&mut self, swept_to: Day) {
        self.swept_to = swept_to;
    }

    /// Notes a day that was found different: it is compared by every run until it is equal.
    pub fn take_back(&mut self, table: &str, day: NaiveDate) {
        self.tables.entry(table.to_owned()).or_default().set(&(day..=day), Seen::Different);
    }

    /// Forgets what was found of a table: it was emptied, or made anew.
    pub fn forget(&mut self, table: &str) {
        self.tables.remove(table);
        self.forget_looks();
    }

    /// Whether nothing was ever found equal or different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// The first day that was compared.
    #[must_use]
    pub fn first_day(&self) -> Day {
        self.tables.values().filter_map(DayRanges::first_day).min()
    }

    /// The first day that was found different and not equal since.
    #[must_use]
    pub fn first_different(&self) -> Day {
        let ranges = self.tables.values().flat_map(DayRanges::iter);
        let different = ranges.filter(|(_, seen)| *seen == Seen::Different);
        different.map(|(days, _)| *days.start()).min()
    }

    /// The day up to which every day since `first_day` was proved, in every table that has days:
    /// within the last 45 days and not before its last change. At most yesterday, since rows of
    /// `today` (UTC) are still to come.
    #[must_use]
    pub fn verified_through(
        &self,
        changes: &Changes,
        first_day: NaiveDate,
        today: NaiveDate,
    ) -> Day {
        let oldest = today.checked_sub_days(DayCount::new(PROOF_LIFE_DAYS)).unwrap_or_default();
        let is_proved = |day: &NaiveDate| {
            dated_tables().all(|table| match self.of_day(table, *day) {
                Some(Seen::Equal(look)) => {
                    let Look(on, epoch) = self.looks[look];
                    on >= oldest
                        && changes.epoch(table, *day).is_none_or(|changed| changed <= epoch)
                }
                _ => false,
            })
        };
        let past = first_day.iter_days().take_while(|day| *day < today);
        past.take_while(is_proved).last()
    }

    fn of_day(&self, table: &str, day: NaiveDate) -> Option<Seen> {
        self.tables.get(table)?.get(day)
    }

    /// The days of a table that were proved, each range with the epoch of its proof.
    fn proved(&self, table: &str) -> impl Iterator<Item = (DayRange, i64)> {
        let ranges = self.tables.get(table).into_iter().flat_map(DayRanges::iter);
        ranges.filter_map(|(days, seen)| match seen {
            Seen::Equal(look) => Some((days, self.looks[look].1)),
            Seen::Different => None,
        })
    }

    /// Drops comparisons that no day refers to any more, and the oldest where they are too many.
    fn forget_looks(&mut self) {
        let mut used = vec![false; self.looks.len()];
        for (_, seen) in self.tables.values().flat_map(DayRanges::iter) {
            if let Seen::Equal(look) = seen {
                used[look] = true;
            }
        }
        let count = used.iter().filter(|used| **used).count();
        for slot in used.iter_mut().filter(|used| **used).take(count.saturating_sub(MAX_LOOKS)) {
            *slot = false;
        }
        let place = |kept: &mut usize, is_used: &bool| {
            let place = is_used.then_some(*kept);
            *kept += usize::from(*is_used);
            Some(place)
        };
        let places: Vec<_> = used.iter().scan(0, place).collect();
        for ranges in self.tables.values_mut() {
            ranges.map_values(|seen| match seen {
                Seen::Equal(look) => places[look].map(Seen::Equal),
                Seen::Different => Some(Seen::Different),
            });
        }
        self.tables.retain(|_, ranges| !ranges.is_empty());
        let mut used = used.into_iter();
        self.looks.retain(|_| used.next().unwrap_or_default());
    }
}

/// The tables whose rows have a day.
fn dated_tables() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().filter(|table| table.day_of.is_some()).map(|table| table.name)
}
