//! What is read back.

use chrono::{DateTime, Utc};
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use sqlx::{MySql, QueryBuilder};

use super::connections::Connections;
use super::error::store_error;
use crate::domain::Life;
use crate::store::read::{
    LEDGER, LIVES, LifeRow, RUN, RUNS, STOPPED_RUNS, ids_from, stop_patterns,
};
use crate::store::rows::{BACKLOG, END_OF_ENDED_RUNS};
use crate::store::{Backlog, FailureCount, LedgerSlot, RunRow, StoppedRun, StoreError, TriedSlot};

pub(super) async fn tried(
    pool: &Connections,
    source: &str,
    slot_times: &[DateTime<Utc>],
) -> Result<Vec<TriedSlot>, StoreError> {
    if slot_times.is_empty() {
        return Ok(Vec::new());
    }
    let mut select: QueryBuilder<MySql> = QueryBuilder::new(
        "select site_id, slot_time, status, error_kind from collection_slots where source = ",
    );
    select.push_bind(source).push(" and slot_time in (");
    let mut list = select.separated(", ");
    for slot_time in slot_times {
        list.push_bind(*slot_time);
    }
    select.push(")");
    select.build_query_as().fetch_all(pool).await.map_err(store_error)
}

pub(super) async fn paused_until(
    pool: &Connections,
    source: &str,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let paused: Option<Option<DateTime<Utc>>> =
        sqlx::query_scalar("select paused_until from source_state where source = ?")
            .bind(source)
            .fetch_optional(pool)
            .await
            .map_err(store_error)?;
    Ok(paused.flatten())
}

const FAILURES: &str = crate::store::read::failures_sql!(" force index (slots_by_time)");

pub(super) async fn failures(
    pool: &Connections,
    source: &str,
    since: DateTime<Utc>,
) -> Result<Vec<FailureCount>, StoreError> {
    sqlx::query_as(FAILURES).bind(source).bind(since).fetch_all(pool).await.map_err(store_error)
}

pub(super) async fn runs(pool: &Connections, limit: u32) -> Result<Vec<RunRow>, StoreError> {
    sqlx::query_as(RUNS).bind(i64::from(limit)).fetch_all(pool).await.map_err(store_error)
}

pub(super) async fn run(pool: &Connections, id: &str) -> Result<Option<RunRow>, StoreError> {
    let number: Option<i64> = id.parse().ok();
    let (from, to) = ids_from(id).unzip();
    sqlx::query_as(RUN)
        .bind(number)
        .bind(from)
        .bind(to)
        .bind(number)
        .fetch_optional(pool)
        .await
        .map_err(store_error)
}

pub(super) async fn end_of_ended_runs(pool: &Connections) -> Result<i64, StoreError> {
    sqlx::query_scalar(END_OF_ENDED_RUNS).fetch_one(pool).await.map_err(store_error)
}

pub(super) async fn backlog(
    pool: &Connections,
    run_seq: i64,
    end_run_seq: i64,
) -> Result<Backlog, StoreError> {
    sqlx::query_as(BACKLOG)
        .bind(run_seq)
        .bind(end_run_seq)
        .fetch_one(pool)
        .await
        .map_err(store_error)
}

pub(super) async fn lives(pool: &Connections) -> Result<Vec<Life>, StoreError> {
    let rows: Vec<LifeRow> = sqlx::query_as(LIVES).fetch_all(pool).await.map_err(store_error)?;
    rows.into_iter().map(Life::try_from).collect()
}

pub(super) async fn stopped_runs(
    pool: &Connections,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<StoppedRun>, StoreError> {
    let [blocked, refused, spent] = stop_patterns();
    sqlx::query_as(STOPPED_RUNS)
        .bind(from)
        .bind(to)
        .bind(blocked)
        .bind(refused)
        .bind(spent)
        .fetch_all(pool)
        .await
        .map_err(store_error)
}

pub(super) fn ledger<'a>(
    pool: &'a Connections,
    (site_id, source): (&str, &str),
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> BoxStream<'a, Result<LedgerSlot, StoreError>> {
    let query = sqlx::query_as(LEDGER).bind(site_id.to_owned()).bind(source.to_owned());
    query.bind(from).bind(to).fetch(pool).map_err(store_error).boxed()
}
