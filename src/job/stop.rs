//! Why a run stops short, in the words of its last line.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::domain::Window;
use crate::domain::run::{ACCOUNT_BLOCKED, BUDGET_SPENT, KEY_REFUSED};
use crate::store::StoreError;

/// Why a run stopped short.
#[derive(Debug)]
pub enum Stop {
    /// The source refused the key.
    KeyRefused {
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
    /// The store failed.
    Store(StoreError),
    /// Told to end.
    Interrupted,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyRefused { source, message } => {
                write!(f, "{source} {KEY_REFUSED}: {message}")
            }
            Self::AccountBlocked { source, until } => {
                let until = until.format("%Y-%m-%d %H:%M:%S UTC");
                write!(f, "{source} {ACCOUNT_BLOCKED}: no call before {until}")
            }
            Self::BudgetSpent { source, window, until } => {
                let (window, until) = (window.as_str(), until.format("%Y-%m-%d %H:%M:%S UTC"));
                write!(f, "{source} {BUDGET_SPENT} this {window}: no call before {until}")
            }
            Self::Store(error) => error.fmt(f),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Stop {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            _ => None,
        }
    }
}

impl Stop {
    /// Its kind, as the log names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::KeyRefused { .. } => "key_refused",
            Self::AccountBlocked { .. } => "account_blocked",
            Self::BudgetSpent { .. } => "budget_spent",
            Self::Store(error) => error.kind(),
            Self::Interrupted => "interrupted",
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::KeyRefused { .. } => {
                "one of three: the key is wrong; it is new and not active yet (up to 2 hours after \
                 sign-up); or its plan does not include this endpoint. `weather doctor` asks again"
            }
            Self::AccountBlocked { .. } => {
                "wait: a start before that time makes no call; the slots left stay due. If it comes \
                 again, lower OPENWEATHER_CALLS_PER_MINUTE (OPEN_METEO_CALLS_PER_MINUTE) or the number of sites (`weather sites check`)"
            }
            Self::BudgetSpent { .. } => {
                "wait: the slots left stay due. `weather quota` shows what is spent and needed; \
                 OPENWEATHER_CALLS_PER_DAY, OPENWEATHER_CALLS_PER_MONTH or OPENWEATHER_PLAN \
                 (OPEN_METEO_CALLS_PER_DAY) allow more, if the account does"
            }
            Self::Store(error) => error.hint(),
            Self::Interrupted => "start again: only what is missing is collected",
        }
    }
}
