//! Series over the border between what is in the store and what has left it: the same rows in the same order
//! as if none had left.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::RecordBatch;
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};

use super::Reads;
use super::filled::FilledSlot;
use super::ledger::LedgerSlot;
use super::observations::values_of;
use super::rows::Rows;
use crate::columnar::Row;
use crate::domain::Month;
use crate::domain::tables::{COLLECTION_SLOTS, Table, WEATHER_OBSERVATIONS};
use crate::store::{LeftRows, StoreError};

type Times = (DateTime<Utc>, DateTime<Utc>);

/// Days that are read at once.
const DAYS_AT_ONCE: usize = 8;

/// So long before its slot an observation may lie: a source may stand still for 30 days.
const STALE: TimeDelta = TimeDelta::days(31);

/// A stretch of time that is in one place.
struct Segment {
    times: Times,
    has_left: bool,
}

/// The rows of a site and source, as they are asked for.
#[derive(Clone)]
pub(super) struct Series {
    pub(super) site_id: String,
    pub(super) source: String,
    pub(super) times: Times,
    pub(super) limit: u32,
}

impl Series {
    fn rows(&self, times: Times) -> Rows {
        let (site_id, source) = (self.site_id.clone(), self.source.clone());
        Rows::Series { site_id, source, from: times.0, to: times.1, limit: self.limit }
    }
}

impl Reads {
    /// The same, with the rows of months that have left it.
    #[must_use]
    pub fn with_lake(self, lake: Option<Arc<dyn LeftRows>>) -> Self {
        Self { lake, ..self }
    }

    /// Rows of a series, wherever they are.
    ///
    /// # Errors
    /// [`StoreError::LeftMonth`] where some have left and there is no lake.
    pub(super) async fn series<'a>(
        &'a self,
        table: &'static Table,
        series: Series,
    ) -> Result<BoxStream<'a, Result<RecordBatch, StoreError>>, StoreError> {
        let mut segments = self.segments(table, series.times).await?;
        if segments.iter().all(|segment| !segment.has_left) {
            return Ok(self.live_rows(table, &series.rows(series.times)));
        }
        let Some(lake) = self.lake.clone() else {
            return self
                .refuse_archived(table, series.times)
                .await
                .map(|()| stream::empty().boxed());
        };
        let limit = series.limit;
        segments.retain(|segment| segment.times.0 < segment.times.1);
        let read = move |segment: Segment| match segment.has_left {
            true => left_rows(lake.clone(), table, series.clone(), segment.times),
            false => self.live_rows(table, &series.rows(segment.times)),
        };
        Ok(limited(stream::iter(segments).flat_map(read).boxed(), limit))
    }

    /// The times in stretches, in order, each of which is in the store or has left it.
    async fn segments(
        &self,
        table: &'static Table,
        (from, to): Times,
    ) -> Result<Vec<Segment>, StoreError> {
        let months = self.proved_months().await?;
        let mut left: Vec<Month> = months
            .iter()
            .filter(|(name, month)| {
                name == table.name && month.times().0 < to && from < month.times().1
            })
            .map(|(_, month)| *month)
            .collect();
        left.sort();
        let (mut segments, mut at) = (Vec::new(), from);
        for month in left {
            let (begins, ends) = month.times();
            segments.push(Segment { times: (at, begins.max(at)), has_left: false });
            segments.push(Segment { times: (begins.max(at), ends.min(to)), has_left: true });
            at = ends.min(to);
        }
        segments.push(Segment { times: (at, to), has_left: false });
        Ok(segments)
    }

    /// Whether a slot of these times, or what fills it, may have left the store, and the lake is there that has it.
    pub(super) async fn is_over_the_border(&self, (from, to): Times) -> Result<bool, StoreError> {
        let times = (from.checked_sub_signed(STALE).unwrap_or(from), to);
        let segments = self.segments(&WEATHER_OBSERVATIONS, times).await?;
        Ok(self.lake.is_some() && segments.iter().any(|segment| segment.has_left))
    }

    /// The slots of a site and source, each with the observation that fills it, wherever they are.
    pub(super) async fn filled_over_the_border(
        &self,
        (site_id, source): (&str, &str),
        times: Times,
    ) -> Result<Vec<FilledSlot>, StoreError> {
        let slots = self.all_rows(&COLLECTION_SLOTS, (site_id, source), times).await?;
        let slots = rows_of(&COLLECTION_SLOTS, &slots);
        let mut spans: BTreeMap<&str, Times> = BTreeMap::new();
        for (source, time) in slots.iter().filter_map(|slot| filled_by(*slot)) {
            let span = spans.entry(source).or_insert((time, time));
            *span = (span.0.min(time), span.1.max(time));
        }
        let mut observations = Vec::new();
        for (source, (first, last)) in spans {
            let times = (first, last + TimeDelta::seconds(1));
            observations
                .extend(self.all_rows(&WEATHER_OBSERVATIONS, (site_id, source), times).await?);
        }
        let by_key: HashMap<_, _> = rows_of(&WEATHER_OBSERVATIONS, &observations)
            .into_iter()
            .filter_map(|row| Some(((row.text("source")?, row.time("observation_time")?), row)))
            .collect();
        let filled = slots.into_iter().filter_map(|slot| {
            let observation = filled_by(slot).and_then(|key| by_key.get(&key).copied());
            filled(slot, observation)
        });
        Ok(filled.collect())
    }

    async fn all_rows(
        &self,
        table: &'static Table,
        (site_id, source): (&str, &str),
        times: Times,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let (site_id, source) = (site_id.to_owned(), source.to_owned());
        let series = Series { site_id, source, times, limit: u32::MAX };
        self.series(table, series).await?.try_collect().await
    }
}

fn rows_of<'a>(table: &'static Table, batches: &'a [RecordBatch]) -> Vec<Row<'a>> {
    batches.iter().flat_map(|batch| Row::all(table, batch)).collect()
}

/// Source and time of the observation that fills a slot.
fn filled_by(slot: Row<'_>) -> Option<(&str, DateTime<Utc>)> {
    let source = slot.text("observation_source").or_else(|| slot.text("source"));
    let is_collected = slot.text("status") == Some("collected");
    Some((source?, slot.time("observation_time")?)).filter(|_| is_collected)
}

fn filled(slot: Row<'_>, observation: Option<Row<'_>>) -> Option<FilledSlot> {
    let text = |row: Row<'_>, name: &str| row.text(name).map(str::to_owned);
    let ledger = LedgerSlot {
        slot_time: slot.time("slot_time")?,
        status: text(slot, "status")?,
        error_kind: text(slot, "error_kind"),
        error_message: text(slot, "error_message"),
    };
    Some(match observation {
        None => FilledSlot { slot: ledger, ..FilledSlot::default() },
        Some(row) => FilledSlot {
            slot: ledger,
            value_source: text(row, "source"),
            observation_time: row.time("observation_time"),
            value_kind: text(row, "value_kind"),
            available_at: row.time("available_at"),
            values: values_of(row),
        },
    })
}

/// The rows of a series that have left, day by day.
fn left_rows<'a>(
    lake: Arc<dyn LeftRows>,
    table: &'static Table,
    series: Series,
    (from, to): Times,
) -> BoxStream<'a, Result<RecordBatch, StoreError>> {
    let read = move |times: Times| {
        let (lake, series) = (lake.clone(), series.clone());
        async move {
            let of = (&*series.site_id, &*series.source);
            let batches = lake.read_series(table, of, times).await.map_err(StoreError::Lake)?;
            Ok::<_, StoreError>(stream::iter(batches.into_iter().map(Ok)))
        }
    };
    stream::iter(days_of(from, to)).map(read).buffered(DAYS_AT_ONCE).try_flatten().boxed()
}

/// The parts of the days that lie between two times.
fn days_of(from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = Times> {
    let after = move |time: DateTime<Utc>| {
        let next = time.date_naive().checked_add_days(Days::new(1));
        next.map_or(to, |day| day.and_time(NaiveTime::MIN).and_utc()).min(to)
    };
    std::iter::successors(Some((from, after(from))), move |(_, ends)| Some((*ends, after(*ends))))
        .take_while(move |(begins, _)| *begins < to)
}

/// So many rows at most.
fn limited<'a>(
    batches: BoxStream<'a, Result<RecordBatch, StoreError>>,
    limit: u32,
) -> BoxStream<'a, Result<RecordBatch, StoreError>> {
    let left = usize::try_from(limit).unwrap_or(usize::MAX);
    stream::try_unfold((batches, left), |(mut batches, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let Some(batch) = batches.try_next().await? else { return Ok(None) };
        let batch = batch.slice(0, batch.num_rows().min(left));
        let left = left - batch.num_rows();
        Ok(Some((batch, (batches, left))))
    })
    .boxed()
}
