//! Runs: one execution of a job, its counts and its end.

use std::collections::BTreeMap;
use std::fmt;

use super::error_kind::ErrorKind;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// At work: it holds the lock of its kind and shard.
    Open,
    /// Ended by itself.
    Closed,
    /// Its lease ran out and it was set aside; it can commit nothing more.
    Abandoned,
}

impl RunStatus {
    /// The name in tables and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every due slot was collected.
    Succeeded,
    /// Some sites failed; all were tried.
    Partial,
    /// It stopped short: store or source refused, or no site at all could be collected.
    Failed,
    /// It was told to end, or never came back.
    Interrupted,
}

impl Outcome {
    /// The name in tables and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// In the message of a run that stopped since the source had blocked the account; the source's name
/// stands before it. The ledger's other half: the slots that such a run left were paused.
pub const ACCOUNT_BLOCKED: &str = "has blocked the account";

/// The same of one that stopped since the source refused the key.
pub const KEY_REFUSED: &str = "refused the API key";

/// The same of one that stopped since the account's own budget of a day or month was spent.
pub const BUDGET_SPENT: &str = "has no calls left";

/// What a run counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Sites that are active and belong to this run.
    pub sites: u64,
    /// Slots collected by this run.
    pub collected: u64,
    /// Slots that this run tried and could not collect.
    pub failed: u64,
    /// Slots that needed no call: collected or failed for good before, or past when their turn
    /// came.
    pub skipped: u64,
    /// Observations written to the store.
    pub rows_loaded: u64,
    /// Calls sent to the source, retries included.
    pub calls: u64,
    /// Calls beyond the first of their slot.
    pub retries: u64,
    /// Mean of the slots' latencies in milliseconds.
    pub latency_mean_ms: u64,
    /// 95th percentile of the slots' latencies in milliseconds.
    pub latency_p95_ms: u64,
    /// Longest latency of a slot in milliseconds.
    pub latency_max_ms: u64,
    /// Failed slots by kind of error.
    pub errors: BTreeMap<ErrorKind, u64>,
}
