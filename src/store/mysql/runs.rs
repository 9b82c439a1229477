//! Runs: the counter, the lock, the lease and the fence.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Executor, FromRow, MySql, MySqlConnection};

use super::connections::Connections;
use super::error::store_error;
use crate::domain::RunCounts;
use crate::store::{OpenRun, Run, RunEnd, RunStart, Start, StoreError};

/// The columns that a run begins with; `concat!` takes literals only.
macro_rules! started {
    () => {
        "run_seq, run_id, kind, source, shard, status, started_at, heartbeat_at, program_version, execution, task, host"
    };
}

/// The columns that a run begins with.
pub(super) const STARTED: &str = started!();

/// The counter row's lock is held until the run is inserted: no two runs get a number at once,
/// none sees the other half-way, and the order of numbers is the order of commits.
pub(super) async fn start(pool: &Connections, start: &RunStart) -> Result<Start, StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    let last: i64 =
        sqlx::query_scalar("select last_run_seq from run_counter where id = 1 for update")
            .fetch_one(&mut *transaction)
            .await
            .map_err(store_error)?;
    for Listed { run, heartbeat_at } in open_runs(&mut *transaction).await? {
        if run.holder.run_id == start.run_id.to_string() {
            // Opened by an earlier try whose answer was lost.
            transaction.roll_back().await;
            return Ok(Start::Opened(Run { run_seq: run.run_seq, run_id: start.run_id }));
        }
        if run.is_in_the_way_of(start) {
            let is_over = run.is_silent(start.lease)
                && set_aside(&mut *transaction, run.run_seq, heartbeat_at, start.started_at)
                    .await?;
            if !is_over {
                transaction.roll_back().await;
                return Ok(Start::Held(run.holder));
            }
        }
    }
    let run = Run { run_seq: last + 1, run_id: start.run_id };
    insert(&mut transaction, &run, start).await?;
    transaction.commit().await.map_err(store_error)?;
    Ok(Start::Opened(run))
}

/// An open run and its last heartbeat.
#[derive(FromRow)]
struct Listed {
    #[sqlx(flatten)]
    run: OpenRun,
    heartbeat_at: DateTime<Utc>,
}

/// Every run that is open, of whatever kind: a handful, by the index of the status.
async fn open_runs(
    connection: impl Executor<'_, Database = MySql>,
) -> Result<Vec<Listed>, StoreError> {
    sqlx::query_as(
        "select run_seq, kind, source, run_id, shard, host, started_at, heartbeat_at,
            timestampdiff(microsecond, heartbeat_at, utc_timestamp(6)) div 1000 as silent_ms
        from ingestion_runs where status = 'open' order by run_seq",
    )
    .fetch_all(connection)
    .await
    .map_err(store_error)
}

/// Each run is set aside by a statement of its own, which repeats what was seen of it: nothing is
/// written where no run is silent.
pub(super) async fn set_aside_silent(
    pool: &Connections,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<Vec<OpenRun>, StoreError> {
    let mut gone = Vec::new();
    for Listed { run, heartbeat_at } in open_runs(pool).await? {
        if run.is_silent(lease) && set_aside(pool, run.run_seq, heartbeat_at, now).await? {
            gone.push(run);
        }
    }
    Ok(gone)
}

/// Sets a run aside if it has not beaten since we looked. What it committed counts, so it is
/// counted.
async fn set_aside(
    connection: impl Executor<'_, Database = MySql>,
    run_seq: i64,
    heartbeat_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update ingestion_runs set status = 'abandoned', outcome = 'interrupted', finished_at = ?,
            error_message = 'set aside: silent past its lease', stop_kind = 'set_aside',
            collected = (select count(*) from collection_slots c
                where c.run_seq = ingestion_runs.run_seq and c.status = 'collected'),
            failed = (select count(*) from collection_slots c
                where c.run_seq = ingestion_runs.run_seq and c.status = 'failed'),
            rows_loaded = (select count(*) from weather_observations o
                where o.run_seq = ingestion_runs.run_seq)
        where run_seq = ? and status = 'open' and heartbeat_at = ?",
    )
    .bind(now)
    .bind(run_seq)
    .bind(heartbeat_at)
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(done.rows_affected() == 1)
}

async fn insert(
    connection: &mut MySqlConnection,
    run: &Run,
    start: &RunStart,
) -> Result<(), StoreError> {
    sqlx::query("update run_counter set last_run_seq = ? where id = 1")
        .bind(run.run_seq)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    sqlx::query(concat!(
        "insert into ingestion_runs (",
        started!(),
        ") values (?, ?, ?, ?, ?, 'open', ?, utc_timestamp(6), ?, ?, ?, ?)",
    ))
    .bind(run.run_seq)
    .bind(run.run_id.to_string())
    .bind(start.kind)
    .bind(start.source)
    .bind(start.shard.to_string())
    .bind(start.started_at)
    .bind(env!("CARGO_PKG_VERSION"))
    .bind(start.host.execution.as_deref())
    .bind(start.host.task.as_deref())
    .bind(start.host.host.as_str())
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Beats, and proves that the run is still open. The driver counts rows matched, not changed.
pub(super) async fn beat(
    connection: impl Executor<'_, Database = MySql>,
    run: &Run,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "update ingestion_runs set heartbeat_at = utc_timestamp(6) \
        where run_seq = ? and status = 'open'",
    )
    .bind(run.run_seq)
    .execute(connection)
    .await
    .map_err(store_error)?;
    still_open(done.rows_affected(), run)
}

/// May be repeated: nobody else closes a run.
pub(super) async fn close(pool: &Connections, run: &Run, end: &RunEnd) -> Result<(), StoreError> {
    let RunCounts { sites, collected, failed, skipped, rows_loaded, calls, retries, .. } =
        end.counts;
    let counts = &end.counts;
    let done = sqlx::query(
        "update ingestion_runs set status = 'closed', outcome = ?, finished_at = ?, \
            heartbeat_at = utc_timestamp(6), sites = ?, collected = ?, failed = ?, skipped = ?, \
            rows_loaded = ?, calls = ?, retries = ?, latency_mean_ms = ?, latency_p95_ms = ?, \
            latency_max_ms = ?, errors_by_kind = ?, error_message = ?, stop_kind = ? \
        where run_seq = ? and status in ('open', 'closed')",
    )
    .bind(end.outcome.as_str())
    .bind(end.finished_at)
    .bind(sites)
    .bind(collected)
    .bind(failed)
    .bind(skipped)
    .bind(rows_loaded)
    .bind(calls)
    .bind(retries)
    .bind(counts.latency_mean_ms)
    .bind(counts.latency_p95_ms)
    .bind(counts.latency_max_ms)
    .bind(serde_json::json!(counts.errors).to_string())
    .bind(end.stop.as_ref().map(|stop| stop.message.as_str()))
    .bind(end.stop.as_ref().map(|stop| stop.kind.as_str()))
    .bind(run.run_seq)
    .execute(pool)
    .await
    .map_err(store_error)?;
    still_open(done.rows_affected(), run)
}

fn still_open(rows_matched: u64, run: &Run) -> Result<(), StoreError> {
    if rows_matched == 1 {
        Ok(())
    } else {
        Err(StoreError::Fenced { run_id: run.run_id.to_string() })
    }
}

pub(super) async fn pause(
    pool: &Connections,
    source: &str,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into source_state (source, paused_until) values (?, ?) as new \
        on duplicate key update paused_until = \
            greatest(coalesce(source_state.paused_until, new.paused_until), new.paused_until)",
    )
    .bind(source)
    .bind(until)
    .execute(pool)
    .await
    .map_err(store_error)?;
    Ok(())
}

pub(super) async fn raise_run_seq(pool: &Connections, run_seq: i64) -> Result<(), StoreError> {
    sqlx::query("update run_counter set last_run_seq = ? where id = 1 and last_run_seq < ?")
        .bind(run_seq)
        .bind(run_seq)
        .execute(pool)
        .await
        .map_err(store_error)?;
    Ok(())
}
