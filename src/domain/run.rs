//! Runs: one execution of a job, its counts and its end.

use std::collections::BTreeMap;
use std::fmt;

use super::error_kind::ErrorKind;

/// The kind of the runs that collect what is due now.
pub const ETL: &str = "etl";

/// The kind of the runs that fill missing slots from history.
pub const HEAL: &str = "heal";

/// The kind of the runs that collect forecasts.
pub const FORECAST: &str = "forecast";

/// The kind of the runs that read kept answers anew.
pub const REPLAY: &str = "replay";

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
    /// It was stopped by a signal, or never came back.
    Interrupted,
}

impl Outcome {
    /// The name in tables and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
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

/// Why a run stopped short: the column `stop_kind`. The message says it in words, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopKind {
    /// The source refused the key.
    KeyRefused,
    /// The account lacks the subscription that history needs.
    NotSubscribed,
    /// The source has blocked the account for a time.
    AccountBlocked,
    /// The account's own budget of a day or month was spent.
    BudgetSpent,
    /// Call after call failed.
    SourceFails,
    /// The store failed.
    Store,
    /// An answer could not be kept, and has to be.
    Vault,
    /// A signal ended the job.
    Interrupted,
    /// The run was silent past its lease, and another start or a sync set it aside.
    SetAside,
}

impl StopKind {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::KeyRefused,
        Self::NotSubscribed,
        Self::AccountBlocked,
        Self::BudgetSpent,
        Self::SourceFails,
        Self::Store,
        Self::Vault,
        Self::Interrupted,
        Self::SetAside,
    ];

    /// Those that pause a source: a slot that was under way and has no row in the ledger was not called
    /// for, and counts as paused.
    pub const PAUSES: [Self; 3] = [Self::AccountBlocked, Self::KeyRefused, Self::BudgetSpent];

    /// The name in tables and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyRefused => "key_refused",
            Self::NotSubscribed => "not_subscribed",
            Self::AccountBlocked => "account_blocked",
            Self::BudgetSpent => "budget_spent",
            Self::SourceFails => "source_fails",
            Self::Store => "store",
            Self::Vault => "vault",
            Self::Interrupted => "interrupted",
            Self::SetAside => "set_aside",
        }
    }
}

/// Why a run stopped short, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopReason {
    /// In a word.
    pub kind: StopKind,
    /// In a sentence.
    pub message: String,
}

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
