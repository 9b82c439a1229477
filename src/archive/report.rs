//! What an archive says at its end.

use std::fmt;
use std::time::Duration;

use chrono::NaiveDate;

use crate::domain::Month;

/// A day of which store and lake do not hold the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferentDay {
    /// The table.
    pub table: &'static str,
    /// The day (UTC).
    pub day: NaiveDate,
}

impl fmt::Display for DifferentDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.day, self.table)
    }
}

/// What became of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Something keeps it: a sentence each.
    NotDue(Vec<String>),
    /// The lake does not hold these days as the store does: nothing was deleted.
    Different(Vec<DifferentDay>),
    /// The lake is proved to hold it.
    Proved {
        /// Its rows.
        rows: i64,
    },
    /// Its rows have left.
    Archived {
        /// How many were deleted.
        rows: u64,
    },
}

/// A month, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthReport {
    /// The month.
    pub month: Month,
    /// What became of it.
    pub outcome: Outcome,
}

impl fmt::Display for MonthReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let month = self.month;
        match &self.outcome {
            Outcome::NotDue(why) => write!(f, "{month}: not due: {}", why.join("; ")),
            Outcome::Different(days) => {
                let days: Vec<_> = days.iter().map(ToString::to_string).collect();
                write!(f, "{month}: the lake differs, nothing was deleted: {}", days.join(", "))
            }
            Outcome::Proved { rows } => write!(f, "{month}: proved, {rows} rows are still there"),
            Outcome::Archived { rows } => write!(f, "{month}: archived, {rows} rows deleted"),
        }
    }
}

/// What an archive did.
#[derive(Debug, Default)]
pub struct Report {
    /// Each month that it looked at, oldest first.
    pub months: Vec<MonthReport>,
    /// How long it took.
    pub duration: Duration,
    /// Whether it was asked to end early.
    pub is_interrupted: bool,
    /// Why it stopped short, if it did.
    pub error: Option<anyhow::Error>,
}

impl Report {
    /// The rows of a month have left.
    pub(super) fn emptied(&mut self, month: Month, rows: u64) {
        self.months.retain(|report| report.month != month);
        self.months.push(MonthReport { month, outcome: Outcome::Archived { rows } });
        self.months.sort_by_key(|report| report.month);
    }

    /// Whether the lake does not hold what the store holds.
    #[must_use]
    pub fn has_differences(&self) -> bool {
        self.months.iter().any(|report| matches!(report.outcome, Outcome::Different(_)))
    }

    /// Its one line.
    pub(super) fn log(&self) {
        let count = |is: fn(&Outcome) -> bool| {
            self.months.iter().filter(|report| is(&report.outcome)).count()
        };
        let rows = self.months.iter().map(|report| match report.outcome {
            Outcome::Archived { rows } => rows,
            _ => 0,
        });
        let outcome = match () {
            () if self.is_interrupted => "interrupted",
            () if self.error.is_some() => "failed",
            () if self.has_differences() => "different",
            () => "succeeded",
        };
        let kept = self.months.iter().find(|report| matches!(report.outcome, Outcome::NotDue(_)));
        tracing::info!(
            outcome,
            months_archived = count(|outcome| matches!(outcome, Outcome::Archived { .. })),
            months_not_due = count(|outcome| matches!(outcome, Outcome::NotDue(_))),
            months_different = count(|outcome| matches!(outcome, Outcome::Different(_))),
            rows_deleted = rows.sum::<u64>(),
            oldest_month_kept = kept.map(|report| report.month.to_string()),
            duration_ms = u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            "archive_summary"
        );
    }
}
