//! `weather sync`: mirrors the store into BigQuery and the lake.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::{self, UsageError};
use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row, grouped};
use super::parts::{SinkChoice, StorePart, open_sinks, with_each};
use super::platform::Platform;
use super::shutdown::Shutdown;
use crate::clock::SystemClock;
use crate::job::stop::Stopped;
use crate::sink::lake::Lake;
use crate::sink::{Sink, SinkKind, SinkSettings};
use crate::store::{Opened, StoreSettings};
use crate::sync::repair;
use crate::sync::verify::{Scope, Verify};
use crate::sync::{self, Rebasing, Report, Stop, Summary, Sync};

/// Mirror the store into BigQuery and the lake: only what is new, each row once
///
/// Serves each sink that is set, one after the other; one that fails keeps no other from its turn. Makes
/// datasets, tables and views where they are missing. Goes on from the position that the sink
/// holds; may be killed and started again at any time. With nothing new it sends no statement and makes no
/// commit.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    BIGQUERY_PROJECT=acme BIGQUERY_DATASET=weather weather sync\n  \
    LAKE_URL=file:./lake weather sync\n  \
    weather sync --dry-run\n  \
    weather sync --sink lake\n  \
    weather sync --output json | jq .rowsSynced\n  \
    weather sync --rebase     # after the store was restored from a backup\n  \
    weather sync --rebase --from-lake --sink bigquery   # into a new dataset, with what was archived")]
pub(super) struct Args {
    /// Say what would be sent, and send and make nothing
    #[arg(long)]
    dry_run: bool,

    /// Send the whole store, though it is not the one that was synced (restored, or new); one that
    /// was interrupted goes on where it was
    #[arg(long, conflicts_with = "dry_run")]
    rebase: bool,

    /// Then also send the months that have left the store, from the lake: for a sink that is new
    #[arg(long, requires = "rebase")]
    from_lake: bool,

    /// Form of what goes to stdout: json is what was done, in one document (of several sinks a list); with
    /// --dry-run the rows, in any form
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    choice: SinkChoice,
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

    /// Rows of each table at most that one script writes, for tests
    #[arg(
        long, env = "WEATHER_GROUP_ROWS", hide = true, default_value_t = 1_000_000,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(super) group_rows: u32,
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
            group_rows: self.group_rows,
            rebase: Rebasing::No,
            lease,
            shutdown: shutdown.token(),
        }
    }
}

pub(super) async fn run(args: Args, platform: &Platform, is_json: bool) -> anyhow::Result<Exit> {
    output::check_form(args.output, args.dry_run)?;
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    platform.check_lake(&args.sink.lake)?;
    let sinks = open_sinks(&args.sink, args.choice).await?;
    let lake = if args.from_lake { Some(needed_lake(&args.sink)?) } else { None };
    let store = StorePart::of(&args.store);
    let opened = (store.ready().await?, store.lease());
    let rebase = match (args.rebase, platform.is_another_try()) {
        (false, _) => Rebasing::No,
        (true, false) => Rebasing::Begin,
        (true, true) => Rebasing::GoOn,
    };
    let mut pending = Vec::new();
    let mut documents = Vec::new();
    let exit = with_each(sinks, is_json, &shutdown, async |kind, sink| {
        let sink = sink?;
        let parts = args.settings.parts(opened, &*sink, &shutdown);
        let parts = Sync { rebase, ..parts };
        if args.dry_run {
            let rows = sync::pending(parts).await?;
            pending
                .extend(rows.into_iter().map(|(table, rows)| PendingTable::new(kind, table, rows)));
            return Ok(Exit::Done);
        }
        let mirrored = mirror(parts, &shutdown, args.output).await;
        documents.push(mirrored.document);
        match (mirrored.end, &lake) {
            (Ok(Exit::Done), Some(lake)) if kind != SinkKind::Lake => {
                send_archived(parts, lake, &shutdown).await
            }
            (end, _) => end,
        }
    })
    .await;
    if args.dry_run {
        output::rows(args.output, &pending)?;
    } else if args.output == OutputFormat::Json
        && let Some(documents) = Documents::of(documents)
    {
        output::document(&documents)?;
    }
    Ok(exit)
}

/// The lake that the archived months are in.
fn needed_lake(settings: &SinkSettings) -> anyhow::Result<Lake> {
    let unset = || {
        UsageError::new("no lake: LAKE_URL is not set")
            .hint("the months that have left the store are in the lake: set LAKE_URL")
    };
    Ok(settings.lake.open()?.ok_or_else(unset)?)
}

/// Sends the days that have left the store and that the sink does not hold, day by day: interrupted, it goes on
/// when it is given again.
async fn send_archived(parts: Sync<'_>, lake: &Lake, shutdown: &Shutdown) -> anyhow::Result<Exit> {
    let Some(days) = parts.reads.archived_span().await? else { return Ok(Exit::Done) };
    let report = repair::run(
        Verify {
            reads: parts.reads,
            sink: parts.sink,
            archive: Some(lake),
            scope: Scope::Of(days),
            clock: &SystemClock,
            is_deep: false,
            chunk_rows: parts.chunk_rows,
            shutdown: parts.shutdown,
        },
        false,
    )
    .await;
    match report.stop {
        None if report.has_differences() => Ok(Exit::TooManyFailed),
        None => Ok(Exit::Done),
        Some(Stop::Interrupted) => Ok(shutdown.exit()),
        Some(Stop::Failed(error)) => Err(error),
        Some(stop) => Err(stop.into()),
    }
}

/// What was done with each sink: of one its document, of several a list.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Documents {
    One(Box<Document>),
    Several(Vec<Document>),
}

impl Documents {
    /// `None` where there was no sink.
    pub(super) fn of(mut documents: Vec<Document>) -> Option<Self> {
        match documents.len() {
            0 | 1 => documents.pop().map(|document| Self::One(Box::new(document))),
            _ => Some(Self::Several(documents)),
        }
    }
}

/// What a sync did: `sync_summary`, and each table.
#[derive(Serialize)]
pub(super) struct Document {
    #[serde(flatten)]
    summary: Summary,
    tables: Vec<SyncedTable>,
    #[serde(flatten)]
    stopped: Option<Stopped>,
}

/// What came of a sync.
pub(super) struct Mirrored {
    /// How the command ends.
    pub(super) end: anyhow::Result<Exit>,
    /// What was done.
    pub(super) document: Document,
}

/// Syncs, and shows the person at the terminal what it did; machines read the log line or the document.
pub(super) async fn mirror(parts: Sync<'_>, shutdown: &Shutdown, format: OutputFormat) -> Mirrored {
    let report = sync::run(parts).await;
    if io::stderr().is_terminal() && format != OutputFormat::Json {
        output::say(&in_words(&report));
    }
    let summary = Summary::of(&report);
    let tables = report.tables.iter().map(SyncedTable::written).collect();
    let end = match report.stop {
        None => Ok(Exit::Done),
        Some(Stop::Interrupted) => Ok(shutdown.exit()),
        Some(Stop::Failed(error)) => Err(error),
        Some(stop) => Err(stop.into()),
    };
    let stopped = end.as_ref().err().map(error::stopped);
    Mirrored { end, document: Document { summary, tables, stopped } }
}

/// `bigquery: synced 512 rows of 3 tables (…); billed: …`.
fn in_words(report: &Report) -> String {
    let billed = match report.billed.bytes {
        0 => String::new(),
        _ => format!("; billed: {}", report.billed),
    };
    let tables = report.tables.iter().filter(|table| table.rows > 0);
    let tables: Vec<_> =
        tables.map(|table| format!("{} {}", grouped(table.rows), table.table.name)).collect();
    match tables.is_empty() {
        true => format!("{}: nothing new to sync{billed}", report.sink),
        false => format!(
            "{}: synced {} rows: {}{billed}",
            report.sink,
            grouped(report.rows()),
            tables.join(", "),
        ),
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
}

/// Rows of a table that are still to be sent.
#[derive(Serialize)]
struct PendingTable {
    sink: &'static str,
    table: &'static str,
    rows: u64,
}

impl PendingTable {
    fn new(sink: SinkKind, table: &'static str, rows: u64) -> Self {
        Self { sink: sink.as_str(), table, rows }
    }
}

impl Row for PendingTable {
    const COLUMNS: &[Column] =
        &[Column::text("sink"), Column::text("table"), Column::number("rows")];

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
        vec![self.sink.into(), self.table.into(), self.rows.to_string()]
    }
}
