//! What a comparison says at its end.

use std::time::Duration;

use super::rollups::RollUpComparison;
use super::store_days::StoreDay;
use crate::domain::tables::Table;
use crate::domain::{Day, DaySum};
use crate::sink::{Billed, Difference};
use crate::sync::Stop;

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Report {
    /// The sink.
    pub sink: &'static str,
    /// Every day of every table.
    pub days: Vec<DayComparison>,
    /// Every day of a roll-up that is not what its definition says.
    pub roll_ups: Vec<RollUpComparison>,
    /// How many days (UTC) were read, of the days from the first that rows are expected of to today.
    pub days_read: usize,
    /// How many days these are.
    pub days_known: usize,
    /// Through which day (UTC) all tables with days were found equal within the last 45 days, and not
    /// changed since.
    pub verified_through: Day,
    /// What the sink's jobs were billed.
    pub billed: Billed,
    /// How long it took.
    pub duration: Duration,
    /// Why it stopped short, if it did.
    pub stop: Option<Stop>,
}

/// A day of a table.
#[derive(Debug, Clone)]
pub struct DayComparison {
    /// The table.
    pub table: &'static Table,
    /// The day; `None` for a table without days.
    pub day: Day,
    /// What came of it.
    pub verdict: Verdict,
    /// What the store's rows come to.
    pub store: DaySum,
    /// What the sink's rows come to.
    pub sink: DaySum,
    /// Rows that differ, by the deep comparison.
    pub differences: Vec<Difference>,
    /// Whether its rows have left the store: they are the lake's.
    pub is_archived: bool,
    /// If both hold the same: the epoch of the state that was read before the rows.
    pub equal_at: Option<i64>,
}

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both hold the same.
    Same,
    /// Rows are still to be synced.
    Pending,
    /// They differ.
    Different,
    /// They differed, and the sink's rows were replaced.
    Repaired,
    /// They differ by rows that only the sink has, which nobody allowed to go.
    Kept,
}

impl DayComparison {
    pub(super) fn new(
        (table, day): (&'static Table, Day),
        store: StoreDay,
        sink: DaySum,
        epoch: i64,
    ) -> Self {
        let verdict = match () {
            () if store.is_pending => Verdict::Pending,
            () if store.sum == sink => Verdict::Same,
            () => Verdict::Different,
        };
        let equal_at = (verdict == Verdict::Same).then_some(epoch);
        let StoreDay { sum, is_archived, .. } = store;
        let differences = Vec::new();
        Self { table, day, verdict, store: sum, sink, differences, is_archived, equal_at }
    }
}

impl Report {
    /// The days with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &DayComparison> {
        self.days.iter().filter(move |day| day.verdict == verdict)
    }

    /// Whether a difference is left.
    #[must_use]
    pub fn has_differences(&self) -> bool {
        let differs =
            |day: &DayComparison| matches!(day.verdict, Verdict::Different | Verdict::Kept);
        self.days.iter().any(differs) || self.roll_ups.iter().any(|day| !day.is_repaired)
    }

    /// Its one line.
    pub(super) fn log(&self) {
        let count = |verdict| self.with(verdict).count();
        let outcome = match &self.stop {
            None if self.has_differences() => "different",
            None => "succeeded",
            Some(Stop::Interrupted) => "interrupted",
            Some(_) => "failed",
        };
        tracing::info!(
            sink = self.sink,
            outcome,
            days_compared = self.days.len(),
            days_different = count(Verdict::Different) + count(Verdict::Kept),
            days_pending = count(Verdict::Pending),
            days_repaired = count(Verdict::Repaired),
            roll_up_days_different = self.roll_ups.iter().filter(|day| !day.is_repaired).count(),
            roll_up_days_repaired = self.roll_ups.iter().filter(|day| day.is_repaired).count(),
            days_read = self.days_read,
            days_known = self.days_known,
            verified_through = self.verified_through.map(|day| day.to_string()),
            bytes_billed = self.billed.bytes,
            cost_micro_usd = self.billed.micro_usd(),
            duration_ms = u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            "verify_summary"
        );
    }
}
