//! `weather demo`: the whole job on a fresh machine, in seconds.
//!
//! A simulator on loopback answers real HTTP, a stepped clock goes through the hours as the
//! schedule does (minutes 7 and 37), and the job is the one that production runs.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpListener;
use url::Url;

use super::error::UsageError;
use super::exit::Exit;
use super::output;
use super::parts::StorePart;
use super::shutdown::Shutdown;
use crate::clock::{Clock as _, SteppedClock, SystemClock};
use crate::domain::{Budget, Shard, Site, sites_file, source_time};
use crate::etl::{self, Ended, Etl, Report, Selection};
use crate::job::{Job, JobSettings, Stop, Unwatched};
use crate::simulator::{self, Simulator};
use crate::source::openweathermap::{self, OpenWeatherMap};
use crate::store::{
    FailureCount, Opened, Reads, RunHost, SiteRow, SiteState, Store, StoreSettings,
};
use crate::telemetry::BARS;

mod live;
mod script;

/// Collect simulated hours of weather: the whole job, without key, network or settings
///
/// A simulator on this machine plays OpenWeatherMap for the sample sites. On the way it blocks the
/// account (429), fails some calls (5xx), and knows nothing of one site (404). Then every hour is
/// started once more, which makes no call and no new row. The result is left in weather-demo.db,
/// which each demo makes anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather demo\n  \
    weather demo --hours 72 && weather status --database-url sqlite://weather-demo.db\n  \
    weather demo --serve     # a month, then an hour every 5 s; look at http://127.0.0.1:8080\n  \
    weather demo --store mysql://weather:weather@127.0.0.1/weather --sites 500 --hours 720")]
pub(super) struct Args {
    /// Hours to collect, up to the present one [default: 24; with --serve 720]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=87_600))]
    hours: Option<u32>,

    /// Then serve the live page on this machine, and play an hour every few seconds until Ctrl-C
    #[arg(long)]
    serve: bool,

    /// Address of --serve, on loopback; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", requires = "serve")]
    listen: SocketAddr,

    /// Seconds between two hours of --serve
    #[arg(long, value_name = "S", default_value_t = 5.0, requires = "serve", value_parser = seconds)]
    every: f64,

    /// Collect into this store instead of sqlite://weather-demo.db; it must hold no other sites
    #[arg(long, value_name = "URL")]
    store: Option<SecretString>,

    /// So many sites instead of the sample ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    sites: Option<u32>,
}

impl Args {
    fn hours(&self) -> u32 {
        self.hours.unwrap_or(if self.serve { 30 * 24 } else { 24 })
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number.filter(|number| (0.1..=3600.0).contains(number)).ok_or("expected 0.1 to 3600".into())
}

/// The file that each demo makes anew.
const FILE: &str = "weather-demo.db";

/// Sites shown in the table at the end.
const MAX_ROWS: usize = 30;

/// What all starts of one pass did.
#[derive(Default)]
struct Pass {
    starts: u64,
    calls: u64,
    retries: u64,
    rows: u64,
    blocked: u64,
}

impl Pass {
    fn add(&mut self, report: &Report) {
        self.starts += 1;
        self.calls += report.counts.calls;
        self.retries += report.counts.retries;
        self.rows += report.counts.rows_loaded;
        self.blocked += u64::from(matches!(report.stop, Some(Stop::AccountBlocked { .. })));
    }
}

/// The parts that the demo plays with.
struct Demo<'a> {
    store: &'a dyn Store,
    reads: &'a Reads,
    source: &'a OpenWeatherMap,
    clock: &'a Arc<SteppedClock>,
    sites: &'a [Site],
    first_hour: DateTime<Utc>,
    hours: u32,
    shutdown: &'a Shutdown,
    bar: &'a ProgressBar,
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let sites = sites(args.sites)?;
    let listener = if args.serve { Some(live::listen(args.listen).await?) } else { None };
    if args.store.is_none() {
        remove_file()?;
    }
    let settings = StoreSettings::at(&url(&args));
    let store = StorePart::of(&settings);
    let Opened { store, reads } = store.writable().await?;
    refuse_other_sites(reads, &sites).await?;
    let hours = args.hours();
    let first_hour = SystemClock.now().duration_trunc(TimeDelta::hours(1))?
        - TimeDelta::hours(i64::from(hours) - 1);
    let clock = Arc::new(SteppedClock::new(first_hour));
    let mut config = script::config(&sites, first_hour, hours);
    if args.serve {
        config.faults.extend(script::of_a_month(&sites, first_hour, hours));
    }
    let simulator = Simulator::new(config, clock.clone());
    let source = serve(simulator.clone(), &shutdown).await?;
    let bar = bar(if args.serve { hours } else { 2 * hours });
    let demo = Demo {
        store: &**store,
        reads,
        source: &source,
        clock: &clock,
        sites: &sites,
        first_hour,
        hours,
        shutdown: &shutdown,
        bar: &bar,
    };
    if let Some(listener) = listener {
        return live::run(&args, &demo, listener).await;
    }
    let (first, second) = (demo.pass().await?, demo.pass().await?);
    bar.finish_and_clear();
    if shutdown.token().is_cancelled() {
        return Ok(shutdown.exit());
    }
    let times = (first_hour, source_time::last_believed(SystemClock.now()));
    let states = reads.list_site_states(openweathermap::NAME, times).await?;
    let failures = reads.list_failures(openweathermap::NAME, first_hour).await?;
    show(&args, (&first, &second), &states, &failures)?;
    Ok(if second.calls == 0 && second.rows == 0 { Exit::Done } else { Exit::TooManyFailed })
}

impl Demo<'_> {
    /// Starts the job at minute 7 of every hour, and at minute 37 where slots were left.
    async fn pass(&self) -> anyhow::Result<Pass> {
        let mut pass = Pass::default();
        for hour in 0..self.hours {
            let hour = self.first_hour + TimeDelta::hours(i64::from(hour));
            for minute in [7, 37] {
                if self.shutdown.token().is_cancelled() {
                    return Ok(pass);
                }
                let report = self.start(hour + TimeDelta::minutes(minute)).await?;
                pass.add(&report);
                let is_left = report.left() > 0 || report.counts.failed > 0;
                if !is_left && self.is_hourly() {
                    break;
                }
            }
            self.bar.inc(1);
        }
        Ok(pass)
    }

    /// True when no site has slots shorter than an hour, for which minute 37 is the first start.
    fn is_hourly(&self) -> bool {
        self.sites.iter().all(|site| site.interval.minutes() >= 60)
    }

    fn host() -> RunHost {
        RunHost { host: "demo".into(), ..RunHost::default() }
    }

    fn job<'a>(&'a self, host: &'a RunHost) -> Job<'a> {
        Job {
            store: self.store,
            reads: self.reads,
            clock: &**self.clock,
            lease: crate::store::settings::LEASE,
            shard: Shard::WHOLE,
            host,
            shutdown: self.shutdown.token(),
        }
    }

    async fn start(&self, time: DateTime<Utc>) -> anyhow::Result<Report> {
        self.clock.set(time);
        let host = Self::host();
        let parts = Etl {
            job: self.job(&host),
            source: self.source,
            settings: &JobSettings { max_workers: script::FIRST_CALLS, ..JobSettings::default() },
            calls_per_minute: 0.0,
            budget: &Budget::unlimited(String::new()),
            progress: &Unwatched,
        };
        match etl::run(parts, self.sites, &Selection::default()).await? {
            Ended::Ran(report) => match report.stop {
                Some(Stop::Store(error)) => Err(error.into()),
                _ => Ok(*report),
            },
            Ended::Held(holder) => Err(UsageError::new(format!(
                "run {} of {} is at work in this store",
                holder.run_id, holder.host
            ))
            .hint("wait for it, or give the demo a store of its own")
            .into()),
            Ended::Interrupted => anyhow::bail!("interrupted"),
        }
    }
}

/// The simulator on a free port of loopback, and a client for it.
async fn serve(simulator: Simulator, shutdown: &Shutdown) -> anyhow::Result<OpenWeatherMap> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on loopback")?;
    let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
    let token = shutdown.token().clone();
    let services = &[simulator::OPENWEATHERMAP];
    let until_the_end = async move { token.cancelled().await };
    tokio::spawn(simulator::run(listener, services, simulator, until_the_end));
    let timeout = std::time::Duration::from_secs(10);
    Ok(OpenWeatherMap::build(&url, SecretString::from("demo"), timeout)?)
}

/// Removes the file of the demo before.
fn remove_file() -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{FILE}{suffix}");
        if Path::new(&file).exists() {
            std::fs::remove_file(&file).with_context(|| format!("cannot replace {file}"))?;
        }
    }
    Ok(())
}

/// Where the store is.
fn url(args: &Args) -> String {
    let given = args.store.as_ref().map(|url| url.expose_secret().to_owned());
    given.unwrap_or_else(|| format!("sqlite://{FILE}"))
}

/// Sites that are not in the demo's list would be deactivated, and their weather made up.
async fn refuse_other_sites(reads: &Reads, sites: &[Site]) -> anyhow::Result<()> {
    let mut known = reads.list_sites().await?;
    known.retain(|site| site.deactivated_at.is_none());
    let is_own = |site: &SiteRow| sites.iter().any(|own| own.site_id.as_str() == site.site_id);
    match known.iter().find(|site| !is_own(site)) {
        None => Ok(()),
        Some(other) => {
            Err(UsageError::new(format!("the store holds another site: {}", other.site_id))
                .hint("give the demo a store of its own: it makes weather up")
                .into())
        }
    }
}

/// The sample sites, or so many around them. Their lives begin with the demo: of days on which nothing
/// was played nothing is missing.
fn sites(count: Option<u32>) -> anyhow::Result<Vec<Site>> {
    let mut sample = sites_file::parse(include_str!("../../config/sites_sample.json"))?;
    for site in &mut sample {
        (site.active_from, site.active_until) = (None, None);
    }
    Ok(match count {
        None => sample,
        Some(count) => script::sites_around(&sample, count),
    })
}

fn bar(hours: u32) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} hours, {eta} left");
    BARS.add(ProgressBar::new(u64::from(hours)))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(
    args: &Args,
    (first, second): (&Pass, &Pass),
    states: &[SiteState],
    failures: &[FailureCount],
) -> anyhow::Result<()> {
    let failing = |state: &&SiteState| state.slots_collected < state.slots_tried;
    let others = states.iter().filter(|state| !failing(state));
    let shown = states.iter().filter(failing).chain(others).take(MAX_ROWS);
    let heads = ["site", "slots", "collected", "failed", "why"];
    let rows = shown.map(|state| {
        vec![
            state.site_id.clone(),
            state.slots_tried.to_string(),
            state.slots_collected.to_string(),
            (state.slots_tried - state.slots_collected).to_string(),
            why(state, failures),
        ]
    });
    let mut text = output::table(&heads, rows);
    if states.len() > MAX_ROWS {
        text.push_str(&format!("… and {} more sites\n", states.len() - MAX_ROWS));
    }
    text.push_str(&format!(
        "{} hours, {} sites. First time: {} starts, {} calls ({} of them retries), {} observations; \
         the account was blocked {} time(s), and the next start collected what was left.\n\
         Second time: {} starts, {} calls, {} new rows.\n",
        args.hours(), states.len(), first.starts, first.calls, first.retries, first.rows,
        first.blocked, second.starts, second.calls, second.rows,
    ));
    let url = args.store.as_ref().map_or_else(|| format!("sqlite://{FILE}"), |_| "URL".into());
    text.push_str(&format!("Look at it: weather status --database-url {url}\n"));
    output::text(&text)
}

/// Each kind of failure of a site with its message.
fn why(state: &SiteState, failures: &[FailureCount]) -> String {
    let own = failures.iter().filter(|failure| failure.site_id == state.site_id);
    let kinds = own.map(|failure| {
        format!("{} × {}: {}", failure.slots, failure.error_kind, failure.error_message)
    });
    kinds.collect::<Vec<_>>().join("; ")
}
