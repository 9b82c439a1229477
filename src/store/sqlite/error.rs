//! SQLite's errors, by what to do next (<https://www.sqlite.org/rescode.html>).

use sqlx::sqlite::SqliteError;

use crate::store::StoreError;

pub(in crate::store) fn store_error(error: sqlx::Error) -> StoreError {
    match primary_code(&error) {
        // Busy, locked.
        Some(5 | 6) => StoreError::Conflict(error),
        // No permission, read-only, not authorised.
        Some(3 | 8 | 23) => StoreError::AccessDenied(error),
        Some(13) => StoreError::Full(error),
        // I/O error, cannot open.
        Some(10 | 14) => StoreError::Unreachable(error),
        Some(_) => StoreError::Other(error),
        None if matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => {
            StoreError::Unreachable(error)
        }
        None => StoreError::Other(error),
    }
}

/// The low byte of the extended code.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    let code: i32 = sqlx::error::DatabaseError::code(error)?.parse().ok()?;
    Some(code & 0xff)
}
