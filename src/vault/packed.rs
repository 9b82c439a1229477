//! Lines packed: NDJSON in frames of zstd with a checksum, which any tool unpacks.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Cursor, Read as _, Write as _};

use bytes::Bytes;

use super::{Line, VaultError};
use crate::domain::RawRef;

/// Level of compression of much: of higher ones little is gained for the time that they take.
const LEVEL: i32 = 9;

/// Of the lines of a small run, of which even the highest level takes some milliseconds.
const LEVEL_OF_LITTLE: i32 = 19;

/// So many bytes are little: the lines of some hundred answers.
const LITTLE_BYTES: usize = 256 * 1024;

/// A line longer than this is none of ours: bodies have 8 MiB at most, and twice that as JSON.
const MAX_LINE_BYTES: u64 = 32 * 1024 * 1024;

/// The window of a frame that is unpacked, as a power of two: no frame of ours has a larger one.
const WINDOW_LOG_MAX: u32 = 27;

/// These lines as one frame.
///
/// # Errors
/// When the library fails.
pub fn pack(lines: &[u8]) -> io::Result<Vec<u8>> {
    let level = if lines.len() > LITTLE_BYTES { LEVEL } else { LEVEL_OF_LITTLE };
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), level)?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(lines.len() as u64))?;
    encoder.write_all(lines)?;
    encoder.finish()
}

/// The lines of an object, one after the other; a frame is in memory at a time.
pub struct Lines {
    path: String,
    reader: Box<dyn BufRead + Send>,
    fault: Option<String>,
    buffer: Vec<u8>,
}

impl Lines {
    /// Of an object at `path` that holds these bytes.
    #[must_use]
    pub fn of(path: &str, packed: Bytes) -> Self {
        let mut fault = None;
        let reader: Box<dyn BufRead + Send> = match unpacked(packed) {
            Ok(reader) => Box::new(reader),
            Err(error) => {
                fault = Some(error.to_string());
                Box::new(io::empty())
            }
        };
        Self { path: path.to_owned(), reader, fault, buffer: Vec::new() }
    }

    /// The next line as it is written, with its end; `None` after the last.
    ///
    /// # Errors
    /// When the object is broken from here on.
    pub fn next_text(&mut self) -> Result<Option<&[u8]>, VaultError> {
        if let Some(fault) = self.fault.take() {
            return Err(self.broken(fault));
        }
        self.buffer.clear();
        let mut bounded = (&mut self.reader).take(MAX_LINE_BYTES);
        let read = bounded.read_until(b'\n', &mut self.buffer);
        match read {
            Ok(0) => Ok(None),
            Ok(_) if !self.buffer.ends_with(b"\n") => {
                Err(self.broken("a line has no end".to_owned()))
            }
            Ok(_) => Ok(Some(&self.buffer)),
            Err(error) => Err(self.broken(error.to_string())),
        }
    }

    /// The next line; `None` after the last.
    ///
    /// # Errors
    /// When the object is broken from here on, or the line is none.
    pub fn next_line(&mut self) -> Result<Option<Line>, VaultError> {
        let path = self.path.clone();
        self.next_text()?.map(|text| parse(&path, text)).transpose()
    }

    /// The next line that has one of these names. The others are not read: a name stands at the beginning
    /// of its line.
    ///
    /// # Errors
    /// As [`next_line`](Self::next_line).
    pub fn next_of(&mut self, wanted: &BTreeSet<RawRef>) -> Result<Option<Line>, VaultError> {
        loop {
            let path = self.path.clone();
            let Some(text) = self.next_text()? else { return Ok(None) };
            let is_wanted = match name_of(text) {
                Some(name) => RawRef::parse(name).is_some_and(|name| wanted.contains(&name)),
                None => true, // whatever it is, it is looked at
            };
            if !is_wanted {
                continue;
            }
            let line = parse(&path, text)?;
            if wanted.contains(&line.raw_ref) {
                return Ok(Some(line));
            }
        }
    }

    fn broken(&self, cause: String) -> VaultError {
        VaultError::Broken { path: self.path.clone(), cause }
    }
}

/// The line that a text of this object is.
pub(super) fn parse(path: &str, text: &[u8]) -> Result<Line, VaultError> {
    serde_json::from_slice(text)
        .map_err(|error| VaultError::Broken { path: path.to_owned(), cause: error.to_string() })
}

fn unpacked(packed: Bytes) -> io::Result<impl BufRead + Send> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(Cursor::new(packed))?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(BufReader::new(decoder))
}

/// The name that a line begins with, where it begins as ours do.
fn name_of(text: &[u8]) -> Option<&str> {
    let rest = text.strip_prefix(b"{\"ref\":\"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok()
}
