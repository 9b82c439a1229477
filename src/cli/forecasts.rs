//! `weather forecasts`: what was said of the hours to come.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row, relative};
use super::selection::{check_ids, parse_site_id};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{SiteId, When};
use crate::store::{IssueRow, Reads, SaidValue, StoreSettings};

/// How far ahead is shown.
const DAYS: TimeDelta = TimeDelta::days(7);

/// Show the newest forecasts, or what was said of a site at a time
///
/// Without a site: the newest issue of each site and product. With one: for each time to come what the newest
/// issue says of it; with --as-of what it would have said then.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather forecasts\n  \
    weather forecasts mad-retiro\n  \
    weather forecasts mad-retiro --as-of yesterday\n  \
    weather forecasts mad-retiro --as-of 2026-11-01T06:00:00Z --output csv")]
pub(super) struct Args {
    /// The site
    #[arg(value_name = "SITE", value_parser = parse_site_id)]
    site: Option<SiteId>,

    /// What was known then: a day, a time, `yesterday`, 24h [default: now]
    #[arg(long, value_name = "TIME")]
    as_of: Option<When>,

    /// Form of the rows
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    store: StoreSettings,
}

impl Row for IssueRow {
    const COLUMNS: &[Column] = &[
        Column::text("site"),
        Column::text("product"),
        Column::text("model").leaves(3),
        Column::number("available"),
        Column::number("values"),
        Column::number("step").leaves(2),
        Column::number("until").leaves(1),
    ];

    fn cells(&self, now: DateTime<Utc>) -> Vec<String> {
        vec![
            self.site_id.clone(),
            self.product.clone(),
            self.model.clone(),
            relative(self.available_at, now),
            self.value_count.to_string(),
            self.step_minutes.map(|step| format!("{step} min")).unwrap_or_default(),
            relative(self.last_valid_at, now),
        ]
    }
}

/// What was said of a time, with that time as the site has it.
#[derive(Serialize)]
struct Said {
    #[serde(flatten)]
    said: SaidValue,
    #[serde(skip)]
    local: String,
}

impl Row for Said {
    const COLUMNS: &[Column] = &[
        Column::text("local time"),
        Column::text("product"),
        Column::number("lead"),
        Column::number("°C"),
        Column::number("rain mm").leaves(1),
        Column::number("chance").leaves(2),
        Column::number("wind m/s").leaves(3),
        Column::number("cloud").leaves(4),
        Column::text("sky").leaves(5),
    ];

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
        let said = &self.said;
        let number = |value: Option<f64>, unit: &str| {
            value.map(|value| format!("{value:.1}{unit}")).unwrap_or_default()
        };
        let whole = |value: Option<f64>| value.map(|value| format!("{value:.0} %"));
        vec![
            self.local.clone(),
            said.product.clone(),
            match said.lead_minutes {
                ..=0 => "over".to_owned(),
                minutes => output::ago(TimeDelta::minutes(minutes)),
            },
            number(said.temperature_c, ""),
            number(said.precipitation_mm, ""),
            whole(said.precipitation_probability_pct).unwrap_or_default(),
            number(said.wind_speed_ms, ""),
            whole(said.cloud_cover_pct).unwrap_or_default(),
            said.condition_group.clone().unwrap_or_default(),
        ]
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let reads = args.store.open_ready().await?.reads;
    let now = SystemClock.now();
    let as_of = args.as_of.map_or(now, |when| when.start(now));
    let site_id = args.site.as_ref().map(SiteId::as_str);
    let zone = match &args.site {
        Some(site) => zone(&reads, site).await?,
        None => Tz::UTC,
    };
    let is_empty = match site_id {
        None => {
            let issues = reads.list_newest_issues(None, as_of).await?;
            output::rows(args.output, &issues)?;
            issues.is_empty()
        }
        Some(site_id) => {
            let from = as_of.duration_trunc(TimeDelta::hours(1)).unwrap_or(as_of);
            let said = reads.list_said(site_id, as_of, (from, as_of + DAYS)).await?;
            let said = said.into_iter().map(|said| {
                let local = said.valid_at.with_timezone(&zone).format("%a %F %H:%M");
                Said { local: local.to_string(), said }
            });
            let said: Vec<_> = said.collect();
            output::rows(args.output, &said)?;
            said.is_empty()
        }
    };
    if is_empty {
        output::say(&nothing(reads.first_issue(site_id).await?, as_of));
    }
    Ok(Exit::Done)
}

async fn zone(reads: &Reads, site: &SiteId) -> anyhow::Result<Tz> {
    let sites = reads.list_sites().await?;
    check_ids(std::slice::from_ref(site), &sites)?;
    let found = sites.iter().find(|row| row.site_id == site.as_str());
    let zone = found.map(|row| row.timezone.as_str()).unwrap_or_default();
    zone.parse().map_err(|_| UsageError::new(format!("{site} has no time zone")).into())
}

/// Why there is nothing to show.
fn nothing(first: Option<DateTime<Utc>>, as_of: DateTime<Utc>) -> String {
    match first {
        None => "no forecast was collected yet: `weather forecast` does it".to_owned(),
        Some(first) if first > as_of => {
            format!("no forecast was there yet: the first is of {}", first.format("%F %T UTC"))
        }
        Some(_) => "no forecast reaches that far: the newest is over".to_owned(),
    }
}
