//! Forecast slots: which issue is expected when, and what became of it.

use chrono::{DateTime, Utc};

use super::issue::{Issue, IssueSeries};
use crate::domain::error_kind::ErrorKind;
use crate::domain::raw_ref::RawRef;
use crate::domain::slot::cut;

/// What a run found out about one forecast slot.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastResult {
    /// Whose issue was expected.
    pub series: IssueSeries,
    /// Start of the interval, counted from the Unix epoch.
    pub slot_time: DateTime<Utc>,
    /// Calls made for it by this run.
    pub attempts: u32,
    /// HTTP status of the last answer; `None` when there was none.
    pub http_status: Option<u16>,
    /// From the first call to the final answer, milliseconds.
    pub latency_ms: u32,
    /// The issue, or why there is none.
    pub outcome: ForecastOutcome,
    /// Where the answer of the last attempt is kept; `None`: it is not.
    pub raw_ref: Option<RawRef>,
    /// What became of the issue in the store; `None`: it is not there yet.
    pub kept: Option<Kept>,
}

/// What became of an issue in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is new, with so many values.
    New(u64),
    /// It says what the newest one before says, which was available at this time: nothing was written.
    Unchanged(DateTime<Utc>),
}

/// The issue of a slot, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum ForecastOutcome {
    /// An issue answers the slot.
    Collected(Box<Issue>),
    /// No issue; the message names what to look at.
    Failed {
        /// What kind of error.
        kind: ErrorKind,
        /// In words.
        message: String,
    },
    /// No issue, and no source has it any more.
    Unfillable {
        /// Why.
        reason: String,
    },
}

impl ForecastOutcome {
    /// A failure; its message is made printable, and cut where it is too long for the ledger.
    #[must_use]
    pub fn failed(kind: ErrorKind, message: &str) -> Self {
        Self::Failed { kind, message: cut(message) }
    }

    /// A slot that no source can fill.
    #[must_use]
    pub fn unfillable(reason: &str) -> Self {
        Self::Unfillable { reason: cut(reason) }
    }

    /// The status in the ledger.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Collected(_) => "collected",
            Self::Failed { .. } => "failed",
            Self::Unfillable { .. } => "unfillable",
        }
    }

    /// The issue, if the slot was collected.
    #[must_use]
    pub fn issue(&self) -> Option<&Issue> {
        match self {
            Self::Collected(issue) => Some(issue),
            Self::Failed { .. } | Self::Unfillable { .. } => None,
        }
    }

    /// The kind of error, if the slot failed.
    #[must_use]
    pub fn error_kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Failed { kind, .. } => Some(*kind),
            Self::Collected(_) | Self::Unfillable { .. } => None,
        }
    }

    /// What the ledger says in words: of a collected slot what is odd about its issue.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Collected(issue) => issue.note.as_deref(),
            Self::Failed { message, .. } => Some(message),
            Self::Unfillable { reason } => Some(reason),
        }
    }
}
