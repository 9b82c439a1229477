//! `weather runs`: the audit trail.

use chrono::{DateTime, Utc};

use super::colour::Tone;
use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, Column, Line, OutputFormat, Row, relative};
use crate::store::{RunRow, StoreSettings};

/// Show the latest runs, or one of them
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  weather runs\n  weather runs --limit 100 --output csv\n  weather runs show 42"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,

    /// Form of the rows
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    store: StoreSettings,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show all that is known of one run
    #[command(after_help = "Example:\n  weather runs show 019ab3c2")]
    Show {
        /// Its number, or the beginning of its id
        id: String,

        /// Form of the row
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        output: OutputFormat,

        #[command(flatten)]
        store: StoreSettings,
    },
}

impl Row for RunRow {
    const COLUMNS: &[Column] = &[
        Column::number("run"),
        Column::text("id").leaves(6),
        Column::text("job").leaves(1),
        Column::text("state").toned(),
        Column::number("started"),
        Column::number("sites").leaves(3),
        Column::number("collected"),
        Column::number("failed"),
        Column::number("skipped").leaves(4),
        Column::number("calls").leaves(2),
        Column::text("shard").leaves(5),
    ];

    fn tone(&self) -> Tone {
        match self.outcome.as_deref() {
            Some("succeeded") => Tone::Good,
            Some("failed") => Tone::Bad,
            Some(_) => Tone::Warning,
            None => Tone::Plain,
        }
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<String> {
        vec![
            self.run_seq.to_string(),
            self.run_id.clone(),
            output::job(&self.kind, self.source.as_deref()),
            self.state(),
            relative(self.started_at, now),
            self.sites.to_string(),
            self.collected.to_string(),
            self.failed.to_string(),
            self.skipped.to_string(),
            self.calls.to_string(),
            self.shard.clone(),
        ]
    }
}

impl RunRow {
    /// How it ended and why it stopped short, or that it goes on.
    fn state(&self) -> String {
        let ended = self.outcome.as_ref().unwrap_or(&self.status);
        match self.stop_kind.as_deref().filter(|kind| kind != ended) {
            Some(kind) => format!("{ended}: {kind}"),
            None => ended.clone(),
        }
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    match args.command {
        None => {
            let reads = args.store.open_ready().await?.reads;
            output::rows(args.output, &reads.list_runs(args.limit).await?)?;
        }
        Some(Command::Show { id, output, store }) => {
            let run = store.open_ready().await?.reads.find_run(&id).await?.ok_or_else(|| {
                UsageError::new(format!("no run has the number or id `{id}`"))
                    .hint("`weather runs` lists them")
            })?;
            show(output, &run)?;
        }
    }
    Ok(Exit::Done)
}

/// One run: a line for each column where a person reads it.
fn show(format: OutputFormat, run: &RunRow) -> anyhow::Result<()> {
    if format != OutputFormat::Table {
        return match format {
            OutputFormat::Json => output::document(run),
            _ => output::rows(format, std::slice::from_ref(run)),
        };
    }
    let serde_json::Value::Object(columns) = serde_json::to_value(run)? else { return Ok(()) };
    let rows = columns.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Line::from(vec![name, value])
    });
    let columns = [Column::text(""), Column::words("")];
    output::painted(&output::table(&columns, rows, output::stdout_width()))
}
