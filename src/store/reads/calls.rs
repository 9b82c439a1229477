//! The call budget as it is counted.

use chrono::{DateTime, Utc};

use super::Reads;
use crate::store::pool::Statement;
use crate::store::{CallCount, StoreError};

impl Reads {
    /// The accounts that have reserved calls of `scope` in the windows that begin at `since` or later, by
    /// name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_call_accounts(
        &self,
        scope: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        let statement = Statement::of(
            "select distinct account from call_budget where scope = ? and window_start >= ?
            order by account",
        );
        let accounts: Vec<(String,)> = self.all(statement.bind(scope).bind(since)).await?;
        Ok(accounts.into_iter().map(|(account,)| account).collect())
    }

    /// What `account` has reserved and used in the windows that begin at `since` or later.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_call_counts(
        &self,
        account: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<CallCount>, StoreError> {
        let statement = Statement::of(
            "select scope, window_kind, window_start, reserved, used from call_budget
            where account = ? and window_start >= ? order by scope, window_kind, window_start",
        );
        self.all(statement.bind(account).bind(since)).await
    }
}
