//! A chunk: rows of the store, streamed into a Parquet file in memory.

use std::collections::BTreeSet;

use arrow_array::RecordBatch;
use chrono::NaiveDate;
use futures::TryStreamExt as _;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::columnar::{Row, schema};
use crate::domain::position::{Position, RowKey};
use crate::domain::tables::Table;
use crate::retry::Transient;
use crate::sink::{Chunk, Progress};
use crate::store::{Reads, Rows, StoreError};

/// Days of a chunk at most: a job may write to 4,000 partitions of a table
/// (<https://cloud.google.com/bigquery/quotas#partitioned_tables>), and a script that names this many
/// is far from too long.
const MAX_DAYS: usize = 1000;

/// Why there is no chunk.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChunkError {
    #[error("cannot read the rows")]
    Store(#[from] StoreError),
    #[error("cannot write the rows as Parquet")]
    Encode(#[from] ParquetError),
    #[error("a row lacks {0}")]
    Incomplete(&'static str),
}

impl Transient for ChunkError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}

/// The next rows past `progress`, as many as are wanted and of [`MAX_DAYS`] at most; `None` when
/// there are none.
pub(super) async fn read_chunk(
    reads: &Reads,
    table: &'static Table,
    progress: Option<&Progress>,
    end_run_seq: i64,
    limit: u32,
) -> Result<Option<Chunk>, ChunkError> {
    let position = match progress {
        Some(Progress::To(position)) => Some(position.clone()),
        _ => None,
    };
    let mut batches = reads.read_rows(table, &Rows::Past { position, end_run_seq, limit });
    let mut builder = ChunkBuilder::new(table)?;
    while let Some(batch) = batches.try_next().await? {
        let fitting = builder.count_fitting(&batch);
        builder.add(&batch.slice(0, fitting))?;
        if fitting < batch.num_rows() {
            break;
        }
    }
    let chunk = builder.finish()?;
    Ok(chunk.filter(|chunk| progress != Some(&chunk.progress)))
}

/// Puts a chunk together, batch by batch.
pub(super) struct ChunkBuilder {
    table: &'static Table,
    writer: ArrowWriter<Vec<u8>>,
    rows: u64,
    days: BTreeSet<NaiveDate>,
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
        let (days, position) = (BTreeSet::new(), None);
        Ok(Self { table, writer, rows: 0, days, fingerprint: 0, position })
    }

    /// So many rows of the batch fit: with the next one there would be too many days.
    fn count_fitting(&self, batch: &RecordBatch) -> usize {
        let Some(day_of) = self.table.day_of else { return batch.num_rows() };
        let mut days = self.days.clone();
        let fits = |row: &Row<'_>| {
            days.extend(row.time(day_of).map(|time| time.date_naive()));
            days.len() <= MAX_DAYS
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
            if let Some(row) = Row::last(self.table, batch) {
                self.position = Some(position_of(self.table, row)?);
            }
        } else {
            let rows = Row::all(self.table, batch);
            self.fingerprint = rows.fold(self.fingerprint, |all, row| all ^ row.fingerprint());
        }
        Ok(())
    }

    /// The chunk; `None` if it has no row.
    pub(super) fn finish(self) -> Result<Option<Chunk>, ChunkError> {
        if self.rows == 0 {
            return Ok(None);
        }
        let progress = self.position.map_or(Progress::Whole(self.fingerprint), Progress::To);
        let parquet = self.writer.into_inner()?;
        Ok(Some(Chunk { table: self.table, parquet, rows: self.rows, days: self.days, progress }))
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
