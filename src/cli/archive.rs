//! `weather archive`: lets months leave the store that the lake is proved to hold.

use std::time::Duration;

use anyhow::Context as _;

use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, grouped};
use super::parts::{SinkChoice, StorePart, open_sinks};
use super::platform::Platform;
use super::shutdown::Shutdown;
use crate::archive::{self, Archive, Report};
use crate::clock::SystemClock;
use crate::domain::Month;
use crate::sink::lake::Lake;
use crate::sink::{Sink, SinkSettings};
use crate::store::{Opened, StoreSettings};

/// Let months leave the store that the lake is proved to hold
///
/// A month (UTC) leaves when its last day is more than --keep-days old, every sink that is set has it and was
/// verified through it, and no heal is open. It is frozen, summed day by day in the store and in the lake, from
/// files that are downloaded for that, and its rows are deleted once both are the same. What gaps, status and
/// verify need of it stays. Killed anywhere, the next start goes on. Needs LAKE_URL. Ends with exit code 1 when
/// the lake does not hold a month as the store does.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather archive --dry-run\n  \
    weather archive --keep-days 60\n  \
    weather archive --month 2026-09          # also a month that was restored\n  \
    weather archive --thaw --month 2026-09   # give up on a month that is frozen")]
pub(super) struct Args {
    /// Say what is due and what keeps each month, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Only this month
    #[arg(long, value_name = "YYYY-MM", value_parser = Month::parse)]
    month: Option<Month>,

    /// Let a month that is frozen, and not proved, be written to again
    #[arg(long, requires = "month", conflicts_with = "dry_run")]
    thaw: bool,

    #[command(flatten)]
    settings: ArchiveSettings,
    #[command(flatten)]
    sink: SinkSettings,
    #[command(flatten)]
    store: StoreSettings,
}

/// What stays in the store.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Archive")]
pub(super) struct ArchiveSettings {
    /// Days that stay in the store at least; whole months leave
    #[arg(
        long, value_name = "N", env = "ARCHIVE_KEEP_DAYS", default_value_t = 400,
        value_parser = clap::value_parser!(u32).range(35..=i64::from(MOST_DAYS))
    )]
    pub(super) keep_days: u32,

    #[command(flatten)]
    grace: ArchiveGrace,
}

/// How long rows stay after they are proved.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ArchiveGrace {
    /// How long rows stay after they are proved in seconds, for tests: readers that began before have ended
    #[arg(long, env = "WEATHER_ARCHIVE_GRACE_SECONDS", hide = true, default_value_t = 60)]
    grace_seconds: u64,
}

impl ArchiveGrace {
    /// The parts with that.
    pub(super) fn apply<'a>(&self, parts: Archive<'a>) -> Archive<'a> {
        Archive { grace: Duration::from_secs(self.grace_seconds), ..parts }
    }
}

impl ArchiveSettings {
    /// The parts with what stays.
    pub(super) fn apply<'a>(&self, parts: Archive<'a>) -> Archive<'a> {
        Archive { keep_days: self.keep_days, ..self.grace.apply(parts) }
    }
}

/// Days that may stay at most.
const MOST_DAYS: u32 = 3650;

/// The lake and every sink that is set, the lake among them.
pub(super) struct Sinks {
    pub(super) lake: Lake,
    pub(super) all: Vec<Box<dyn Sink>>,
}

impl Sinks {
    /// Opens them.
    ///
    /// # Errors
    /// [`UsageError`] without a lake; or why one cannot be opened.
    pub(super) async fn open(settings: &SinkSettings, platform: &Platform) -> anyhow::Result<Self> {
        platform.check_lake(&settings.lake)?;
        let unset = || {
            UsageError::new(
                "no lake: LAKE_URL is not set, and nothing leaves the store without one",
            )
            .hint("set LAKE_URL to file:./lake, s3://bucket/prefix or gs://bucket/prefix")
        };
        let lake = settings.lake.open()?.ok_or_else(unset)?;
        let sinks = open_sinks(settings, SinkChoice { sink: None }).await?;
        let all = sinks.into_iter().map(|opened| opened.sink).collect::<Result<_, _>>()?;
        Ok(Self { lake, all })
    }

    /// The parts of an archive of this open store, whose lease is known.
    pub(super) fn parts<'a>(
        &'a self,
        (opened, lease): (&'a Opened, Duration),
        shutdown: &'a Shutdown,
    ) -> Archive<'a> {
        Archive {
            reads: &opened.reads,
            archiving: &opened.archiving,
            lake: &self.lake,
            sinks: &self.all,
            clock: &SystemClock,
            keep_days: MOST_DAYS,
            only: None,
            grace: Duration::ZERO,
            lease,
            shutdown: shutdown.token(),
        }
    }
}

pub(super) async fn run(args: Args, platform: &Platform) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let sinks = Sinks::open(&args.sink, platform).await?;
    let store = StorePart::of(&args.store);
    let opened = (store.ready().await?, store.lease());
    let parts = args.settings.apply(sinks.parts(opened, &shutdown));
    let parts = Archive { only: args.month, ..parts };
    match args.month {
        Some(month) if args.thaw => thaw(parts, month).await,
        _ if args.dry_run => plan(parts).await,
        _ => show(archive::run(parts).await, &shutdown),
    }
}

async fn thaw(parts: Archive<'_>, month: Month) -> anyhow::Result<Exit> {
    let words = match archive::thaw(parts, month).await? {
        true => "may be written to again",
        false => "is not frozen: nothing to do",
    };
    output::line(&format!("{month}: {words}"))?;
    Ok(Exit::Done)
}

async fn plan(parts: Archive<'_>) -> anyhow::Result<Exit> {
    let planned = archive::plan(parts).await?;
    if planned.is_empty() {
        output::line("nothing is due")?;
    }
    for archive::DueMonth { month, due } in planned {
        let rows = grouped(due.rows.unsigned_abs());
        output::line(&match due.obstacles.is_empty() {
            true => format!("{month}: due, {rows} rows would leave"),
            false => format!("{month}: not due, {rows} rows: {}", due.obstacles.join("; ")),
        })?;
    }
    Ok(Exit::Done)
}

/// A line for each month, and how to end.
pub(super) fn show(report: Report, shutdown: &Shutdown) -> anyhow::Result<Exit> {
    if report.months.is_empty() && report.error.is_none() {
        output::line("nothing is due")?;
    }
    report.months.iter().try_for_each(|month| output::line(&month.to_string()))?;
    let exit = if report.has_differences() { Exit::TooManyFailed } else { Exit::Done };
    match report.error {
        Some(error) => Err(error),
        None if report.is_interrupted => Ok(shutdown.exit()),
        None => Ok(exit),
    }
}
