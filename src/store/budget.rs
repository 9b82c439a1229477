//! The call budget in the store: what is asked for, what is answered, and the statements that both
//! dialects share.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::domain::{BudgetWindow, Window};

/// How many calls are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Fewer than this are of no use.
    pub at_least: u64,
    /// So many at most.
    pub at_most: u64,
}

/// What was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// So many calls are reserved in every window.
    Granted(u64),
    /// Nothing is reserved: these windows have too few calls left.
    Spent(Vec<BudgetWindow>),
}

impl Reserved {
    /// What these windows can give, of which so many calls are reserved already.
    pub(super) fn of(windows: &[BudgetWindow], reserved: &[i64], wanted: Wanted) -> Self {
        let left = windows.iter().zip(reserved).map(|(window, reserved)| {
            window.cap.saturating_sub(u64::try_from(*reserved).unwrap_or_default())
        });
        let left: Vec<u64> = left.collect();
        let spent = windows.iter().zip(&left).filter(|(_, left)| **left < wanted.at_least);
        let spent: Vec<BudgetWindow> = spent.map(|(window, _)| *window).collect();
        if spent.is_empty() {
            let least = left.into_iter().min().unwrap_or(u64::MAX);
            Self::Granted(least.min(wanted.at_most))
        } else {
            Self::Spent(spent)
        }
    }
}

/// What became of reserved calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// They were sent, or may have been.
    pub sent: u64,
    /// They were certainly not sent, and are given back.
    pub unsent: u64,
}

/// A window of an account, counted.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CallCount {
    /// What is counted together.
    pub scope: String,
    /// `minute`, `day` or `month`.
    pub window_kind: String,
    /// When it begins.
    pub window_start: DateTime<Utc>,
    /// Calls reserved: those sent, those that may still be, and those that a crash lost.
    pub reserved: i64,
    /// Calls known to have been sent.
    pub used: i64,
}

impl CallCount {
    /// Whether it counts the window of `scope` that begins at `start`.
    #[must_use]
    pub fn is_of(&self, scope: &str, window: Window, start: DateTime<Utc>) -> bool {
        self.scope == scope && self.window_kind == window.as_str() && self.window_start == start
    }
}

/// What is reserved in a window whose row is locked. Binds: account, scope, window, lane.
pub(super) const RESERVED: &str = "
    select reserved from call_budget
    where account = ? and scope = ? and window_kind = ? and lane = ?";

/// Adds to a row that is locked. Binds: calls, account, scope, window, lane.
pub(super) const RESERVE: &str = "
    update call_budget set reserved = reserved + ?
    where account = ? and scope = ? and window_kind = ? and lane = ?";

/// Gives back and counts, if the row still counts that window. Binds: unsent, sent, account, scope,
/// window, lane, start.
pub(super) const SETTLE: &str = "
    update call_budget set reserved = reserved - ?, used = used + ?
    where account = ? and scope = ? and window_kind = ? and lane = ? and window_start = ?";

/// SQL has signed integers.
pub(super) fn integer(calls: u64) -> i64 {
    i64::try_from(calls).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(cap: u64) -> BudgetWindow {
        let window_start = DateTime::UNIX_EPOCH;
        BudgetWindow { scope: "x", window: Window::Day, window_start, cap }
    }

    #[test]
    fn the_fullest_window_decides() {
        let windows = [window(10), window(100), window(50)];
        let of = |reserved: [i64; 3], at_least, at_most| {
            Reserved::of(&windows, &reserved, Wanted { at_least, at_most })
        };
        assert_eq!(of([0, 0, 0], 1, 500), Reserved::Granted(10));
        assert_eq!(of([3, 0, 48], 1, 500), Reserved::Granted(2));
        assert_eq!(of([3, 0, 0], 1, 5), Reserved::Granted(5));
        assert_eq!(of([8, 0, 49], 2, 5), Reserved::Spent(vec![window(50)]));
        // A cap may fall below what is reserved already.
        assert_eq!(of([30, 100, 0], 1, 5), Reserved::Spent(vec![window(10), window(100)]));
        assert_eq!(
            Reserved::of(&[], &[], Wanted { at_least: 1, at_most: 7 }),
            Reserved::Granted(7)
        );
    }
}
