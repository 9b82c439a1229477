//! Schema and privileges: known before the first call is spent.

use chrono::{DateTime, Utc};
use sqlx::migrate::{Migrate as _, MigrateError, Migration, Migrator};
use sqlx::{Executor, FromRow, MySql, MySqlConnection};

use super::connections::Connections;
use super::error::{NO_SUCH_TABLE, number, store_error};
use crate::domain::tables::{FORECAST_ISSUES, FORECAST_VALUES, Table};
use crate::store::{StoreError, StoreFacts, budget, columns, forecasts, runs, schema};

/// A statement per table and privilege that a run needs, with the columns that it writes: a table may
/// have others that cannot be written (generated ones). They touch no row, and the server refuses them
/// all the same where the privilege is missing.
fn privileges() -> Vec<String> {
    let insert = |table: &str, columns: &str| {
        format!("insert into {table} ({columns}) select {columns} from {table} where false")
    };
    let update =
        |table: &str, column: &str| format!("update {table} set {column} = {column} where false");
    let names = |table: &Table| table.column_names().collect::<Vec<_>>().join(", ");
    vec![
        update("run_counter", "last_run_seq"),
        insert("ingestion_runs", runs::STARTED),
        update("ingestion_runs", "heartbeat_at"),
        insert("sites", columns::SITE),
        update("sites", "updated_at"),
        insert("weather_observations", columns::OBSERVATION.as_str()),
        update("weather_observations", "updated_at"),
        insert("collection_slots", columns::SLOT),
        update("collection_slots", "updated_at"),
        insert("forecast_issues", &names(&FORECAST_ISSUES)),
        insert("forecast_values", &names(&FORECAST_VALUES)),
        insert("forecast_slots", forecasts::SLOT),
        update("forecast_slots", "updated_at"),
        insert("source_state", "source, paused_until"),
        update("source_state", "paused_until"),
        insert("call_budget", budget::COLUMNS),
        update("call_budget", "reserved"),
    ]
}

/// Under the migrator's lock, which lives as long as the connection: who waits for it sees what the other
/// has left. A migration that was cut off is carried through first; every statement may be
/// repeated (`tests/it/migrations.rs`).
pub(super) async fn migrate(
    pool: &Connections,
    migrator: &Migrator,
) -> Result<Vec<i64>, StoreError> {
    let mut connection = pool.take().await.map_err(store_error)?;
    connection.lock().await.map_err(migration_error)?;
    let mut done = complete_half_done(&mut connection, migrator).await?;
    let pending = schema::pending(migrator, &applied(&mut *connection).await?)?;
    if !pending.is_empty() {
        migrator.run_direct(None, &mut *connection, false).await.map_err(migration_error)?;
    }
    connection.unlock().await.map_err(migration_error)?;
    connection.put_back();
    done.extend(pending);
    Ok(done)
}

/// Runs again what was begun and not ended, whose process is gone, since its lock is. One that this program
/// does not know, or knows otherwise, is left.
async fn complete_half_done(
    connection: &mut MySqlConnection,
    migrator: &Migrator,
) -> Result<Vec<i64>, StoreError> {
    let half_done = applied(&mut *connection).await?.into_iter().filter(|(_, success)| !success);
    let versions: Vec<i64> = half_done.map(|(version, _)| version).collect();
    for &version in &versions {
        let known = migrator.iter().find(|migration| migration.version == version);
        let Some(migration) = known else { return Err(StoreError::SchemaHalfDone { version }) };
        complete(connection, migration).await?;
        tracing::warn!(version, "a migration that was cut off has been carried through");
    }
    Ok(versions)
}

async fn complete(
    connection: &mut MySqlConnection,
    migration: &Migration,
) -> Result<(), StoreError> {
    let version = migration.version;
    let checksum: Vec<u8> =
        sqlx::query_scalar("select checksum from _sqlx_migrations where version = ?")
            .bind(version)
            .fetch_one(&mut *connection)
            .await
            .map_err(store_error)?;
    if checksum != *migration.checksum {
        return Err(StoreError::SchemaHalfDone { version });
    }
    connection.execute(migration.sql.clone()).await.map_err(store_error)?;
    sqlx::query("update _sqlx_migrations set success = true where version = ?")
        .bind(version)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(super) async fn check_schema(
    pool: &Connections,
    migrator: &Migrator,
) -> Result<(), StoreError> {
    match schema::pending(migrator, &applied(pool).await?)?.first() {
        Some(&missing) => Err(StoreError::SchemaTooOld { missing }),
        None => Ok(()),
    }
}

/// All of them in one request: the server ends at the first that it refuses.
pub(in crate::store) async fn check_privileges(pool: &Connections) -> Result<(), StoreError> {
    // Of names in our own code.
    let statements = sqlx::AssertSqlSafe(privileges().join(";\n"));
    sqlx::raw_sql(statements).execute(pool).await.map_err(store_error)?;
    Ok(())
}

pub(in crate::store) async fn facts(pool: &Connections) -> Result<StoreFacts, StoreError> {
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

async fn applied(
    connection: impl Executor<'_, Database = MySql>,
) -> Result<Vec<(i64, bool)>, StoreError> {
    match sqlx::raw_sql(schema::APPLIED).fetch_all(connection).await {
        Err(error) if number(&error) == Some(NO_SUCH_TABLE) => Ok(Vec::new()),
        rows => {
            rows.and_then(|rows| rows.iter().map(FromRow::from_row).collect()).map_err(store_error)
        }
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
