//! Rows as Apache Parquet, with the columns and types that the warehouse has.
//!
//! A group of rows is held until it is whole, in columns, encoded and compressed: some megabytes. Dictionaries
//! are short, so that a column of which every value is another one does not hold each of them twice.

use std::io;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::cell::Cell;
use crate::columnar::day_number;
use crate::domain::views::{Kind, ViewColumn};

/// Rows of a group.
const GROUP_ROWS: usize = 50_000;

/// A group is not longer than this either, as it is estimated before it is written.
const GROUP_BYTES: usize = 8 << 20;

/// The longest dictionary of a column.
const DICTIONARY_BYTES: usize = 64 << 10;

/// Rows that are put into columns before they are encoded.
const BATCH_ROWS: usize = 1024;

/// Writes rows.
pub(super) struct Parquet {
    schema: SchemaRef,
    columns: Vec<Column>,
    rows: usize,
    writer: ArrowWriter<Vec<u8>>,
}

impl Parquet {
    pub(super) fn begin<'a>(
        columns: impl Iterator<Item = &'a ViewColumn> + Clone,
    ) -> io::Result<Self> {
        let fields: Vec<_> = columns.clone().map(field).collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_max_row_group_bytes(Some(GROUP_BYTES))
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties));
        let writer = writer.map_err(unwritable)?;
        let columns = columns.map(|column| Column::of(column.kind)).collect();
        Ok(Self { schema, columns, rows: 0, writer })
    }

    pub(super) fn row<'c>(&mut self, cells: impl Iterator<Item = &'c Cell<'c>>) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell)?;
        }
        self.rows += 1;
        if self.rows >= BATCH_ROWS { self.encode() } else { Ok(()) }
    }

    fn encode(&mut self) -> io::Result<()> {
        let columns = self.columns.iter_mut().map(Column::finish).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns);
        let batch = batch.map_err(io::Error::other)?;
        self.rows = 0;
        self.writer.write(&batch).map_err(unwritable)
    }

    /// What stands behind the last row.
    pub(super) fn end(&mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.encode()?;
        }
        self.writer.finish().map(drop).map_err(unwritable)
    }

    /// What was written since this was last called.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.inner_mut())
    }
}

fn unwritable(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

fn field(column: &ViewColumn) -> Field {
    let data_type = match column.kind {
        Kind::Text | Kind::Counts | Kind::Texts | Kind::Place => DataType::Utf8,
        Kind::Integer => DataType::Int64,
        Kind::Real => DataType::Float64,
        Kind::Boolean => DataType::Boolean,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::LocalTime => DataType::Timestamp(TimeUnit::Microsecond, None),
        Kind::Date => DataType::Date32,
    };
    Field::new(column.name, data_type, !column.is_required)
}

/// The cells of a column.
enum Column {
    Text(StringBuilder),
    Integer(Int64Builder),
    Real(Float64Builder),
    Boolean(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    Date(Date32Builder),
}

impl Column {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Counts | Kind::Texts | Kind::Place => {
                Self::Text(StringBuilder::new())
            }
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Real => Self::Real(Float64Builder::new()),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Kind::LocalTime => Self::Time(TimestampMicrosecondBuilder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
        }
    }

    fn push(&mut self, cell: &Cell<'_>) -> io::Result<()> {
        match (self, cell) {
            (Self::Text(cells), Cell::Text(text)) => cells.append_value(text),
            (Self::Text(cells), Cell::Parts(json)) => cells.append_value(json),
            (Self::Text(cells), Cell::Null) => cells.append_null(),
            (Self::Integer(cells), Cell::Integer(number)) => cells.append_value(*number),
            (Self::Integer(cells), Cell::Null) => cells.append_null(),
            (Self::Real(cells), Cell::Real(number)) => cells.append_value(*number),
            (Self::Real(cells), Cell::Null) => cells.append_null(),
            (Self::Boolean(cells), Cell::Boolean(is)) => cells.append_value(*is),
            (Self::Boolean(cells), Cell::Null) => cells.append_null(),
            (Self::Time(cells), Cell::Time(time)) => cells.append_value(time.timestamp_micros()),
            (Self::Time(cells), Cell::LocalTime(time)) => {
                cells.append_value(time.and_utc().timestamp_micros());
            }
            (Self::Time(cells), Cell::Null) => cells.append_null(),
            (Self::Date(cells), Cell::Date(date)) => cells.append_value(day_number(*date)),
            (Self::Date(cells), Cell::Null) => cells.append_null(),
            (_, cell) => {
                let words = format!("a column holds what is of another kind: {cell:?}");
                return Err(io::Error::other(words));
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(cells) => Arc::new(cells.finish()),
            Self::Integer(cells) => Arc::new(cells.finish()),
            Self::Real(cells) => Arc::new(cells.finish()),
            Self::Boolean(cells) => Arc::new(cells.finish()),
            Self::Time(cells) => Arc::new(cells.finish()),
            Self::Date(cells) => Arc::new(cells.finish()),
        }
    }
}
