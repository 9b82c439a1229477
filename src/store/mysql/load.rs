//! A batch: one transaction of heartbeat, observations and slots.

use chrono::{DateTime, Utc};
use sqlx::{MySql, MySqlConnection, MySqlPool, QueryBuilder};

use super::error::store_error;
use super::runs;
use crate::domain::{Observation, SlotResult};
use crate::store::columns::{self, Stamp, bind_observation, bind_slot};
use crate::store::{Run, StoreError};

/// Every value is written, absent ones as NULL: an upsert that keeps the former value where the
/// new one is absent shows yesterday's rain for ever.
const UPSERT_OBSERVATION: &str = " as new on duplicate key update \
    temperature_c = new.temperature_c, feels_like_c = new.feels_like_c, \
    temperature_area_min_c = new.temperature_area_min_c, \
    temperature_area_max_c = new.temperature_area_max_c, humidity_pct = new.humidity_pct, \
    pressure_msl_hpa = new.pressure_msl_hpa, pressure_ground_hpa = new.pressure_ground_hpa, \
    wind_speed_ms = new.wind_speed_ms, wind_gust_ms = new.wind_gust_ms, \
    wind_direction_deg = new.wind_direction_deg, cloud_cover_pct = new.cloud_cover_pct, \
    visibility_m = new.visibility_m, rain_1h_mm = new.rain_1h_mm, rain_3h_mm = new.rain_3h_mm, \
    snow_1h_mm = new.snow_1h_mm, snow_3h_mm = new.snow_3h_mm, condition_id = new.condition_id, \
    condition_group = new.condition_group, condition_description = new.condition_description, \
    answered_latitude = new.answered_latitude, answered_longitude = new.answered_longitude, \
    row_hash = new.row_hash, ingestion_run_id = new.ingestion_run_id, run_seq = new.run_seq, \
    updated_at = new.updated_at";

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
    pool: &MySqlPool,
    run: &Run,
    batch: &[SlotResult],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    runs::beat(&mut transaction, run).await?;
    let stamp = Stamp { run_id: run.run_id.to_string(), run_seq: run.run_seq, now };
    let observations: Vec<&Observation> =
        batch.iter().filter_map(|result| result.outcome.observation()).collect();
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
    observations: &[&Observation],
    stamp: &Stamp,
) -> Result<(), StoreError> {
    let mut insert: QueryBuilder<MySql> =
        QueryBuilder::new(format!("insert into weather_observations ({}) ", columns::OBSERVATION));
    insert.push_values(observations, |mut row, observation| {
        bind_observation!(row, observation, stamp);
    });
    insert.push(UPSERT_OBSERVATION);
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
