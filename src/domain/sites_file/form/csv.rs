//! Comma-separated values: a line of heads, then a line for each site.
//!
//! As spreadsheets write them: separated by commas, semicolons or tabs, whichever the heads are; with a
//! comma in numbers where it does not separate; heads under their usual names. An empty cell is a key that
//! is left out, a line without a cell that is filled is none.

mod cells;
mod heads;
mod records;

use std::io::{self, Read};

use self::cells::cell;
use self::heads::Heads;
pub(in super::super) use self::heads::no_sites;
use self::records::{NoRecord, Record, Records};
use super::super::entries::Entries;
use super::super::entry::NEEDED_KEYS;
use super::super::fault::{Fault, SitesFileFaults, Wrong};
use super::super::json::{Field, Json};
use crate::domain::site::Site;

/// The sites of a file.
pub(in super::super) fn read(file: impl Read) -> io::Result<Result<Vec<Site>, SitesFileFaults>> {
    let mut table = match Table::read(file)? {
        Ok(table) => table,
        Err(fault) => return Ok(Err(SitesFileFaults(vec![fault]))),
    };
    let missing = table.heads.missing(NEEDED_KEYS);
    let mut faults = table.heads.faults(&missing);
    let mut entries = Entries::default();
    while let Some(row) = table.next_row()? {
        match row {
            // A head that is missing is said once.
            Ok(row) => entries.take_excusing(&missing, &Json::Object(row.fields), Some(row.line)),
            Err((line, wrong)) => entries.refuse(line, wrong),
        }
    }
    if entries.is_empty() {
        faults.push(no_sites());
    }
    Ok(entries.finish(faults))
}

/// A line of the file that is meant to be a site.
pub(in super::super) struct Row {
    /// Its first line.
    pub(in super::super) line: u64,
    /// Its cells, those without a value left out.
    pub(in super::super) fields: Vec<Field>,
}

/// A file whose heads are read.
pub(in super::super) struct Table<R> {
    pub(in super::super) heads: Heads,
    records: Records<R>,
}

impl<R: Read> Table<R> {
    /// Reads the heads; they may be what is wrong with the file.
    pub(in super::super) fn read(file: R) -> io::Result<Result<Self, Fault>> {
        let mut records = Records::of(file);
        Ok(match records.next_record()? {
            Some(Ok(record)) => Heads::read(record).map(|heads| Self { heads, records }),
            Some(Err((line, wrong))) => Err(wrong.at_line(line)),
            None => Err(heads::no_heads()),
        })
    }

    /// The next row, or where one is and what is wrong with it; `None` at the end.
    pub(in super::super) fn next_row(&mut self) -> io::Result<Option<Result<Row, NoRecord>>> {
        loop {
            return Ok(match self.records.next_record()? {
                Some(Ok(record)) if record.is_blank() => continue,
                Some(Ok(record)) => Some(self.row(record)),
                Some(Err(wrong)) => Some(Err(wrong)),
                None => None,
            });
        }
    }

    fn row(&self, Record { line, cells }: Record) -> Result<Row, NoRecord> {
        let beyond = cells.iter().skip(self.heads.count()).any(|cell| !cell.is_empty());
        if cells.len() < self.heads.count() || beyond {
            let wrong = Wrong::new(
                format!("has {} cells", cells.len()),
                format!(
                    "expected {}, one for each head; a text that has the separator in it is put in quotes",
                    self.heads.count()
                ),
            );
            return Err((line, wrong));
        }
        let fields = self.heads.keys().zip(&cells).filter_map(|(key, text)| {
            let value = cell(key?, text, self.records.separator())?;
            Some(Field::new(key?, value).at_line(line))
        });
        Ok(Row { line, fields: fields.collect() })
    }
}

#[cfg(test)]
mod tests;
