//! `weather lake`: how the lake stands, and what keeps it in order.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row, grouped, relative};
use crate::sink::LakeSettings;
use crate::sink::lake::{self, Engine, Lake, Swept, TableStatus};

/// Days that a file is kept for those who still read it.
const KEPT_DAYS: i64 = 7;

/// Show how the lake stands, and keep it in order
///
/// `weather sync` fills the lake and compacts days that are over; only `vacuum` deletes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    LAKE_URL=file:./lake weather lake status\n  \
    weather lake vacuum --dry-run\n  \
    weather lake ddl duckdb | duckdb weather.duckdb")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show each table: its version, files, rows, bytes, checkpoint and position
    #[command(after_help = "Example:\n  weather lake status --output json")]
    Status {
        /// Form of the rows
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        output: OutputFormat,

        #[command(flatten)]
        lake: LakeSettings,
    },
    /// Make few files of many: of each day that is over one; deletes nothing
    #[command(after_help = "Example:\n  weather lake compact")]
    Compact {
        #[command(flatten)]
        lake: LakeSettings,
    },
    /// Write a checkpoint of each table, which saves readers the commits before it
    #[command(after_help = "Example:\n  weather lake checkpoint")]
    Checkpoint {
        #[command(flatten)]
        lake: LakeSettings,
    },
    /// Delete data files that no version of the last days has, and commits older than 30 days
    #[command(
        after_help = "Examples:\n  weather lake vacuum --dry-run\n  weather lake vacuum --older-than 30d"
    )]
    Vacuum {
        /// How old a file is at least that is deleted, such as 7d or 12h
        #[arg(long, value_name = "AGE", default_value = "7d", value_parser = parse_age)]
        older_than: TimeDelta,

        /// Delete what is younger than 7 days too: who reads an older version may fail
        #[arg(long)]
        force: bool,

        /// Say what would be deleted, and delete nothing
        #[arg(long)]
        dry_run: bool,

        #[command(flatten)]
        lake: LakeSettings,
    },
    /// Print the statements by which an engine reads the lake
    #[command(after_help = "Example:\n  weather lake ddl duckdb")]
    Ddl {
        /// The engine
        engine: EngineName,

        #[command(flatten)]
        lake: LakeSettings,
    },
}

/// The engines that there are statements for.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum EngineName {
    Athena,
    #[value(name = "bigquery")]
    BigQuery,
    #[value(name = "duckdb")]
    DuckDb,
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Athena => Self::Athena,
            EngineName::BigQuery => Self::BigQuery,
            EngineName::DuckDb => Self::DuckDb,
        }
    }
}

/// `7d`, `12h`.
fn parse_age(text: &str) -> Result<TimeDelta, String> {
    const EXPECTED: &str = "expected a number of days or hours, such as 7d or 12h";
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(EXPECTED)?;
    let number: u16 = number.parse().map_err(|_| EXPECTED)?;
    match unit {
        "d" => Ok(TimeDelta::days(number.into())),
        "h" => Ok(TimeDelta::hours(number.into())),
        _ => Err(EXPECTED.into()),
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Status { output, lake } => status(&open(&lake)?, output).await?,
        Command::Compact { lake } => say(&open(&lake)?.compact().await?)?,
        Command::Checkpoint { lake } => say(&open(&lake)?.checkpoint().await?)?,
        Command::Vacuum { older_than, force, dry_run, lake } => {
            if older_than < TimeDelta::days(KEPT_DAYS) && !force {
                let problem = "younger than 7 days: who reads a version of before would fail";
                return Err(UsageError::new(problem)
                    .hint("--force deletes them all the same")
                    .into());
            }
            let swept = open(&lake)?.vacuum(older_than, dry_run).await?;
            show_swept(&swept, dry_run)?;
        }
        Command::Ddl { engine, lake } => {
            output::text(&lake::ddl(engine.into(), open(&lake)?.name()))?;
        }
    }
    Ok(Exit::Done)
}

fn open(settings: &LakeSettings) -> anyhow::Result<Lake> {
    Ok(settings.open()?.ok_or_else(|| {
        UsageError::new("no lake: LAKE_URL is not set")
            .hint("set LAKE_URL to file:./lake, s3://bucket/prefix or gs://bucket/prefix")
    })?)
}

fn say(done: &[String]) -> anyhow::Result<()> {
    if done.is_empty() {
        return output::line("nothing to do");
    }
    done.iter().try_for_each(|done| output::line(done))
}

async fn status(lake: &Lake, format: OutputFormat) -> anyhow::Result<()> {
    let tables: Vec<_> = lake.status().await?.into_iter().map(TableRow::from).collect();
    if tables.is_empty() && format == OutputFormat::Table {
        return output::line(&format!(
            "no table yet in {}: `weather sync` makes them",
            lake.name()
        ));
    }
    output::rows(format, &tables)
}

fn show_swept(swept: &[(&str, Swept)], is_dry_run: bool) -> anyhow::Result<()> {
    let verb = if is_dry_run { "would be deleted" } else { "deleted" };
    for (table, Swept { files, bytes, commits }) in swept {
        let bytes = grouped(*bytes);
        output::line(&format!(
            "{table}: {files} data files ({bytes} B) and {commits} commits {verb}"
        ))?;
    }
    Ok(())
}

/// How a table stands.
#[derive(Serialize)]
struct TableRow {
    table: &'static str,
    version: i64,
    files: usize,
    rows: u64,
    bytes: u64,
    checkpoint: Option<i64>,
    last_day: Option<chrono::NaiveDate>,
    run_seq: Option<i64>,
    moved_at: Option<DateTime<Utc>>,
    orphans: usize,
}

impl From<TableStatus> for TableRow {
    fn from(status: TableStatus) -> Self {
        let TableStatus { table, version, files, rows, bytes, checkpoint, .. } = status;
        let TableStatus { last_day, run_seq, moved_at, orphans, .. } = status;
        Self {
            table,
            version,
            files,
            rows,
            bytes,
            checkpoint,
            last_day,
            run_seq,
            moved_at,
            orphans,
        }
    }
}

impl Row for TableRow {
    const COLUMNS: &[Column] = &[
        Column::text("table"),
        Column::number("version"),
        Column::number("files"),
        Column::number("rows"),
        Column::number("bytes"),
        Column::number("checkpoint").leaves(2),
        Column::text("last day").leaves(3),
        Column::number("run"),
        Column::number("moved"),
        Column::number("orphans").leaves(1),
    ];

    fn cells(&self, now: DateTime<Utc>) -> Vec<String> {
        let dash = || "–".to_owned();
        vec![
            self.table.into(),
            self.version.to_string(),
            grouped(self.files as u64),
            grouped(self.rows),
            grouped(self.bytes),
            self.checkpoint.map_or_else(dash, |version| version.to_string()),
            self.last_day.map_or_else(dash, |day| day.to_string()),
            self.run_seq.map_or_else(dash, |run| run.to_string()),
            self.moved_at.map_or_else(dash, |moved| relative(moved, now)),
            self.orphans.to_string(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_of_days_or_hours() {
        assert_eq!(parse_age("7d"), Ok(TimeDelta::days(7)));
        assert_eq!(parse_age("12h"), Ok(TimeDelta::hours(12)));
        for text in ["", "d", "7", "-1d", "7w", "1.5d", "7 d", "70000d", "ö"] {
            assert!(parse_age(text).is_err(), "{text}");
        }
    }
}
