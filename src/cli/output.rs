//! Data on stdout, as a table for people or as JSON or CSV for programs.
//!
//! Names and messages that others wrote reach a terminal or a spreadsheet here, and only as text:
//! without what a terminal would obey, and not as a formula. JSON has its own way to write them.

use std::io::{self, IsTerminal as _, Write as _};

use chrono::{DateTime, TimeDelta, Utc};
use clap::ValueEnum;
use serde::Serialize;

mod csv_lines;
mod table;

use super::colour::Tone;
use super::error::UsageError;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::text::printable;
use csv_lines::csv_lines;
pub(super) use table::{Column, Line, table};

/// Form of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum OutputFormat {
    /// A table.
    #[default]
    Table,
    /// JSON.
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
    /// The table's columns.
    const COLUMNS: &[Column];

    /// The table's cells; times are relative to `now`.
    fn cells(&self, now: DateTime<Utc>) -> Vec<String>;

    /// What the row means, which the colour of its toned columns repeats.
    fn tone(&self) -> Tone {
        Tone::Plain
    }

    /// A line of the table.
    fn line(&self, now: DateTime<Utc>) -> Line {
        Line { cells: self.cells(now), tone: self.tone() }
    }
}

/// Writes rows to stdout.
pub(super) fn rows<R: Row>(format: OutputFormat, rows: &[R]) -> anyhow::Result<()> {
    match format {
        OutputFormat::Table => {
            let now = SystemClock.now();
            painted(&table(R::COLUMNS, rows.iter().map(|row| row.line(now)), stdout_width()))
        }
        OutputFormat::Json => document(&rows),
        OutputFormat::Csv => {
            let mut written = Rows::begin(format)?;
            rows.iter().try_for_each(|row| written.push(row))
        }
    }
}

/// Passes the form of a job's result: what was done is one document, only what would be done are rows.
pub(super) fn check_form(format: OutputFormat, is_dry_run: bool) -> Result<(), UsageError> {
    if format != OutputFormat::Csv || is_dry_run {
        return Ok(());
    }
    Err(UsageError::new("--output csv is for the rows of --dry-run")
        .hint("what was done is one document: --output json"))
}

/// Writes one JSON document to stdout.
pub(super) fn document(value: &impl Serialize) -> anyhow::Result<()> {
    text(&format!("{}\n", serde_json::to_string_pretty(value)?))
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

/// A terminal narrower than this (some say 0) is none that could be fitted into.
const MIN_COLUMNS: u16 = 20;

/// The columns of the terminal that stdout is, if it is one.
pub(super) fn stdout_width() -> Option<usize> {
    io::stdout()
        .is_terminal()
        .then(|| terminal_size::terminal_size_of(io::stdout()))
        .flatten()
        .and_then(wide_enough)
}

/// The columns of the terminal that stderr is, if it is one.
pub(super) fn stderr_width() -> Option<usize> {
    io::stderr()
        .is_terminal()
        .then(|| terminal_size::terminal_size_of(io::stderr()))
        .flatten()
        .and_then(wide_enough)
}

fn wide_enough((width, _): (terminal_size::Width, terminal_size::Height)) -> Option<usize> {
    Some(width.0).filter(|columns| *columns >= MIN_COLUMNS).map(usize::from)
}

/// Writes painted text to stdout, in colour where that is wanted.
pub(super) fn painted(text: &str) -> anyhow::Result<()> {
    unless_gone(anstream::stdout().write_all(text.as_bytes()))
}

/// Writes text to stdout. A reader that has gone away (`weather runs | head`) is no error.
pub(super) fn text(text: &str) -> anyhow::Result<()> {
    unless_gone(io::stdout().write_all(text.as_bytes()))
}

fn unless_gone(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
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

/// Writes painted text for the person at the terminal to stderr.
pub(super) fn say_painted(text: &str) {
    crate::telemetry::BARS.suspend(|| {
        let _ = anstream::stderr().write_all(text.as_bytes());
    });
}

/// A text of several lines, each of them printable.
pub(super) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// A span of time as people say it: `42 s`, `17 min`, `3 h`, `5 d`.
pub(super) fn ago(span: TimeDelta) -> String {
    match span.num_seconds() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// A moment as people say it: `17 min ago`, `in 3 h`, `now`.
pub(super) fn relative(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now - time).num_seconds() {
        0 => "now".to_owned(),
        1.. => format!("{} ago", ago(now - time)),
        _ => format!("in {}", ago(time - now)),
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

    #[test]
    fn a_moment_is_so_long_ago_or_to_come() {
        let now: DateTime<Utc> = "2026-11-30T07:15:00Z".parse().unwrap();
        for (seconds, words) in [
            (0, "now"),
            (42, "42 s ago"),
            (1020, "17 min ago"),
            (259_200, "3 d ago"),
            (-10_800, "in 3 h"),
        ] {
            assert_eq!(relative(now - TimeDelta::seconds(seconds), now), words);
        }
    }
}
