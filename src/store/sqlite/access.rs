//! The schema: known before the first call is spent.

use chrono::{DateTime, Utc};
use sqlx::SqlitePool;
use sqlx::migrate::{MigrateError, Migrator};

use super::error::store_error;
use crate::store::{StoreError, StoreFacts, schema};

pub(super) async fn migrate(
    pool: &SqlitePool,
    migrator: &Migrator,
) -> Result<Vec<i64>, StoreError> {
    let pending = schema::pending(migrator, &applied(pool).await?)?;
    if !pending.is_empty() {
        migrator.run(pool).await.map_err(migration_error)?;
    }
    Ok(pending)
}

pub(super) async fn check_schema(pool: &SqlitePool, migrator: &Migrator) -> Result<(), StoreError> {
    match schema::pending(migrator, &applied(pool).await?)?.first() {
        Some(&missing) => Err(StoreError::SchemaTooOld { missing }),
        None => Ok(()),
    }
}

/// The file system decides who may write the file: an update that touches no row proves it.
pub(in crate::store) async fn check_privileges(pool: &SqlitePool) -> Result<(), StoreError> {
    sqlx::query("update run_counter set last_run_seq = last_run_seq where id = 0")
        .execute(pool)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(in crate::store) async fn facts(pool: &SqlitePool) -> Result<StoreFacts, StoreError> {
    let (version, now): (String, DateTime<Utc>) = sqlx::query_as(
        "select 'SQLite ' || sqlite_version(), strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
    )
    .fetch_one(pool)
    .await
    .map_err(store_error)?;
    let store_id: Option<String> = sqlx::query_scalar("select store_id from store_meta")
        .fetch_optional(pool)
        .await
        .map_err(store_error)?;
    let transport = "a file on this machine".into();
    Ok(StoreFacts { store_id: store_id.unwrap_or_default(), version, transport, now })
}

async fn applied(pool: &SqlitePool) -> Result<Vec<(i64, bool)>, StoreError> {
    let exists: i64 =
        sqlx::query_scalar("select count(*) from sqlite_master where name = '_sqlx_migrations'")
            .fetch_one(pool)
            .await
            .map_err(store_error)?;
    if exists == 0 {
        return Ok(Vec::new());
    }
    sqlx::query_as(schema::APPLIED).fetch_all(pool).await.map_err(store_error)
}

fn migration_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            store_error(error)
        }
        MigrateError::Dirty(version) => StoreError::SchemaHalfDone { version },
        error => StoreError::Migration(error),
    }
}
