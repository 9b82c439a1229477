//! The heads of the columns: which key of a site each column has.

use super::super::super::entry::SITE_KEYS;
use super::super::super::fault::{Fault, Place, Wrong};
use super::super::super::object::no_key_of_a_site;
use super::Record;
use crate::domain::text::quoted;

/// Columns of a file at most: what has more is no list of sites.
const MAX_COLUMNS: usize = 200;

/// Heads that people write, and the keys that they mean.
const OTHER_NAMES: [(&str, &str); 7] = [
    ("id", "site_id"),
    ("lat", "latitude"),
    ("lon", "longitude"),
    ("lng", "longitude"),
    ("long", "longitude"),
    ("time_zone", "timezone"),
    ("elevation", "elevation_m"),
];

/// The heads of a file.
pub(in super::super::super) struct Heads {
    line: u64,
    columns: Vec<Column>,
}

struct Column {
    head: String,
    /// The key that the head means.
    means: Option<&'static str>,
    /// The same, unless another column has it already.
    key: Option<&'static str>,
}

impl Heads {
    pub(super) fn read(Record { line, mut cells }: Record) -> Result<Self, Fault> {
        while cells.last().is_some_and(String::is_empty) {
            cells.pop(); // columns of a spreadsheet that were used once
        }
        if cells.len() > MAX_COLUMNS {
            let problem = format!("has {} columns", cells.len());
            let remedy = format!("expected {MAX_COLUMNS} at most; {}", known_heads());
            return Err(Wrong::new(problem, remedy).at_line(line));
        }
        let mut columns: Vec<Column> = Vec::with_capacity(cells.len());
        for head in cells {
            let means = key_of(&head);
            let is_first = !columns.iter().any(|column| column.means == means);
            columns.push(Column { head, means, key: means.filter(|_| is_first) });
        }
        Ok(Self { line, columns })
    }

    pub(super) fn count(&self) -> usize {
        self.columns.len()
    }

    /// The key of each column that has one.
    pub(super) fn keys(&self) -> impl Iterator<Item = Option<&'static str>> {
        self.columns.iter().map(|column| column.key)
    }

    /// The heads that are of no key of a site; those that are empty are none.
    pub(in super::super::super) fn unknown(&self) -> impl Iterator<Item = &str> {
        let unknown = self.columns.iter().filter(|column| column.means.is_none());
        unknown.map(|column| column.head.as_str()).filter(|head| !head.is_empty())
    }

    /// Those of these keys that no column has.
    pub(in super::super::super) fn missing(&self, keys: &[&'static str]) -> Vec<&'static str> {
        let has = |key: &str| self.keys().any(|known| known == Some(key));
        keys.iter().filter(|key| !has(key)).copied().collect()
    }

    /// What is wrong with the heads of a file whose every column is to be a key of a site, and in which
    /// these keys are missing.
    pub(super) fn faults(&self, missing: &[&str]) -> Vec<Fault> {
        let unknown =
            self.unknown().map(|head| no_key_of_a_site(head).at(self.place(), Some(head)));
        let missing = missing.iter().map(|key| self.no_head(key));
        unknown.chain(self.twice()).chain(missing).collect()
    }

    /// The columns whose key another has already.
    pub(in super::super::super) fn twice(&self) -> impl Iterator<Item = Fault> {
        let twice = self.columns.iter().filter(|column| column.key.is_none());
        twice.filter_map(|column| {
            let means = column.means?;
            let other = self.columns.iter().find(|other| other.key == Some(means))?;
            let problem = format!("the column \"{}\" is the {means} already", quoted(&other.head));
            let wrong = Wrong::new(problem, "expected each once: remove one of the two");
            Some(wrong.at(self.place(), Some(&column.head)))
        })
    }

    /// A head that is not there.
    pub(in super::super::super) fn no_head(&self, key: &str) -> Fault {
        let wrong = Wrong::new("is no head", format!("add a column with the head \"{key}\""));
        wrong.at(self.place(), Some(key))
    }

    fn place(&self) -> Place<'static> {
        Place::File { line: Some(self.line) }
    }
}

/// The key that a head means.
fn key_of(head: &str) -> Option<&'static str> {
    let name = head.to_lowercase().replace([' ', '-'], "_");
    let other = || OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, key)| *key);
    SITE_KEYS.iter().find(|key| **key == name).copied().or_else(other)
}

fn known_heads() -> String {
    format!("the heads are {}", SITE_KEYS.join(", "))
}

/// A file without a line.
pub(super) fn no_heads() -> Fault {
    let remedy = format!("expected a line of heads; {}", known_heads());
    Wrong::new("is empty", remedy).at(Place::FILE, None)
}

/// A file with heads alone.
pub(in super::super::super) fn no_sites() -> Fault {
    let wrong = Wrong::new("has no line below its heads", "expected at least one site");
    wrong.at(Place::FILE, None)
}
