//! `weather sites`: is the sites file right, what does it cost, what is in it?

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, OutputFormat, Row};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::cost::{Cost, Plan};
use crate::domain::sites_file;
use crate::domain::{Move, Site, SiteId};
use crate::source::openweathermap::CallLimits;
use crate::store::{StoreError, StoreSettings};

/// Which sites.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Sites")]
pub(super) struct SitesSettings {
    /// File with the sites (JSON; config/sites.schema.json describes it)
    #[arg(
        long,
        value_name = "FILE",
        env = "SITES_FILE",
        default_value = "config/sites_sample.json"
    )]
    sites_file: PathBuf,
}

impl SitesSettings {
    /// The sites of the file.
    pub(super) fn read(&self) -> anyhow::Result<Vec<Site>> {
        read(&self.sites_file)
    }

    /// The sites of `file`, if one is named.
    pub(super) fn read_or(&self, file: Option<&Path>) -> anyhow::Result<Vec<Site>> {
        read(file.unwrap_or(&self.sites_file))
    }

    /// The ids that were asked for by `--site`, all of them in the file.
    pub(super) fn select(&self, ids: &[String], sites: &[Site]) -> anyhow::Result<Vec<SiteId>> {
        let is_known = |id: &&String| sites.iter().any(|site| site.site_id.as_str() == id.as_str());
        let (known, unknown): (Vec<&String>, Vec<&String>) = ids.iter().partition(is_known);
        if !unknown.is_empty() {
            let unknown: Vec<&str> = unknown.into_iter().map(String::as_str).collect();
            let file = self.sites_file.display();
            return Err(UsageError::new(format!("--site {}: not in {file}", unknown.join(", ")))
                .hint("`weather sites list` shows the ids")
                .into());
        }
        Ok(known.into_iter().filter_map(|id| SiteId::parse(id)).collect())
    }
}

/// Faults shown of one file.
const MAX_FAULTS: usize = 200;

/// The sites of `file`, or all that is wrong with it.
fn read(file: &Path) -> anyhow::Result<Vec<Site>> {
    let name = file.display();
    let bytes = std::fs::read(file).map_err(|error| {
        UsageError::new(format!("sites file {name}: {error}")).hint(
            "name one with --sites-file or SITES_FILE; config/sites_sample.json is an example",
        )
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        UsageError::new(format!("sites file {name}: not UTF-8 at byte {at}"))
            .hint("save the file as UTF-8")
    })?;
    sites_file::parse(&text).map_err(|faults| {
        let count = faults.iter().count();
        let mut problem =
            format!("sites file {name}: {count} fault{}", if count == 1 { "" } else { "s" });
        for fault in faults.iter().take(MAX_FAULTS) {
            problem.push_str(&format!("\n  {fault}"));
        }
        if count > MAX_FAULTS {
            problem.push_str(&format!("\n  … and {} more", count - MAX_FAULTS));
        }
        UsageError::new(problem)
            .hint(
                "config/sites.schema.json describes the file; `weather sites check` reads it again",
            )
            .into()
    })
}

/// Check the sites file and what it costs, or list its sites
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  weather sites check my-sites.json\n  weather sites list --output csv"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check a sites file, all faults at once, and say what it costs, and which sites have moved
    #[command(
        after_help = "Example:\n  weather sites check config/sites_sample.json --calls-per-minute 600"
    )]
    Check {
        /// The file [default: the one of SITES_FILE]
        file: Option<PathBuf>,

        /// Form of the rows
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        output: OutputFormat,

        #[command(flatten)]
        limits: CallLimits,
        #[command(flatten)]
        sites: SitesSettings,
        #[command(flatten)]
        store: StoreSettings,
    },
    /// List the sites of the file
    #[command(after_help = "Example:\n  weather sites list --output json")]
    List {
        /// Form of the rows
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        output: OutputFormat,

        #[command(flatten)]
        sites: SitesSettings,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Check { file, limits, output, sites, store } => {
            check(&file.unwrap_or(sites.sites_file), &limits, &store, output).await
        }
        Command::List { output, sites } => {
            let rows: Vec<SiteRow> = sites.read()?.iter().map(SiteRow::new).collect();
            output::rows(output, &rows)?;
            Ok(Exit::Done)
        }
    }
}

async fn check(
    file: &Path,
    limits: &CallLimits,
    store: &StoreSettings,
    format: OutputFormat,
) -> anyhow::Result<Exit> {
    let sites = read(file)?;
    let cost = Cost::of(&sites, SystemClock.now(), limits.calls_per_minute());
    let plan = limits.plan_or_smallest();
    output::rows(format, &figures(&cost, plan))?;
    for warning in cost.warnings(plan) {
        output::say(&format!("warning: {warning}"));
    }
    match moves(&sites, store).await {
        Ok(moves) => moves.iter().for_each(|moved| {
            output::say(&format!("warning: {moved}; its past will keep the old place"));
        }),
        Err(error) => {
            output::say(&format!("warning: not compared with the sites of the store: {error}"));
        }
    }
    output::say(&format!("{}: {} sites, no fault", file.display(), sites.len()));
    Ok(Exit::Done)
}

/// The sites that stand elsewhere than the store has them; none where there is no store.
async fn moves(sites: &[Site], settings: &StoreSettings) -> Result<Vec<Move>, StoreError> {
    if !settings.is_there() {
        return Ok(Vec::new());
    }
    let known = settings.open_reader().await?.list_sites().await?;
    let known: HashMap<_, _> = known.iter().map(|row| (row.site_id.as_str(), row)).collect();
    let moves = sites.iter().filter_map(|site| {
        known.get(site.site_id.as_str()).and_then(|row| row.move_to(site).transpose())
    });
    moves.collect()
}

/// One figure of the cost.
#[derive(Serialize)]
pub(super) struct Figure {
    figure: String,
    value: f64,
    unit: &'static str,
}

impl Figure {
    pub(super) fn new(figure: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { figure: figure.into(), value, unit }
    }
}

impl Row for Figure {
    const HEADS: &[&str] = &["figure", "value", "unit"];

    fn cells(&self) -> Vec<String> {
        let decimals = usize::from(self.value.fract() != 0.0);
        vec![self.figure.clone(), format!("{:.decimals$}", self.value), self.unit.into()]
    }
}

/// The figures of the cost, its share of `plan` among them.
#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^53")]
pub(super) fn figures(cost: &Cost, plan: &Plan) -> Vec<Figure> {
    let share = format!("share of the {} plan", plan.name);
    let mut figures = vec![
        Figure::new("active sites", cost.sites_active as f64, "sites"),
        Figure::new("calls per hour", cost.calls_per_hour, "calls"),
        Figure::new("calls per day", cost.calls_per_day as f64, "calls"),
        Figure::new("calls per month of 31 days", cost.calls_per_month as f64, "calls"),
        Figure::new(share, cost.plan_share_pct(plan), "%"),
    ];
    if let Some(minutes) = cost.minutes_per_run {
        figures.push(Figure::new("longest run", minutes, "minutes"));
    }
    figures
}

/// A site as it is listed.
#[derive(Serialize)]
struct SiteRow {
    site_id: String,
    name: String,
    latitude: f64,
    longitude: f64,
    timezone: &'static str,
    country: Option<String>,
    elevation_m: Option<f64>,
    interval_minutes: u32,
    active_from: Option<String>,
    active_until: Option<String>,
    tags: String,
}

impl SiteRow {
    fn new(site: &Site) -> Self {
        Self {
            site_id: site.site_id.to_string(),
            name: site.name.clone(),
            latitude: site.coordinates.latitude(),
            longitude: site.coordinates.longitude(),
            timezone: site.timezone.name(),
            country: site.country.clone(),
            elevation_m: site.elevation_m,
            interval_minutes: site.interval.minutes(),
            active_from: site.active_from.map(|day| day.to_string()),
            active_until: site.active_until.map(|day| day.to_string()),
            tags: site.tags.join(" "),
        }
    }
}

impl Row for SiteRow {
    const HEADS: &[&str] = &["site", "name", "latitude", "longitude", "time zone", "every"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.site_id.clone(),
            self.name.clone(),
            self.latitude.to_string(),
            self.longitude.to_string(),
            self.timezone.to_owned(),
            format!("{} min", self.interval_minutes),
        ]
    }
}
