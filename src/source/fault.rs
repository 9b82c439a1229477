//! Why an answer gives no observation.

use std::fmt;

use crate::domain::ErrorKind;
use crate::domain::measure::OutOfRange;
use crate::domain::source_time::NotOfNow;
use crate::domain::text::printable;

/// Longest part of a server's text that a fault holds: enough that no key is cut before it is blanked
/// (`wire::message`).
const MAX_READ_CHARS: usize = 4_000;

/// Longest message that is logged or kept: 200 characters of the server's words, and ours before
/// them.
const MAX_MESSAGE_CHARS: usize = 260;

/// Why a body gives no observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of error.
    pub kind: ErrorKind,
    /// The field and what is wrong with it, in one line; it may quote the server at length.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, cut(&self.message))
    }
}

impl std::error::Error for Fault {}

impl Fault {
    pub(super) fn malformed(message: &str) -> Self {
        Self { kind: ErrorKind::Malformed, message: message.to_owned() }
    }

    /// Of a body that is no JSON: a page, a sentence, an answer that breaks off. It is quoted, since it
    /// often says what is the matter.
    pub(super) fn no_json(error: &serde_json::Error, body: &[u8]) -> Self {
        Self::malformed(&format!("the answer is no JSON ({error}): {}", beginning(body)))
    }
}

impl From<NotOfNow> for Fault {
    fn from(error: NotOfNow) -> Self {
        Self { kind: ErrorKind::OutOfRange, message: error.to_string() }
    }
}

impl From<OutOfRange> for Fault {
    fn from(error: OutOfRange) -> Self {
        Self { kind: ErrorKind::OutOfRange, message: error.to_string() }
    }
}

/// `text` in one line without anything that acts on a terminal, and no longer than a fault holds.
pub(super) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    printable(&line).chars().take(MAX_READ_CHARS).collect()
}

/// True when a line of [`one_line`] may be the beginning of a longer one.
pub(super) fn is_cut(line: &str) -> bool {
    line.chars().count() >= MAX_READ_CHARS
}

/// The beginning of a body in one line: it may be HTML, cut off, or no text.
pub(super) fn beginning(body: &[u8]) -> String {
    let most = MAX_READ_CHARS * 4; // bytes of a character at most
    one_line(&String::from_utf8_lossy(&body[..body.len().min(most)]))
}

/// What is kept of a message.
pub(super) fn cut(message: &str) -> String {
    message.chars().take(MAX_MESSAGE_CHARS).collect()
}
