//! TOML: `[[sites]]`, and below each its keys.

use toml::de::{DeTable, DeValue};

use super::super::entries::read_tree;
use super::super::fault::{Fault, SitesFileFaults};
use super::super::json::{Field, Json};
use crate::domain::site::Site;
use crate::domain::text::printable;

/// The sites of a text. What is no TOML does not end the reading: the rest of the file may have faults too.
pub(in super::super) fn read(text: &str) -> Result<Vec<Site>, SitesFileFaults> {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(SitesFileFaults(errors.iter().map(|error| no_toml(error, &lines)).collect()));
    }
    read_tree(&object(table.get_ref(), &lines), Vec::new())
}

/// Where each line of a text begins, in bytes.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line that a byte stands in, counted from 1.
    fn line(&self, byte: usize) -> u64 {
        self.0.partition_point(|start| *start <= byte) as u64
    }
}

fn no_toml(error: &toml::de::Error, lines: &Lines) -> Fault {
    let line = error.span().map(|span| lines.line(span.start));
    Fault {
        place: line.map_or_else(|| "the file".to_owned(), |line| format!("line {line}")),
        field: None,
        problem: printable(error.message()),
        remedy: "expected TOML: [[sites]] before each site, then a line for each key, such as name = \"Madrid\""
            .to_owned(),
    }
}

/// The fields in the order of their lines; the crate keeps them by name.
fn object(table: &DeTable<'_>, lines: &Lines) -> Json {
    let mut fields: Vec<_> = table.iter().collect();
    fields.sort_by_key(|(key, _)| key.span().start);
    let read = fields.into_iter().map(|(key, value)| {
        let line = lines.line(key.span().start);
        Field::new(key.get_ref().as_ref(), json(value.get_ref(), lines)).at_line(line)
    });
    Json::Object(read.collect())
}

fn json(value: &DeValue<'_>, lines: &Lines) -> Json {
    match value {
        DeValue::String(text) => Json::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Json::Number(number as f64),
            Err(_) => Json::Text(number.as_str().to_owned()),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Json::Number(number),
            Err(_) => Json::Text(number.as_str().to_owned()),
        },
        DeValue::Boolean(value) => Json::Bool(*value),
        // A day may be written without quotes.
        DeValue::Datetime(time) => Json::Text(time.to_string()),
        DeValue::Array(items) => {
            Json::List(items.iter().map(|item| json(item.get_ref(), lines)).collect())
        }
        DeValue::Table(table) => object(table, lines),
    }
}

#[cfg(test)]
mod tests;
