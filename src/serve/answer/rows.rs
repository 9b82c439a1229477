//! Rows as text: JSON objects, one a line or in a list, or comma-separated values.

use std::io::Write as _;

use arrow_array::RecordBatch;
use chrono::SecondsFormat;

use super::format::Format;
use super::problem::Problem;
use crate::columnar::{Row, Value};
use crate::domain::csv_cell::text_cell;
use crate::domain::tables::{Column, WEATHER_OBSERVATIONS as OBSERVATIONS};

/// The columns that nobody can ask for: of use to the sync only.
const INTERNAL: [&str; 1] = ["row_hash"];

/// The columns of an observation that can be asked for.
pub(crate) fn public_columns() -> impl Iterator<Item = &'static Column> {
    OBSERVATIONS.columns.iter().filter(|column| !INTERNAL.contains(&column.name))
}

/// Which columns, in the order of the table; those of the key are always there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields(Vec<usize>);

impl Fields {
    /// The fields named, or all.
    pub(crate) fn parse(names: Option<&[&str]>) -> Result<Self, Problem> {
        if let Some(unknown) = names.and_then(|names| names.iter().find(|name| !is_public(name))) {
            let allowed: Vec<_> = public_columns().map(|column| column.name).collect();
            let detail = match unknown.is_empty() {
                true => "an empty name is no field".to_owned(),
                false => format!("`{}` is no field", unknown.chars().take(60).collect::<String>()),
            };
            return Err(Problem::parameter("fields", detail, allowed.join(", ")));
        }
        let is_meant = |column: &&Column| {
            OBSERVATIONS.key.contains(&column.name)
                || names.is_none_or(|names| names.contains(&column.name))
        };
        let meant = public_columns().filter(is_meant);
        Ok(Self(meant.filter_map(|column| OBSERVATIONS.index_of(column.name)).collect()))
    }

    fn columns(&self) -> impl Iterator<Item = (usize, &'static str)> {
        self.0.iter().filter_map(|index| Some((*index, OBSERVATIONS.columns.get(*index)?.name)))
    }
}

impl std::fmt::Display for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|index| write!(f, "{index},"))
    }
}

fn is_public(name: &str) -> bool {
    public_columns().any(|column| column.name == name)
}

/// Writes observations.
pub(crate) struct Writer {
    format: Format,
    fields: Fields,
    bytes: Vec<u8>,
    is_first: bool,
}

impl Writer {
    /// Begins with what stands before the rows.
    pub(crate) fn begin(format: Format, fields: Fields) -> Self {
        let mut bytes = Vec::new();
        match format {
            Format::Json => bytes.extend_from_slice(b"{\"observations\":["),
            Format::Csv => {
                let names: Vec<_> = fields.columns().map(|(_, name)| name).collect();
                bytes.extend_from_slice(names.join(",").as_bytes());
                bytes.extend_from_slice(b"\r\n");
            }
            _ => {}
        }
        Self { format, fields, bytes, is_first: true }
    }

    /// The rows of a batch.
    pub(crate) fn rows(&mut self, batch: &RecordBatch) -> std::io::Result<()> {
        Row::all(&OBSERVATIONS, batch).try_for_each(|row| match self.format {
            Format::Csv => self.csv(row),
            _ => self.object(row),
        })
    }

    /// What stands after the rows. `next_cursor` is told where the form has a place for it: `None`
    /// where there are no pages.
    pub(crate) fn end(&mut self, next_cursor: Option<Option<&str>>) -> std::io::Result<()> {
        if self.format != Format::Json {
            return Ok(());
        }
        self.bytes.push(b']');
        if let Some(cursor) = next_cursor {
            self.bytes.extend_from_slice(b",\"next_cursor\":");
            serde_json::to_writer(&mut self.bytes, &cursor)?;
        }
        self.bytes.push(b'}');
        Ok(())
    }

    /// What was written since this was last called.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    fn object(&mut self, row: Row<'_>) -> std::io::Result<()> {
        if self.format == Format::Json && !std::mem::take(&mut self.is_first) {
            self.bytes.push(b',');
        }
        for (number, (index, name)) in self.fields.columns().enumerate() {
            let before = if number == 0 { '{' } else { ',' };
            write!(self.bytes, "{before}\"{name}\":")?;
            json(&mut self.bytes, row.value(index))?;
        }
        self.bytes.push(b'}');
        if self.format == Format::Ndjson {
            self.bytes.push(b'\n');
        }
        Ok(())
    }

    fn csv(&mut self, row: Row<'_>) -> std::io::Result<()> {
        let mut form = csv::WriterBuilder::new();
        form.terminator(csv::Terminator::CRLF);
        let mut line = form.from_writer(&mut self.bytes);
        let cells = self.fields.columns().map(|(index, _)| cell(row.value(index)));
        line.write_record(cells)?;
        line.flush()
    }
}

/// A cell as JSON.
pub(crate) fn json(bytes: &mut Vec<u8>, value: Option<Value<'_>>) -> serde_json::Result<()> {
    match value {
        None => serde_json::to_writer(bytes, &()),
        Some(Value::Text(text)) => serde_json::to_writer(bytes, text),
        Some(Value::Integer(number)) => serde_json::to_writer(bytes, &number),
        Some(Value::Real(number)) => serde_json::to_writer(bytes, &number),
        value => serde_json::to_writer(bytes, &text(value)),
    }
}

/// A cell of comma-separated values.
fn cell(value: Option<Value<'_>>) -> String {
    match value {
        Some(Value::Text(text)) => text_cell(text),
        value => text(value),
    }
}

/// Absent is empty.
fn text(value: Option<Value<'_>>) -> String {
    match value {
        None => String::new(),
        Some(Value::Text(text)) => text.to_owned(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Real(number)) => number.to_string(),
        Some(Value::Time(time)) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        Some(Value::Date(date)) => date.to_string(),
    }
}
