//! Observations as they come from the store, of which some columns are written.

use std::io::{self, Write as _};

use chrono::SecondsFormat;

use super::Row;
use crate::columnar::{self, Value};
use crate::domain::csv_cell::text_cell;
use crate::serve::answer::values::Fields;

/// An observation, and what is written of it.
pub(crate) struct Observation<'a> {
    pub(crate) row: columnar::Row<'a>,
    pub(crate) fields: &'a Fields,
}

impl Row for Observation<'_> {
    fn json(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        for (number, (index, name)) in self.fields.columns().enumerate() {
            let before = if number == 0 { '{' } else { ',' };
            write!(bytes, "{before}\"{name}\":")?;
            json(bytes, self.row.value(index))?;
        }
        bytes.push(b'}');
        Ok(())
    }

    fn csv(&self, record: &mut csv::Writer<&mut Vec<u8>>) -> io::Result<()> {
        let cells = self.fields.columns().map(|(index, _)| cell(self.row.value(index)));
        Ok(record.write_record(cells)?)
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
