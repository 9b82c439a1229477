//! `weather sync`: mirrors the store into BigQuery.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use super::exit::Exit;
use super::output::{self, OutputFormat, Row};
use super::parts::{StorePart, open_sink};
use super::shutdown::Shutdown;
use crate::sink::{Sink, SinkSettings};
use crate::store::{Opened, StoreSettings};
use crate::sync::{self, Stop, Sync};

/// Mirror the store into BigQuery: only what is new, each row once
///
/// Makes datasets, tables and views where they are missing. Goes on from the position that BigQuery
/// holds; may be killed and started again at any time. With nothing new it sends no statement.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    BIGQUERY_PROJECT=acme BIGQUERY_DATASET=weather weather sync\n  \
    weather sync --dry-run\n  \
    weather sync --rebase     # after the store was restored from a backup")]
pub(super) struct Args {
    /// Say what would be sent, and send and make nothing
    #[arg(long)]
    dry_run: bool,

    /// Send the whole store, though it is not the one that was synced (restored, or new); one that
    /// was interrupted goes on where it was
    #[arg(long, conflicts_with = "dry_run")]
    rebase: bool,

    /// Form of the rows of --dry-run
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    settings: SyncSettings,
    #[command(flatten)]
    sink: SinkSettings,
    #[command(flatten)]
    store: StoreSettings,
}

/// How the job works.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct SyncSettings {
    /// Rows of a chunk at most, for tests
    #[arg(
        long, env = "WEATHER_CHUNK_ROWS", hide = true, default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(super) chunk_rows: u32,
}

impl SyncSettings {
    /// The parts of a sync of this open store, whose lease is known.
    pub(super) fn parts<'a>(
        &self,
        (opened, lease): (&'a Opened, Duration),
        sink: &'a dyn Sink,
        shutdown: &'a Shutdown,
    ) -> Sync<'a> {
        Sync {
            reads: &opened.reads,
            store: &*opened.store,
            sink,
            chunk_rows: self.chunk_rows,
            rebase: false,
            lease,
            shutdown: shutdown.token(),
        }
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let sink = open_sink(&args.sink).await?;
    let store = StorePart::of(&args.store);
    let opened = store.ready().await?;
    let parts = args.settings.parts((opened, store.lease()), &*sink, &shutdown);
    let parts = Sync { rebase: args.rebase, ..parts };
    if args.dry_run {
        let pending = sync::pending(parts).await?;
        let rows: Vec<_> = pending.iter().map(SyncedTable::pending).collect();
        output::rows(args.output, &rows)?;
        return Ok(Exit::Done);
    }
    mirror(parts, &shutdown).await
}

/// Syncs, and shows the person at the terminal what it did; machines read the log line.
pub(super) async fn mirror(parts: Sync<'_>, shutdown: &Shutdown) -> anyhow::Result<Exit> {
    let report = sync::run(parts).await;
    if io::stderr().is_terminal() {
        let rows = report.tables.iter().map(|table| SyncedTable::written(table).cells());
        output::say(&output::table(SyncedTable::HEADS, rows));
    }
    match report.stop {
        None => Ok(Exit::Done),
        Some(Stop::Interrupted) => Ok(shutdown.exit()),
        Some(Stop::Failed(error)) => Err(error),
        Some(stop) => Err(stop.into()),
    }
}

/// A table and its rows.
#[derive(Serialize)]
struct SyncedTable {
    table: &'static str,
    rows: u64,
}

impl SyncedTable {
    fn written(report: &sync::TableReport) -> Self {
        Self { table: report.table.name, rows: report.rows }
    }

    fn pending((table, rows): &(&'static str, u64)) -> Self {
        Self { table, rows: *rows }
    }
}

impl Row for SyncedTable {
    const HEADS: &[&str] = &["table", "rows"];

    fn cells(&self) -> Vec<String> {
        vec![self.table.into(), self.rows.to_string()]
    }
}
