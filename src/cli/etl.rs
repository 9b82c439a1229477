//! `weather etl`: collects what is due now.

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use clap::builder::NonEmptyStringValueParser;

use super::error;
use super::exit::Exit;
use super::output::{self, OutputFormat};
use super::parts::{Parts, PartsSettings};
use super::platform::Platform;
use super::progress::Bar;
use super::shutdown::Shutdown;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::SiteId;
use crate::etl::{self, Ended, Etl, Report, Selection, Summary};
use crate::job::{JobSettings, Stop};
use crate::store::Holder;

pub(super) mod document;
mod dry_run;
mod words;

use document::Document;

/// Collect what is due now: extract, transform, load
///
/// Every active site has one slot per interval; those of the present moment that are neither
/// collected nor failed for good are called for, and their observations loaded. Started twice, it
/// finds nothing left to do; started after a crash, it collects what is missing.
///
/// With several sources (SOURCES) each has a run of its own, all at once, with its own rows, slots,
/// limits, pauses and errors. Open-Meteo needs no key; its free service is for
/// non-commercial use only.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather etl\n  \
    weather etl --dry-run\n  \
    weather etl --output json | jq .collected\n  \
    weather etl --site mad-retiro --site lon-city --force\n  \
    SOURCES=openweathermap,open-meteo weather etl\n  \
    DATABASE_URL=mysql://weather:weather@127.0.0.1/weather OPENWEATHER_API_KEY=… weather etl")]
pub(super) struct Args {
    /// Only this site; may be given several times
    #[arg(long = "site", value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    sites: Vec<String>,

    /// Collect again what is collected already, or failed for good
    #[arg(long)]
    force: bool,

    /// Say what would be called, and call nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Form of what goes to stdout: json is what was done, in one document; with --dry-run the calls, in
    /// any form
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) output: OutputFormat,

    /// Share of the sites that may fail before the exit code is 1
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = parse_percent)]
    max_failed: f64,

    #[command(flatten)]
    pub(super) settings: JobSettings,
    #[command(flatten)]
    pub(super) parts: PartsSettings,
}

pub(super) async fn run(args: Args, platform: &Platform) -> anyhow::Result<Exit> {
    let args = args.ready()?;
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let collected = collect(&args, &Parts::of(&args.parts, platform, &shutdown)).await?;
    if let Some(document) = &collected.document
        && args.output == OutputFormat::Json
    {
        output::document(document)?;
    }
    collected.end
}

impl Args {
    /// The same, checked: a dry run needs no key, and what was done is one document, not rows.
    pub(super) fn ready(mut self) -> anyhow::Result<Self> {
        output::check_form(self.output, self.dry_run)?;
        if self.dry_run {
            self.parts.sources = self.parts.sources.for_no_call();
        }
        Ok(self)
    }
}

impl Args {
    /// The sites that are meant; empty: all.
    pub(super) async fn selected(&self, parts: &Parts<'_>) -> anyhow::Result<Vec<SiteId>> {
        self.parts.sites_file.select(&self.sites, parts.sites().await?)
    }
}

/// What came of a start.
pub(super) struct Collected {
    /// How the command ends.
    pub(super) end: anyhow::Result<Exit>,
    /// What was done; `None` of a dry run.
    pub(super) document: Option<Document>,
}

/// Collects until it is done or interrupted.
pub(super) async fn collect(args: &Args, parts: &Parts<'_>) -> anyhow::Result<Collected> {
    parts.platform.check_store(&args.parts.store)?;
    let sites = parts.sites().await?;
    let site_ids = args.parts.sites_file.select(&args.sites, sites)?;
    let selection = Selection { site_ids, force: args.force };
    let shard = parts.platform.shard()?;
    if args.dry_run {
        let end = dry_run::run(parts, sites, &selection, args.output).await;
        return Ok(Collected { end, document: None });
    }
    let (sources, opened) = parts.sources_and_store().await?;
    let bar = Bar::new(parts.platform.has_machine_log(), "sites");
    let each = sources.iter().map(|ready| Etl {
        job: parts.job(opened, shard),
        source: &*ready.source,
        settings: &args.settings,
        calls_per_minute: ready.live_calls_per_minute,
        budget: &ready.budget,
        progress: &bar,
    });
    let each: Vec<Etl<'_>> = each.collect();
    // Each source by itself, at once: the pace of one must not make another's slots late.
    let runs = each.iter().map(|parts| etl::run(*parts, sites, &selection));
    let ended = futures::future::join_all(runs).await;
    drop(bar);
    let is_prose = io::stderr().is_terminal() && args.output != OutputFormat::Json;
    let (mut ends, mut runs) = (Vec::new(), Vec::new());
    for (ready, ended) in sources.iter().zip(ended) {
        if let Ok(Ended::Ran(report)) = &ended {
            runs.push(Summary::of(report));
            if is_prose {
                words::show(report, ready.entry, sites);
            }
        }
        ends.push(ended.and_then(|ended| conclude(ended, args.max_failed, parts.shutdown)));
    }
    Ok(Collected { end: worst(ends), document: Some(Document::of(runs)) })
}

/// What came of all sources: the first error, else the worst end. Other errors are logged here.
pub(super) fn worst(concluded: Vec<anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    let (mut worst, mut first_error) = (Exit::Done, None);
    for end in concluded {
        match end {
            Ok(exit) => worst = worst.worse(exit),
            Err(error) if first_error.is_none() => first_error = Some(error),
            Err(error) => error::log(&error),
        }
    }
    match first_error {
        None => Ok(worst),
        // Of two, the higher code counts: an interruption outweighs any error.
        Some(error) if worst.code() > Exit::Stopped.code() => {
            error::log(&error);
            Ok(worst)
        }
        Some(error) => Err(error),
    }
}

fn conclude(ended: Ended, max_failed: f64, shutdown: &Shutdown) -> anyhow::Result<Exit> {
    let report: Report = match ended {
        Ended::Ran(report) => *report,
        Ended::Interrupted => return Ok(shutdown.exit()),
        Ended::Held(holder) => {
            warn_of(&holder);
            return Ok(Exit::Done);
        }
    };
    match report.stop {
        Some(Stop::Interrupted) => Ok(shutdown.exit()),
        Some(stop) => Err(stop.into()),
        #[expect(clippy::cast_precision_loss, reason = "counts of sites are far below 2^53")]
        None if report.missing() as f64 * 100.0 > max_failed * report.counts.sites as f64 => {
            Ok(Exit::TooManyFailed)
        }
        None => Ok(Exit::Done),
    }
}

/// Another execution is at it.
pub(super) fn warn_of(holder: &Holder) {
    let age = output::ago(SystemClock.now() - holder.started_at);
    tracing::warn!(
        holder_run_id = holder.run_id,
        "another run is at it: {} on {}, started {age} ago; nothing to do",
        holder.run_id,
        holder.host
    );
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end().parse::<f64>();
    match number {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("expected a percentage from 0% to 100%".into()),
    }
}
