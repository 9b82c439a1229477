//! Rows of a chunk in the order of their keys, day by day, and streams of rows that are merged with them.

use std::collections::{BTreeMap, HashSet};

use arrow_array::RecordBatch;
use arrow_select::interleave::interleave_record_batch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::fault::Fault;
use super::file::{Reader, Writer};
use super::key::{self, Key};
use super::stats::Stats;
use crate::columnar::{BATCH_ROWS, Row, schema};
use crate::domain::Day;
use crate::domain::tables::Table;

/// Rows in memory: those of a chunk, or of several.
pub(super) struct Rows {
    pub(super) table: &'static Table,
    batches: Vec<RecordBatch>,
    /// Of each day its rows, by their keys.
    pub(super) days: BTreeMap<Day, DayRows>,
}

/// The rows of a day: of each its batch and its place there.
#[derive(Default)]
pub(super) struct DayRows {
    pub(super) by_key: BTreeMap<Key, (usize, usize)>,
}

impl Rows {
    /// The rows of these Parquet files, which have as many as is said.
    ///
    /// # Errors
    /// [`Fault::NotStaged`] when they are more or fewer, or a key is there twice.
    pub(super) fn read(
        table: &'static Table,
        files: impl IntoIterator<Item = (Bytes, u64)>,
    ) -> Result<Self, Fault> {
        let mut rows = Self { table, batches: Vec::new(), days: BTreeMap::new() };
        for (file, said) in files {
            let before = rows.count();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file)?;
            for batch in reader.with_batch_size(BATCH_ROWS).build()? {
                rows.add(batch?)?;
            }
            if rows.count() - before != said {
                return Err(Fault::NotStaged(format!(
                    "{}: {} rows came, {said} were sent",
                    table.name,
                    rows.count() - before
                )));
            }
        }
        Ok(rows)
    }

    fn add(&mut self, batch: RecordBatch) -> Result<(), Fault> {
        let columns = key::columns(self.table);
        let number = self.batches.len();
        for (place, row) in Row::all(self.table, &batch).enumerate() {
            let day = self.table.day_of.and_then(|day_of| row.time(day_of));
            let day = self.days.entry(day.map(|time| time.date_naive())).or_default();
            if day.by_key.insert(key::of_row(&columns, row), (number, place)).is_some() {
                let key = key::in_words(&columns, row);
                return Err(Fault::NotStaged(format!("{}: {key} is there twice", self.table.name)));
            }
        }
        self.batches.push(batch);
        Ok(())
    }

    pub(super) fn count(&self) -> u64 {
        self.days.values().map(|day| day.by_key.len() as u64).sum()
    }

    pub(super) fn row(&self, (batch, row): (usize, usize)) -> Row<'_> {
        Row::at(self.table, &self.batches[batch], row)
    }

    /// The ranges of the keys of a day.
    pub(super) fn stats(&self, day: &DayRows) -> Stats {
        let columns = key::columns(self.table);
        let mut stats = Stats::new(&columns);
        day.by_key.values().for_each(|place| stats.add(&columns, self.row(*place)));
        stats
    }

    /// These rows as a batch.
    fn take(&self, places: &[(usize, usize)]) -> Result<RecordBatch, Fault> {
        let batches: Vec<_> = self.batches.iter().collect();
        Ok(interleave_record_batch(&batches, places)?)
    }

    /// Writes the rows of a day.
    pub(super) async fn write(&self, day: &DayRows, writer: &mut Writer<'_>) -> Result<(), Fault> {
        let places: Vec<_> = day.by_key.values().copied().collect();
        for places in places.chunks(BATCH_ROWS) {
            writer.write(&self.take(places)?).await?;
        }
        Ok(())
    }
}

/// The rows of a data file, in its order, without some keys.
pub(super) struct Stream<'a> {
    file: Reader<'a>,
    next_group: usize,
    batches: std::vec::IntoIter<RecordBatch>,
    current: Option<Current>,
    is_over: bool,
}

struct Current {
    batch: RecordBatch,
    keys: Vec<Key>,
    /// The places of the rows that are still to come, the last first.
    left: Vec<usize>,
}

impl<'a> Stream<'a> {
    pub(super) fn new(file: Reader<'a>) -> Self {
        Self { file, next_group: 0, batches: Vec::new().into_iter(), current: None, is_over: false }
    }

    /// Whether the next row, if there is one, is still to be read.
    fn is_spent(&self) -> bool {
        !self.is_over && self.current.as_ref().is_none_or(|current| current.left.is_empty())
    }

    /// Makes the next row be there, if there is one.
    async fn fill(&mut self, table: &'static Table, without: &DayRows) -> Result<(), Fault> {
        while self.is_spent() {
            let Some(batch) = self.batches.next() else {
                if self.next_group == self.file.groups() {
                    self.is_over = true;
                    break;
                }
                self.batches = self.file.read_group(self.next_group, None).await?.into_iter();
                self.next_group += 1;
                continue;
            };
            let columns = key::columns(table);
            let keys: Vec<_> =
                Row::all(table, &batch).map(|row| key::of_row(&columns, row)).collect();
            let is_kept = |place: &usize| !without.by_key.contains_key(&keys[*place]);
            let left = (0..keys.len()).rev().filter(is_kept).collect();
            self.current = Some(Current { batch, keys, left });
        }
        Ok(())
    }

    fn key(&self) -> Option<&Key> {
        let current = self.current.as_ref()?;
        current.keys.get(*current.left.last()?)
    }
}

/// Writes the rows of some files, without the keys of `rows`, and those rows, all in the order of their
/// keys.
pub(super) async fn merge(
    table: &'static Table,
    mut streams: Vec<Stream<'_>>,
    rows: Option<(&Rows, &DayRows)>,
    writer: &mut Writer<'_>,
) -> Result<(), Fault> {
    let nothing = DayRows::default();
    let without = rows.map_or(&nothing, |(_, day)| day);
    let mut new = without.by_key.iter().peekable();
    let mut places = Vec::with_capacity(BATCH_ROWS);
    loop {
        for index in 0..streams.len() {
            if streams[index].is_spent() {
                // What was taken of its batch is written before another one takes its place.
                flush(table, rows, &streams, &mut places, writer).await?;
                streams[index].fill(table, without).await?;
            }
        }
        let least = (0..streams.len())
            .filter_map(|index| streams[index].key().map(|key| (key, index)))
            .min();
        let old = rows.map_or(0, |(rows, _)| rows.batches.len());
        match (least, new.peek()) {
            (None, None) => break,
            (Some((key, index)), next) if next.is_none_or(|(next, _)| key <= *next) => {
                let current = streams[index].current.as_mut();
                let place = current.and_then(|current| current.left.pop());
                places.extend(place.map(|place| (old + index, place)));
            }
            _ => places.extend(new.next().map(|(_, place)| *place)),
        }
        if places.len() == BATCH_ROWS {
            flush(table, rows, &streams, &mut places, writer).await?;
        }
    }
    flush(table, rows, &streams, &mut places, writer).await
}

async fn flush(
    table: &'static Table,
    rows: Option<(&Rows, &DayRows)>,
    streams: &[Stream<'_>],
    places: &mut Vec<(usize, usize)>,
    writer: &mut Writer<'_>,
) -> Result<(), Fault> {
    if places.is_empty() {
        return Ok(());
    }
    let new = rows.map_or(&[][..], |(rows, _)| &rows.batches);
    let nothing = RecordBatch::new_empty(schema(table));
    let old = streams.iter().map(|stream| match &stream.current {
        Some(current) => &current.batch,
        None => &nothing,
    });
    let all: Vec<_> = new.iter().chain(old).collect();
    writer.write(&interleave_record_batch(&all, places)?).await?;
    places.clear();
    Ok(())
}

/// The keys of a file that are among these rows.
pub(super) async fn has_a_key(
    table: &'static Table,
    file: &Reader<'_>,
    day: &DayRows,
) -> Result<bool, Fault> {
    let mut found = false;
    each_key(table, file, |key| found |= day.by_key.contains_key(key)).await?;
    Ok(found)
}

/// Every key of a file.
pub(super) async fn each_key(
    table: &'static Table,
    file: &Reader<'_>,
    mut see: impl FnMut(&Key),
) -> Result<(), Fault> {
    let columns = key::columns(table);
    for group in 0..file.groups() {
        for batch in file.read_group(group, Some(table.key)).await? {
            Row::all(table, &batch).for_each(|row| see(&key::of_row(&columns, row)));
        }
    }
    Ok(())
}

/// How many different keys were seen; of each 64 bits are kept.
#[derive(Default)]
pub(super) struct Seen(HashSet<u64>);

impl Seen {
    pub(super) fn add(&mut self, key: &Key) {
        self.0.insert(crate::farmhash::fingerprint64(key));
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }
}
