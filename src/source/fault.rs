//! Why an answer gives no observation.

use std::fmt;

use crate::domain::ErrorKind;
use crate::domain::measure::OutOfRange;

/// Longest part of a server's message that is kept.
const MAX_MESSAGE_CHARS: usize = 200;

/// Why a body gives no observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of error.
    pub kind: ErrorKind,
    /// The field and what is wrong with it, in one line.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    pub(super) fn malformed(message: &str) -> Self {
        Self { kind: ErrorKind::Malformed, message: message.to_owned() }
    }
}

impl From<OutOfRange> for Fault {
    fn from(error: OutOfRange) -> Self {
        Self { kind: ErrorKind::OutOfRange, message: error.to_string() }
    }
}

/// `text` in one line of [`MAX_MESSAGE_CHARS`] characters at most.
pub(super) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE_CHARS).collect()
}
