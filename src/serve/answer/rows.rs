//! The one writer of rows, for every endpoint and for `weather export`: JSON objects in a list or one a line,
//! comma-separated values, GeoJSON features, Parquet.
//!
//! A row gives its cells in the order of its columns; the writer takes those that are asked for and knows the
//! forms. So every form of an answer holds the same values.

use std::io::{self, Write as _};

use super::form::Form;
use super::format::Format;
use super::problem::Problem;
use super::query::Content;
use super::values::{Columns, Fields};
use crate::columnar::Value;
use crate::domain::views::ViewColumn;

mod cell;
mod geojson;
mod observation;
mod of_struct;
mod parquet;
mod weather;

pub(crate) use cell::{Cell, ToCell};
pub(crate) use observation::{Latest, LatestObservation, Observation, Observations};
pub(crate) use of_struct::rows;

use parquet::Parquet;

/// A row that can be written in every form.
pub(crate) trait Row {
    /// What its columns are.
    type Columns: Columns;

    /// Its cells, in the order of its columns.
    fn cells<'a>(&'a self, cells: &mut Vec<Cell<'a>>);
}

/// Writes rows.
pub(crate) struct Writer {
    format: Format,
    columns: &'static [ViewColumn],
    indexes: Vec<usize>,
    bytes: Vec<u8>,
    parquet: Option<Parquet>,
    is_first: bool,
}

impl Writer {
    /// Begins with what stands before the rows; `list` is what a list of them is called.
    pub(crate) fn begin<C: Columns>(
        form: impl Into<Form>,
        list: &str,
        fields: &Fields<C>,
    ) -> io::Result<Self> {
        let Form { format, has_bom, .. } = form.into();
        let (columns, indexes) = (C::columns(), fields.indexes().to_vec());
        let mut writer =
            Self { format, columns, indexes, bytes: Vec::new(), parquet: None, is_first: true };
        match format {
            Format::Json => write!(writer.bytes, "{{\"{list}\":[")?,
            Format::GeoJson => writer.bytes.extend_from_slice(geojson::BEGIN),
            Format::Csv => writer.csv_head(has_bom)?,
            Format::Parquet => writer.parquet = Some(Parquet::begin(writer.chosen())?),
            _ => {}
        }
        Ok(writer)
    }

    fn chosen(&self) -> impl Iterator<Item = &'static ViewColumn> + Clone {
        let columns = self.columns;
        self.indexes.iter().filter_map(move |index| columns.get(*index))
    }

    fn csv_head(&mut self, has_bom: bool) -> io::Result<()> {
        let names: Vec<_> = self.chosen().map(|column| column.name).collect();
        let mark = if has_bom { "\u{feff}" } else { "" };
        write!(self.bytes, "{mark}{}\r\n", names.join(","))
    }

    pub(crate) fn row(&mut self, row: &impl Row) -> io::Result<()> {
        let mut cells = Vec::with_capacity(self.columns.len());
        row.cells(&mut cells);
        let is_first = std::mem::take(&mut self.is_first);
        if !is_first && matches!(self.format, Format::Json | Format::GeoJson) {
            self.bytes.push(b',');
        }
        match self.format {
            Format::Csv => self.csv(&cells),
            Format::GeoJson => self.feature(&cells),
            Format::Parquet => self.in_columns(&cells),
            Format::Ndjson => {
                self.json(&cells)?;
                self.bytes.push(b'\n');
                Ok(())
            }
            _ => self.json(&cells),
        }
    }

    fn json(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.bytes.push(b'{');
        for (number, index) in self.indexes.iter().enumerate() {
            let (Some(column), Some(cell)) = (self.columns.get(*index), cells.get(*index)) else {
                continue;
            };
            let comma = if number == 0 { "" } else { "," };
            write!(self.bytes, "{comma}\"{}\":", column.name)?;
            cell.json(&mut self.bytes)?;
        }
        self.bytes.push(b'}');
        Ok(())
    }

    fn csv(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (number, index) in self.indexes.iter().enumerate() {
            if number > 0 {
                self.bytes.push(b',');
            }
            if let Some(cell) = cells.get(*index) {
                cell.csv(&mut self.bytes)?;
            }
        }
        self.bytes.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn feature(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        geojson::begin_feature(&mut self.bytes, self.columns, cells)?;
        self.json(cells)?;
        self.bytes.push(b'}');
        Ok(())
    }

    fn in_columns(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let chosen = self.indexes.iter().filter_map(|index| cells.get(*index));
        self.parquet.as_mut().map_or(Ok(()), |parquet| parquet.row(chosen))
    }

    /// What stands after the rows.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        match self.format {
            Format::Json | Format::GeoJson => self.bytes.extend_from_slice(b"]}"),
            Format::Parquet => return self.parquet.as_mut().map_or(Ok(()), Parquet::end),
            _ => {}
        }
        Ok(())
    }

    /// What stands after a page of rows: where the form has a place for it, what the next one begins with.
    pub(crate) fn end_page(&mut self, name: &str, next: Option<&str>) -> io::Result<()> {
        if self.format != Format::Json {
            return self.end();
        }
        write!(self.bytes, "],\"{name}\":")?;
        serde_json::to_writer(&mut self.bytes, &next)?;
        self.bytes.push(b'}');
        Ok(())
    }

    /// What was written since this was last called.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        match &mut self.parquet {
            Some(parquet) => parquet.take(),
            None => std::mem::take(&mut self.bytes),
        }
    }
}

/// A list that is there, as it is called in JSON, in a form.
pub(crate) fn whole<R>(list: &str, rows: &[R], form: Form) -> Result<Content, Problem>
where
    R: Row,
{
    let written = || {
        let mut writer = Writer::begin(form, list, &Fields::<R::Columns>::default())?;
        rows.iter().try_for_each(|row| writer.row(row))?;
        writer.end()?;
        Ok::<_, io::Error>(writer.take())
    };
    written().map(Content::Whole).map_err(|error| Problem::unwritable(&error))
}

/// A cell of the store as JSON.
pub(crate) fn json(bytes: &mut Vec<u8>, value: Option<Value<'_>>) -> io::Result<()> {
    Cell::from(value).json(bytes)
}

#[cfg(test)]
mod tests;
