//! Forecasts: a batch is one transaction of heartbeat, issues, their values and their slots.
//!
//! Issues and values are only inserted. What says nothing new is not: see [`Kept::Unchanged`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::columns::Stamp;
use super::pool::{Bind, Pool, Statement, Transaction, binds};
use super::{Run, StoreError, TriedSlot, runs};
use crate::domain::RawRef;
use crate::domain::forecast::{
    ForecastResult, ForecastValue, Issue, IssueSeries, Kept, lead_minutes,
};
use crate::domain::tables::{FORECAST_ISSUES, FORECAST_VALUES};
use crate::domain::values::Cell;

/// Columns of `forecast_slots`.
pub(super) const SLOT: &str = "site_id, source, model, product, slot_time, status, issue_key, unchanged, \
    null_fields, attempts, http_status, latency_ms, error_kind, error_message, ingestion_run_id, run_seq, \
    updated_at, raw_ref";

/// Those that an upsert takes from the new row; `status` comes last, since MySQL assigns from left to right.
pub(super) const SLOT_REPLACED: [&str; 13] = [
    "issue_key",
    "unchanged",
    "null_fields",
    "attempts",
    "http_status",
    "latency_ms",
    "error_kind",
    "error_message",
    "ingestion_run_id",
    "run_seq",
    "updated_at",
    "raw_ref",
    "status",
];

/// The condition for all issues of a series. Binds: [`of_series`].
macro_rules! of_series {
    () => {
        " where site_id = ? and source = ? and model = ? and product = ?"
    };
}

/// Writes a batch, and notes in it what became of each issue. Batches come in the order of sites, those of one
/// series in the order of time.
pub(super) async fn load(
    pool: &Pool,
    run: &Run,
    batch: &[ForecastResult],
    now: DateTime<Utc>,
) -> Result<Vec<Option<Kept>>, StoreError> {
    let stamp = Stamp { run_id: run.run_id.to_string(), run_seq: run.run_seq, now };
    let mut transaction = pool.begin().await?;
    runs::beat_within(pool, &mut transaction, run).await?;
    let mut all_kept = Vec::with_capacity(batch.len());
    for result in batch {
        all_kept.push(match result.outcome.issue() {
            Some(issue) => Some(keep(pool, &mut transaction, issue, &stamp).await?),
            None => None,
        });
    }
    let rows: Vec<_> = batch.iter().zip(&all_kept).collect();
    for rows in rows.chunks(pool.dialect().rows_per_statement.forecast_slots) {
        let rows = rows.iter().map(|(result, kept)| slot_row(result, **kept, &stamp));
        let tail = (pool.dialect().upsert_forecast_slots)();
        let upsert = Statement::insert("forecast_slots", SLOT, rows, tail);
        transaction.execute(&upsert).await?;
    }
    transaction.commit().await?;
    Ok(all_kept)
}

/// Inserts an issue, unless it is there or says nothing new.
async fn keep(
    pool: &Pool,
    transaction: &mut Transaction,
    issue: &Issue,
    stamp: &Stamp,
) -> Result<Kept, StoreError> {
    let new = Kept::New(issue.values.len() as u64);
    let Some(before) = newest_before(transaction, issue).await? else {
        insert(pool, transaction, issue, stamp).await?;
        return Ok(new);
    };
    if before.available_at == issue.available_at {
        let is_same = before.values_hash == issue.values_hash();
        return if is_same { Ok(new) } else { Err(changed(issue)) };
    }
    if says_nothing_new(transaction, issue, &before).await? {
        return Ok(Kept::Unchanged(before.available_at));
    }
    insert(pool, transaction, issue, stamp).await?;
    Ok(new)
}

fn changed(issue: &Issue) -> StoreError {
    let IssueSeries { site_id, product, .. } = &issue.series;
    let available_at = issue.available_at.to_rfc3339();
    StoreError::IssueChanged { site_id: site_id.to_string(), product, available_at }
}

/// The newest issue of a series up to a time.
#[derive(FromRow)]
struct Before {
    available_at: DateTime<Utc>,
    values_hash: i64,
    last_valid_at: DateTime<Utc>,
}

async fn newest_before(
    transaction: &mut Transaction,
    issue: &Issue,
) -> Result<Option<Before>, StoreError> {
    let statement = Statement::of(concat!(
        "select available_at, values_hash, last_valid_at from forecast_issues",
        of_series!(),
        " and available_at <= ? order by available_at desc limit 1"
    ));
    let statement = statement.bind_all(of_series(&issue.series)).bind(issue.available_at);
    Ok(transaction.fetch_all(&statement).await?.into_iter().next())
}

fn of_series(series: &IssueSeries) -> Vec<Bind> {
    binds![series.site_id.as_str(), series.source, series.model.as_str(), series.product]
}

/// Whether every time of an issue is one of the issue before, with the same values. The values are read only
/// where the ends leave that open.
async fn says_nothing_new(
    transaction: &mut Transaction,
    issue: &Issue,
    before: &Before,
) -> Result<bool, StoreError> {
    if before.values_hash == issue.values_hash() {
        return Ok(true);
    }
    if issue.last_valid_at() > before.last_valid_at {
        return Ok(false);
    }
    let statement = Statement::of(concat!(
        "select valid_at, row_hash from forecast_values",
        of_series!(),
        " and available_at = ?"
    ));
    let statement = statement.bind_all(of_series(&issue.series)).bind(before.available_at);
    let rows: Vec<(DateTime<Utc>, i64)> = transaction.fetch_all(&statement).await?;
    let said: BTreeMap<_, _> = rows.into_iter().collect();
    let is_said = |value: &ForecastValue| said.get(&value.valid_at) == Some(&issue.row_hash(value));
    Ok(issue.values.iter().all(is_said))
}

async fn insert(
    pool: &Pool,
    transaction: &mut Transaction,
    issue: &Issue,
    stamp: &Stamp,
) -> Result<(), StoreError> {
    let columns = FORECAST_ISSUES.column_names().collect::<Vec<_>>().join(", ");
    let head = Statement::insert("forecast_issues", &columns, [issue_row(issue, stamp)], "");
    transaction.execute(&head).await?;
    let columns = FORECAST_VALUES.column_names().collect::<Vec<_>>().join(", ");
    for values in issue.values.chunks(pool.dialect().rows_per_statement.forecast_values) {
        let rows = values.iter().map(|value| value_row(issue, value, stamp));
        transaction.execute(&Statement::insert("forecast_values", &columns, rows, "")).await?;
    }
    Ok(())
}

/// The values of an issue in the order of its table.
fn issue_row(issue: &Issue, stamp: &Stamp) -> Vec<Bind> {
    let mut row = of_series(&issue.series);
    row.extend(binds![
        issue.available_at,
        issue.issue_id(),
        issue.issued_at,
        issue.issued_by.as_str(),
        issue.first_valid_at(),
        issue.last_valid_at(),
        issue.step_minutes(),
        issue.values.len() as u64,
        issue.answered_latitude,
        issue.answered_longitude,
        issue.answered_elevation_m,
        issue.values_hash(),
        issue.value_kind.as_str(),
        stamp.run_id.as_str(),
        stamp.run_seq,
        stamp.now,
    ]);
    row
}

/// The values of a time in the order of its table.
fn value_row(issue: &Issue, value: &ForecastValue, stamp: &Stamp) -> Vec<Bind> {
    let mut row = of_series(&issue.series);
    row.extend(binds![
        issue.available_at,
        value.valid_at,
        lead_minutes(issue.available_at, value.valid_at),
        value.window_minutes,
    ]);
    row.extend(value.values.cells().map(|cell| match cell {
        Cell::Real(value) => Bind::from(value),
        Cell::Integer(value) => Bind::from(value),
        Cell::Text(value) => Bind::from(value),
    }));
    row.extend(binds![issue.row_hash(value), stamp.run_id.as_str(), stamp.run_seq]);
    row
}

/// The values of a slot in the order of [`SLOT`].
fn slot_row(result: &ForecastResult, kept: Option<Kept>, stamp: &Stamp) -> Vec<Bind> {
    let issue = result.outcome.issue();
    let (issue_key, unchanged) = match kept {
        Some(Kept::Unchanged(before)) => (Some(before), 1_i64),
        Some(Kept::New(_)) => (issue.map(|issue| issue.available_at), 0),
        None => (None, 0),
    };
    let null_fields = issue.map(|issue| &issue.null_fields).filter(|fields| !fields.is_empty());
    let mut row = of_series(&result.series);
    row.extend(binds![
        result.slot_time,
        result.outcome.status(),
        issue_key,
        unchanged,
        null_fields.map(|fields| serde_json::json!(fields).to_string()),
        i64::from(result.attempts),
        result.http_status.map(i64::from),
        i64::from(result.latency_ms),
        result.outcome.error_kind().map(|kind| kind.as_str()),
        result.outcome.message(),
        stamp.run_id.as_str(),
        stamp.run_seq,
        stamp.now,
        result.raw_ref.as_ref().map(RawRef::as_str),
    ]);
    row
}

/// The slots of a product and model with this time that were called for.
pub(super) async fn list_tried(
    pool: &Pool,
    (product, model): (&str, &str),
    slot_time: DateTime<Utc>,
) -> Result<Vec<TriedSlot>, StoreError> {
    let statement = Statement::of(
        "select site_id, slot_time, status, error_kind from forecast_slots \
        where slot_time = ? and product = ? and model = ?",
    );
    pool.fetch_all(&statement.bind(slot_time).bind(product).bind(model)).await
}
