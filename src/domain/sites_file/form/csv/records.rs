//! Lines of a file as records of cells, with the line that each begins in.
//!
//! A record is put together here and taken apart by the csv crate: that one does not say in which line a
//! record begins where empty lines or CRLF stand before it, nor that a quotation mark is never closed.

use std::io::{self, BufRead as _, BufReader, Read};

use super::super::super::fault::Wrong;

/// Bytes of a record at most: a site takes some hundred.
const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// Bytes of the file that are read at a time.
const BLOCK_BYTES: usize = 64 * 1024;

/// The cells of a record, without the spaces around them.
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

impl Record {
    /// True where no cell is filled.
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(String::is_empty)
    }
}

/// Why a line begins no record.
pub(super) type NoRecord = (u64, Wrong);

/// The records of a file, the first of which says by what its cells are separated.
pub(super) struct Records<R> {
    file: BufReader<R>,
    lines: u64,
    separator: Option<u8>,
}

impl<R: Read> Records<R> {
    pub(super) fn of(file: R) -> Self {
        Self { file: BufReader::with_capacity(BLOCK_BYTES, file), lines: 0, separator: None }
    }

    /// What the cells are separated by.
    pub(super) fn separator(&self) -> u8 {
        self.separator.unwrap_or(b',')
    }

    /// The next record that is no empty line, or where one begins and why it is none; `None` at the end.
    pub(super) fn next_record(&mut self) -> io::Result<Option<Result<Record, NoRecord>>> {
        let (mut text, mut line) = (Vec::new(), 0);
        while text.trim_ascii().is_empty() {
            text.clear();
            line = self.lines + 1;
            if !self.read_line(&mut text)? {
                return Ok(None);
            }
        }
        let separator = *self.separator.get_or_insert_with(|| separator_of(&text));
        Ok(Some(match self.complete(&mut text, separator)? {
            Ok(()) => Ok(Record { line, cells: cells(&text, separator)? }),
            Err(wrong) => Err((line, wrong)),
        }))
    }

    /// Adds the lines that a quoted cell goes on in.
    fn complete(&mut self, text: &mut Vec<u8>, separator: u8) -> io::Result<Result<(), Wrong>> {
        let mut quotes = Quotes::of(separator);
        let mut looked_at = 0;
        while text.len() <= MAX_RECORD_BYTES {
            quotes.pass(&text[looked_at..]);
            looked_at = text.len();
            if !quotes.is_open {
                return Ok(Ok(()));
            }
            if !self.read_line(text)? {
                return Ok(Err(unclosed()));
            }
        }
        // What follows cannot be distinguished; it has to be text all the same.
        io::copy(&mut self.file, &mut io::sink())?;
        Ok(Err(too_long()))
    }

    /// Adds a line to `text`, as far as a record may be long; false at the end.
    fn read_line(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        let room = (MAX_RECORD_BYTES + 1).saturating_sub(text.len()) as u64;
        let read = self.file.by_ref().take(room).read_until(b'\n', text)?;
        self.lines += u64::from(read > 0);
        Ok(read > 0)
    }
}

/// What stands most often between the heads, outside of quotes.
fn separator_of(heads: &[u8]) -> u8 {
    let count = |separator: &u8| {
        let mut is_quoted = false;
        let outside = heads.iter().filter(|byte| {
            is_quoted ^= **byte == b'"';
            !is_quoted && *byte == separator
        });
        outside.count()
    };
    // Of equals the last counts: a single column is separated by commas.
    *b"\t;,".iter().max_by_key(|separator| count(separator)).unwrap_or(&b',')
}

/// Whether a cell that began with a quotation mark is still to end with one.
struct Quotes {
    separator: u8,
    is_open: bool,
    is_at_start: bool,
}

impl Quotes {
    /// Before the first cell.
    fn of(separator: u8) -> Self {
        Self { separator, is_open: false, is_at_start: true }
    }

    fn pass(&mut self, text: &[u8]) {
        for byte in text {
            match *byte {
                b'"' if self.is_open => self.is_open = false,
                // Also the second of two that stand for one.
                b'"' if self.is_at_start => self.is_open = true,
                b' ' => {}
                byte if !self.is_open => self.is_at_start = byte == self.separator,
                _ => {}
            }
        }
    }
}

/// Takes a record apart.
fn cells(text: &[u8], separator: u8) -> io::Result<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(separator).trim(::csv::Trim::All);
    let mut record = ::csv::StringRecord::new();
    reader.from_reader(text).read_record(&mut record).map_err(io::Error::from)?;
    Ok(record.iter().map(str::to_owned).collect())
}

fn unclosed() -> Wrong {
    Wrong::new(
        "a quotation mark that begins a cell is not closed",
        "expected another at the cell's end; one that is part of the text is written twice, in quotes",
    )
}

fn too_long() -> Wrong {
    Wrong::new(
        format!("is longer than {} KiB", MAX_RECORD_BYTES / 1024),
        "expected a line for each site; a quotation mark may not be closed",
    )
}
