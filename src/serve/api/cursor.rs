//! Where a page of a series ended, in a form that a client hands back as it got it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::serve::answer::values::{Unfit, is_source, parameter_schema, text_schema};

/// Where a page ended: after this source and time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
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
        let seconds = seconds.parse().ok().filter(|seconds| (0..=MAX_SECONDS).contains(seconds))?;
        let time = DateTime::from_timestamp(seconds, 0).filter(|_| is_source(source))?;
        let cursor = Self { source: source.to_owned(), time };
        (cursor.to_string() == text).then_some(cursor)
    }
}

/// Eleven digits: the year 5138.
const MAX_SECONDS: i64 = 99_999_999_999;

impl TryFrom<String> for Cursor {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let unfit = || Unfit::new("is none that was given out", "next_cursor of a page");
        Self::parse(&text).ok_or_else(unfit)
    }
}

parameter_schema!(Cursor, "Cursor", text_schema(r"^[a-z0-9_-]{1,32}\.(0|[1-9][0-9]{0,10})$"));

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
