//! Data on stdout, as a table for people or as JSON or CSV for programs.

use std::io::{self, Write as _};

use clap::ValueEnum;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

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
            let mut csv = csv::Writer::from_writer(Vec::new());
            for row in rows {
                csv.serialize(row)?;
            }
            text(&String::from_utf8(csv.into_inner()?)?)
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
            Self::Csv { has_head } => {
                let mut csv = csv::WriterBuilder::new();
                csv.has_headers(!std::mem::replace(has_head, true));
                let mut csv = csv.from_writer(Vec::new());
                csv.serialize(row)?;
                text(&String::from_utf8(csv.into_inner()?)?)
            }
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
        table.add_row(row);
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

/// Writes a line for the person at the terminal to stderr.
pub(super) fn say(line: &str) {
    crate::telemetry::BARS.suspend(|| {
        let _ = writeln!(io::stderr(), "{line}");
    });
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
}
