//! Rows as chunks, for the tests of sinks.

use std::collections::BTreeSet;

use arrow_array::RecordBatch;
use chrono::{DateTime, Utc};
use parquet::arrow::ArrowWriter;
use weather_data_product::columnar::{BatchBuilder, ColumnBuilder, schema};
use weather_data_product::domain::position::{Position, RowKey};
use weather_data_product::domain::tables::{Column, Kind, Table};
use weather_data_product::sink::{Chunk, Progress};

use super::samples::hour;

/// A row by its site, its time, and what its text and numbers are made of.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) site: u16,
    pub(crate) time: DateTime<Utc>,
    pub(crate) value: u8,
}

pub(crate) fn sample(site: u16, value: u8) -> Sample {
    Sample { site, time: hour(), value }
}

pub(crate) fn batch(table: &'static Table, samples: &[Sample]) -> RecordBatch {
    let mut builder = BatchBuilder::new(table);
    for sample in samples {
        for (column, cells) in table.columns.iter().zip(builder.columns()) {
            push(column, cells, *sample);
        }
        builder.end_row();
    }
    builder.finish().unwrap().expect("rows")
}

pub(crate) fn push(column: &Column, cells: &mut ColumnBuilder, sample: Sample) {
    match (column.kind, cells) {
        (Kind::Text, ColumnBuilder::Text(cells)) => cells.append_value(match column.name {
            "site_id" => format!("site-{}", sample.site),
            "source" => "openweathermap".into(),
            name => format!("{name} 'of' \\ {} 🌧", sample.value),
        }),
        (Kind::Integer, ColumnBuilder::Integer(cells)) => cells.append_value(sample.value.into()),
        (Kind::Real { .. }, ColumnBuilder::Real(cells)) => cells.append_value(sample.value.into()),
        (Kind::Time, ColumnBuilder::Time(cells)) => {
            cells.append_value(sample.time.timestamp_micros());
        }
        (Kind::Date, ColumnBuilder::Date(cells)) => cells.append_value(sample.value.into()),
        _ => panic!("{}: another kind", column.name),
    }
}

/// The samples as a chunk, which leads to the last of them.
pub(crate) fn chunk(table: &'static Table, samples: &[Sample]) -> Chunk {
    chunk_of(table, samples, &batch(table, samples))
}

/// These rows, which stand where the samples do.
pub(crate) fn chunk_of(table: &'static Table, samples: &[Sample], batch: &RecordBatch) -> Chunk {
    let mut writer = ArrowWriter::try_new(Vec::new(), schema(table), None).unwrap();
    writer.write(batch).unwrap();
    let has_days = table.day_of.is_some();
    let days = samples.iter().filter(|_| has_days).map(|sample| sample.time.date_naive());
    let last = samples.last().unwrap();
    let key = RowKey {
        time: last.time,
        site_id: format!("site-{}", last.site),
        source: "openweathermap".into(),
    };
    let position = Position {
        run_seq: last.value.into(),
        run_id: "a run's \\ id".into(),
        key: (!table.order_in_run.is_empty()).then_some(key),
    };
    Chunk {
        table,
        parquet: writer.into_inner().unwrap(),
        rows: samples.len() as u64,
        days: days.collect::<BTreeSet<_>>(),
        touched: BTreeSet::new(),
        progress: if has_days { Progress::To(position) } else { Progress::Whole(-5) },
    }
}
