//! What is wrong with a sites file, in words by which it can be mended.

use std::error::Error;
use std::fmt;

use serde_json::error::Category;

use super::json::Json;
use crate::domain::text::quoted;

/// Every fault of one sites file; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitesFileFaults(pub(super) Vec<Fault>);

impl SitesFileFaults {
    /// The faults, from the file's first to its last.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> + Clone {
        self.0.iter()
    }
}

impl fmt::Display for SitesFileFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fault{}:", self.0.len(), if self.0.len() == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl Error for SitesFileFaults {}

/// One fault. What it quotes of the file is escaped and cut: it takes one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: `line 3, column 7`, `the file`, `line 3 (mad-retiro)`, or in a file whose reader knows no lines
    /// `sites[3] (mad-retiro)`, counted from 0.
    pub place: String,
    /// The key, if it is about one.
    pub field: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What to do, or what is expected.
    pub remedy: String,
}

impl Fault {
    /// The text is no JSON: where it ends to be, and what is expected there.
    pub(super) fn of_json(error: &serde_json::Error) -> Self {
        Self {
            place: format!("line {}, column {}", error.line(), error.column()),
            field: None,
            problem: without_position(error),
            remedy: remedy(error.classify()).to_owned(),
        }
    }
}

/// The error's text without the position that `serde_json` adds: the place says it.
fn without_position(error: &serde_json::Error) -> String {
    let position = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

fn remedy(category: Category) -> &'static str {
    match category {
        Category::Eof => "the text ends too early: expected the rest of it",
        _ => {
            "expected JSON: names and texts in double quotes, no comments, no comma after the \
             last entry"
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        write!(f, "{}: {}", self.problem, self.remedy)
    }
}

/// Where an entry stands: by its line, or, where none is known, by its place in the list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Its place in the list, counted from 0.
    pub(super) index: usize,
    /// Its first line, counted from 1.
    pub(super) line: Option<u64>,
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}"),
            None => write!(f, "sites[{}]", self.index),
        }
    }
}

/// Where an object stands. Written out for a fault only: most sites have none.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    File { line: Option<u64> },
    Site { start: Start, site_id: Option<&'a str> },
}

impl Place<'_> {
    /// Somewhere in the file.
    pub(super) const FILE: Self = Self::File { line: None };

    /// The same object, where one of its keys stands, if that is known.
    pub(super) fn at_line(self, line: Option<u64>) -> Self {
        match (self, line) {
            (place, None) => place,
            (Self::File { .. }, line) => Self::File { line },
            (Self::Site { start, site_id }, line) => {
                Self::Site { start: Start { line, ..start }, site_id }
            }
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { line: None } => f.write_str("the file"),
            Self::File { line: Some(line) } => write!(f, "line {line}"),
            Self::Site { start, site_id: None } => write!(f, "{start}"),
            Self::Site { start, site_id: Some(id) } => write!(f, "{start} ({id})"),
        }
    }
}

/// What is wrong with a value, before it is known where it stands.
#[derive(Debug)]
pub(super) struct Wrong {
    problem: String,
    remedy: String,
}

impl Wrong {
    pub(super) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into() }
    }

    /// The value is not of the kind asked for.
    pub(super) fn kind(value: &Json, kind: &str, expected: &str) -> Self {
        Self::new(format!("{value} is no {kind}"), expected)
    }

    /// The line is wrong.
    pub(super) fn at_line(self, line: u64) -> Fault {
        self.at(Place::File { line: Some(line) }, None)
    }

    pub(super) fn at(self, place: Place, field: Option<&str>) -> Fault {
        let (problem, remedy) = (self.problem, self.remedy);
        Fault { place: place.to_string(), field: field.map(quoted), problem, remedy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_about_no_field_names_the_place_only() {
        let fault = Wrong::new("is odd", "expected even").at(Place::FILE, None);
        assert_eq!(fault.to_string(), "the file: is odd: expected even");
        assert_eq!(
            SitesFileFaults(vec![fault]).to_string(),
            "1 fault:\n  the file: is odd: expected even"
        );
    }
}
