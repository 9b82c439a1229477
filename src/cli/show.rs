//! `weather show`: how is the weather now?
//!
//! The one command that converts: values are stored in metric units, and so are they for programs.

use chrono::{DateTime, TimeDelta, Utc};

use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, Column, OutputFormat};
use super::selection::{check_ids, check_tags, parse_site_id};
use super::sources;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{SiteId, Units};
use crate::store::{Reads, SiteRow, StoreSettings};

mod now;
mod one;
mod row;
mod spark;

use now::Now;
use row::Shown;

/// Show the weather now, at every site or at some
///
/// The newest observation of each site and a line of its temperature: `·` where an hour is missing. All
/// lines have one scale. Of one site every value is shown, and 48 hours. A site whose newest observation is
/// not fresh says why instead of how the sky is. `weather status` says the same of the collecting.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather show\n  \
    weather show mad-retiro\n  \
    weather show --tag coast --units imperial,wind:kn\n  \
    weather show --country ES,PT --sort temperature --limit 5\n  \
    weather show --output json | jq '.[] | {site_id, temperature_c}'")]
pub(super) struct Args {
    /// Only these sites
    #[arg(value_name = "SITE", value_parser = parse_site_id)]
    sites: Vec<SiteId>,

    /// Only sites that have this tag; several by commas: any of them
    #[arg(long = "tag", value_name = "TAG", value_delimiter = ',')]
    tags: Vec<String>,

    /// Only sites of this country, two letters of ISO 3166-1; several by commas
    #[arg(long = "country", value_name = "CC", value_delimiter = ',', value_parser = parse_country)]
    countries: Vec<String>,

    /// Units of the table: metric or imperial, then what differs, as in imperial,wind:kn
    #[arg(long, value_name = "UNITS", default_value_t = Units::METRIC)]
    units: Units,

    /// Order of the sites; of values the highest come first
    #[arg(long, value_name = "COLUMN", default_value = "site")]
    sort: Sort,

    /// So many sites at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,

    /// Form of the rows; values of json and csv are always metric
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    store: StoreSettings,
}

/// What the sites are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    Site,
    Temperature,
    Wind,
    Rain,
    Humidity,
    Age,
}

fn parse_country(text: &str) -> Result<String, String> {
    let code = text.trim().to_ascii_uppercase();
    let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    is_code.then_some(code).ok_or_else(|| "expected two letters, as in ES".into())
}

/// Hours of the line of a site in the list, and of one site alone.
const HOURS: i64 = 24;
const HOURS_OF_ONE: i64 = 48;

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let reads = args.store.open_ready().await?.reads;
    let now = SystemClock.now();
    let sites = selected(&args, &reads).await?;
    if sites.is_empty() {
        output::say("no site is known yet: `weather etl` takes the sites file in and collects");
    }
    let only = match &sites[..] {
        [only] if args.sites.len() == 1 => Some(only),
        _ => None,
    };
    let hours = if only.is_some() { HOURS_OF_ONE } else { HOURS };
    let mut all = now::read(&reads, &sources::NAMES, &sites, (hours, now)).await?;
    sort(&mut all, args.sort);
    all.truncate(args.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
    match (args.output, only, &all[..]) {
        (OutputFormat::Table, Some(site), [only]) => one::show(site, only, args.units, now)?,
        (OutputFormat::Table, ..) => show(&all, args.units)?,
        (format, ..) => output::rows(format, &all)?,
    }
    Ok(Exit::Done)
}

/// The sites that are asked for; those that have left the sites file only by name.
async fn selected(args: &Args, reads: &Reads) -> anyhow::Result<Vec<SiteRow>> {
    let mut sites = reads.list_sites().await?;
    check_ids(&args.sites, &sites)?;
    check_tags(&args.tags, &sites)?;
    check_countries(&args.countries, &sites)?;
    let mut selected = Vec::new();
    for site in sites.drain(..) {
        let is_named = args.sites.iter().any(|id| id.as_str() == site.site_id);
        let is_meant = is_named || args.sites.is_empty() && site.deactivated_at.is_none();
        let is_there = args.countries.is_empty()
            || site.country.as_ref().is_some_and(|country| args.countries.contains(country));
        let has_tag =
            args.tags.is_empty() || site.tags()?.iter().any(|tag| args.tags.contains(tag));
        if is_meant && is_there && has_tag {
            selected.push(site);
        }
    }
    Ok(selected)
}

fn check_countries(wanted: &[String], sites: &[SiteRow]) -> Result<(), UsageError> {
    let mut known: Vec<&str> = sites.iter().filter_map(|site| site.country.as_deref()).collect();
    known.sort_unstable();
    known.dedup();
    match wanted.iter().find(|wanted| !known.contains(&wanted.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(UsageError::new(format!("no site is in the country `{unknown}`"))
            .hint(format!("the countries are: {}", known.join(", ")))),
    }
}

/// Absent values come last.
fn sort(all: &mut [Now], by: Sort) {
    let values = |now: &Now| match by {
        Sort::Site => None,
        Sort::Temperature => now.values.temperature_c,
        Sort::Wind => now.values.wind_speed_ms,
        Sort::Rain => now.values.rain_1h_mm,
        Sort::Humidity => now.values.humidity_pct,
        #[expect(clippy::cast_precision_loss, reason = "seconds of an age are far below 2^53")]
        Sort::Age => now.age_s.map(|age| age as f64),
    };
    let key = |now: &Now| values(now).unwrap_or(f64::MIN);
    all.sort_by(|one, other| key(other).total_cmp(&key(one)));
}

const COLUMNS: &[Column] = &[
    Column::text("site"),
    Column::words("name").leaves(7),
    Column::number("now"),
    Column::words("sky").leaves(2).toned(),
    Column::number("wind").leaves(4),
    Column::number("rain 1 h").leaves(5),
    Column::number("humidity").leaves(6),
    Column::number("age").leaves(1),
    Column::text("24 h").leaves(3),
];

/// A site a line.
fn show(all: &[Now], units: Units) -> anyhow::Result<()> {
    let scale = spark::Scale::of(all.iter().flat_map(|now| &now.temperatures));
    let lines = all.iter().map(|now| Shown { now, units, scale }.line());
    output::painted(&output::table(COLUMNS, lines, output::stdout_width()))
}

/// An age as it is shown.
fn age(now: &Now) -> Option<String> {
    now.age_s.map(|age| output::ago(TimeDelta::seconds(age)))
}

/// The first hour of a line that ends with the present one.
fn first_hour(hours: i64, now: DateTime<Utc>) -> DateTime<Utc> {
    let present = now.timestamp().div_euclid(3600) * 3600;
    DateTime::from_timestamp(present - (hours - 1) * 3600, 0).unwrap_or(now)
}
