//! Runs: the counter, the lock, the lease and the fence.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::pool::{Pool, Statement, Transaction, binds};
use super::{OpenRun, Run, RunEnd, RunStart, Start, StoreError};
use crate::domain::RunCounts;

/// The columns that a run begins with.
pub(super) const STARTED: &str = "run_seq, run_id, kind, source, shard, status, started_at, \
    heartbeat_at, program_version, execution, task, host";

/// The lock of the counter is held until the run is inserted: no two runs get a number at once,
/// none sees the other half-way, and the order of numbers is the order of commits.
pub(super) async fn start(pool: &Pool, start: &RunStart) -> Result<Start, StoreError> {
    let mut transaction = pool.begin().await?;
    let for_update = pool.dialect().for_update;
    let last = format!("select last_run_seq from run_counter where id = 1{for_update}");
    let (last,): (i64,) = transaction.fetch_one(&Statement::made(last)).await?;
    for listed in transaction.fetch_all::<Listed>(&open_runs(pool)).await? {
        let run = &listed.run;
        if run.holder.run_id == start.run_id.to_string() {
            // Opened by an earlier try whose answer was lost.
            let run_seq = run.run_seq;
            transaction.roll_back().await;
            return Ok(Start::Opened(Run { run_seq, run_id: start.run_id }));
        }
        if run.is_in_the_way_of(start) {
            let is_over = run.is_silent(start.lease)
                && transaction.execute(&set_aside(&listed, start.started_at)).await? == 1;
            if !is_over {
                transaction.roll_back().await;
                return Ok(Start::Held(listed.run.holder));
            }
        }
    }
    let run = Run { run_seq: last + 1, run_id: start.run_id };
    insert(pool, &mut transaction, &run, start).await?;
    transaction.commit().await?;
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
fn open_runs(pool: &Pool) -> Statement {
    let silent_ms = pool.dialect().silent_ms;
    Statement::made(format!(
        "select run_seq, kind, source, run_id, shard, host, started_at,
            cast(heartbeat_at as char) as heartbeat_at, {silent_ms} as silent_ms
        from ingestion_runs where status = 'open' order by run_seq"
    ))
}

/// Each run is set aside by a statement of its own, which repeats what was seen of it: nothing is
/// written where no run is silent.
pub(super) async fn set_aside_silent(
    pool: &Pool,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<Vec<OpenRun>, StoreError> {
    let mut gone = Vec::new();
    for listed in pool.fetch_all::<Listed>(&open_runs(pool)).await? {
        if listed.run.is_silent(lease) && pool.execute(&set_aside(&listed, now)).await? == 1 {
            gone.push(listed.run);
        }
    }
    Ok(gone)
}

/// Sets a run aside if it has not beaten since it was looked at. What it committed counts, so it is
/// counted.
fn set_aside(Listed { run, heartbeat_at }: &Listed, now: DateTime<Utc>) -> Statement {
    let statement = Statement::of(
        "update ingestion_runs set status = 'abandoned', outcome = 'interrupted', finished_at = ?,
            error_message = 'set aside: silent past its lease', stop_kind = 'set_aside',
            collected = (select count(*) from collection_slots c
                where c.run_seq = ingestion_runs.run_seq and c.status = 'collected')
                + (select count(*) from forecast_slots f
                where f.run_seq = ingestion_runs.run_seq and f.status = 'collected'),
            failed = (select count(*) from collection_slots c
                where c.run_seq = ingestion_runs.run_seq and c.status = 'failed')
                + (select count(*) from forecast_slots f
                where f.run_seq = ingestion_runs.run_seq and f.status = 'failed'),
            rows_loaded = (select count(*) from weather_observations o
                where o.run_seq = ingestion_runs.run_seq)
                + (select count(*) from forecast_values v
                where v.run_seq = ingestion_runs.run_seq)
        where run_seq = ? and status = 'open' and heartbeat_at = ?",
    );
    statement.bind(now).bind(run.run_seq).bind(heartbeat_at.as_str())
}

async fn insert(
    pool: &Pool,
    transaction: &mut Transaction,
    run: &Run,
    start: &RunStart,
) -> Result<(), StoreError> {
    let counter = Statement::of("update run_counter set last_run_seq = ? where id = 1");
    transaction.execute(&counter.bind(run.run_seq)).await?;
    let now = pool.dialect().now;
    let statement = Statement::made(format!(
        "insert into ingestion_runs ({STARTED}) \
        values (?, ?, ?, ?, ?, 'open', ?, {now}, ?, ?, ?, ?)"
    ));
    let values = binds![
        run.run_seq,
        run.run_id.to_string(),
        start.kind,
        start.source,
        start.shard.to_string(),
        start.started_at,
        env!("CARGO_PKG_VERSION"),
        start.host.execution.as_deref(),
        start.host.task.as_deref(),
        start.host.host.as_str(),
    ];
    transaction.execute(&statement.bind_all(values)).await?;
    Ok(())
}

/// Beats, and proves that the run is still open. The drivers count rows matched, not changed.
pub(super) async fn beat(pool: &Pool, run: &Run) -> Result<(), StoreError> {
    still_open(pool.execute(&heartbeat(pool, run)).await?, run)
}

/// The same at the beginning of a transaction.
pub(super) async fn beat_within(
    pool: &Pool,
    transaction: &mut Transaction,
    run: &Run,
) -> Result<(), StoreError> {
    still_open(transaction.execute(&heartbeat(pool, run)).await?, run)
}

fn heartbeat(pool: &Pool, run: &Run) -> Statement {
    let now = pool.dialect().now;
    let statement = Statement::made(format!(
        "update ingestion_runs set heartbeat_at = {now} where run_seq = ? and status = 'open'"
    ));
    statement.bind(run.run_seq)
}

/// May be repeated: nobody else closes a run.
pub(super) async fn close(pool: &Pool, run: &Run, end: &RunEnd) -> Result<(), StoreError> {
    let now = pool.dialect().now;
    let statement = Statement::made(format!(
        "update ingestion_runs set status = 'closed', heartbeat_at = {now}, outcome = ?, \
            finished_at = ?, sites = ?, collected = ?, failed = ?, skipped = ?, rows_loaded = ?, \
            calls = ?, retries = ?, latency_mean_ms = ?, latency_p95_ms = ?, latency_max_ms = ?, \
            errors_by_kind = ?, error_message = ?, stop_kind = ? \
        where run_seq = ? and status in ('open', 'closed')"
    ));
    let RunCounts { sites, collected, failed, skipped, rows_loaded, calls, retries, .. } =
        end.counts;
    let counts = &end.counts;
    let values = binds![
        end.outcome.as_str(),
        end.finished_at,
        sites,
        collected,
        failed,
        skipped,
        rows_loaded,
        calls,
        retries,
        counts.latency_mean_ms,
        counts.latency_p95_ms,
        counts.latency_max_ms,
        serde_json::json!(counts.errors).to_string(),
        end.stop.as_ref().map(|stop| stop.message.as_str()),
        end.stop.as_ref().map(|stop| stop.kind.as_str()),
        run.run_seq,
    ];
    still_open(pool.execute(&statement.bind_all(values)).await?, run)
}

fn still_open(rows_matched: u64, run: &Run) -> Result<(), StoreError> {
    if rows_matched == 1 {
        Ok(())
    } else {
        Err(StoreError::Fenced { run_id: run.run_id.to_string() })
    }
}

/// Pauses a source; a pause already set that ends later stays.
pub(super) async fn pause(
    pool: &Pool,
    source: &str,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = [binds![source, until]];
    let columns = "source, paused_until";
    let upsert = Statement::insert("source_state", columns, row, pool.dialect().upsert_pause);
    pool.execute(&upsert).await.map(drop)
}

/// Makes the next run's number larger than this one, if it is not.
pub(super) async fn raise_run_seq(pool: &Pool, run_seq: i64) -> Result<(), StoreError> {
    let statement =
        Statement::of("update run_counter set last_run_seq = ? where id = 1 and last_run_seq < ?");
    pool.execute(&statement.bind(run_seq).bind(run_seq)).await.map(drop)
}
