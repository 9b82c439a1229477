//! MySQL's errors, by what to do next
//! (<https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>).

use sqlx::mysql::MySqlDatabaseError;

use crate::store::StoreError;

/// Table does not exist.
pub(super) const NO_SUCH_TABLE: u16 = 1146;

pub(in crate::store) fn store_error(error: sqlx::Error) -> StoreError {
    match number(&error) {
        _ if is_crowded(&error) => StoreError::Crowded(error),
        _ if is_read_only(&error) => StoreError::ReadOnly(error),
        // Shutting down, new connections refused, killed, packets lost.
        Some(1053 | 1077 | 1152..=1161 | 1184 | 1317 | 1927 | 3032 | 3168 | 3169 | 4031) => {
            StoreError::Unreachable(error)
        }
        // Lock wait timed out, deadlock, statement out of its time, lock not at once.
        Some(1205 | 1213 | 3024 | 3058 | 3572) => StoreError::Conflict(error),
        // Database, user, table, column, routine, view, proxy refused; account locked, or its password
        // expired.
        Some(
            1044 | 1045 | 1049 | 1142 | 1143 | 1227 | 1290 | 1370 | 1410 | 1698 | 1820 | 1862
            | 3118 | 3879,
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

/// The server allows no more connections: of all users, of this one, or of this one by a limit of its own.
/// 1226 is also said of statements in an hour, which no wait outlasts.
pub(super) fn is_crowded(error: &sqlx::Error) -> bool {
    match number(error) {
        Some(1040 | 1203) => true,
        Some(1226) => message(error).contains("max_user_connections"),
        _ => false,
    }
}

/// The server takes no change: a replica, or a primary that was demoted while another takes over. 1290 is
/// said of other options too, and 1015 of other locks.
fn is_read_only(error: &sqlx::Error) -> bool {
    match number(error) {
        Some(1792 | 1836) => true,
        Some(1290) => message(error).contains("read-only"),
        Some(1015) => message(error).contains("165"),
        _ => false,
    }
}

/// The server has refused a statement, and its connection is as good as before: it need not be another.
pub(super) fn is_refused(error: &sqlx::Error) -> bool {
    number(error).is_some() && !is_read_only(error)
}

fn message(error: &sqlx::Error) -> &str {
    error.as_database_error().map_or("", |error| error.message())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_connection_may_pass() {
        for error in [sqlx::Error::PoolTimedOut, sqlx::Error::Protocol("?".into())] {
            assert!(matches!(store_error(error), StoreError::Unreachable(_)));
        }
    }
}
