//! A batch: one transaction of heartbeat, observations and slots.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::error::store_error;
use super::runs;
use crate::domain::tables::WEATHER_OBSERVATIONS;
use crate::domain::{Observation, SlotResult, ValueKind};
use crate::store::columns::{self, Stamp, bind_observation, bind_slot};
use crate::store::{Run, StoreError};

/// Every value is written, absent ones as NULL: an upsert that keeps the former value where the
/// new one is absent shows yesterday's rain for ever. What is healed takes the place of nothing that
/// was collected live. Values that stay the same were here before.
static UPSERT_OBSERVATION: LazyLock<String> = LazyLock::new(|| {
    let replaced = columns::replaced().chain(["row_hash", "value_kind"]);
    let replaced: Vec<_> = replaced.map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        " on conflict (site_id, source, observation_time) do update set {}, \
        available_at = iif(weather_observations.row_hash = excluded.row_hash \
            and coalesce(weather_observations.value_kind, 'live') = excluded.value_kind, \
            weather_observations.available_at, excluded.available_at) \
        where excluded.value_kind = 'live' \
            or coalesce(weather_observations.value_kind, 'live') = 'backfill'",
        replaced.join(", ")
    )
});

/// A slot once collected stays so, and one that cannot be filled does not become failed.
const UPSERT_SLOT: &str = " on conflict (site_id, source, slot_time) do update set \
    status = excluded.status, observation_time = excluded.observation_time, \
    attempts = excluded.attempts, http_status = excluded.http_status, \
    latency_ms = excluded.latency_ms, error_kind = excluded.error_kind, \
    error_message = excluded.error_message, ingestion_run_id = excluded.ingestion_run_id, \
    run_seq = excluded.run_seq, updated_at = excluded.updated_at, \
    observation_source = excluded.observation_source \
    where not (collection_slots.status = 'collected' and excluded.status <> 'collected') \
    and not (collection_slots.status = 'unfillable' and excluded.status = 'failed')";

/// What a statement of SQLite takes at most (`SQLITE_MAX_VARIABLE_NUMBER`).
const MAX_VARIABLES: usize = 32_766;

/// A statement takes each column of each row; a batch may have more.
fn observations_per_statement() -> usize {
    MAX_VARIABLES / WEATHER_OBSERVATIONS.columns.len()
}

pub(super) async fn load(
    pool: &SqlitePool,
    run: &Run,
    batch: &[SlotResult],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let observations = columns::observations(batch)?;
    let mut transaction = pool.begin_with("begin immediate").await.map_err(store_error)?;
    runs::beat(&mut transaction, run).await?;
    let stamp = Stamp { run_id: run.run_id.to_string(), run_seq: run.run_seq, now };
    for rows in observations.chunks(observations_per_statement()) {
        upsert_observations(&mut transaction, rows, &stamp).await?;
    }
    upsert_slots(&mut transaction, batch, &stamp).await?;
    transaction.commit().await.map_err(store_error)
}

async fn upsert_observations(
    connection: &mut SqliteConnection,
    observations: &[(&Observation, ValueKind)],
    stamp: &Stamp,
) -> Result<(), StoreError> {
    let mut insert: QueryBuilder<Sqlite> =
        QueryBuilder::new(format!("insert into weather_observations ({}) ", *columns::OBSERVATION));
    insert.push_values(observations, |mut row, &observation| {
        bind_observation!(row, observation, stamp);
    });
    insert.push(UPSERT_OBSERVATION.as_str());
    insert.build().execute(connection).await.map_err(store_error)?;
    Ok(())
}

async fn upsert_slots(
    connection: &mut SqliteConnection,
    batch: &[SlotResult],
    stamp: &Stamp,
) -> Result<(), StoreError> {
    let mut insert: QueryBuilder<Sqlite> =
        QueryBuilder::new(format!("insert into collection_slots ({}) ", columns::SLOT));
    insert.push_values(batch, |mut row, result| bind_slot!(row, result, stamp));
    insert.push(UPSERT_SLOT);
    insert.build().execute(connection).await.map_err(store_error)?;
    Ok(())
}
