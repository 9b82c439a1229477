//! MySQL's errors, by what to do next
//! (<https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>).

use sqlx::mysql::MySqlDatabaseError;

use crate::store::StoreError;

/// Table does not exist.
pub(super) const NO_SUCH_TABLE: u16 = 1146;

pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    match number(&error) {
        // Too many connections, shutting down, new connections refused, killed, packets lost.
        Some(
            1040
            | 1053
            | 1077
            | 1152..=1161
            | 1184
            | 1203
            | 1317
            | 1927
            | 3032
            | 3168
            | 3169
            | 4031,
        ) => StoreError::Unreachable(error),
        // Lock wait timed out, deadlock, statement out of its time, lock not at once.
        Some(1205 | 1213 | 3024 | 3058 | 3572) => StoreError::Conflict(error),
        // Database, user, table, column, routine, view, proxy refused; account locked or expired.
        Some(
            1044 | 1045 | 1049 | 1142 | 1143 | 1227 | 1290 | 1370 | 1410 | 1698 | 1820 | 3118
            | 3879,
        ) => StoreError::AccessDenied(error),
        // Insecure transport is refused.
        Some(3159) => StoreError::Tls(error),
        Some(1021 | 1114 | 3019) => StoreError::Full(error),
        Some(_) => StoreError::Other(error),
        None if is_tls_error(&error) => StoreError::Tls(error),
        None if is_connection_error(&error) => StoreError::Unreachable(error),
        None => StoreError::Other(error),
    }
}

pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()?;
    Some(error.number())
}

/// A handshake that failed is an I/O error with its reason within; a password that would have to be
/// sent in the open is one of configuration.
fn is_tls_error(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) | sqlx::Error::Configuration(_) => true,
        sqlx::Error::Io(error) => {
            error.get_ref().is_some_and(|reason| reason.is::<rustls::Error>())
        }
        _ => false,
    }
}

fn is_connection_error(error: &sqlx::Error) -> bool {
    use sqlx::Error;
    matches!(
        error,
        Error::Io(_)
            | Error::Protocol(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
    )
}
