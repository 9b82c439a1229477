//! Runs: the counter, the lock, the lease and the fence.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Executor, FromRow, MySql, MySqlConnection};

use super::connections::Connections;
use super::error::store_error;
use crate::domain::{RunCounts, Shard};
use crate::store::{Holder, Run, RunEnd, RunStart, Start, StoreError, lease_is_over};

/// The columns that a run begins with; `concat!` takes literals only.
macro_rules! started {
    () => {
        "run_seq, run_id, kind, shard, status, started_at, heartbeat_at, program_version, execution, task, host"
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
    for open in open_runs(&mut *transaction, start.kind).await? {
        if open.run_id == start.run_id.to_string() {
            // Opened by an earlier try whose answer was lost.
            transaction.roll_back().await;
            return Ok(Start::Opened(Run { run_seq: open.run_seq, run_id: start.run_id }));
        }
        if open.is_in_the_way_of(start.shard) && !set_aside(&mut transaction, &open, start).await? {
            transaction.roll_back().await;
            return Ok(Start::Held(open.holder()));
        }
    }
    let run = Run { run_seq: last + 1, run_id: start.run_id };
    insert(&mut transaction, &run, start).await?;
    transaction.commit().await.map_err(store_error)?;
    Ok(Start::Opened(run))
}

#[derive(FromRow)]
struct OpenRun {
    run_seq: i64,
    run_id: String,
    shard: String,
    host: String,
    started_at: DateTime<Utc>,
    heartbeat_at: DateTime<Utc>,
    silent_ms: i64,
}

impl OpenRun {
    fn is_in_the_way_of(&self, shard: Shard) -> bool {
        self.shard.parse::<Shard>().map_or(true, |own| own.conflicts_with(shard))
    }

    fn holder(self) -> Holder {
        let Self { run_id, shard, host, started_at, silent_ms, .. } = self;
        Holder { run_id, shard, host, started_at, silent_ms }
    }
}

async fn open_runs(
    connection: impl Executor<'_, Database = MySql>,
    kind: &str,
) -> Result<Vec<OpenRun>, StoreError> {
    sqlx::query_as(
        "select run_seq, run_id, shard, host, started_at, heartbeat_at,
            timestampdiff(microsecond, heartbeat_at, utc_timestamp(6)) div 1000 as silent_ms
        from ingestion_runs where status = 'open' and kind = ? order by run_seq",
    )
    .bind(kind)
    .fetch_all(connection)
    .await
    .map_err(store_error)
}

/// True when a run of that kind is open and has beaten within the lease.
pub(super) async fn is_at_work(
    pool: &Connections,
    kind: &str,
    lease: Duration,
) -> Result<bool, StoreError> {
    let open = open_runs(pool, kind).await?;
    Ok(open.iter().any(|run| !lease_is_over(lease, run.silent_ms)))
}

/// Sets a run aside if its lease is over and it has not beaten since we looked. What it committed
/// counts, so it is counted.
async fn set_aside(
    connection: &mut MySqlConnection,
    open: &OpenRun,
    start: &RunStart,
) -> Result<bool, StoreError> {
    if !lease_is_over(start.lease, open.silent_ms) {
        return Ok(false);
    }
    let done = sqlx::query(
        "update ingestion_runs set status = 'abandoned', outcome = 'interrupted', finished_at = ?,
            error_message = 'set aside: silent past its lease',
            collected = (select count(*) from collection_slots c
                where c.run_seq = ingestion_runs.run_seq and c.status = 'collected'),
            failed = (select count(*) from collection_slots c
                where c.run_seq = ingestion_runs.run_seq and c.status = 'failed'),
            rows_loaded = (select count(*) from weather_observations o
                where o.run_seq = ingestion_runs.run_seq)
        where run_seq = ? and status = 'open' and heartbeat_at = ?",
    )
    .bind(start.started_at)
    .bind(open.run_seq)
    .bind(open.heartbeat_at)
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
        ") values (?, ?, ?, ?, 'open', ?, utc_timestamp(6), ?, ?, ?, ?)",
    ))
    .bind(run.run_seq)
    .bind(run.run_id.to_string())
    .bind(start.kind)
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
            latency_max_ms = ?, errors_by_kind = ?, error_message = ? \
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
    .bind(end.error_message.as_deref())
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
