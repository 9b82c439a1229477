//! The store in MySQL 8 (8.0.19 and later: the upsert names its new row).

use futures::FutureExt as _;
use sqlx::migrate::Migrator;

use super::bounds::first_connection;
use super::pool::Pool;
use super::{SqlStore, StoreError, StoreSettings};

mod access;
mod connect;
mod connections;
mod dialect;
mod error;

pub(super) use access::{check_privileges, facts};
pub(super) use connections::{Connections, Transaction};
pub(super) use dialect::DIALECT;
pub(super) use error::store_error;

static MIGRATOR: Migrator = sqlx::migrate!("migrations/mysql");

/// The server at `url`, not connected yet.
///
/// # Errors
/// [`StoreError::Settings`] when the URL or the certificate file cannot be used.
pub fn at(url: &str, settings: &StoreSettings) -> Result<SqlStore, StoreError> {
    Ok(SqlStore::new(Pool::MySql(connect::connections(url, settings)?)))
}

/// Connects to the server at `url`, which is waited for within the bounds.
///
/// # Errors
/// [`StoreError::Settings`] when the URL or the certificate file cannot be used, else why no
/// connection could be made.
pub async fn connect(url: &str, settings: &StoreSettings) -> Result<SqlStore, StoreError> {
    let pool = connect::connections(url, settings)?;
    first_connection(settings.bounds(), || prove_connection(&pool).boxed()).await?;
    Ok(SqlStore::new(Pool::MySql(pool)))
}

async fn prove_connection(pool: &Connections) -> Result<(), StoreError> {
    pool.take().await.map_err(store_error)?.put_back();
    Ok(())
}

/// Brings the schema up to this program's.
pub(super) async fn migrate(pool: &Connections) -> Result<Vec<i64>, StoreError> {
    access::migrate(pool, &MIGRATOR).await
}

/// Fails unless the schema is this program's.
pub(super) async fn check_schema(pool: &Connections) -> Result<(), StoreError> {
    access::check_schema(pool, &MIGRATOR).await
}
