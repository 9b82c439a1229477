//! Where a page of a series ended, in a form that a client hands back as it got it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::series::Placed;
use crate::domain::SiteId;
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
        let is_known = |source| source == NO_SOURCE || is_source(source);
        let time = DateTime::from_timestamp(seconds, 0).filter(|_| is_known(source))?;
        let cursor = Self { source: source.to_owned(), time };
        (cursor.to_string() == text).then_some(cursor)
    }
}

/// Days of a site that no source was ever asked for have none.
const NO_SOURCE: &str = "";

/// Eleven digits: the year 5138.
const MAX_SECONDS: i64 = 99_999_999_999;

impl TryFrom<String> for Cursor {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let unfit = || Unfit::new("is none that was given out", "next_cursor of a page");
        Self::parse(&text).ok_or_else(unfit)
    }
}

parameter_schema!(Cursor, "Cursor", text_schema(r"^[a-z0-9_-]{0,32}\.(0|[1-9][0-9]{0,10})$"));

/// Where a page of several sites ended: after this row of this site.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(super) struct SiteCursor {
    pub(super) site_id: SiteId,
    pub(super) cursor: Cursor,
}

impl SiteCursor {
    pub(super) fn after(row: &impl Placed) -> String {
        format!("{}.{}", row.site_id(), row.cursor())
    }
}

impl TryFrom<String> for SiteCursor {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let parts = text.split_once('.');
        let parts = parts.and_then(|(id, rest)| SiteId::parse(id).zip(Cursor::parse(rest)));
        let unfit = || Unfit::new("is none that was given out", "next_cursor of a page");
        parts.map(|(site_id, cursor)| Self { site_id, cursor }).ok_or_else(unfit)
    }
}

parameter_schema!(
    SiteCursor,
    "SiteCursor",
    text_schema(r"^[a-z0-9][a-z0-9_-]{0,63}\.[a-z0-9_-]{0,32}\.(0|[1-9][0-9]{0,10})$")
);

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
            ".05",
            "open-meteo",
            "open-meteo.",
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
