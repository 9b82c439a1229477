//! Runs: the counter, the lock, the lease and the fence.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, SqliteConnection, SqlitePool};

use super::error::store_error;
use crate::domain::RunCounts;
use crate::store::{OpenRun, Run, RunEnd, RunStart, Start, StoreError};

/// `begin immediate` takes the one write lock of the file: no two runs get a number at once, none
/// sees the other half-way, and the order of numbers is the order of commits.
pub(super) async fn start(pool: &SqlitePool, start: &RunStart) -> Result<Start, StoreError> {
    let mut transaction = pool.begin_with("begin immediate").await.map_err(store_error)?;
    let last: i64 = sqlx::query_scalar("select last_run_seq from run_counter where id = 1")
        .fetch_one(&mut *transaction)
        .await
        .map_err(store_error)?;
    for Listed { run, heartbeat_at } in open_runs(&mut transaction).await? {
        if run.holder.run_id == start.run_id.to_string() {
            // Opened by an earlier try whose answer was lost.
            return Ok(Start::Opened(Run { run_seq: run.run_seq, run_id: start.run_id }));
        }
        if run.is_in_the_way_of(start) {
            let is_over = run.is_silent(start.lease)
                && set_aside(&mut transaction, run.run_seq, &heartbeat_at, start.started_at)
                    .await?;
            if !is_over {
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
    /// As it is written: two ways to write one time are two texts.
    heartbeat_at: String,
}

/// Every run that is open, of whatever kind: a handful, by the index of the status.
async fn open_runs(connection: &mut SqliteConnection) -> Result<Vec<Listed>, StoreError> {
    sqlx::query_as(
        "select run_seq, kind, source, run_id, shard, host, started_at,
            cast(heartbeat_at as text) as heartbeat_at,
            cast((julianday('now') - julianday(heartbeat_at)) * 86400000 as integer) as silent_ms
        from ingestion_runs where status = 'open' order by run_seq",
    )
    .fetch_all(connection)
    .await
    .map_err(store_error)
}

/// Each run is set aside by a statement of its own, which repeats what was seen of it: nothing is
/// written where no run is silent.
pub(super) async fn set_aside_silent(
    pool: &SqlitePool,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<Vec<OpenRun>, StoreError> {
    let mut connection = pool.acquire().await.map_err(store_error)?;
    let mut gone = Vec::new();
    for Listed { run, heartbeat_at } in open_runs(&mut connection).await? {
        if run.is_silent(lease)
            && set_aside(&mut connection, run.run_seq, &heartbeat_at, now).await?
        {
            gone.push(run);
        }
    }
    Ok(gone)
}

/// Sets a run aside if it has not beaten since we looked. What it committed counts, so it is
/// counted.
async fn set_aside(
    connection: &mut SqliteConnection,
    run_seq: i64,
    heartbeat_at: &str,
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
    connection: &mut SqliteConnection,
    run: &Run,
    start: &RunStart,
) -> Result<(), StoreError> {
    sqlx::query("update run_counter set last_run_seq = ? where id = 1")
        .bind(run.run_seq)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    sqlx::query(
        "insert into ingestion_runs (run_seq, run_id, kind, source, shard, status, started_at, \
            heartbeat_at, program_version, execution, task, host) \
        values (?, ?, ?, ?, ?, 'open', ?, strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'), ?, ?, ?, ?)",
    )
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

/// Beats, and proves that the run is still open.
pub(super) async fn beat(connection: &mut SqliteConnection, run: &Run) -> Result<(), StoreError> {
    let done = sqlx::query(
        "update ingestion_runs set heartbeat_at = strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now') \
        where run_seq = ? and status = 'open'",
    )
    .bind(run.run_seq)
    .execute(connection)
    .await
    .map_err(store_error)?;
    still_open(done.rows_affected(), run)
}

/// May be repeated: nobody else closes a run.
pub(super) async fn close(pool: &SqlitePool, run: &Run, end: &RunEnd) -> Result<(), StoreError> {
    let RunCounts { sites, collected, failed, skipped, rows_loaded, calls, retries, .. } =
        end.counts;
    let counts = &end.counts;
    let done = sqlx::query(
        "update ingestion_runs set status = 'closed', outcome = ?, finished_at = ?, \
            heartbeat_at = strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'), sites = ?, collected = ?, failed = ?, skipped = ?, \
            rows_loaded = ?, calls = ?, retries = ?, latency_mean_ms = ?, latency_p95_ms = ?, \
            latency_max_ms = ?, errors_by_kind = ?, error_message = ?, stop_kind = ? \
        where run_seq = ? and status in ('open', 'closed')",
    )
    .bind(end.outcome.as_str())
    .bind(end.finished_at)
    .bind(integer(sites))
    .bind(integer(collected))
    .bind(integer(failed))
    .bind(integer(skipped))
    .bind(integer(rows_loaded))
    .bind(integer(calls))
    .bind(integer(retries))
    .bind(integer(counts.latency_mean_ms))
    .bind(integer(counts.latency_p95_ms))
    .bind(integer(counts.latency_max_ms))
    .bind(serde_json::json!(counts.errors).to_string())
    .bind(end.stop.as_ref().map(|stop| stop.message.as_str()))
    .bind(end.stop.as_ref().map(|stop| stop.kind.as_str()))
    .bind(run.run_seq)
    .execute(pool)
    .await
    .map_err(store_error)?;
    still_open(done.rows_affected(), run)
}

/// SQLite has signed integers only.
fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn still_open(rows_matched: u64, run: &Run) -> Result<(), StoreError> {
    if rows_matched == 1 {
        Ok(())
    } else {
        Err(StoreError::Fenced { run_id: run.run_id.to_string() })
    }
}

pub(super) async fn pause(
    pool: &SqlitePool,
    source: &str,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into source_state (source, paused_until) values (?, ?) \
        on conflict (source) do update set paused_until = \
            max(coalesce(paused_until, excluded.paused_until), excluded.paused_until)",
    )
    .bind(source)
    .bind(until)
    .execute(pool)
    .await
    .map_err(store_error)?;
    Ok(())
}

pub(super) async fn raise_run_seq(pool: &SqlitePool, run_seq: i64) -> Result<(), StoreError> {
    sqlx::query("update run_counter set last_run_seq = ? where id = 1 and last_run_seq < ?")
        .bind(run_seq)
        .bind(run_seq)
        .execute(pool)
        .await
        .map_err(store_error)?;
    Ok(())
}
