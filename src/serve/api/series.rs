//! A series: the observations of a site over a time, read page by page.
//!
//! A page is a statement of its own along the primary key, so that a client that takes its answer slowly holds no
//! connection to the store, and no more memory than a page.

use std::collections::VecDeque;

use arrow_array::RecordBatch;
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::cursor::Cursor;
use crate::columnar::Row;
use crate::domain::tables::WEATHER_OBSERVATIONS as OBSERVATIONS;
use crate::serve::answer::format::Format;
use crate::serve::answer::memory::Memory;
use crate::serve::answer::pages::{Pages, malformed};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::reader::Reader;
use crate::serve::answer::rows::{Observation, Writer};
use crate::serve::answer::values::{Fields, Source};
use crate::store::{Rows, StoreError};

/// Rows of a page: some tens of kilobytes as text.
const PAGE: u64 = 100;

/// What is asked for.
pub(super) struct Range {
    pub(super) site_id: String,
    /// The first moment.
    pub(super) from: DateTime<Utc>,
    /// The first moment that is left out.
    pub(super) to: DateTime<Utc>,
    pub(super) source: Option<Source>,
    pub(super) after: Option<Cursor>,
    /// So many at most.
    pub(super) limit: Option<u32>,
}

/// What is likely to be long: a week and more, of more rows than make a stream.
const LONG_DAYS: i64 = 7;
const LONG_ROWS: u32 = 400;

impl Range {
    /// Room for a stream has to be there before anything is read for it: else requests that get none
    /// would keep the store from all others.
    pub(super) fn reserve(
        &self,
        memory: &Memory,
        now: DateTime<Utc>,
    ) -> Result<Option<OwnedSemaphorePermit>, Problem> {
        // Nothing is observed in the future.
        let to = self.to.min(now);
        let is_long = to - self.from > TimeDelta::days(LONG_DAYS)
            && self.limit.is_none_or(|limit| limit > LONG_ROWS);
        is_long.then(|| memory.stream()).transpose()
    }
}

/// The pages of a series, as text.
pub(super) struct Series {
    reader: Reader,
    range: Range,
    /// The sources that are left, the one that is being read first, and from when on.
    sources: VecDeque<(String, DateTime<Utc>)>,
    writer: Writer,
    fields: Fields,
    last: Option<Cursor>,
    is_over: bool,
}

impl Pages for Series {
    async fn page(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        match self.read().await? {
            None => self.end(None)?,
            Some(batch) => self.write(&batch)?,
        }
        Ok(Some(self.writer.take()))
    }
}

impl Series {
    pub(super) async fn open(
        reader: Reader,
        range: Range,
        format: Format,
        fields: Fields,
    ) -> Result<Self, StoreError> {
        let mut sources = reader.store.list_observed_sources(&range.site_id).await?;
        sources.retain(|source| range.source.as_ref().is_none_or(|asked| asked.as_str() == source));
        let after = range.after.as_ref();
        sources.retain(|source| after.is_none_or(|after| *source >= after.source));
        let starts = sources.into_iter().map(|source| {
            let own = after.filter(|after| after.source == source);
            let next = own.map_or(range.from, |own| own.time + TimeDelta::seconds(1));
            // Not past the end, which is the last time that a store can hold.
            (source, next.max(range.from).min(range.to))
        });
        let sources = starts.collect();
        let writer = Writer::begin(format, "observations", fields.names());
        Ok(Self { reader, range, sources, writer, fields, last: None, is_over: false })
    }

    /// The next rows: one more than is wanted, if few are, to know whether there are more.
    async fn read(&mut self) -> Result<Option<RecordBatch>, StoreError> {
        let wanted = self.range.limit.map_or(PAGE, |left| (u64::from(left) + 1).min(PAGE));
        let limit = u32::try_from(wanted).unwrap_or(u32::MAX);
        while let Some((source, from)) = self.sources.front_mut() {
            let rows = Rows::Series {
                site_id: self.range.site_id.clone(),
                source: source.clone(),
                from: *from,
                to: self.range.to,
                limit,
            };
            if let Some(batch) =
                self.reader.store.read_rows(&OBSERVATIONS, &rows).try_next().await?
            {
                let last = Row::last(&OBSERVATIONS, &batch).and_then(|row| row.time(TIME));
                *from = last.map_or(self.range.to, |last| last + TimeDelta::seconds(1));
                // Fewer than there was room for: no statement has to find that the source has no more.
                if batch.num_rows() < limit as usize {
                    self.sources.pop_front();
                }
                return Ok(Some(batch));
            }
            self.sources.pop_front();
        }
        Ok(None)
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        let left = self.range.limit.map_or(usize::MAX, |left| left as usize);
        let taken = batch.slice(0, batch.num_rows().min(left));
        for row in Row::all(&OBSERVATIONS, &taken) {
            let row = Observation { row, fields: &self.fields };
            self.writer.row(&row).map_err(malformed)?;
        }
        if let Some(row) = Row::last(&OBSERVATIONS, &taken) {
            let (source, time) = (row.text("source"), row.time(TIME));
            self.last = source.zip(time).map(|(source, time)| Cursor::new(source, time));
        }
        if taken.num_rows() < batch.num_rows() {
            return self.end(self.last.clone());
        }
        let rows = u32::try_from(taken.num_rows()).unwrap_or(u32::MAX);
        self.range.limit = self.range.limit.map(|left| left.saturating_sub(rows));
        Ok(())
    }

    fn end(&mut self, next: Option<Cursor>) -> Result<(), StoreError> {
        self.is_over = true;
        let next = next.map(|cursor| cursor.to_string());
        self.writer.end_page("next_cursor", next.as_deref()).map_err(malformed)
    }
}

const TIME: &str = "observation_time";
