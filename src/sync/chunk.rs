//! A chunk: rows of the store, streamed into a Parquet file in memory.

use std::collections::BTreeSet;

use arrow_array::RecordBatch;
use chrono::NaiveDate;
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::columnar::{Row, schema};
use crate::domain::position::{Position, RowKey};
use crate::domain::tables::Table;
use crate::retry::Transient;
use crate::sink::{Chunk, Progress, SinkError};
use crate::store::{Reads, Rows, StoreError};

/// Days of a group at most: a job may write to 4,000 partitions of a table
/// (<https://cloud.google.com/bigquery/quotas#partitioned_tables>), and a script that names this many
/// is far from too long.
pub(super) const MAX_DAYS: usize = 1000;

/// Why there is no chunk.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChunkError {
    #[error("cannot read the rows")]
    Store(#[from] StoreError),
    #[error("cannot write the rows as Parquet")]
    Encode(#[from] ParquetError),
    #[error("a row lacks {0}")]
    Incomplete(&'static str),
    /// What had been read of the store was no longer all: it is read again.
    #[error("a month left the store meanwhile")]
    Left,
    #[error(transparent)]
    Archive(#[from] SinkError),
}

impl Transient for ChunkError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Archive(error) => error.is_transient(),
            Self::Left => true,
            Self::Encode(_) | Self::Incomplete(_) => false,
        }
    }
}

/// The next rows past `progress`, of runs below `end_run_seq`, as many as are wanted and of as many days;
/// `None` when there are none.
pub(super) async fn read_chunk(
    reads: &Reads,
    table: &'static Table,
    progress: Option<&Progress>,
    end_run_seq: i64,
    limit: u32,
    max_days: usize,
) -> Result<Option<Chunk>, ChunkError> {
    let position = match progress {
        Some(Progress::To(position)) => Some(position.clone()),
        _ => None,
    };
    let mut batches = reads.read_rows(table, &Rows::Past { position, end_run_seq, limit });
    let mut builder = ChunkBuilder::new(table)?;
    while let Some(batch) = batches.try_next().await? {
        let fitting = builder.count_fitting(&batch, max_days);
        builder.add(&batch.slice(0, fitting))?;
        if fitting < batch.num_rows() {
            break;
        }
    }
    let chunk = builder.finish()?;
    Ok(chunk.filter(|chunk| progress != Some(&chunk.progress)))
}

/// All rows past a position, as of one moment: one statement, however many chunks they make.
///
/// Rows of runs that are still open must be read so. Such runs take rows from each other: one that moved to a run
/// before those that are still to be read would be in no chunk.
pub(super) struct Chunks<'a> {
    table: &'static Table,
    batches: BoxStream<'a, Result<RecordBatch, StoreError>>,
    /// What of a batch did not fit into the chunk before.
    rest: Option<RecordBatch>,
    limit: usize,
}

impl<'a> Chunks<'a> {
    /// Chunks of so many rows at most.
    pub(super) fn past(
        reads: &'a Reads,
        table: &'static Table,
        position: Position,
        limit: u32,
    ) -> Self {
        let (end_run_seq, all) = (i64::MAX, u32::MAX);
        let rows = Rows::Past { position: Some(position), end_run_seq, limit: all };
        let batches = reads.read_rows(table, &rows);
        Self { table, batches, rest: None, limit: usize::try_from(limit).unwrap_or(usize::MAX) }
    }

    /// The next one; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Chunk>, ChunkError> {
        let mut builder = ChunkBuilder::new(self.table)?;
        let mut room = self.limit;
        while room > 0
            && let Some(batch) = self.next_batch().await?
        {
            let fitting = builder.count_fitting(&batch, MAX_DAYS).min(room);
            builder.add(&batch.slice(0, fitting))?;
            room -= fitting;
            if fitting < batch.num_rows() {
                self.rest = Some(batch.slice(fitting, batch.num_rows() - fitting));
                break;
            }
        }
        builder.finish()
    }

    async fn next_batch(&mut self) -> Result<Option<RecordBatch>, StoreError> {
        match self.rest.take() {
            Some(rest) => Ok(Some(rest)),
            None => self.batches.try_next().await,
        }
    }
}

/// Puts a chunk together, batch by batch.
pub(super) struct ChunkBuilder {
    table: &'static Table,
    writer: ArrowWriter<Vec<u8>>,
    rows: u64,
    days: BTreeSet<NaiveDate>,
    touched: BTreeSet<NaiveDate>,
    fingerprint: i64,
    position: Option<Position>,
}

impl ChunkBuilder {
    pub(super) fn new(table: &'static Table) -> Result<Self, ChunkError> {
        // Who reads the file reads it whole: statistics would be for nobody.
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::None)
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), schema(table), Some(properties))?;
        let (days, touched) = (BTreeSet::new(), BTreeSet::new());
        Ok(Self { table, writer, rows: 0, days, touched, fingerprint: 0, position: None })
    }

    /// So many rows of the batch fit: with the next one there would be too many days.
    fn count_fitting(&self, batch: &RecordBatch, max_days: usize) -> usize {
        let Some(day_of) = self.table.day_of else { return batch.num_rows() };
        let mut days = self.days.clone();
        let fits = |row: &Row<'_>| {
            days.extend(row.time(day_of).map(|time| time.date_naive()));
            days.len() <= max_days
        };
        Row::all(self.table, batch).take_while(fits).count()
    }

    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), ChunkError> {
        self.writer.write(batch)?;
        self.rows += batch.num_rows() as u64;
        if let Some(day_of) = self.table.day_of {
            let days =
                Row::all(self.table, batch).filter_map(|row| Some(row.time(day_of)?.date_naive()));
            self.days.extend(days);
            Row::all(self.table, batch).for_each(|row| self.touch(row, day_of));
            if let Some(row) = Row::last(self.table, batch) {
                self.position = Some(position_of(self.table, row)?);
            }
        } else {
            let rows = Row::all(self.table, batch);
            self.fingerprint = rows.fold(self.fingerprint, |all, row| all ^ row.fingerprint());
        }
        Ok(())
    }

    /// The days from the observation that fills a slot to the slot: what fills it may fill those between
    /// too. Runs touch none.
    fn touch(&mut self, row: Row<'_>, day_of: &str) {
        let Some(last) = row.time(day_of).filter(|_| !self.table.order_in_run.is_empty()) else {
            return;
        };
        let first = row.time("observation_time").map_or(last, |first| first.min(last));
        let days = first.date_naive().iter_days().take_while(|day| *day <= last.date_naive());
        self.touched.extend(days);
    }

    /// The chunk; `None` if it has no row.
    pub(super) fn finish(self) -> Result<Option<Chunk>, ChunkError> {
        if self.rows == 0 {
            return Ok(None);
        }
        let progress = self.position.map_or(Progress::Whole(self.fingerprint), Progress::To);
        let Self { table, writer, rows, days, touched, .. } = self;
        let parquet = writer.into_inner()?;
        Ok(Some(Chunk { table, parquet, rows, days, touched, progress }))
    }
}

/// Where a row stands in the order of sync.
pub(super) fn position_of(table: &Table, row: Row<'_>) -> Result<Position, ChunkError> {
    let run_id = row.text("ingestion_run_id").or_else(|| row.text("run_id"));
    let key = match table.order_in_run {
        [time, site_id, source] => Some(RowKey {
            time: row.time(time).ok_or(ChunkError::Incomplete("its time"))?,
            site_id: row.text(site_id).ok_or(ChunkError::Incomplete("site_id"))?.to_owned(),
            source: row.text(source).ok_or(ChunkError::Incomplete("source"))?.to_owned(),
        }),
        _ => None,
    };
    Ok(Position {
        run_seq: row.integer("run_seq").ok_or(ChunkError::Incomplete("run_seq"))?,
        run_id: run_id.ok_or(ChunkError::Incomplete("run_id"))?.to_owned(),
        key,
    })
}
