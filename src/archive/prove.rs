//! Whether the lake holds a month, row by row.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::NaiveDate;
use futures::TryStreamExt as _;

use super::Archive;
use super::report::DifferentDay;
use crate::columnar::Row;
use crate::domain::tables::Table;
use crate::domain::{DaySum, Month};
use crate::sink::with_retries;
use crate::store::{ArchivedDay, ProvedMonth, Reads, Rows};

/// What the rows of each day come to.
pub(super) type Sums = BTreeMap<NaiveDate, DaySum>;

/// Compares a frozen month of a table with the lake, and records it if they are the same; else returns the days
/// that differ.
pub(super) async fn prove(
    parts: Archive<'_>,
    table: &'static Table,
    month: Month,
) -> anyhow::Result<Vec<DifferentDay>> {
    let store =
        sum_store(parts.reads, table, month).await.context("cannot sum the store's rows")?;
    let days = month.days();
    let files = with_retries(async || parts.lake.hash_files(table, days).await).await?;
    let lake = with_retries(async || parts.lake.sum_days(table, &[days]).await).await?;
    let lake: Sums = lake.into_iter().filter_map(|(day, sum)| Some((day?, sum))).collect();
    let different = differences(table, &store, &lake);
    if !different.is_empty() {
        return Ok(different);
    }
    let days = store.into_iter().map(|(day, sum)| {
        let files = files.days.get(&day).map(Vec::as_slice).unwrap_or_default();
        Ok(ArchivedDay { day, sum, files: serde_json::to_string(files)? })
    });
    let days = days.collect::<anyhow::Result<_>>()?;
    let proved = ProvedMonth { days, lake_version: files.version };
    parts.archiving.record(table, month, &proved, parts.clock.now()).await?;
    Ok(Vec::new())
}

/// What the store's rows of a month come to, by day.
pub(super) async fn sum_store(
    reads: &Reads,
    table: &'static Table,
    month: Month,
) -> anyhow::Result<Sums> {
    let mut sums = Sums::new();
    let mut batches = reads.read_rows(table, &Rows::Of(month.days()));
    while let Some(batch) = batches.try_next().await? {
        add(&mut sums, table, &batch);
    }
    Ok(sums)
}

/// Adds the rows of a batch to their days.
pub(super) fn add(sums: &mut Sums, table: &'static Table, batch: &arrow_array::RecordBatch) {
    for row in Row::all(table, batch) {
        let time = table.day_of.and_then(|day_of| row.time(day_of));
        if let Some(time) = time {
            sums.entry(time.date_naive()).or_default().add(row.fingerprint());
        }
    }
}

/// The days of which the two do not hold the same.
pub(super) fn differences(table: &'static Table, store: &Sums, lake: &Sums) -> Vec<DifferentDay> {
    let days: BTreeSet<NaiveDate> = store.keys().chain(lake.keys()).copied().collect();
    let differ = |day: &NaiveDate| {
        let of = |sums: &Sums| sums.get(day).copied().unwrap_or_default();
        of(store) != of(lake)
    };
    let differing = days.into_iter().filter(differ);
    differing.map(|day| DifferentDay { table: table.name, day }).collect()
}
