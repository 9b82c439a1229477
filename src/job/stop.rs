//! Why a run stops short, in the words of its last line.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::domain::run::{StopKind, StopReason};
use crate::domain::{Outcome, Window};
use crate::store::StoreError;
use crate::vault::VaultError;

/// A wait for calls that ends within this is worth it; a longer one ends the run.
pub(super) const WORTH_WAITING: TimeDelta = TimeDelta::minutes(1);

/// Why a job stopped short, as the last line of the log has it: for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stopped {
    /// What kind of error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<&'static str>,
    /// In a sentence.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Stopped {
    /// By this reason.
    #[must_use]
    pub fn of(stop: &Stop) -> Self {
        let (error_kind, hint) = (Some(stop.kind()), Some(stop.hint().to_owned()));
        Self { error_kind, message: stop.to_string(), hint }
    }
}

/// Why a run stopped short.
#[derive(Debug)]
pub enum Stop {
    /// The source refused call after call, which no success came between: it is the key.
    KeyRefused {
        /// The source.
        source: &'static str,
        /// What it said.
        message: String,
    },
    /// The key is good, and its account lacks the subscription that history needs.
    NotSubscribed {
        /// The source.
        source: &'static str,
        /// What it said.
        message: String,
    },
    /// The source has blocked the account.
    AccountBlocked {
        /// The source.
        source: &'static str,
        /// No call before this.
        until: DateTime<Utc>,
    },
    /// The calls that the account may make are spent.
    BudgetSpent {
        /// The source.
        source: &'static str,
        /// Of which window.
        window: Window,
        /// When there are new ones.
        until: DateTime<Utc>,
    },
    /// Call after call fails.
    SourceFails {
        /// The source.
        source: &'static str,
        /// What the last one said.
        message: String,
    },
    /// The store failed.
    Store(StoreError),
    /// An answer cannot be kept, and has to be.
    Vault(VaultError),
    /// The shutdown came.
    Interrupted,
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<VaultError> for Stop {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyRefused { source, message } => {
                write!(f, "{source} refused the API key: {message}")
            }
            Self::NotSubscribed { source, message } => {
                write!(f, "{source} has no history for this key: {message}")
            }
            Self::AccountBlocked { source, until } => {
                let until = until.format("%Y-%m-%d %H:%M:%S UTC");
                write!(f, "{source} has blocked the account: no call before {until}")
            }
            Self::BudgetSpent { source, window, until } => {
                let (window, until) = (window.as_str(), until.format("%Y-%m-%d %H:%M:%S UTC"));
                write!(f, "{source} has no calls left this {window}: no call before {until}")
            }
            Self::SourceFails { source, message } => {
                write!(f, "{source} fails call after call: {message}")
            }
            Self::Store(error) => error.fmt(f),
            Self::Vault(error) => error.fmt(f),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Stop {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::Vault(error) => error.source(),
            _ => None,
        }
    }
}

impl Stop {
    /// How the run ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Interrupted => Outcome::Interrupted,
            _ => Outcome::Failed,
        }
    }

    /// Its kind, as the table of runs names it.
    #[must_use]
    pub fn stop_kind(&self) -> StopKind {
        match self {
            Self::KeyRefused { .. } => StopKind::KeyRefused,
            Self::NotSubscribed { .. } => StopKind::NotSubscribed,
            Self::AccountBlocked { .. } => StopKind::AccountBlocked,
            Self::BudgetSpent { .. } => StopKind::BudgetSpent,
            Self::SourceFails { .. } => StopKind::SourceFails,
            Self::Store(_) => StopKind::Store,
            Self::Vault(_) => StopKind::Vault,
            Self::Interrupted => StopKind::Interrupted,
        }
    }

    /// What the table of runs says of it.
    #[must_use]
    pub fn reason(&self) -> StopReason {
        StopReason { kind: self.stop_kind(), message: self.to_string() }
    }

    /// Its kind, as the log names it: of the store's errors each has its own.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Store(error) => error.kind(),
            Self::Vault(error) => error.kind(),
            stop => stop.stop_kind().as_str(),
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::KeyRefused { .. } => {
                "one of three: the key is wrong; it is new and not active yet (up to 2 hours after \
                 sign-up); or its plan does not include this endpoint. Where the answer is a page \
                 (403), the service, or a proxy or firewall before it, refuses this machine. \
                 `weather doctor` asks again"
            }
            Self::NotSubscribed { .. } => {
                "subscribe to One Call by Call at https://home.openweathermap.org/subscriptions \
                 (1,000 calls a day are free, a card is asked for); if it has the subscription, ask the \
                 version that it is of (OPENWEATHER_ONE_CALL=4.0 or 3.0); One Call 4.0 says the same of a \
                 wrong key, which `weather doctor` tries. Or heal from another source: \
                 `weather heal --from-source open-meteo` (free for non-commercial use only)"
            }
            Self::AccountBlocked { .. } => {
                "wait: a start before that time makes no call; the slots left stay due. If it comes \
                 again, lower OPENWEATHER_CALLS_PER_MINUTE (OPEN_METEO_CALLS_PER_MINUTE), MAX_WORKERS where it \
                 says that too many calls are made at once, or the number of sites (`weather sites check`)"
            }
            Self::BudgetSpent { .. } => {
                "wait: the slots left stay due. `weather quota` shows what is spent and needed; \
                 OPENWEATHER_CALLS_PER_DAY, OPENWEATHER_CALLS_PER_MONTH or OPENWEATHER_PLAN \
                 (OPEN_METEO_CALLS_PER_DAY) allow more, if the account does"
            }
            Self::SourceFails { .. } => {
                "start again when the service answers: only what is missing is asked for"
            }
            Self::Store(error) => error.hint(),
            Self::Vault(error) => error.hint(),
            Self::Interrupted => "start again: only what is missing is collected",
        }
    }
}
