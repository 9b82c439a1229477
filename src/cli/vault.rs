//! `weather vault`: what is kept of the answers, and whether it is whole.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::days::DaysArgs;
use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row, grouped};
use super::parts::needed_vault;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::Days;
use crate::replay::verify::{Verified, verify};
use crate::store::{Reads, StoreSettings};
use crate::vault::compact::{Compacted, compact};
use crate::vault::{Stored, Vault, VaultSettings};

/// Look after the answers that are kept as they came (VAULT_URL)
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    VAULT_URL=file:./vault weather etl     # keeps every answer\n  \
    weather vault status\n  \
    weather vault verify --from 7d")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show what is kept: days, objects and bytes of each source
    #[command(after_help = "Example:\n  weather vault status --output json")]
    Status {
        /// Form of the rows
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        output: OutputFormat,

        #[command(flatten)]
        vault: VaultSettings,
    },
    /// Make one object of each day that is over for 24 hours
    ///
    /// What it was made of is deleted seven days later, which takes the right to delete. `weather housekeep`
    /// does the same.
    #[command(after_help = "Example:\n  weather vault compact")]
    Compact {
        #[command(flatten)]
        vault: VaultSettings,
    },
    /// Read every object to its end, and look for every answer that the ledger names
    ///
    /// Ends with exit code 1 when an object is broken or an answer is not there.
    #[command(after_help = "Example:\n  weather vault verify --from 2026-11-01 --to 2026-11-07")]
    Verify {
        #[command(flatten)]
        days: DaysArgs,

        #[command(flatten)]
        vault: VaultSettings,

        #[command(flatten)]
        store: StoreSettings,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Status { output, vault } => status(&needed_vault(&vault)?, output).await,
        Command::Compact { vault } => {
            let (done, exit) = compact_all(&needed_vault(&vault)?).await?;
            output::line(&done)?;
            Ok(exit)
        }
        Command::Verify { days, vault, store } => {
            let days = days.days(SystemClock.now())?;
            let vault = needed_vault(&vault)?;
            let reads = store.open_ready().await?.reads;
            let verified = verify(&reads, &vault, span(&reads, days).await?).await?;
            show(&verified)
        }
    }
}

/// The first and the last of these days that can have a slot.
pub(super) async fn span(reads: &Reads, days: Days) -> anyhow::Result<(NaiveDate, NaiveDate)> {
    let today = SystemClock.now().date_naive();
    let first = match days.from {
        Some(first) => first,
        None => reads.first_day().await.context("cannot read the store")?.unwrap_or(today),
    };
    Ok((first, days.to.unwrap_or(today)))
}

/// What is kept of a source.
#[derive(Serialize)]
struct KeptOfSource {
    source: String,
    days: u64,
    first_day: NaiveDate,
    last_day: NaiveDate,
    objects: u64,
    compact_objects: u64,
    bytes: u64,
}

impl Row for KeptOfSource {
    const COLUMNS: &[Column] = &[
        Column::text("source"),
        Column::number("days"),
        Column::text("first day"),
        Column::text("last day"),
        Column::number("objects"),
        Column::number("of whole days"),
        Column::number("bytes"),
    ];

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
        vec![
            self.source.clone(),
            grouped(self.days),
            self.first_day.to_string(),
            self.last_day.to_string(),
            grouped(self.objects),
            grouped(self.compact_objects),
            grouped(self.bytes),
        ]
    }
}

async fn status(vault: &Vault, format: OutputFormat) -> anyhow::Result<Exit> {
    let mut sources: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
    for stored in vault.list(None).await? {
        sources.entry(stored.source.clone()).or_default().push(stored);
    }
    let rows: Vec<_> = sources.into_iter().filter_map(kept_of_source).collect();
    output::rows(format, &rows)?;
    Ok(Exit::Done)
}

fn kept_of_source((source, objects): (String, Vec<Stored>)) -> Option<KeptOfSource> {
    let days: BTreeSet<NaiveDate> = objects.iter().map(|object| object.day).collect();
    Some(KeptOfSource {
        source,
        days: days.len() as u64,
        first_day: *days.first()?,
        last_day: *days.last()?,
        objects: objects.len() as u64,
        compact_objects: objects.iter().filter(|object| object.is_compact()).count() as u64,
        bytes: objects.iter().map(|object| object.bytes).sum(),
    })
}

/// Puts together what is due, and says what was done.
pub(super) async fn compact_all(vault: &Vault) -> anyhow::Result<(String, Exit)> {
    let Compacted { days, objects, bytes_before, bytes_after, deleted, faults } =
        compact(vault, SystemClock.now()).await?;
    for fault in &faults {
        tracing::error!(error_kind = fault.kind(), hint = fault.hint(), "{fault}");
    }
    let line = format!(
        "vault: {} days put together ({} objects of {} bytes became {} bytes), {} objects deleted",
        grouped(days),
        grouped(objects),
        grouped(bytes_before),
        grouped(bytes_after),
        grouped(deleted)
    );
    Ok((line, if faults.is_empty() { Exit::Done } else { Exit::TooManyFailed }))
}

/// Names that a report shows.
const MAX_NAMED: usize = 20;

fn show(verified: &Verified) -> anyhow::Result<Exit> {
    let Verified { objects, lines, slots, unresolved, faults } = verified;
    for fault in faults {
        output::line(fault)?;
    }
    for raw_ref in unresolved.iter().take(MAX_NAMED) {
        output::line(&format!("{raw_ref} is not there"))?;
    }
    output::line(&format!(
        "{} objects with {} answers are read; of {} slots with an answer {} are not there; {} faults",
        grouped(*objects),
        grouped(*lines),
        grouped(*slots),
        grouped(unresolved.len() as u64),
        grouped(faults.len() as u64)
    ))?;
    let is_whole = unresolved.is_empty() && faults.is_empty();
    Ok(if is_whole { Exit::Done } else { Exit::TooManyFailed })
}
