//! A batch: one transaction of heartbeat, observations and slots. Rows of a month that is being archived, or
//! has left, are refused.

use chrono::{DateTime, Utc};

use super::columns::{self, Stamp};
use super::pool::{Pool, Statement};
use super::{Run, StoreError, months, runs};
use crate::domain::SlotResult;

pub(super) async fn load(
    pool: &Pool,
    run: &Run,
    batch: &[SlotResult],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let observations = columns::observations(batch)?;
    let dialect = pool.dialect();
    let most = &dialect.rows_per_statement;
    let mut transaction = pool.begin().await?;
    runs::beat_within(pool, &mut transaction, run).await?;
    months::refuse_closed(pool, &mut transaction, batch).await?;
    let stamp = Stamp { run_id: run.run_id.to_string(), run_seq: run.run_seq, now };
    for rows in observations.chunks(most.observations) {
        let rows = rows.iter().map(|row| columns::observation_row(row, &stamp));
        let (columns, tail) = (&columns::OBSERVATION, (dialect.upsert_observations)());
        let upsert = Statement::insert("weather_observations", columns, rows, tail);
        transaction.execute(&upsert).await?;
    }
    for rows in batch.chunks(most.slots) {
        let rows = rows.iter().map(|row| columns::slot_row(row, &stamp));
        let tail = dialect.upsert_slots;
        let upsert = Statement::insert("collection_slots", columns::SLOT, rows, tail);
        transaction.execute(&upsert).await?;
    }
    transaction.commit().await
}
