//! Data on stdout, as a table for people or as JSON or CSV for programs.
//!
//! Names and messages that others wrote reach a terminal or a spreadsheet here, and only as text:
//! without what a terminal would obey, and not as a formula. JSON has its own way to write them.

use std::io::{self, Write as _};

use clap::ValueEnum;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

use crate::domain::csv_cell::text_cell;
use crate::domain::text::printable;

/// Form of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum OutputFormat {
    /// A table.
    #[default]
    Table,
    /// An array of objects.
    Json,
    /// Comma-separated values with a head line.
    Csv,
}

/// A job of a run and whose slots it fills, as people read it: `etl openweathermap`.
pub(super) fn job(kind: &str, source: Option<&str>) -> String {
    source.map_or_else(|| kind.to_owned(), |source| format!("{kind} {source}"))
}

/// A kind of row: what a table shows of it; JSON and CSV have it whole.
pub(super) trait Row: Serialize {
    /// Heads of the table's columns.
    const HEADS: &[&str];
    /// The table's cells.
    fn cells(&self) -> Vec<String>;
}

/// Writes rows to stdout.
pub(super) fn rows<R: Row>(format: OutputFormat, rows: &[R]) -> anyhow::Result<()> {
    match format {
        OutputFormat::Table => text(&table(R::HEADS, rows.iter().map(Row::cells))),
        OutputFormat::Json => text(&format!("{}\n", serde_json::to_string_pretty(rows)?)),
        OutputFormat::Csv => {
            let mut written = Rows::begin(format)?;
            rows.iter().try_for_each(|row| written.push(row))
        }
    }
}

/// Rows written to stdout one by one, as many as there may be: JSON or CSV, as [`rows`] writes them.
pub(super) enum Rows {
    Json { is_first: bool },
    Csv { has_head: bool },
}

impl Rows {
    /// Begins; a table, which is as wide as its widest row, cannot be written so.
    pub(super) fn begin(format: OutputFormat) -> anyhow::Result<Self> {
        match format {
            OutputFormat::Csv => Ok(Self::Csv { has_head: false }),
            _ => text("[").map(|()| Self::Json { is_first: true }),
        }
    }

    pub(super) fn push<R: Row>(&mut self, row: &R) -> anyhow::Result<()> {
        match self {
            Self::Json { is_first } => {
                let comma = if std::mem::take(is_first) { "" } else { "," };
                let object = serde_json::to_string_pretty(row)?.replace('\n', "\n  ");
                text(&format!("{comma}\n  {object}"))
            }
            Self::Csv { has_head } => text(&csv_lines(row, !std::mem::replace(has_head, true))?),
        }
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Json { is_first: true } => text("]\n"),
            Self::Json { .. } => text("\n]\n"),
            Self::Csv { .. } => Ok(()),
        }
    }
}

/// A row as comma-separated values, after the head if that is still to come. Which cells are text
/// only the row's own type knows: a number may begin as a formula does.
fn csv_lines<R: Row>(row: &R, with_head: bool) -> anyhow::Result<String> {
    let mut plain = csv::Writer::from_writer(Vec::new());
    plain.serialize(row)?;
    let plain = plain.into_inner()?;
    let mut plain = csv::Reader::from_reader(&plain[..]);
    let head = plain.headers()?.clone();
    let types = serde_json::to_value(row)?;
    let mut safe = csv::Writer::from_writer(Vec::new());
    if with_head {
        safe.write_record(&head)?;
    }
    for record in plain.records() {
        let record = record?;
        let cells = head.iter().zip(&record).map(|(name, cell)| match types[name].is_string() {
            true => text_cell(cell),
            false => cell.to_owned(),
        });
        safe.write_record(cells)?;
    }
    Ok(String::from_utf8(safe.into_inner()?)?)
}

/// A terminal narrower than this (some say 0) cannot be fitted into.
const MIN_COLUMNS: u16 = 60;

/// A table as text, fitted into the terminal if there is one.
pub(super) fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header(heads.iter().copied());
    if table.width().is_some_and(|columns| columns >= MIN_COLUMNS) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    format!("{table}\n")
}

/// Writes text to stdout. A reader that has gone away (`weather runs | head`) is no error.
pub(super) fn text(text: &str) -> anyhow::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Writes a line for a person to stdout.
pub(super) fn line(line: &str) -> anyhow::Result<()> {
    text(&format!("{}\n", printable(line)))
}

/// Writes a line, or a text of several, for the person at the terminal to stderr.
pub(super) fn say(line: &str) {
    let line = printable_lines(line);
    crate::telemetry::BARS.suspend(|| {
        let _ = writeln!(io::stderr(), "{line}");
    });
}

/// A text of several lines, each of them printable.
pub(super) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// A span of time as people say it: `42 s`, `17 min`, `3 h`, `5 d`.
pub(super) fn ago(span: chrono::TimeDelta) -> String {
    match span.num_seconds() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// A number with commas: `4,800`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let lead = digits.len() % 3;
    let groups = digits.as_bytes().iter().enumerate().map(|(index, digit)| {
        let comma = if index > 0 && index % 3 == lead { "," } else { "" };
        format!("{comma}{}", char::from(*digit))
    });
    groups.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_number_has_commas() {
        let numbers = [0, 12, 123, 1234, 12_345, 123_456, 1_234_567];
        let expected = ["0", "12", "123", "1,234", "12,345", "123,456", "1,234,567"];
        assert_eq!(numbers.map(grouped), expected);
    }

    #[derive(Serialize)]
    struct Named {
        name: &'static str,
        temperature_c: f64,
        message: Option<&'static str>,
    }

    impl Row for Named {
        const HEADS: &[&str] = &["name", "message"];

        fn cells(&self) -> Vec<String> {
            vec![self.name.into(), self.message.unwrap_or_default().into()]
        }
    }

    const HOSTILE: [Named; 2] = [
        Named { name: "=cmd|'/C calc'!A0", temperature_c: -3.5, message: Some("\u{1b}[2Ja\nb\0") },
        Named { name: "gro\u{202e}ss, 2", temperature_c: 1.0, message: None },
    ];

    #[test]
    fn a_text_in_a_csv_is_no_formula_and_a_number_stays_one() {
        let [first, second] = &HOSTILE;
        let lines = csv_lines(first, true).unwrap() + &csv_lines(second, false).unwrap();
        assert_eq!(
            lines,
            "name,temperature_c,message\n'=cmd|'/C calc'!A0,-3.5,[2Ja b\n\"gross, 2\",1.0,\n"
        );
    }

    #[test]
    fn a_table_and_a_message_hold_nothing_that_a_terminal_obeys() {
        let shown = table(Named::HEADS, HOSTILE.iter().map(Row::cells));
        assert!(shown.contains("[2Ja b ") && shown.contains("gross, 2"), "{shown}");
        let lines = printable_lines("one\u{1b}[31m\u{202e}\n  two\u{8}");
        assert_eq!(lines, "one[31m\n  two");
        let obeyed = |c: char| c.is_control() && c != '\n';
        assert!(!shown.contains(obeyed) && !shown.contains('\u{202e}'), "{shown:?}");
    }
}
