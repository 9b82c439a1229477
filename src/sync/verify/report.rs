//! What a comparison says at its end.

use std::time::Duration;

use super::store_days::StoreDay;
use crate::domain::tables::Table;
use crate::domain::{Day, DaySum};
use crate::sink::Difference;
use crate::sync::Stop;

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Report {
    /// Every day of every table.
    pub days: Vec<DayComparison>,
    /// Through which day (UTC) all tables with days are known to be equal.
    pub verified_through: Day,
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
    pub(super) fn new(table: &'static Table, day: Day, store: StoreDay, sink: DaySum) -> Self {
        let verdict = match () {
            () if store.is_pending => Verdict::Pending,
            () if store.sum == sink => Verdict::Same,
            () => Verdict::Different,
        };
        Self { table, day, verdict, store: store.sum, sink, differences: Vec::new() }
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
        self.days.iter().any(|day| matches!(day.verdict, Verdict::Different | Verdict::Kept))
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
            outcome,
            days_compared = self.days.len(),
            days_different = count(Verdict::Different) + count(Verdict::Kept),
            days_pending = count(Verdict::Pending),
            days_repaired = count(Verdict::Repaired),
            verified_through = self.verified_through.map(|day| day.to_string()),
            duration_ms = u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            "verify_summary"
        );
    }
}
