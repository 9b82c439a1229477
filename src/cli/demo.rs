//! `weather demo`: the whole job on a fresh machine, in seconds.
//!
//! A simulator on loopback answers real HTTP, a stepped clock goes through the hours as the
//! schedule does (minutes 7 and 37), and the job is the one that production runs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpListener;
use url::Url;

use super::colour::Tone;
use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, Column, Line};
use super::parts::StorePart;
use super::shutdown::Shutdown;
use crate::clock::{Clock as _, SteppedClock, SystemClock};
use crate::domain::budget::{self, Counts, Limit};
use crate::domain::cost::PLANS;
use crate::domain::{Budget, Shard, Site, Window, sites_file, source_time};
use crate::etl::{self, Ended, Etl, Report, Selection};
use crate::job::{Job, JobSettings, Stop, Unwatched};
use crate::simulator::{self, Simulator};
use crate::source::openweathermap::{self, OpenWeatherMap};
use crate::store::{
    FailureCount, Opened, Reads, RunHost, SiteRow, SiteState, Store, StoreSettings,
};
use crate::telemetry::BARS;
use crate::vault::{Vault, VaultSettings};

mod folder;
mod lake;
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
    weather demo --lake lake     # also mirrors it to Delta tables, for DuckDB and others\n  \
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

    /// Also mirror the store to a lake in this folder, which each demo makes anew
    #[arg(long, value_name = "DIR", conflicts_with = "serve")]
    lake: Option<PathBuf>,

    /// Also keep every answer as it came, in this folder: a new or empty one, or that of a demo before
    #[arg(long, value_name = "DIR")]
    vault: Option<PathBuf>,

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

/// Where the demo's store is, for what found none.
pub(super) fn hint() -> String {
    match Path::new(FILE).exists() {
        true => format!("; the demo's is here: --database-url sqlite://{FILE}"),
        false => "; `weather demo` makes one to look at, without a key".to_owned(),
    }
}

/// Sites shown in the table at the end.
const MAX_ROWS: usize = 30;

/// The columns of that table.
const COLUMNS: &[Column] = &[
    Column::text("site").toned(),
    Column::number("slots"),
    Column::number("collected"),
    Column::number("failed"),
    Column::words("why"),
];

/// What all starts of one pass did.
#[derive(Default)]
struct Pass {
    starts: u64,
    calls: u64,
    retries: u64,
    rows: u64,
    blocked: u64,
    mirrored: lake::Mirrored,
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
    vault: Option<&'a Vault>,
    bar: &'a ProgressBar,
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let sites = sites(args.sites)?;
    let listener = if args.serve { Some(live::listen(args.listen).await?) } else { None };
    if let Some(folder) = &args.lake {
        folder::make(folder, "--lake")?;
    }
    if args.store.is_none() {
        remove_file()?;
    }
    let settings = StoreSettings::at(&url(&args));
    let store = StorePart::of(&settings);
    let Opened { store, reads, .. } = store.writable().await?;
    refuse_other_sites(reads, &sites).await?;
    let vault = args.vault.as_deref().map(open_vault).transpose()?;
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
        vault: vault.as_ref(),
        bar: &bar,
    };
    if let Some(listener) = listener {
        return live::run(&args, &demo, listener).await;
    }
    let (mut first, mut second) = (demo.pass().await?, demo.pass().await?);
    if let Some(folder) = &args.lake {
        first.mirrored = demo.mirror(folder).await?;
        second.mirrored = demo.mirror(folder).await?;
    }
    bar.finish_and_clear();
    if shutdown.token().is_cancelled() {
        return Ok(shutdown.exit());
    }
    let times = (first_hour, source_time::last_believed(SystemClock.now()));
    let states = reads.list_site_states(openweathermap::NAME, times).await?;
    let failures = reads.list_failures(openweathermap::NAME, first_hour).await?;
    show(&args, (&first, &second), &states, &failures)?;
    let is_idle = second.calls == 0 && second.rows == 0 && second.mirrored.commits == 0;
    Ok(if is_idle { Exit::Done } else { Exit::TooManyFailed })
}

impl Demo<'_> {
    /// Mirrors the store into the lake.
    async fn mirror(&self, folder: &Path) -> anyhow::Result<lake::Mirrored> {
        lake::mirror(folder, (self.store, self.reads), self.shutdown.token()).await
    }

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
            vault: self.vault,
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
            budget: &budget(),
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

/// The calls of a month that cost nothing: what is counted is seen on the page.
fn budget() -> Budget {
    let calls = PLANS[0].calls_per_month;
    let (scope, window, counts) = (openweathermap::NAME, Window::Month, Counts::Live);
    let limits = vec![Limit { scope, window, calls, counts }];
    Budget { limits, ..Budget::unlimited(budget::account(Some(KEY))) }
}

/// The key that the simulator is called with.
const KEY: &str = "demo";

/// The simulator on a free port of loopback, and a client for it.
async fn serve(simulator: Simulator, shutdown: &Shutdown) -> anyhow::Result<OpenWeatherMap> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on loopback")?;
    let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
    let token = shutdown.token().clone();
    let services = &[simulator::OPENWEATHERMAP];
    let until_the_end = async move { token.cancelled().await };
    tokio::spawn(simulator::run(listener, services, simulator, until_the_end));
    let timeout = std::time::Duration::from_secs(10);
    Ok(OpenWeatherMap::build(&url, SecretString::from(KEY), timeout)?)
}

/// The vault in a folder, which is made anew.
fn open_vault(folder: &Path) -> anyhow::Result<Vault> {
    folder::make(folder, "--vault")?;
    let settings = VaultSettings::at(&format!("file:{}", folder.display()));
    let vault = settings.open()?;
    vault.context("a folder is a vault")
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
    let lines = shown.map(|state| Line {
        cells: vec![
            state.site_id.clone(),
            state.slots_tried.to_string(),
            state.slots_collected.to_string(),
            (state.slots_tried - state.slots_collected).to_string(),
            why(state, failures),
        ],
        tone: if failing(&state) { Tone::Bad } else { Tone::Plain },
    });
    let mut text = output::table(COLUMNS, lines, output::stdout_width());
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
    if let Some(folder) = &args.lake {
        let folder = folder.display();
        text.push_str(&format!(
            "Lake {folder}: {} rows in {} commits; second time: {} rows, {} commits.\n\
             Read it: LAKE_URL=file:{folder} weather lake ddl duckdb | duckdb weather.duckdb\n",
            first.mirrored.rows,
            first.mirrored.commits,
            second.mirrored.rows,
            second.mirrored.commits,
        ));
    }
    let url = args.store.as_ref().map_or_else(|| format!("sqlite://{FILE}"), |_| "URL".into());
    text.push_str(&format!(
        "Look at it: weather show --database-url {url}\n\
         \x20           weather status --database-url {url}\n"
    ));
    if let Some(vault) = &args.vault {
        text.push_str(&format!(
            "Every answer is in {dir}: weather vault status --vault-url file:{dir}\n",
            dir = vault.display()
        ));
    }
    output::painted(&text)
}

/// Each kind of failure of a site with its message.
fn why(state: &SiteState, failures: &[FailureCount]) -> String {
    let own = failures.iter().filter(|failure| failure.site_id == state.site_id);
    let kinds = own.map(|failure| {
        format!("{} × {}: {}", failure.slots, failure.error_kind, failure.error_message)
    });
    kinds.collect::<Vec<_>>().join("; ")
}
