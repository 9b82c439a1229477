//! Data files: sorted by the key, in row groups of which one is in memory at a time.
//!
//! A file is read by ranges: its end first, which says where its row groups are, then one group after the
//! other, of the columns that are wanted.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{RecordBatch, new_null_array};
use arrow_schema::{Schema, SchemaRef};
use bytes::{Buf as _, Bytes};
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, Length};
use uuid::Uuid;

use super::fault::Fault;
use super::key;
use super::schema::DAY;
use super::stats::Stats;
use crate::columnar::{BATCH_ROWS, Row, schema};
use crate::domain::Day;
use crate::domain::tables::Table;
use crate::objects::{Objects, ObjectsError, Upload};

/// Rows of a row group: what a reader takes at once, and what we hold in memory.
const GROUP_ROWS: usize = 20_000;

/// Rows of a file at most.
pub(super) const FILE_ROWS: u64 = 2_000_000;

/// What is read of the end of a file at first: most often that is all that describes it.
const TAIL: u64 = 64 << 10;

/// What describes a file at most; a file of ours has some kilobytes for each row group.
const MAX_FOOTER: u64 = 64 << 20;

/// A file that was written, and belongs to no version yet.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) path: String,
    pub(super) day: Day,
    pub(super) bytes: u64,
    pub(super) stats: Stats,
}

/// Writes the rows of a day, in the order of their keys, into as many files as they need.
pub(super) struct Writer<'a> {
    objects: &'a Objects,
    table: &'static Table,
    day: Day,
    columns: Vec<usize>,
    open: Option<Open>,
    written: Vec<Written>,
}

struct Open {
    path: String,
    upload: Upload,
    arrow: ArrowWriter<Vec<u8>>,
    stats: Stats,
}

impl<'a> Writer<'a> {
    /// For rows of one day of a table, whose folder `objects` is.
    pub(super) fn new(objects: &'a Objects, table: &'static Table, day: Day) -> Self {
        let columns = key::columns(table);
        Self { objects, table, day, columns, open: None, written: Vec::new() }
    }

    pub(super) async fn write(&mut self, batch: &RecordBatch) -> Result<(), Fault> {
        let mut rest = batch.clone();
        while rest.num_rows() > 0 {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => self.begin()?,
            };
            let room = usize::try_from(FILE_ROWS - open.stats.rows).unwrap_or(usize::MAX);
            let now = rest.slice(0, room.min(rest.num_rows()));
            rest = rest.slice(now.num_rows(), rest.num_rows() - now.num_rows());
            open.write(self.table, &self.columns, &now).await?;
            if open.stats.rows < FILE_ROWS {
                self.open = Some(open);
            } else {
                self.end(open).await?;
            }
        }
        Ok(())
    }

    /// The files, each read back as far as to count its rows.
    pub(super) async fn finish(mut self) -> Result<Vec<Written>, Fault> {
        if let Some(open) = self.open.take() {
            self.end(open).await?;
        }
        Ok(self.written)
    }

    fn begin(&self) -> Result<Open, Fault> {
        let name = format!("{}.parquet", Uuid::now_v7());
        let path = self.day.map_or_else(|| name.clone(), |day| format!("{DAY}={day}/{name}"));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let arrow = ArrowWriter::try_new(Vec::new(), schema(self.table), Some(properties))?;
        let (upload, stats) = (self.objects.upload(&path)?, Stats::new(&self.columns));
        Ok(Open { path, upload, arrow, stats })
    }

    async fn end(&mut self, open: Open) -> Result<(), Fault> {
        let Open { path, mut upload, arrow, stats } = open;
        upload.write(&arrow.into_inner()?).await?;
        let bytes = upload.bytes();
        upload.finish().await?;
        let written = Written { path, day: self.day, bytes, stats };
        let found = Reader::open(self.objects, self.table, &written.path, written.bytes).await?;
        if found.rows() != written.stats.rows {
            let counts = (found.rows(), written.stats.rows);
            return Err(Fault::NotWritten { path: written.path, counts });
        }
        self.written.push(written);
        Ok(())
    }
}

impl Open {
    async fn write(
        &mut self,
        table: &'static Table,
        columns: &[usize],
        batch: &RecordBatch,
    ) -> Result<(), Fault> {
        Row::all(table, batch).for_each(|row| self.stats.add(columns, row));
        self.arrow.write(batch)?;
        // What is whole of the file goes on its way; the writer knows how long it was.
        let done = std::mem::take(self.arrow.inner_mut());
        if !done.is_empty() {
            self.upload.write(&done).await?;
        }
        Ok(())
    }
}

/// Reads the rows of a file, as the table has them now.
pub(super) struct Reader<'a> {
    objects: &'a Objects,
    table: &'static Table,
    path: String,
    described: ArrowReaderMetadata,
    bytes: u64,
}

impl<'a> Reader<'a> {
    /// Opens a file that is said to be so long.
    pub(super) async fn open(
        objects: &'a Objects,
        table: &'static Table,
        path: &str,
        bytes: u64,
    ) -> Result<Self, Fault> {
        let described =
            describe(objects, path, bytes).await.map_err(|fault| fault.of_file(path))?;
        // The types are those of the file; what another program noted of them does not count.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let described = ArrowReaderMetadata::try_new(Arc::new(described), options)
            .map_err(|error| Fault::from(error).of_file(path))?;
        Ok(Self { objects, table, path: path.into(), described, bytes })
    }

    pub(super) fn rows(&self) -> u64 {
        u64::try_from(self.described.metadata().file_metadata().num_rows()).unwrap_or_default()
    }

    pub(super) fn groups(&self) -> usize {
        self.described.metadata().num_row_groups()
    }

    /// Whether a row group may have rows of a site: rows are in the order of sites.
    pub(super) fn may_hold(&self, group: usize, site_id: &str) -> bool {
        let metadata = self.described.metadata();
        let columns = metadata.file_metadata().schema_descr();
        let place =
            (0..columns.num_columns()).find(|place| columns.column(*place).name() == "site_id");
        let statistics =
            place.and_then(|place| metadata.row_group(group).column(place).statistics());
        let Some(statistics) = statistics else { return true };
        // What a writer has cut short says less than the whole.
        let (least, most) = (statistics.min_bytes_opt(), statistics.max_bytes_opt());
        let (least, most) = (
            least.filter(|_| statistics.min_is_exact()),
            most.filter(|_| statistics.max_is_exact()),
        );
        least.is_none_or(|least| least <= site_id.as_bytes())
            && most.is_none_or(|most| site_id.as_bytes() <= most)
    }

    /// The rows of a row group, batch by batch; of the columns that are not wanted every cell is NULL.
    pub(super) async fn read_group(
        &self,
        group: usize,
        wanted: Option<&[&str]>,
    ) -> Result<Vec<RecordBatch>, Fault> {
        let read = self.try_read_group(group, wanted).await;
        read.map_err(|fault| fault.of_file(&self.path))
    }

    async fn try_read_group(
        &self,
        group: usize,
        wanted: Option<&[&str]>,
    ) -> Result<Vec<RecordBatch>, Fault> {
        let fields = self.described.schema().fields();
        let is_wanted = |name: &String| wanted.is_none_or(|wanted| wanted.contains(&name.as_str()));
        let leaves = fields.iter().enumerate().filter(|(_, field)| is_wanted(field.name()));
        let leaves: Vec<_> = leaves.map(|(index, _)| index).collect();
        let range = self.range_of(group, &leaves)?;
        let bytes = self.objects.get_range(&self.path, range.clone()).await?;
        let part = Part { start: range.start, bytes, length: self.bytes };
        let mask = ProjectionMask::leaves(self.described.parquet_schema(), leaves);
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(part, self.described.clone())
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS)
                .build()?;
        let batches = reader.map(|batch| self.as_table(&batch?, wanted.is_some()));
        batches.collect()
    }

    /// From the first byte of these columns of a row group to the last.
    fn range_of(&self, group: usize, leaves: &[usize]) -> Result<Range<u64>, Fault> {
        let group = self.described.metadata().row_group(group);
        let ranges = leaves.iter().filter_map(|leaf| group.columns().get(*leaf));
        let ranges: Vec<_> = ranges.map(|column| column.byte_range()).collect();
        let start = ranges.iter().map(|(start, _)| *start).min().unwrap_or_default();
        let end = ranges.iter().map(|(start, length)| start.saturating_add(*length)).max();
        let end = end.unwrap_or_default();
        if end > self.bytes || start > end {
            return Err(Fault::Malformed("a row group is beyond the end of the file".into()));
        }
        Ok(start..end)
    }

    /// The batch with the columns of the table, in their order.
    fn as_table(&self, batch: &RecordBatch, may_lack: bool) -> Result<RecordBatch, Fault> {
        let wanted = schema(self.table);
        let columns =
            wanted.fields().iter().map(|field| match batch.column_by_name(field.name()) {
                Some(column) if column.data_type() == field.data_type() => Ok(column.clone()),
                Some(column) => Err(Fault::Malformed(format!(
                    "its column {} is {}",
                    field.name(),
                    column.data_type()
                ))),
                None if field.is_nullable() || may_lack => {
                    Ok(new_null_array(field.data_type(), batch.num_rows()))
                }
                None => Err(Fault::Malformed(format!("it lacks the column {}", field.name()))),
            });
        let columns = columns.collect::<Result<Vec<_>, Fault>>()?;
        let schema = if may_lack { all_nullable(&wanted) } else { wanted };
        Ok(RecordBatch::try_new(schema, columns).map_err(ParquetError::from)?)
    }
}

/// The same columns, each of which may be NULL.
fn all_nullable(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The end of a file, which says what is in it.
async fn describe(objects: &Objects, path: &str, bytes: u64) -> Result<ParquetMetaData, Fault> {
    let mut reader = ParquetMetaDataReader::new();
    let mut tail = bytes.min(TAIL);
    loop {
        let end = objects.get_range(path, bytes - tail..bytes).await?;
        match reader.try_parse_sized(&end, bytes) {
            Ok(()) => return Ok(reader.finish()?),
            Err(ParquetError::NeedMoreData(needed)) => {
                let needed = needed as u64;
                if needed <= tail || needed > bytes.min(MAX_FOOTER) {
                    return Err(Fault::Malformed("its end is not a Parquet file's".into()));
                }
                tail = needed;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Some bytes of a file, as if they were all of it.
struct Part {
    start: u64,
    bytes: Bytes,
    length: u64,
}

impl Length for Part {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Part {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let offset = self.offset(start)?;
        Ok(self.bytes.slice(offset..).reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let offset = self.offset(start)?;
        let end = offset.checked_add(length).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| ParquetError::EOF("beyond the part that was read".into()))?;
        Ok(self.bytes.slice(offset..end))
    }
}

impl Part {
    fn offset(&self, start: u64) -> parquet::errors::Result<usize> {
        let offset = start.checked_sub(self.start).and_then(|offset| usize::try_from(offset).ok());
        let offset = offset.filter(|offset| *offset <= self.bytes.len());
        offset.ok_or_else(|| ParquetError::EOF("before the part that was read".into()))
    }
}

/// Whether an object that should be there is not as it was written.
pub(super) fn is_damage(error: &ObjectsError) -> bool {
    matches!(error, ObjectsError::Missing { .. } | ObjectsError::Cut { .. })
}
