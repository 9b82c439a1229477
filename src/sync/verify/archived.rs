//! Days that have left the store: what they came to is kept, and their rows are in the lake.
//!
//! What is kept of a day is the store's side of every comparison, so that no day without rows in the store counts
//! as one that is to be emptied.

use std::collections::BTreeMap;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use chrono::NaiveDate;

use super::Verify;
use super::store_days::{StoreDay, StoreDays};
use crate::columnar::Row;
use crate::domain::tables::Table;
use crate::domain::{Day, DaySum, Days};
use crate::sink::SinkError;
use crate::store::{Reads, StoreError};
use crate::sync::chunk::{ChunkBuilder, ChunkError};

/// The days of a table that have left the store, and what each came to.
#[derive(Debug, PartialEq)]
pub(super) struct Archived {
    table: &'static Table,
    sums: BTreeMap<NaiveDate, DaySum>,
}

impl Archived {
    /// Those of some days.
    pub(super) async fn read(
        reads: &Reads,
        table: &'static Table,
        ranges: &[Days],
    ) -> Result<Self, StoreError> {
        let days = reads.list_archived_days(table).await?.into_iter();
        let wanted = days.filter(|day| ranges.iter().any(|range| range.holds(day.day)));
        Ok(Self { table, sums: wanted.map(|day| (day.day, day.sum)).collect() })
    }

    /// Fails if a day has left since: its rows may be missing from what was read.
    pub(super) async fn check_still(
        &self,
        reads: &Reads,
        ranges: &[Days],
    ) -> Result<(), ChunkError> {
        let is_same = Self::read(reads, self.table, ranges).await? == *self;
        if is_same { Ok(()) } else { Err(ChunkError::Left) }
    }

    /// The rows of a batch that are not of such a day: of those the lake has all.
    pub(super) fn without(&self, batch: RecordBatch) -> Result<RecordBatch, ChunkError> {
        if self.sums.is_empty() {
            return Ok(batch);
        }
        let day = |row: Row<'_>| Some(row.time(self.table.day_of?)?.date_naive());
        let is_live = |row| day(row).is_none_or(|day| !self.sums.contains_key(&day));
        let live: BooleanArray =
            Row::all(self.table, &batch).map(|row| Some(is_live(row))).collect();
        Ok(filter_record_batch(&batch, &live).map_err(StoreError::from)?)
    }

    /// Puts the days beside those that were summed, in the place of what is left of them in the store.
    pub(super) fn add_to(&self, days: &mut BTreeMap<Day, StoreDay>) {
        let archived = |sum: &DaySum| StoreDay { sum: *sum, is_pending: false, is_archived: true };
        days.extend(self.sums.iter().map(|(day, sum)| (Some(*day), archived(sum))));
    }

    /// Adds the rows of the days, as the lake has them.
    ///
    /// # Errors
    /// [`SinkError::Settings`] without a lake; [`SinkError::Altered`] when it does not hold what was archived.
    pub(super) async fn add_rows(
        &self,
        parts: Verify<'_>,
        builder: &mut ChunkBuilder,
    ) -> Result<(), ChunkError> {
        for (day, sum) in &self.sums {
            self.add_day(parts, *day, *sum, builder).await?;
        }
        Ok(())
    }

    async fn add_day(
        &self,
        parts: Verify<'_>,
        day: NaiveDate,
        expected: DaySum,
        builder: &mut ChunkBuilder,
    ) -> Result<(), ChunkError> {
        let table = self.table;
        let lake = parts.archive.ok_or_else(|| {
            SinkError::Settings(format!(
                "LAKE_URL is not set: {day} of {} is archived, and its rows are in the lake",
                table.name
            ))
        })?;
        let mut sums = StoreDays::new(table, None);
        let mut added = Ok(());
        let mut add = |batch: RecordBatch| {
            if added.is_ok() {
                added = builder
                    .add(&batch)
                    .and_then(|()| Row::all(table, &batch).try_for_each(|row| sums.add(row)));
            }
        };
        lake.read_day(table, day, &mut add).await?;
        added?;
        let found = sums.finish().remove(&Some(day)).unwrap_or_default().sum;
        if found == expected {
            return Ok(());
        }
        Err(ChunkError::Archive(SinkError::Altered {
            table: table.name.into(),
            problem: format!("{day} does not hold the rows that were archived"),
            remedy: "take its files from the versions of the bucket; `weather verify --sink lake` names every such day".into(),
        }))
    }
}
