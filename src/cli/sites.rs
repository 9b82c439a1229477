//! `weather sites`: is the sites file right, what does it cost, what is in it?

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::cost::{Cost, Plan};
use crate::domain::sites_file::{self, Drafts, Fault, Form, SitesFileError, SitesFileFaults};
use crate::domain::text::quoted;
use crate::domain::{Move, Site, SiteId};
use crate::source::openweathermap::CallLimits;
use crate::store::{StoreError, StoreSettings};

/// The file if none is named.
const SAMPLE: &str = "config/sites_sample.json";

/// Which sites.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Sites")]
pub(super) struct SitesSettings {
    /// File with the sites: .json, .csv, .yaml or .toml (config/sites.schema.json describes their keys,
    /// config/examples has one of each)
    #[arg(
        long,
        value_name = "FILE",
        env = "SITES_FILE",
        default_value = SAMPLE
    )]
    sites_file: PathBuf,
}

impl SitesSettings {
    /// The sites of the file.
    pub(super) fn read(&self) -> anyhow::Result<Vec<Site>> {
        read(&self.sites_file)
    }

    /// True when no file was named, and the sample is not here either.
    pub(super) fn is_unset(&self) -> bool {
        self.sites_file.as_os_str() == SAMPLE && !self.sites_file.exists()
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
    let form = Form::of(file).map_err(|ending| no_form(file, &ending))?;
    let opened = std::fs::File::open(file).map_err(SitesFileError::Io);
    let sites = opened.and_then(|opened| sites_file::read(form, opened));
    sites.map_err(|error| unread(&file.display(), error).into())
}

fn no_form(file: &Path, ending: &str) -> UsageError {
    let endings: Vec<String> = Form::ENDINGS.iter().map(|(known, _)| format!(".{known}")).collect();
    let problem = format!(
        "sites file {}: .{} is no form of a sites file: expected {}",
        file.display(),
        quoted(ending),
        endings.join(", ")
    );
    UsageError::new(problem)
        .hint("a spreadsheet is saved as CSV in UTF-8; config/examples has one of each form")
}

/// The places of a list, or all that is wrong with it.
pub(super) fn read_places(file: &Path) -> anyhow::Result<Drafts> {
    if matches!(Form::of(file), Ok(form) if form != Form::Csv) && file.extension().is_some() {
        let problem = format!("{}: expected a list of places as CSV", file.display());
        return Err(UsageError::new(problem)
            .hint("what is a sites file already is looked at by `weather sites check FILE`")
            .into());
    }
    let opened = std::fs::File::open(file).map_err(SitesFileError::Io);
    let places = opened.and_then(Drafts::read);
    Ok(places.map_err(|error| match error {
        SitesFileError::Io(error) => UsageError::new(format!("{}: {error}", file.display())),
        SitesFileError::NotUtf8 { .. } => UsageError::new(format!("{}: {error}", file.display()))
            .hint("save the list as CSV in UTF-8"),
        SitesFileError::Faults(faults) => {
            UsageError::new(format!("{}: {}", file.display(), first_of(&faults)))
                .hint("`weather init --help` names the heads; nothing was written")
        }
    })?)
}

fn unread(name: &std::path::Display<'_>, error: SitesFileError) -> UsageError {
    let (problem, hint) = match error {
        SitesFileError::Io(_) => (
            error.to_string(),
            "name one with --sites-file or SITES_FILE; config/sites_sample.json is an example, and `weather \
             init` makes one",
        ),
        SitesFileError::NotUtf8 { .. } => (error.to_string(), "save the file as UTF-8"),
        SitesFileError::Faults(faults) => (
            first_of(&faults),
            "config/sites.schema.json describes the keys; `weather sites check` reads the file again",
        ),
    };
    UsageError::new(format!("sites file {name}: {problem}")).hint(hint)
}

/// How many faults there are, and the first of them.
pub(super) fn first_of(faults: &SitesFileFaults) -> String {
    listed(faults.iter())
}

/// The same of faults that are of no one file.
pub(super) fn listed<'f>(faults: impl IntoIterator<Item = &'f Fault, IntoIter: Clone>) -> String {
    let faults = faults.into_iter();
    let count = faults.clone().count();
    let mut problem = format!("{count} fault{}", if count == 1 { "" } else { "s" });
    for fault in faults.take(MAX_FAULTS) {
        problem.push_str(&format!("\n  {fault}"));
    }
    if count > MAX_FAULTS {
        problem.push_str(&format!("\n  … and {} more", count - MAX_FAULTS));
    }
    problem
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
    let there = settings.check_there();
    if settings.url().is_none() && matches!(there, Err(StoreError::Absent { .. })) {
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
    const COLUMNS: &[Column] =
        &[Column::words("figure"), Column::number("value"), Column::text("unit")];

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
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
    tags: Vec<String>,
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
            tags: site.tags.clone(),
        }
    }
}

impl Row for SiteRow {
    const COLUMNS: &[Column] = &[
        Column::text("site"),
        Column::words("name"),
        Column::number("latitude"),
        Column::number("longitude"),
        Column::text("time zone").leaves(2),
        Column::number("every").leaves(1),
        Column::words("tags").leaves(3),
    ];

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
        vec![
            self.site_id.clone(),
            self.name.clone(),
            self.latitude.to_string(),
            self.longitude.to_string(),
            self.timezone.to_owned(),
            format!("{} min", self.interval_minutes),
            self.tags.join(" "),
        ]
    }
}
