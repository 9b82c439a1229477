//! Slots with where their answers are kept, and the observations that fill them, whole.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use super::Reads;
use crate::domain::values::{CellMut, VALUES, Values};
use crate::store::StoreError;
use crate::store::pool::Statement;

/// A slot of the ledger, where its answer is kept, and the row that it points at.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct KeptSlot {
    /// The site.
    pub site_id: String,
    /// The source whose slot it is.
    pub source: String,
    /// Start of the interval.
    pub slot_time: DateTime<Utc>,
    /// `collected`, `failed` or `unfillable`.
    pub status: String,
    /// Calls made for it by its last run.
    pub attempts: i64,
    /// Status of the last answer.
    pub http_status: Option<i64>,
    /// From the first call to the final answer.
    pub latency_ms: i64,
    /// What kind of error, if it failed.
    pub error_kind: Option<String>,
    /// Why it has no observation, in words.
    pub error_message: Option<String>,
    /// The run that wrote it last.
    pub ingestion_run_id: String,
    /// When that was.
    pub updated_at: DateTime<Utc>,
    /// Where the answer of its last attempt is kept; `None`: it is not.
    pub raw_ref: Option<String>,
    /// Which observation fills it.
    pub observation_time: Option<DateTime<Utc>>,
    /// The source of that, where it is another one.
    pub observation_source: Option<String>,
    /// True when a later slot points at the same observation: the source had nothing newer, and the row
    /// is what the later answer said.
    pub is_repeated: bool,
    /// The row that it points at, if that is there.
    #[sqlx(flatten)]
    pub row: KeptRow,
}

/// An observation as it is stored; all `None`: there is none.
#[derive(Debug, Clone, Default, PartialEq, FromRow, Serialize)]
pub struct KeptRow {
    /// The fingerprint of its key and values.
    pub row_hash: Option<i64>,
    /// `live` or `backfill`; `None`: live, from before this was kept.
    pub value_kind: Option<String>,
    /// When the values were first here.
    pub available_at: Option<DateTime<Utc>>,
    /// The transform that made them.
    pub transform_version: Option<i64>,
    /// The run that wrote it last.
    pub row_run_id: Option<String>,
    /// Every value.
    #[sqlx(flatten)]
    pub values: WholeValues,
}

/// Every value of an observation, also those that the hours have not.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct WholeValues(pub Values);

impl<'r, R> FromRow<'r, R> for WholeValues
where
    R: Row,
    for<'name> &'name str: ColumnIndex<R>,
    Option<f64>: Decode<'r, R::Database> + Type<R::Database>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let mut values = Values::default();
        for (value, cell) in VALUES.iter().zip(values.cells_mut()) {
            match cell {
                CellMut::Real(cell) => *cell = row.try_get(value.name)?,
                CellMut::Integer(cell) => *cell = row.try_get(value.name)?,
                CellMut::Text(cell) => *cell = row.try_get(value.name)?,
            }
        }
        Ok(Self(values))
    }
}

/// What is read of a slot and its row; the slots follow.
static KEPT: LazyLock<String> = LazyLock::new(|| {
    let values: Vec<_> = VALUES.iter().map(|value| format!("o.{}", value.name)).collect();
    format!(
        "
    select c.site_id, c.source, c.slot_time, c.status, c.attempts, c.http_status, c.latency_ms,
        c.error_kind, c.error_message, c.ingestion_run_id, c.updated_at, c.raw_ref,
        c.observation_time, c.observation_source,
        c.status = 'collected' and coalesce((
            select n.observation_time = c.observation_time
                and coalesce(n.observation_source, n.source) = coalesce(c.observation_source, c.source)
            from collection_slots n
            where n.site_id = c.site_id and n.source = c.source and n.slot_time > c.slot_time
                and n.status = 'collected'
            order by n.site_id, n.source, n.slot_time limit 1), 0) as is_repeated,
        o.row_hash, o.value_kind, o.available_at, o.transform_version,
        o.ingestion_run_id as row_run_id, {values}
    from collection_slots c",
        values = values.join(", "),
    )
});

/// The row that a slot points at.
const ROW: &str = "
    left join weather_observations o
        on o.site_id = c.site_id and o.source = coalesce(c.observation_source, c.source)
            and o.observation_time = c.observation_time and c.status = 'collected'";

impl Reads {
    /// The slots from one time up to another, which is left out, in order, each with its row; of one
    /// source, if it is given.
    pub fn read_kept_slots<'a>(
        &'a self,
        source: Option<&str>,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<KeptSlot, StoreError>> {
        let by_time = (self.pool.dialect().use_index)("slots_by_time");
        let of_source = if source.is_some() { " and c.source = ?" } else { "" };
        let statement = Statement::made(format!(
            "{}{by_time}{ROW}
            where c.slot_time >= ? and c.slot_time < ?{of_source}
            order by c.slot_time, c.site_id, c.source",
            *KEPT
        ));
        let statement = statement.bind(from).bind(to);
        self.stream(match source {
            Some(source) => statement.bind(source),
            None => statement,
        })
    }

    /// Where the answers of the slots from one time up to another, which is left out, are kept.
    pub fn read_raw_refs<'a>(
        &'a self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<String, StoreError>> {
        let by_time = (self.pool.dialect().use_index)("slots_by_time");
        let statement = Statement::made(format!(
            "select raw_ref from collection_slots{by_time}
            where slot_time >= ? and slot_time < ? and raw_ref is not null"
        ));
        let rows = self.stream::<(String,)>(statement.bind(from).bind(to));
        rows.map_ok(|(raw_ref,)| raw_ref).boxed()
    }

    /// The slots of a site from one time up to another, which is left out, of every source, newest first,
    /// each with its row.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_kept_slots(
        &self,
        site_id: &str,
        source: &str,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<KeptSlot>, StoreError> {
        let statement = Statement::made(format!(
            "{}{ROW}
            where c.site_id = ? and c.source = ? and c.slot_time >= ? and c.slot_time < ?
            order by c.slot_time desc",
            *KEPT
        ));
        self.all(statement.bind(site_id).bind(source).bind(from).bind(to)).await
    }

    /// The slots of a site and source that are nearest to a time: the last before it, and the first from
    /// it on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn nearest_slots(
        &self,
        (site_id, source): (&str, &str),
        time: DateTime<Utc>,
    ) -> Result<Vec<DateTime<Utc>>, StoreError> {
        let before = Statement::of(
            "select slot_time from collection_slots
            where site_id = ? and source = ? and slot_time <= ?
            order by site_id desc, source desc, slot_time desc limit 1",
        );
        let after = Statement::of(
            "select slot_time from collection_slots
            where site_id = ? and source = ? and slot_time > ?
            order by site_id, source, slot_time limit 1",
        );
        let mut nearest = Vec::new();
        for statement in [before, after] {
            let statement = statement.bind(site_id).bind(source).bind(time);
            let slot: Option<(DateTime<Utc>,)> = self.optional(statement).await?;
            nearest.extend(slot.map(|(time,)| time));
        }
        Ok(nearest)
    }
}
