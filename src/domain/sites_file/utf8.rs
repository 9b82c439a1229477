//! A text as it is read from a file: UTF-8, or the first byte that is not.

use std::io::{self, Cursor, Read};

/// Some editors on Windows begin a file with it.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// The first byte that cannot be, counted from 0.
#[derive(Debug, thiserror::Error)]
#[error("not UTF-8 at byte {at}")]
pub(super) struct NotUtf8 {
    pub(super) at: u64,
}

/// Hands a file on, without its byte order mark, as long as it is UTF-8; then its error is a
/// [`NotUtf8`]. To be read by blocks that have room for some characters.
pub(super) struct Utf8<R> {
    file: io::Chain<Cursor<Vec<u8>>, R>,
    /// The beginning of a character whose end is still to come.
    begun: Vec<u8>,
    /// Bytes of the file that are handed on.
    passed: u64,
}

impl<R: Read> Utf8<R> {
    pub(super) fn of(mut file: R) -> io::Result<Self> {
        let mark = BYTE_ORDER_MARK.to_string().into_bytes();
        let mut start = Vec::new();
        file.by_ref().take(mark.len() as u64).read_to_end(&mut start)?;
        let mut passed = 0;
        if start == mark {
            passed = mark.len() as u64;
            start.clear();
        }
        Ok(Self { file: Cursor::new(start).chain(file), begun: Vec::new(), passed })
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            let begun = self.begun.len();
            room[..begun].copy_from_slice(&self.begun);
            let read = self.file.read(&mut room[begun..])?;
            let bytes = &room[..begun + read];
            let valid = match std::str::from_utf8(bytes) {
                Ok(_) => bytes.len(),
                Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
                Err(error) => {
                    let at = self.passed + error.valid_up_to() as u64;
                    return Err(io::Error::new(io::ErrorKind::InvalidData, NotUtf8 { at }));
                }
            };
            self.begun = bytes[valid..].to_vec();
            self.passed += valid as u64;
            if valid > 0 || read == 0 {
                return Ok(valid);
            }
        }
    }
}
