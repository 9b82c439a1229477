//! `weather replay`: reads kept answers anew.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use anyhow::Context as _;
use chrono::NaiveDate;
use secrecy::{ExposeSecret as _, SecretString};

use super::days::DaysArgs;
use super::error::UsageError;
use super::etl;
use super::exit::Exit;
use super::output::{self, OutputFormat, grouped};
use super::parts::{StorePart, needed_vault};
use super::platform::Platform;
use super::selection::{check_ids, parse_site_id};
use super::shutdown::Shutdown;
use super::sites::SitesSettings;
use super::sources::{self, SOURCES};
use super::vault::span;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{Days, Shard, SiteId};
use crate::job::Job;
use crate::replay::into::{Rebuild, rebuild, sites_of};
use crate::replay::{self, Reader, Replay, Report};
use crate::store::{Opened, Reads, RunHost, StoreSettings};
use crate::vault::{Vault, VaultSettings};

/// Read kept answers anew, and write what today's program makes of them otherwise
///
/// The answer of each slot goes through the transform of today, and what comes of it is compared with the
/// row that is there. Rows that would be others, and slots whose answer could not be read before, are
/// written by a run of the kind replay; what is the same is left alone, and so is a row whose answer
/// fails today. No call is made. Needs VAULT_URL.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather replay --check --from 7d           # would anything change?\n  \
    weather replay --from 2026-11-01 --to 2026-11-07\n  \
    weather replay --dry-run --source open-meteo --site mad-retiro\n  \
    weather replay --into sqlite://again.db    # a store of all that is kept")]
pub(super) struct Args {
    #[command(flatten)]
    days: DaysArgs,

    /// Only slots of this source
    #[arg(long, value_name = "NAME", value_parser = sources::NAMES)]
    source: Option<String>,

    /// Only this site; several by commas, or the flag several times
    #[arg(long = "site", value_name = "ID", value_delimiter = ',', value_parser = parse_site_id)]
    sites: Vec<SiteId>,

    /// Write nothing, and end with exit code 1 if anything would change
    #[arg(long)]
    check: bool,

    /// Write nothing, and say what would change
    #[arg(long, conflicts_with = "check")]
    dry_run: bool,

    /// Make this empty store of all that is kept, run by run; the sites are those of the sites file, without one
    /// those that were asked for, since the first hour of which something is known. Slots that were settled
    /// without a call are not made
    #[arg(long, value_name = "URL", conflicts_with_all = ["check", "dry_run", "source", "sites"])]
    into: Option<SecretString>,

    /// Form of what goes to stdout: json is what was found and done, in one document
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    vault: VaultSettings,

    #[command(flatten)]
    store: StoreSettings,

    #[command(flatten)]
    sites_file: SitesSettings,
}

pub(super) async fn run(args: Args, platform: &Platform) -> anyhow::Result<Exit> {
    output::check_form(args.output, false)?;
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let days = args.days.days(SystemClock.now())?;
    let vault = needed_vault(&args.vault)?;
    if let Some(url) = &args.into {
        return into(&args, url, (&vault, days), (platform, &shutdown)).await;
    }
    let store = StorePart::of(&args.store);
    let opened = store.ready().await?;
    check_ids(&args.sites, &opened.reads.list_sites().await?)?;
    let days = span(&opened.reads, days).await?;
    refuse_closed(&opened.reads, days).await?;
    let readers = readers();
    let host = platform.host();
    let report = replay::run(Replay {
        job: job((opened, store.lease()), &host, &shutdown),
        vault: &vault,
        readers: &readers,
        source: args.source.as_deref(),
        site_ids: &args.sites,
        days,
        writes: !args.check && !args.dry_run,
    })
    .await?;
    show(&args, &report)?;
    Ok(exit(&args, &report, &shutdown))
}

/// Nothing is written to a month that is being archived or has left the store, and its slots are not there to
/// be read.
async fn refuse_closed(reads: &Reads, (first, last): (NaiveDate, NaiveDate)) -> anyhow::Result<()> {
    let mut closed = reads.list_closed_months().await?;
    closed.retain(|month| month.first_day() <= last && first <= month.last_day());
    let Some(month) = closed.last() else { return Ok(()) };
    let problem = format!("{month} is archived: its slots have left the store");
    let hint =
        format!("replay days from {} on, or make another store: --into", month.next().first_day());
    Err(UsageError::new(problem).hint(hint).into())
}

/// Makes an empty store of the vault.
async fn into(
    args: &Args,
    url: &SecretString,
    (vault, days): (&Vault, Days),
    (platform, shutdown): (&Platform, &Shutdown),
) -> anyhow::Result<Exit> {
    let readers = readers();
    let first = days.from.unwrap_or(NaiveDate::MIN);
    let last = days.to.unwrap_or(NaiveDate::MAX);
    let days = Some((first, last));
    let sites = match args.sites_file.is_unset() {
        true => sites_of(vault, &readers, days).await.inspect(|_| warn_of_sites())?,
        false => args.sites_file.read()?,
    };
    let settings = StoreSettings::at(url.expose_secret());
    let store = StorePart::of(&settings);
    let opened = store.writable().await?;
    let host = platform.host();
    let rebuilt = rebuild(Rebuild {
        job: job((opened, store.lease()), &host, shutdown),
        vault,
        readers: &readers,
        sites: &sites,
        days,
    })
    .await?;
    for fault in &rebuilt.faults {
        tracing::error!(error_kind = "vault_broken", "{fault}");
    }
    output::line(&format!(
        "{} runs made of {} answers: {} slots, {} of them collected",
        grouped(rebuilt.runs),
        grouped(rebuilt.answers),
        grouped(rebuilt.slots),
        grouped(rebuilt.collected)
    ))?;
    if shutdown.token().is_cancelled() {
        return Ok(shutdown.exit());
    }
    Ok(if rebuilt.faults.is_empty() { Exit::Done } else { Exit::TooManyFailed })
}

fn warn_of_sites() {
    tracing::warn!(
        hint = "with SITES_FILE, or --sites-file, they have names and zones",
        "no sites file: the sites are those of the answers, named by their ids, and their days are of UTC"
    );
}

/// The sources, made of kept answers.
fn readers() -> Vec<Reader> {
    SOURCES.iter().map(|entry| Reader::new(entry.reread)).collect()
}

/// What opens runs in a store; it calls nobody, so that nothing of it is to be kept.
fn job<'a>(
    (opened, lease): (&'a Opened, Duration),
    host: &'a RunHost,
    shutdown: &'a Shutdown,
) -> Job<'a> {
    Job {
        store: &*opened.store,
        reads: &opened.reads,
        clock: &SystemClock,
        shard: Shard::WHOLE,
        lease,
        host,
        shutdown: shutdown.token(),
        vault: None,
    }
}

fn exit(args: &Args, report: &Report, shutdown: &Shutdown) -> Exit {
    if let Some(holder) = &report.held {
        etl::warn_of(holder);
    }
    if report.is_interrupted {
        return shutdown.exit();
    }
    let is_bad = !report.faults.is_empty()
        || report.newly_failing > 0
        || args.check && report.has_differences();
    if is_bad { Exit::TooManyFailed } else { Exit::Done }
}

fn show(args: &Args, report: &Report) -> anyhow::Result<()> {
    if args.output == OutputFormat::Json {
        return output::document(&report.summary());
    }
    let Report { slots, equal, changed, newly_good, newly_failing, no_body, written, .. } = report;
    let counts = [
        (equal, "equal"),
        (changed, "changed"),
        (newly_good, "newly good"),
        (newly_failing, "newly failing"),
        (no_body, "without a body"),
    ];
    let counts: Vec<_> =
        counts.iter().map(|(count, word)| format!("{} {word}", grouped(**count))).collect();
    output::line(&format!(
        "{} slots: {}; {} rows written",
        grouped(*slots),
        counts.join(", "),
        grouped(*written)
    ))?;
    for (field, count) in &report.fields {
        output::line(&format!("  {field}: {} rows differ", grouped(*count)))?;
    }
    for failing in &report.failing {
        output::line(&format!("  newly failing: {failing}"))?;
    }
    if io::stderr().is_terminal() {
        report.faults.iter().for_each(|fault| output::say(fault));
    }
    Ok(())
}
