//! Logs: pretty for a person, Cloud Logging's JSON for machines; always on stderr, since data goes
//! to stdout. `docs/LOGGING.md` lists the fields.

use std::io::{self, Write};
use std::sync::LazyLock;

use clap::{Args, ValueEnum};
use indicatif::MultiProgress;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::domain::text::printable;

/// The progress bars on the terminal: a log line is written above them, not through them.
pub static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Settings of the log.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Log")]
pub struct LogSettings {
    /// Form of the log on stderr; auto is JSON on Cloud Run, else pretty
    #[arg(long, value_name = "FORMAT", env = "LOG_FORMAT", default_value = "auto", global = true)]
    pub log_format: LogFormat,

    /// The least level that is logged [default: info; on a terminal warn, with fewer lines; demo: error]
    #[arg(long, value_name = "LEVEL", env = "LOG_LEVEL", global = true)]
    pub log_level: Option<LogLevel>,

    /// Show the whole log on a terminal, too
    #[arg(short, long, global = true, help_heading = "Output")]
    pub verbose: bool,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// JSON on Cloud Run, else pretty.
    Auto,
    /// For a person.
    Pretty,
    /// One JSON document a line, as Cloud Logging reads it.
    Json,
}

impl LogFormat {
    /// True if lines are JSON.
    #[must_use]
    pub fn is_json(self, is_for_a_machine: bool) -> bool {
        match self {
            Self::Auto => is_for_a_machine,
            Self::Pretty => false,
            Self::Json => true,
        }
    }
}

/// The least level that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[expect(missing_docs, reason = "the levels that everyone knows")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// Which lines are logged.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a> {
    /// Those of this level and above.
    pub level: LogLevel,
    /// And of these targets those of another one.
    pub except: &'a [(&'a str, LogLevel)],
}

impl From<LogLevel> for Lines<'_> {
    fn from(level: LogLevel) -> Self {
        Self { level, except: &[] }
    }
}

/// Starts logging. Our own lines go down to the level asked for; those of libraries only from
/// warnings up, since theirs could tell an address that holds the key.
pub fn init<'a>(is_json: bool, lines: impl Into<Lines<'a>>) {
    let Lines { level, except } = lines.into();
    let level = LevelFilter::from(level);
    let except = except.iter().map(|(target, level)| (*target, LevelFilter::from(*level)));
    let filter = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target(env!("CARGO_CRATE_NAME"), level)
        .with_targets(except);
    let registry = tracing_subscriber::registry().with(filter);
    if is_json {
        registry.with(tracing_stackdriver::layer().with_writer(|| AboveBars)).init();
        std::panic::set_hook(Box::new(|panic| tracing::error!("internal error: {panic}")));
    } else {
        let pretty = tracing_subscriber::fmt::layer()
            .with_target(false)
            .with_ansi(has_colours())
            .with_writer(|| ForPeople);
        registry.with(pretty).init();
    }
}

/// Whether stderr takes colours, and they are wanted.
fn has_colours() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Stderr, with the progress bars out of the way.
struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| io::stderr().write_all(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The same for lines that people read: messages hold what others wrote. The escape sequences that
/// are left are our own colours; those of messages the formatter has written out.
struct ForPeople;

impl Write for ForPeople {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        AboveBars.write_all(shown(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        AboveBars.flush()
    }
}

/// A text with its line ends and colours, and nothing else that a terminal would obey.
fn shown(text: &str) -> String {
    let parts = text.split_inclusive(['\n', '\u{1b}']);
    let parts = parts.map(|part| match part.char_indices().last() {
        Some((end, last @ ('\n' | '\u{1b}'))) => format!("{}{last}", printable(&part[..end])),
        _ => printable(part),
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_colours_and_shows_as_it_is_written() {
        let line = "\u{1b}[32m INFO\u{1b}[0m gro\u{202e}ss\0\u{8}\n  caused by\ta\n";
        assert_eq!(shown(line), "\u{1b}[32m INFO\u{1b}[0m gross\n  caused by a\n");
        assert_eq!(shown(""), "");
    }
}
