//! Slots with the observations that fill them: the ledger joined with the observations.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryFutureExt as _};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use super::Reads;
use super::ledger::LedgerSlot;
use crate::domain::tables::COLLECTION_SLOTS;
use crate::domain::values::{CellMut, VALUES, Values};
use crate::store::StoreError;
use crate::store::pool::Statement;

/// A slot of the ledger, and the observation that fills it, if one does.
#[derive(Debug, Clone, Default, PartialEq, FromRow)]
pub struct FilledSlot {
    /// What the ledger says of it.
    #[sqlx(flatten)]
    pub slot: LedgerSlot,
    /// The source of the observation: the slot's own, or the one by which it was healed. `None`: the
    /// slot is not filled.
    pub value_source: Option<String>,
    /// The source's own time of the observation.
    pub observation_time: Option<DateTime<Utc>>,
    /// `live` or `backfill`; `None`: live, from before this was kept.
    pub value_kind: Option<String>,
    /// When the values were first here; `None`: from before this was kept.
    pub available_at: Option<DateTime<Utc>>,
    /// Those of its values that the hours have; the others are not read.
    #[sqlx(flatten)]
    pub values: Values,
}

impl FilledSlot {
    /// Whether an observation fills it.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.value_source.is_some()
    }

    /// How the values came: `live` or `backfill`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.value_kind.as_deref().unwrap_or("live")
    }
}

impl<'r, R> FromRow<'r, R> for Values
where
    R: Row,
    for<'name> &'name str: ColumnIndex<R>,
    Option<f64>: Decode<'r, R::Database> + Type<R::Database>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let mut values = Self::default();
        for (value, cell) in values.hourly_mut() {
            match cell {
                CellMut::Real(cell) => *cell = row.try_get(value.name)?,
                CellMut::Integer(cell) => *cell = row.try_get(value.name)?,
                CellMut::Text(cell) => *cell = row.try_get(value.name)?,
            }
        }
        Ok(values)
    }
}

/// The slots of a site and source in order, each with its observation. Binds: site, source, from, to.
static FILLED: LazyLock<String> = LazyLock::new(|| {
    let values = VALUES.iter().filter(|value| value.is_hourly());
    let values: Vec<_> = values.map(|value| format!("o.{}", value.name)).collect();
    format!(
        "
    select c.slot_time, c.status, c.error_kind, c.error_message,
        o.source as value_source, o.observation_time, o.value_kind, o.available_at,
        {values}
    from collection_slots c
    left join weather_observations o
        on o.site_id = c.site_id and o.source = coalesce(c.observation_source, c.source)
            and o.observation_time = c.observation_time and c.status = 'collected'
    where c.site_id = ? and c.source = ? and c.slot_time >= ? and c.slot_time < ?
    order by c.slot_time",
        values = values.join(", "),
    )
});

impl Reads {
    /// The slots of a site and source from one time up to another, which is left out, each with the
    /// observation that fills it, streamed in order.
    pub fn read_filled_slots<'a>(
        &'a self,
        (site_id, source): (&'a str, &'a str),
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<FilledSlot, StoreError>> {
        let statement = Statement::of(FILLED.as_str()).bind(site_id).bind(source);
        let read = self.stream(statement.bind(from).bind(to));
        let all = async move {
            if self.is_over_the_border((from, to)).await? {
                let filled = self.filled_over_the_border((site_id, source), (from, to)).await?;
                return Ok(stream::iter(filled.into_iter().map(Ok)).boxed());
            }
            self.refuse_archived(&COLLECTION_SLOTS, (from, to)).await.map(|()| read)
        };
        all.try_flatten_stream().boxed()
    }

    /// The time of the oldest observation that fills one of these slots.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn oldest_filled(
        &self,
        (site_id, source): (&str, &str),
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        if self.is_over_the_border((from, to)).await? {
            let filled = self.filled_over_the_border((site_id, source), (from, to)).await?;
            return Ok(filled.iter().filter_map(|slot| slot.observation_time).min());
        }
        let statement = Statement::of(
            "select min(observation_time) from collection_slots
            where site_id = ? and source = ? and slot_time >= ? and slot_time < ?
                and status = 'collected'",
        );
        let statement = statement.bind(site_id).bind(source).bind(from).bind(to);
        let (oldest,): (Option<DateTime<Utc>>,) = self.one(statement).await?;
        Ok(oldest)
    }
}
