//! Where a page of a series ended, in a form that a client hands back as it got it.

use chrono::{DateTime, Utc};

/// Where a page ended: after this source and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) source: String,
    pub(super) time: DateTime<Utc>,
}

impl Cursor {
    pub(super) fn new(source: &str, time: DateTime<Utc>) -> Self {
        Self { source: source.to_owned(), time }
    }

    /// What [`Display`](std::fmt::Display) wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (source, seconds) = text.rsplit_once('.')?;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        let is_source = (1..=32).contains(&source.len()) && source.chars().all(allowed);
        let seconds = seconds.parse().ok().filter(|seconds| (0..=MAX_SECONDS).contains(seconds))?;
        let time = DateTime::from_timestamp(seconds, 0).filter(|_| is_source)?;
        let cursor = Self { source: source.to_owned(), time };
        (cursor.to_string() == text).then_some(cursor)
    }
}

/// Eleven digits: the year 5138.
const MAX_SECONDS: i64 = 99_999_999_999;

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.source, self.time.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_nothing_else_is_one() {
        let text = "open-meteo.1795593900";
        assert_eq!(Cursor::parse(text).unwrap().to_string(), text);
        for bad in [
            "",
            ".",
            "open-meteo",
            "open-meteo.",
            ".5",
            "a.b",
            "a.-1",
            "a.+1",
            "a.01",
            "A.1",
            "a.999999999999999999999",
            "a.253402300799",
            "a' or 1=1.5",
            "a.5 ",
        ] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}
