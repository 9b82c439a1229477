//! The call budget in the store: what is wanted, what is granted, and how it is reserved and settled.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::StoreError;
use super::pool::{Bind, Pool, Statement, binds};
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

/// The columns that are written.
pub(super) const COLUMNS: &str = "account, scope, window_kind, lane, window_start, reserved, used";

/// The condition for the row of a window. Binds: account, scope, window, lane.
macro_rules! of_window {
    () => {
        " where account = ? and scope = ? and window_kind = ? and lane = ?"
    };
}

/// Which row a window has.
fn key(account: &str, window: &BudgetWindow) -> Vec<Bind> {
    let lane = window.window.lane(window.window_start);
    binds![account, window.scope, window.window.as_str(), lane]
}

/// Rows are locked in the order of their keys, so that two who reserve wait for each other and none
/// reads what another is about to change. In SQLite the transaction has the file's one write lock.
pub(super) async fn reserve(
    pool: &Pool,
    account: &str,
    windows: &[BudgetWindow],
    wanted: Wanted,
) -> Result<Reserved, StoreError> {
    if windows.is_empty() {
        return Ok(Reserved::of(windows, &[], wanted));
    }
    let mut transaction = pool.begin().await?;
    transaction.execute(&take_rows(pool, account, windows)).await?;
    let mut reserved = Vec::new();
    for window in windows {
        let read = Statement::of(concat!("select reserved from call_budget", of_window!()));
        let (calls,): (i64,) = transaction.fetch_one(&read.bind_all(key(account, window))).await?;
        reserved.push(calls);
    }
    let answer = Reserved::of(windows, &reserved, wanted);
    let Reserved::Granted(calls) = answer else {
        // The rows that were taken for a new window are as good as none.
        transaction.roll_back().await;
        return Ok(answer);
    };
    for window in windows {
        let add =
            Statement::of(concat!("update call_budget set reserved = reserved + ?", of_window!()));
        transaction.execute(&add.bind(calls).bind_all(key(account, window))).await?;
    }
    transaction.commit().await?;
    Ok(answer)
}

/// Makes the rows of these windows, or takes over those of their lanes, and locks them.
fn take_rows(pool: &Pool, account: &str, windows: &[BudgetWindow]) -> Statement {
    let rows = windows.iter().map(|window| {
        let mut row = key(account, window);
        row.extend(binds![window.window_start, 0_i64, 0_i64]);
        row
    });
    Statement::insert("call_budget", COLUMNS, rows, pool.dialect().upsert_windows)
}

/// Gives back and counts, where the row still counts that window.
pub(super) async fn settle(
    pool: &Pool,
    account: &str,
    windows: &[BudgetWindow],
    Settled { sent, unsent }: Settled,
) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    for window in windows {
        let settle = Statement::of(concat!(
            "update call_budget set reserved = reserved - ?, used = used + ?",
            of_window!(),
            " and window_start = ?"
        ));
        let settle = settle.bind(unsent).bind(sent).bind_all(key(account, window));
        transaction.execute(&settle.bind(window.window_start)).await?;
    }
    transaction.commit().await
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
