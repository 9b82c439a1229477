//! `weather etl`: collects what is due now.

use anyhow::Context as _;
use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;

use super::error;
use super::exit::Exit;
use super::output::{self, OutputFormat, Row};
use super::parts::{Parts, PartsSettings};
use super::platform::Platform;
use super::progress::Bar;
use super::shutdown::Shutdown;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{RunCounts, Site};
use crate::etl::{self, Ended, Etl, Report, Selection};
use crate::job::{JobSettings, Stop};
use crate::store::Holder;

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

    /// Form of the rows of --dry-run
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    /// Share of the sites that may fail before the exit code is 1
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = parse_percent)]
    max_failed: f64,

    #[command(flatten)]
    pub(super) settings: JobSettings,
    #[command(flatten)]
    pub(super) parts: PartsSettings,
}

pub(super) async fn run(args: Args, platform: &Platform) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    collect(&args, &Parts::of(&args.parts, platform, &shutdown)).await
}

/// Collects until it is done or interrupted.
pub(super) async fn collect(args: &Args, parts: &Parts<'_>) -> anyhow::Result<Exit> {
    parts.platform.check_store(&args.parts.store)?;
    let sites = parts.sites().await?;
    let site_ids = args.parts.sites_file.select(&args.sites, sites)?;
    let selection = Selection { site_ids, force: args.force };
    let shard = parts.platform.shard()?;
    let sources = parts.sources().await?;
    let opened = parts.store.writable().await?;
    let bar = Bar::new(parts.platform.has_machine_log(), "sites");
    let each = sources.into_iter().map(|ready| Etl {
        job: parts.job(opened, shard),
        source: &*ready.source,
        settings: &args.settings,
        calls_per_minute: ready.live_calls_per_minute,
        budget: &ready.budget,
        progress: &bar,
    });
    let each: Vec<Etl<'_>> = each.collect();
    if args.dry_run {
        return dry_run(&each, sites, &selection, args.output).await;
    }
    // Each source by itself, at once: the pace of one must not make another's slots late.
    let runs = each.iter().map(|parts| etl::run(*parts, sites, &selection));
    let ended = futures::future::join_all(runs).await;
    drop(bar);
    let concluded =
        ended.into_iter().map(|ended| conclude(ended?, args.max_failed, parts.shutdown));
    worst(concluded.collect())
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

#[derive(Serialize)]
struct PlannedCall {
    site_id: String,
    slot_time: String,
    source: &'static str,
}

impl Row for PlannedCall {
    const HEADS: &[&str] = &["site", "slot", "source"];

    fn cells(&self) -> Vec<String> {
        vec![self.site_id.clone(), self.slot_time.clone(), self.source.into()]
    }
}

async fn dry_run(
    sources: &[Etl<'_>],
    sites: &[Site],
    selection: &Selection,
    format: OutputFormat,
) -> anyhow::Result<Exit> {
    let (mut calls, mut words) = (Vec::new(), Vec::new());
    for parts in sources {
        let source = parts.source.name();
        let due = etl::due(*parts, sites, selection).await?;
        calls.extend(due.slots.iter().map(|(_, slot)| PlannedCall {
            site_id: slot.site_id.to_string(),
            slot_time: slot.slot_time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            source,
        }));
        words.push(format!(
            "dry run: {} calls for {} sites; {} collected already, {} failed for good ({source})",
            due.slots.len(),
            due.sites,
            due.collected_before,
            due.failed_before
        ));
        if let Some(until) = parts.job.store.paused_until(source).await?
            && until > parts.job.clock.now()
        {
            let until = until.format("%F %T UTC");
            words.push(format!("the account is blocked until {until} ({source})"));
        }
    }
    output::rows(format, &calls)?;
    words.iter().for_each(|words| output::say(words));
    Ok(Exit::Done)
}

fn conclude(ended: Ended, max_failed: f64, shutdown: &Shutdown) -> anyhow::Result<Exit> {
    let report = match ended {
        Ended::Ran(report) => report,
        Ended::Interrupted => return Ok(shutdown.exit()),
        Ended::Held(holder) => {
            warn_of(&holder);
            return Ok(Exit::Done);
        }
    };
    show(&report);
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

/// The report for the person at the terminal; machines read the log line.
fn show(report: &Report) {
    use std::io::IsTerminal as _;
    if !std::io::stderr().is_terminal() {
        return;
    }
    let RunCounts { sites, collected, failed, skipped, calls, retries, .. } = report.counts;
    let head = [
        "source",
        "outcome",
        "sites",
        "collected",
        "failed",
        "skipped",
        "left",
        "calls",
        "retries",
    ];
    let cells = [sites, collected, failed, skipped, report.left(), calls, retries];
    let cells = [report.source.to_owned(), report.outcome().to_string()]
        .into_iter()
        .chain(cells.iter().map(u64::to_string))
        .collect();
    output::say(&output::table(&head, std::iter::once(cells)));
    if !report.failures.is_empty() {
        let rows = report.failures.iter().map(|failure| {
            vec![failure.site_id.clone(), failure.kind.to_string(), failure.message.clone()]
        });
        output::say(&output::table(&["site", "error", "message"], rows));
    }
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end().parse::<f64>();
    match number {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("expected a percentage from 0% to 100%".into()),
    }
}
