//! The fingerprint of an observation, which a warehouse can compute again by SQL.
//!
//! `row_hash` is FarmHash's `Fingerprint64` (BigQuery's `FARM_FINGERPRINT`) of a canonical text of
//! key and values; the run and our own times are not part of it. The text joins these with `|`:
//!
//! - a measured value: the whole number of its last decimal (21.37 °C is `2137`), see
//!   [`measure`];
//! - a time: Unix seconds;
//! - a text: its length in characters, `:`, and the text, so that no text can pose as two;
//! - what is NULL: `~`, which no number and no text can be;
//! - a measured value that has no such number (not finite, or beyond 64 bits): `!`. The program
//!   writes none, and one that is written by hand must differ from every other value.
//!
//! The [`FIRST`] values are always there, each in its place. A value that came to the
//! [list](super::values) later is there only where the source said it: its name as a text, then the
//! cell. So a row without it keeps the `row_hash` that it had before there was such a value, and
//! the hash of an old row can be computed without the new columns.

use std::fmt::Write as _;

use super::kind::Kind;
use super::measure;
use super::observation::Observation;
use super::values::{Cell, FIRST, VALUES, Value};
use crate::farmhash::fingerprint64;

/// `FARM_FINGERPRINT` of the canonical text, see the [module](self).
#[must_use]
pub fn row_hash(observation: &Observation) -> i64 {
    canonical_text(observation).fingerprint()
}

/// The same of an observation whose every measured value has a number.
///
/// # Errors
/// The first that has none, by its column: not finite, or far out of any range.
pub fn usable_row_hash(observation: &Observation) -> Result<i64, &'static str> {
    let text = canonical_text(observation);
    text.unusable.map_or_else(|| Ok(text.fingerprint()), Err)
}

/// Key and values as one unambiguous text, in the order of the list of values.
fn canonical_text(observation: &Observation) -> CanonicalText {
    let mut text = CanonicalText::new();
    text.text(Some(observation.site_id.as_str()));
    text.text(Some(observation.source));
    text.number(Some(observation.observation_time.timestamp()));
    let cells = VALUES.iter().zip(observation.values.cells());
    for (index, (value, cell)) in cells.enumerate() {
        let came_later = index >= FIRST;
        if came_later && cell.is_absent() {
            continue;
        }
        if came_later {
            text.text(Some(value.name));
        }
        text.cell(value, cell);
    }
    text
}

/// Cells as one text, which no other cells make.
#[derive(Debug, PartialEq)]
pub(crate) struct CanonicalText {
    text: String,
    /// The first column with a measured value that has no number.
    unusable: Option<&'static str>,
}

impl CanonicalText {
    /// Without a cell; an observation fits in.
    pub(crate) fn new() -> Self {
        Self { text: String::with_capacity(192), unusable: None }
    }

    /// `FARM_FINGERPRINT` of the text.
    pub(crate) fn fingerprint(&self) -> i64 {
        fingerprint64(self.text.as_bytes()).cast_signed()
    }

    fn cell(&mut self, value: &Value, cell: Cell<'_>) {
        match cell {
            Cell::Real(number) => self.measured(value, number),
            Cell::Integer(number) => self.number(number),
            Cell::Text(text) => self.text(text),
        }
    }

    fn measured(&mut self, value: &Value, number: Option<f64>) {
        let Kind::Real { decimals } = value.kind else { return };
        if number.is_some_and(|number| measure::scaled(number, decimals).is_none()) {
            self.unusable = self.unusable.or(Some(value.name));
        }
        self.real(decimals, number);
    }

    /// A number with so many decimals at most.
    pub(crate) fn real(&mut self, decimals: u8, value: Option<f64>) {
        match value.map(|value| measure::scaled(value, decimals)) {
            Some(None) => {
                self.separate();
                self.text.push('!');
            }
            number => self.number(number.flatten()),
        }
    }

    /// A number.
    pub(crate) fn number(&mut self, value: Option<i64>) {
        self.separate();
        match value {
            Some(value) => {
                // Writing to a String cannot fail.
                let _ = write!(self.text, "{value}");
            }
            None => self.text.push('~'),
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, value: Option<&str>) {
        self.number(value.and_then(|value| i64::try_from(value.chars().count()).ok()));
        if let Some(value) = value {
            self.text.push(':');
            self.text.push_str(value);
        }
    }

    fn separate(&mut self) {
        if !self.text.is_empty() {
            self.text.push('|');
        }
    }
}

#[cfg(test)]
mod tests;
