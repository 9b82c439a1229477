//! Schema and privileges: known before the first call is spent.

use chrono::{DateTime, Utc};
use sqlx::MySqlPool;
use sqlx::migrate::{MigrateError, Migrator};

use super::error::{NO_SUCH_TABLE, number, store_error};
use crate::store::{StoreError, StoreFacts, schema};

/// One statement per table and privilege that a run needs. They touch no row, and the server
/// refuses them all the same where the privilege is missing.
const PRIVILEGES: [&str; 13] = [
    "update run_counter set last_run_seq = last_run_seq where false",
    "insert into ingestion_runs select * from ingestion_runs where false",
    "update ingestion_runs set heartbeat_at = heartbeat_at where false",
    "insert into sites select * from sites where false",
    "update sites set updated_at = updated_at where false",
    "insert into weather_observations select * from weather_observations where false",
    "update weather_observations set updated_at = updated_at where false",
    "insert into collection_slots select * from collection_slots where false",
    "update collection_slots set updated_at = updated_at where false",
    "insert into source_state select * from source_state where false",
    "update source_state set paused_until = paused_until where false",
    "insert into call_budget select * from call_budget where false",
    "update call_budget set reserved = reserved where false",
];

pub(super) async fn migrate(pool: &MySqlPool, migrator: &Migrator) -> Result<Vec<i64>, StoreError> {
    let pending = schema::pending(migrator, &applied(pool).await?)?;
    if !pending.is_empty() {
        migrator.run(pool).await.map_err(migration_error)?;
    }
    Ok(pending)
}

pub(super) async fn check_schema(pool: &MySqlPool, migrator: &Migrator) -> Result<(), StoreError> {
    match schema::pending(migrator, &applied(pool).await?)?.first() {
        Some(&missing) => Err(StoreError::SchemaTooOld { missing }),
        None => Ok(()),
    }
}

pub(super) async fn check_privileges(pool: &MySqlPool) -> Result<(), StoreError> {
    for statement in PRIVILEGES {
        sqlx::query(statement).execute(pool).await.map_err(store_error)?;
    }
    Ok(())
}

pub(super) async fn facts(pool: &MySqlPool) -> Result<StoreFacts, StoreError> {
    let (version, now): (String, DateTime<Utc>) =
        sqlx::query_as("select concat('MySQL ', version()), utc_timestamp(6)")
            .fetch_one(pool)
            .await
            .map_err(store_error)?;
    let tls: Option<(String, String)> = sqlx::query_as("show session status like 'Ssl_version'")
        .fetch_optional(pool)
        .await
        .map_err(store_error)?;
    let store_id: Option<String> = sqlx::query_scalar("select store_id from store_meta")
        .fetch_optional(pool)
        .await
        .map_err(store_error)?;
    let transport = tls.map(|(_, version)| version).filter(|version| !version.is_empty());
    Ok(StoreFacts {
        store_id: store_id.unwrap_or_default(),
        version,
        transport: transport.unwrap_or_else(|| "not encrypted".into()),
        now,
    })
}

async fn applied(pool: &MySqlPool) -> Result<Vec<(i64, bool)>, StoreError> {
    match sqlx::query_as(schema::APPLIED).fetch_all(pool).await {
        Err(error) if number(&error) == Some(NO_SUCH_TABLE) => Ok(Vec::new()),
        result => result.map_err(store_error),
    }
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
