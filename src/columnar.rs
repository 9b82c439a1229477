//! Rows in columns (Arrow), as they go from the store to the sink, and the fingerprint of a row.

use std::sync::Arc;

use arrow_array::builder::{
    Date32Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef, ArrowPrimitiveType, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::fingerprint::CanonicalText;
use crate::domain::tables::{Column, Kind, Table};

/// Rows of a batch at most: some megabytes.
pub const BATCH_ROWS: usize = 8192;

/// The columns of `table` as Arrow's types. A time is in microseconds, UTC.
#[must_use]
pub fn schema(table: &Table) -> SchemaRef {
    let field = |column: &Column| {
        let data_type = match column.kind {
            Kind::Text => DataType::Utf8,
            Kind::Integer => DataType::Int64,
            Kind::Real { .. } => DataType::Float64,
            Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Kind::Date => DataType::Date32,
        };
        Field::new(column.name, data_type, !column.is_required)
    };
    Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<_>>()))
}

/// Puts rows together, a cell at a time.
pub struct BatchBuilder {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    rows: usize,
}

/// The cells of one column.
pub enum ColumnBuilder {
    /// [`Kind::Text`].
    Text(StringBuilder),
    /// [`Kind::Integer`].
    Integer(Int64Builder),
    /// [`Kind::Real`].
    Real(Float64Builder),
    /// [`Kind::Time`].
    Time(TimestampMicrosecondBuilder),
    /// [`Kind::Date`].
    Date(Date32Builder),
}

impl ColumnBuilder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Real { .. } => Self::Real(Float64Builder::new()),
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Kind::Date => Self::Date(Date32Builder::new()),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Integer(column) => Arc::new(column.finish()),
            Self::Real(column) => Arc::new(column.finish()),
            Self::Time(column) => Arc::new(column.finish()),
            Self::Date(column) => Arc::new(column.finish()),
        }
    }
}

impl BatchBuilder {
    /// For rows of `table`.
    #[must_use]
    pub fn new(table: &Table) -> Self {
        let columns = table.columns.iter().map(|column| ColumnBuilder::new(column.kind));
        Self { schema: schema(table), columns: columns.collect(), rows: 0 }
    }

    /// The columns, each of which gets one more cell; then [`end_row`](Self::end_row).
    pub fn columns(&mut self) -> &mut [ColumnBuilder] {
        &mut self.columns
    }

    /// One row more.
    pub fn end_row(&mut self) {
        self.rows += 1;
    }

    /// Whether it is time to [`finish`](Self::finish).
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS
    }

    /// The rows so far, if there are any; the builder begins anew.
    ///
    /// # Errors
    /// When a column lacks a cell or a value that every row has.
    pub fn finish(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if std::mem::take(&mut self.rows) == 0 {
            return Ok(None);
        }
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        RecordBatch::try_new(self.schema.clone(), columns).map(Some)
    }
}

/// Days since 1970-01-01.
#[must_use]
pub fn day_number(date: NaiveDate) -> i32 {
    Date32Type::from_naive_date(date)
}

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// [`Kind::Text`].
    Text(&'a str),
    /// [`Kind::Integer`].
    Integer(i64),
    /// [`Kind::Real`].
    Real(f64),
    /// [`Kind::Time`].
    Time(DateTime<Utc>),
    /// [`Kind::Date`].
    Date(NaiveDate),
}

/// One row of a batch.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'static Table,
    batch: &'a RecordBatch,
    row: usize,
}

impl<'a> Row<'a> {
    /// The rows of `batch`, which is of `table`.
    pub fn all(table: &'static Table, batch: &'a RecordBatch) -> impl Iterator<Item = Self> {
        (0..batch.num_rows()).map(move |row| Self { table, batch, row })
    }

    /// A row of `batch`, which is of `table`.
    #[must_use]
    pub fn at(table: &'static Table, batch: &'a RecordBatch, row: usize) -> Self {
        Self { table, batch, row }
    }

    /// The last row of `batch`, if it has one.
    #[must_use]
    pub fn last(table: &'static Table, batch: &'a RecordBatch) -> Option<Self> {
        batch.num_rows().checked_sub(1).map(|row| Self { table, batch, row })
    }

    /// A text.
    #[must_use]
    pub fn text(self, name: &str) -> Option<&'a str> {
        let column = self.column(name)?.as_string_opt::<i32>()?;
        Some(column.value(self.row))
    }

    /// A whole number.
    #[must_use]
    pub fn integer(self, name: &str) -> Option<i64> {
        Some(self.column(name)?.as_primitive_opt::<Int64Type>()?.value(self.row))
    }

    /// A time.
    #[must_use]
    pub fn time(self, name: &str) -> Option<DateTime<Utc>> {
        let column = self.column(name)?.as_primitive_opt::<TimestampMicrosecondType>()?;
        DateTime::from_timestamp_micros(column.value(self.row))
    }

    /// The cell of the column at `index`, if it has a value here.
    #[must_use]
    pub fn value(self, index: usize) -> Option<Value<'a>> {
        let column = self.batch.columns().get(index)?;
        if column.is_null(self.row) {
            return None;
        }
        let row = self.row;
        match self.table.columns.get(index)?.kind {
            Kind::Text => Some(Value::Text(column.as_string_opt::<i32>()?.value(row))),
            Kind::Integer => self.cell::<Int64Type>(column).map(Value::Integer),
            Kind::Real { .. } => self.cell::<Float64Type>(column).map(Value::Real),
            Kind::Time => self
                .cell::<TimestampMicrosecondType>(column)
                .and_then(DateTime::from_timestamp_micros)
                .map(Value::Time),
            Kind::Date => {
                self.cell::<Date32Type>(column).map(Date32Type::to_naive_date_opt)?.map(Value::Date)
            }
        }
    }

    /// The column with this name, if it has a value here.
    fn column(self, name: &str) -> Option<&'a ArrayRef> {
        let column = self.batch.column(self.table.index_of(name)?);
        column.is_valid(self.row).then_some(column)
    }

    /// The [fingerprint](crate::domain::fingerprint) of every cell; a time counts in microseconds, a
    /// day in days since 1970.
    #[must_use]
    pub fn fingerprint(self) -> i64 {
        let mut text = CanonicalText::new();
        for (column, array) in self.table.columns.iter().zip(self.batch.columns()) {
            match column.kind {
                Kind::Text => {
                    text.text(
                        array.is_valid(self.row).then(|| array.as_string::<i32>().value(self.row)),
                    );
                }
                Kind::Integer => text.number(self.cell::<Int64Type>(array)),
                Kind::Real { decimals } => text.real(decimals, self.cell::<Float64Type>(array)),
                Kind::Time => text.number(self.cell::<TimestampMicrosecondType>(array)),
                Kind::Date => text.number(self.cell::<Date32Type>(array).map(i64::from)),
            }
        }
        text.fingerprint()
    }

    fn cell<T: ArrowPrimitiveType>(self, array: &ArrayRef) -> Option<T::Native> {
        array.is_valid(self.row).then(|| array.as_primitive::<T>().value(self.row))
    }
}
