//! Where an answer is kept: `<source>/<day>/<run_id>-<n>#<line>`, the object of a batch and a line of it.
//!
//! A line keeps its name when the objects of a day are put together into one: no row changes for it.

use std::fmt;
use std::str::FromStr as _;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The object of a batch: of one source, day (UTC) and run, the so-manieth of the run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchName {
    /// The source that answered.
    pub source: String,
    /// The UTC day on which it was asked.
    pub day: NaiveDate,
    /// The run that asked.
    pub run_id: Uuid,
    /// Which of the run's objects, from 0.
    pub number: u32,
}

impl BatchName {
    /// The name of a line of it, from 0.
    #[must_use]
    pub fn line(&self, line: usize) -> RawRef {
        RawRef(format!("{self}#{line}"))
    }
}

impl fmt::Display for BatchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, day, run_id, number } = self;
        write!(f, "{source}/{day}/{run_id}-{number}")
    }
}

/// The name of a kept answer; at most 160 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RawRef(String);

impl RawRef {
    /// The name that `text` is; `None` for another text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let own = Self(text.to_owned());
        (text.len() <= 160 && own.parts().is_some()).then_some(own)
    }

    /// As a column has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The object of its batch, and which line of it.
    #[must_use]
    pub fn parts(&self) -> Option<(BatchName, usize)> {
        let (object, line) = self.0.split_once('#')?;
        let mut parts = object.split('/');
        let (source, day, name) = (parts.next()?, parts.next()?, parts.next()?);
        let (run_id, number) = name.rsplit_once('-')?;
        let batch = BatchName {
            source: source.to_owned(),
            day: NaiveDate::from_str(day).ok()?,
            run_id: Uuid::parse_str(run_id).ok()?,
            number: number.parse().ok()?,
        };
        let line: usize = line.parse().ok()?;
        (parts.next().is_none() && batch.line(line).0 == self.0).then_some((batch, line))
    }
}

impl fmt::Display for RawRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<RawRef> for String {
    fn from(raw_ref: RawRef) -> Self {
        raw_ref.0
    }
}

impl TryFrom<String> for RawRef {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not the name of a kept answer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_nothing_else_is_one() {
        let text = "open-meteo/2026-11-29/0193734c-8b2c-7d3e-9a51-3f0c2a7be111-3#17";
        let (batch, line) = RawRef::parse(text).unwrap().parts().unwrap();
        assert_eq!((batch.number, line), (3, 17));
        assert_eq!(batch.line(line).as_str(), text);
        for other in [
            "",
            "open-meteo/2026-11-29/0193734c-8b2c-7d3e-9a51-3f0c2a7be111-3",
            "open-meteo/2026-11-29/0193734c-8b2c-7d3e-9a51-3f0c2a7be111-3#017",
            "open-meteo/2026-11-31/0193734c-8b2c-7d3e-9a51-3f0c2a7be111-3#1",
            "a/open-meteo/2026-11-29/0193734c-8b2c-7d3e-9a51-3f0c2a7be111-3#1",
            "../2026-11-29/x-3#1",
        ] {
            assert_eq!(RawRef::parse(other), None, "{other}");
        }
    }
}
