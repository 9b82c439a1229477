//! A batch: one transaction of heartbeat, observations and slots.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use sqlx::{MySql, MySqlConnection, QueryBuilder};

use super::connections::Connections;
use super::error::store_error;
use super::runs;
use crate::domain::{Observation, SlotResult, ValueKind};
use crate::store::columns::{self, Stamp, bind_observation, bind_slot};
use crate::store::{Run, StoreError};

/// Every value is written, absent ones as NULL: an upsert that keeps the former value where the
/// new one is absent shows yesterday's rain for ever. What is healed takes the place of nothing that
/// was collected live. Values that stay the same were here before.
///
/// MySQL assigns from left to right: what the other assignments ask comes last.
static UPSERT_OBSERVATION: LazyLock<String> = LazyLock::new(|| {
    let stays = "new.value_kind = 'backfill' \
        and coalesce(weather_observations.value_kind, 'live') = 'live'";
    let is_same = "weather_observations.row_hash = new.row_hash \
        and coalesce(weather_observations.value_kind, 'live') = new.value_kind";
    let mut sql = format!(
        " as new on duplicate key update \
        available_at = if({stays} or {is_same}, weather_observations.available_at, new.available_at)"
    );
    for column in columns::replaced().chain(["row_hash", "value_kind"]) {
        sql.push_str(&format!(
            ", {column} = if({stays}, weather_observations.{column}, new.{column})"
        ));
    }
    sql
});

/// The row that is there stays: a slot once collected stays so, and one that cannot be filled does
/// not become failed.
macro_rules! stays {
    () => {
        "if(collection_slots.status = 'collected' and new.status <> 'collected' \
        or collection_slots.status = 'unfillable' and new.status = 'failed', collection_slots."
    };
}

/// MySQL assigns from left to right, so `status`, which every other column asks, comes last.
const UPSERT_SLOT: &str = concat!(
    " as new on duplicate key update ",
    "observation_time = ",
    stays!(),
    "observation_time, new.observation_time), ",
    "attempts = ",
    stays!(),
    "attempts, new.attempts), ",
    "http_status = ",
    stays!(),
    "http_status, new.http_status), ",
    "latency_ms = ",
    stays!(),
    "latency_ms, new.latency_ms), ",
    "error_kind = ",
    stays!(),
    "error_kind, new.error_kind), ",
    "error_message = ",
    stays!(),
    "error_message, new.error_message), ",
    "ingestion_run_id = ",
    stays!(),
    "ingestion_run_id, new.ingestion_run_id), ",
    "run_seq = ",
    stays!(),
    "run_seq, new.run_seq), ",
    "updated_at = ",
    stays!(),
    "updated_at, new.updated_at), ",
    "observation_source = ",
    stays!(),
    "observation_source, new.observation_source), ",
    "status = ",
    stays!(),
    "status, new.status)",
);

/// A statement fits into one TLS record (16 KiB) with its values of some 300 bytes a row. The driver
/// leaves Nagle's algorithm on: the second record of a statement would wait for the server's delayed
/// acknowledgement of the first, some 40 ms each time.
const OBSERVATIONS_PER_STATEMENT: usize = 40;

/// The same for slots, of some 130 bytes.
const SLOTS_PER_STATEMENT: usize = 100;

pub(super) async fn load(
    pool: &Connections,
    run: &Run,
    batch: &[SlotResult],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let observations = columns::observations(batch)?;
    let mut transaction = pool.begin().await.map_err(store_error)?;
    runs::beat(&mut *transaction, run).await?;
    let stamp = Stamp { run_id: run.run_id.to_string(), run_seq: run.run_seq, now };
    for rows in observations.chunks(OBSERVATIONS_PER_STATEMENT) {
        upsert_observations(&mut transaction, rows, &stamp).await?;
    }
    for rows in batch.chunks(SLOTS_PER_STATEMENT) {
        upsert_slots(&mut transaction, rows, &stamp).await?;
    }
    transaction.commit().await.map_err(store_error)
}

async fn upsert_observations(
    connection: &mut MySqlConnection,
    observations: &[(&Observation, ValueKind)],
    stamp: &Stamp,
) -> Result<(), StoreError> {
    let mut insert: QueryBuilder<MySql> =
        QueryBuilder::new(format!("insert into weather_observations ({}) ", *columns::OBSERVATION));
    insert.push_values(observations, |mut row, &observation| {
        bind_observation!(row, observation, stamp);
    });
    insert.push(UPSERT_OBSERVATION.as_str());
    insert.build().execute(connection).await.map_err(store_error)?;
    Ok(())
}

async fn upsert_slots(
    connection: &mut MySqlConnection,
    batch: &[SlotResult],
    stamp: &Stamp,
) -> Result<(), StoreError> {
    let mut insert: QueryBuilder<MySql> =
        QueryBuilder::new(format!("insert into collection_slots ({}) ", columns::SLOT));
    insert.push_values(batch, |mut row, result| bind_slot!(row, result, stamp));
    insert.push(UPSERT_SLOT);
    insert.build().execute(connection).await.map_err(store_error)?;
    Ok(())
}
