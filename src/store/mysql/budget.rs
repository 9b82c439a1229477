//! The call budget: rows locked in the order of their keys, so that two who reserve wait for each
//! other and none reads what another is about to change.

use sqlx::{MySql, MySqlConnection, QueryBuilder};

use super::connections::Connections;
use super::error::store_error;
use crate::domain::BudgetWindow;
use crate::store::StoreError;
use crate::store::budget::{RESERVE, RESERVED, Reserved, SETTLE, Settled, Wanted, integer};

/// Makes the rows of these windows, or takes over those of their lanes, and locks them. An upsert
/// locks a row that is there for writing at once; MySQL assigns from left to right, so that the
/// start comes last.
const TAKE_ROWS: &str = " as new on duplicate key update \
    reserved = if(call_budget.window_start = new.window_start, call_budget.reserved, 0), \
    used = if(call_budget.window_start = new.window_start, call_budget.used, 0), \
    window_start = new.window_start";

/// The columns that are written.
pub(super) const COLUMNS: &str = "account, scope, window_kind, lane, window_start, reserved, used";

pub(super) async fn reserve(
    pool: &Connections,
    account: &str,
    windows: &[BudgetWindow],
    wanted: Wanted,
) -> Result<Reserved, StoreError> {
    if windows.is_empty() {
        return Ok(Reserved::of(windows, &[], wanted));
    }
    let mut transaction = pool.begin().await.map_err(store_error)?;
    take_rows(&mut transaction, account, windows).await?;
    let mut reserved = Vec::new();
    for window in windows {
        reserved.push(read(&mut transaction, account, window).await?);
    }
    let answer = Reserved::of(windows, &reserved, wanted);
    let Reserved::Granted(calls) = answer else {
        // The rows that were taken for a new window are as good as none.
        transaction.roll_back().await;
        return Ok(answer);
    };
    for window in windows {
        add(&mut transaction, account, window, calls).await?;
    }
    transaction.commit().await.map_err(store_error)?;
    Ok(answer)
}

async fn take_rows(
    connection: &mut MySqlConnection,
    account: &str,
    windows: &[BudgetWindow],
) -> Result<(), StoreError> {
    let mut insert: QueryBuilder<MySql> =
        QueryBuilder::new(format!("insert into call_budget ({COLUMNS}) "));
    insert.push_values(windows, |mut row, window| {
        row.push_bind(account)
            .push_bind(window.scope)
            .push_bind(window.window.as_str())
            .push_bind(window.window.lane(window.window_start))
            .push_bind(window.window_start)
            .push("0")
            .push("0");
    });
    insert.push(TAKE_ROWS);
    insert.build().execute(connection).await.map_err(store_error)?;
    Ok(())
}

async fn read(
    connection: &mut MySqlConnection,
    account: &str,
    window: &BudgetWindow,
) -> Result<i64, StoreError> {
    sqlx::query_scalar(RESERVED)
        .bind(account)
        .bind(window.scope)
        .bind(window.window.as_str())
        .bind(window.window.lane(window.window_start))
        .fetch_one(connection)
        .await
        .map_err(store_error)
}

async fn add(
    connection: &mut MySqlConnection,
    account: &str,
    window: &BudgetWindow,
    calls: u64,
) -> Result<(), StoreError> {
    sqlx::query(RESERVE)
        .bind(integer(calls))
        .bind(account)
        .bind(window.scope)
        .bind(window.window.as_str())
        .bind(window.window.lane(window.window_start))
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(super) async fn settle(
    pool: &Connections,
    account: &str,
    windows: &[BudgetWindow],
    Settled { sent, unsent }: Settled,
) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    for window in windows {
        sqlx::query(SETTLE)
            .bind(integer(unsent))
            .bind(integer(sent))
            .bind(account)
            .bind(window.scope)
            .bind(window.window.as_str())
            .bind(window.window.lane(window.window_start))
            .bind(window.window_start)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
    }
    transaction.commit().await.map_err(store_error)
}
