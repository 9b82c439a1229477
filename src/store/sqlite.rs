//! The store in an SQLite file, for trying out: no server, one writer at a time.

use sqlx::SqlitePool;
use sqlx::migrate::Migrator;

use super::pool::Pool;
use super::{SqlStore, StoreError, StoreSettings};

mod access;
mod dialect;
mod error;
mod file;

pub(super) use access::{check_privileges, facts};
pub(super) use dialect::DIALECT;
pub(super) use error::store_error;
pub(super) use file::file_of;

static MIGRATOR: Migrator = sqlx::migrate!("migrations/sqlite");

/// Opens the file at `url`, which is made if it is not there.
///
/// # Errors
/// [`StoreError::Settings`] when the URL cannot be used, else why the file cannot be opened.
pub async fn open(url: &str, settings: &StoreSettings) -> Result<SqlStore, StoreError> {
    Ok(SqlStore::new(Pool::Sqlite(file::open(url, settings).await?)))
}

/// Brings the schema up to this program's.
pub(super) async fn migrate(pool: &SqlitePool) -> Result<Vec<i64>, StoreError> {
    access::migrate(pool, &MIGRATOR).await
}

/// Fails unless the schema is this program's.
pub(super) async fn check_schema(pool: &SqlitePool) -> Result<(), StoreError> {
    access::check_schema(pool, &MIGRATOR).await
}
