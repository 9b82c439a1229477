//! `weather heal`: fills missing slots from a source's history.

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use chrono::{DateTime, NaiveTime, Utc};
use clap::builder::NonEmptyStringValueParser;

use super::days::DaysArgs;
use super::error::UsageError;
use super::etl;
use super::exit::Exit;
use super::output::{self, OutputFormat, grouped};
use super::parts::{Parts, PartsSettings};
use super::platform::Platform;
use super::progress::Bar;
use super::shutdown::Shutdown;
use super::sources::{self, Ready, SourceName};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{Days, Shard, Site};
use crate::heal::{self, Ended, Heal, Summary};
use crate::job::{JobSettings, Stop, Unwatched, moves};
use crate::store::Opened;

pub(super) mod document;
mod planned;
pub(super) mod words;

use document::Document;
use planned::PlannedCall;
use words::{again, archived, later, show};

/// Fill missing slots from a source's history
///
/// `weather gaps` lists what is missing. It is filled newest first, in the fewest calls that the
/// source allows: OpenWeatherMap by One Call 4.0 (a call per site and twenty hours; a subscription of
/// its own; OPENWEATHER_ONE_CALL=3.0 where it is of that version: a call per site and hour),
/// Open-Meteo by its archive (a hundred sites and fourteen days per call; free for
/// non-commercial use only). A slot that the source says it has nothing for becomes unfillable, with
/// the reason, and is not asked for again, unless with --again. What is healed says so (value_kind is backfill) and keeps its true
/// source. Interrupted, it goes on where it was; it runs beside `weather etl`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather heal --dry-run\n  \
    weather heal --site mad-retiro --from 7d --to yesterday\n  \
    weather heal --max-calls 500\n  \
    weather heal --again --from 2026-11-01    # also slots that were given up as unfillable\n  \
    weather heal --from-source open-meteo     # OpenWeatherMap's holes, from Open-Meteo's archive")]
pub(super) struct Args {
    /// Only this site; may be given several times
    #[arg(long = "site", value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    sites: Vec<String>,

    #[command(flatten)]
    days: DaysArgs,

    /// Calls that may be spent, as the source charges them [default: as many as it takes]
    #[arg(long, value_name = "N")]
    max_calls: Option<u64>,

    /// Ask again for slots that were given up as unfillable from this source, too
    #[arg(long)]
    again: bool,

    /// Say what would be called, and call nothing
    #[arg(long)]
    dry_run: bool,

    /// Form of what goes to stdout: json is what was done, in one document; with --dry-run the calls, in
    /// any form
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    from_source: FromSource,
    #[command(flatten)]
    settings: JobSettings,
    #[command(flatten)]
    parts: PartsSettings,
}

/// Which source's history fills the slots.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = "Healing")]
pub(super) struct FromSource {
    /// Fill the slots from another source's history: the rows keep that source, and the slots name
    /// it [default: the slots' own]
    #[arg(long, value_name = "NAME", env = "HEAL_FROM_SOURCE", value_parser = sources::parse_name)]
    from_source: Option<SourceName>,
}

pub(super) async fn run(mut args: Args, platform: &Platform) -> anyhow::Result<Exit> {
    output::check_form(args.output, args.dry_run)?;
    if args.dry_run {
        args.parts.sources = args.parts.sources.for_no_call();
    }
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let parts = Parts::of(&args.parts, platform, &shutdown);
    platform.check_store(&args.parts.store)?;
    let live_sites = parts.sites().await?;
    let selected = args.parts.sites_file.select(&args.sites, live_sites)?;
    let filled = Filled::of_all(&parts, args.from_source).await?;
    let days = days(&args, &filled, SystemClock.now())?;
    let opened = if args.dry_run {
        parts.store.ready().await?
    } else {
        parts.ready_vault().await?;
        let opened = parts.store.writable().await?;
        moves::warn_of_moves(&opened.store.take_in_sites(live_sites, SystemClock.now()).await?);
        opened
    };
    let mut sites = live_sites.to_vec();
    sites.retain(|site| selected.is_empty() || selected.contains(&site.site_id));
    let healing = Healing {
        parts: &parts,
        opened,
        settings: &args.settings,
        shard: platform.shard()?,
        live_sites,
        max_calls: args.max_calls,
        again: args.again,
        goes_on_later: false,
        is_prose: is_prose(args.output),
    };
    if args.dry_run {
        return dry_run(healing, &filled, &sites, days, args.output).await;
    }
    let bar = Bar::new(platform.has_machine_log(), "slots");
    let healed = healing.heal(&filled, &sites, days, &bar).await;
    if args.output == OutputFormat::Json {
        output::document(&healed.document)?;
    }
    healed.end
}

/// Whether a person reads what was done, and in words.
fn is_prose(format: OutputFormat) -> bool {
    io::stderr().is_terminal() && format != OutputFormat::Json
}

/// What came of a heal.
pub(super) struct Healed {
    /// How the command ends.
    pub(super) end: anyhow::Result<Exit>,
    /// What was done.
    pub(super) document: Document,
}

/// Fills missing slots within so many calls, with the settings of the collection.
pub(super) async fn heal_all(
    parts: &Parts<'_>,
    collection: &etl::Args,
    from_source: FromSource,
    max_calls: u64,
) -> anyhow::Result<Healed> {
    let filled = Filled::of_all(parts, from_source).await?;
    let sites = parts.sites().await?;
    let healing = Healing {
        parts,
        opened: parts.store.ready().await?,
        settings: &collection.settings,
        shard: parts.platform.shard()?,
        live_sites: sites,
        max_calls: Some(max_calls),
        again: false,
        goes_on_later: true,
        is_prose: is_prose(collection.output),
    };
    let bar = Bar::new(parts.platform.has_machine_log(), "slots");
    Ok(healing.heal(&filled, sites, Days::ALL, &bar).await)
}

/// What a heal of all sources works with.
#[derive(Clone, Copy)]
struct Healing<'a> {
    parts: &'a Parts<'a>,
    opened: &'a Opened,
    settings: &'a JobSettings,
    shard: Shard,
    /// Those whose live slots come first.
    live_sites: &'a [Site],
    max_calls: Option<u64>,
    /// Also slots that were given up.
    again: bool,
    /// It takes what the day leaves, start by start: a spent budget is no failure.
    goes_on_later: bool,
    /// A person reads what was done.
    is_prose: bool,
}

/// A source whose slots are filled, and what from.
struct Filled<'a> {
    source: SourceName,
    from: &'a Ready,
    /// Whether live calls of the account are made, too.
    is_live: bool,
}

impl<'a> Filled<'a> {
    /// Of each source that is collected from.
    async fn of_all(
        parts: &'a Parts<'_>,
        FromSource { from_source }: FromSource,
    ) -> anyhow::Result<Vec<Self>> {
        let sources = parts.settings.sources.names();
        let mut filled = Vec::new();
        for source in &sources {
            let from = from_source.unwrap_or(source);
            let is_live = sources.contains(&from);
            filled.push(Self { source, from: parts.source(from).await?, is_live });
        }
        Ok(filled)
    }
}

impl<'a> Healing<'a> {
    fn parts(self, filled: &'a Filled<'_>, progress: &'a dyn crate::job::Progress) -> Heal<'a> {
        let Filled { source, from, is_live } = filled;
        Heal {
            job: self.parts.job(self.opened, self.shard),
            source: source.name,
            histories: &from.histories,
            settings: self.settings,
            calls_per_minute: from.calls_per_minute,
            budget: from.budget.for_heal(if *is_live { self.live_sites } else { &[] }),
            max_calls: self.max_calls,
            again: self.again,
            progress,
        }
    }

    /// One source after the other. What the first spends is not left for the next; an error of the first
    /// does not stop the next.
    async fn heal(
        mut self,
        filled: &'a [Filled<'_>],
        sites: &[Site],
        days: Days,
        bar: &'a Bar,
    ) -> Healed {
        let (mut concluded, mut summaries) = (Vec::new(), Vec::new());
        for filled in filled {
            let ended = heal::run(self.parts(filled, bar), sites, days).await;
            if let Ok(Ended::Ran(report) | Ended::Held(_, report)) = &ended {
                self.max_calls = self.max_calls.map(|calls| calls.saturating_sub(report.charged));
                summaries.push(Summary::of(report));
            }
            concluded.push(ended.and_then(|ended| self.conclude(ended)));
            if self.parts.shutdown.token().is_cancelled() {
                break;
            }
        }
        Healed { end: etl::worst(concluded), document: Document::of(summaries) }
    }

    fn conclude(&self, ended: Ended) -> anyhow::Result<Exit> {
        let report = match ended {
            Ended::Ran(report) => report,
            Ended::Held(holder, report) => {
                etl::warn_of(&holder);
                report
            }
        };
        words::log_failures(&report);
        if self.is_prose {
            show(&report);
        }
        match report.stop {
            Some(Stop::Interrupted) => Ok(self.parts.shutdown.exit()),
            Some(stop @ Stop::BudgetSpent { .. }) if self.goes_on_later => {
                tracing::warn!("healing goes on later: {stop}");
                Ok(Exit::Done)
            }
            Some(stop) => Err(stop.into()),
            None if report.failed > 0 => Ok(Exit::TooManyFailed),
            None => Ok(Exit::Done),
        }
    }
}

/// The days that are asked for.
fn days(args: &Args, filled: &[Filled<'_>], now: DateTime<Utc>) -> anyhow::Result<Days> {
    let days = args.days.days(now)?;
    for history in filled.iter().filter_map(|filled| filled.from.histories.first()) {
        let since = history.reach().since;
        let end = days.to.map(|day| day.and_time(NaiveTime::MIN).and_utc());
        if end.is_some_and(|end| end < since) {
            let source = history.source_name();
            let since = since.date_naive();
            let problem = format!("--to is before the history of {source} begins: {since}");
            return Err(UsageError::new(problem).hint(format!("ask for {since} or later")).into());
        }
    }
    Ok(days)
}

async fn dry_run(
    healing: Healing<'_>,
    filled: &[Filled<'_>],
    sites: &[Site],
    days: Days,
    format: OutputFormat,
) -> anyhow::Result<Exit> {
    let (mut rows, mut words) = (Vec::new(), Vec::new());
    for filled in filled {
        let parts = healing.parts(filled, &Unwatched);
        let (calls, report) = heal::plan(parts, sites, days).await?;
        let charged: u64 = calls.iter().map(|call| u64::from(call.charge)).sum();
        words.push(format!(
            "dry run: {} calls to {}, charged as {}, for {} missing slots of {}{}; {} cannot be filled{}{}",
            grouped(calls.len() as u64),
            report.history,
            grouped(charged),
            grouped(report.missing - report.unfillable),
            report.source,
            again(&report),
            grouped(report.unfillable),
            archived(&report),
            later(&report),
        ));
        rows.extend(calls.into_iter().map(|call| PlannedCall {
            source: report.source,
            from_source: report.history,
            sites: call.sites,
            first_hour: call.first,
            last_hour: call.last,
            slots: call.slots,
            calls: call.charge,
        }));
    }
    output::rows(format, &rows)?;
    words.iter().for_each(|words| output::say(words));
    Ok(Exit::Done)
}
