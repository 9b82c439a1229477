//! Rows as text: JSON objects, one a line or in a list, or comma-separated values.

use std::io;

use super::format::Format;

mod observation;
mod record;

pub(crate) use observation::{Observation, json};
pub(crate) use record::Record;

/// A row that can be written in every form.
pub(crate) trait Row {
    /// As a JSON object.
    fn json(&self, bytes: &mut Vec<u8>) -> io::Result<()>;

    /// As a record of comma-separated values.
    fn csv(&self, record: &mut csv::Writer<&mut Vec<u8>>) -> io::Result<()>;
}

/// Writes rows.
pub(crate) struct Writer {
    format: Format,
    bytes: Vec<u8>,
    is_first: bool,
}

impl Writer {
    /// Begins with what stands before the rows; `list` is what a list of them is called, `columns` are what
    /// they have.
    pub(crate) fn begin<'a>(
        format: Format,
        list: &str,
        columns: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let text = match format {
            Format::Json => format!("{{\"{list}\":["),
            Format::Csv => columns.into_iter().collect::<Vec<_>>().join(",") + "\r\n",
            _ => String::new(),
        };
        Self { format, bytes: text.into_bytes(), is_first: true }
    }

    pub(crate) fn row(&mut self, row: &impl Row) -> io::Result<()> {
        match self.format {
            Format::Csv => return self.csv(row),
            Format::Json if !std::mem::take(&mut self.is_first) => self.bytes.push(b','),
            _ => {}
        }
        row.json(&mut self.bytes)?;
        if self.format == Format::Ndjson {
            self.bytes.push(b'\n');
        }
        Ok(())
    }

    /// What stands after the rows.
    pub(crate) fn end(&mut self) {
        if self.format == Format::Json {
            self.bytes.extend_from_slice(b"]}");
        }
    }

    /// What stands after a page of rows: where the form has a place for it, what the next one begins with.
    pub(crate) fn end_page(&mut self, name: &str, next: Option<&str>) -> io::Result<()> {
        if self.format == Format::Json {
            self.bytes.extend_from_slice(format!("],\"{name}\":").as_bytes());
            serde_json::to_writer(&mut self.bytes, &next)?;
            self.bytes.push(b'}');
        }
        Ok(())
    }

    /// What was written since this was last called.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    fn csv(&mut self, row: &impl Row) -> io::Result<()> {
        let mut form = csv::WriterBuilder::new();
        form.terminator(csv::Terminator::CRLF);
        let mut record = form.from_writer(&mut self.bytes);
        row.csv(&mut record)?;
        record.flush()
    }
}
