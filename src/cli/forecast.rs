//! `weather forecast`: collects the forecasts that are due now.

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;

use super::colour::Tone;
use super::error::UsageError;
use super::etl::{document::worst as worst_outcome, warn_of, worst};
use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row, grouped, printable_lines, relative};
use super::parts::{Parts, PartsSettings};
use super::platform::Platform;
use super::shutdown::Shutdown;
use super::sources::SOURCES;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::forecast::Product;
use crate::domain::{Interval, Outcome, Shard, Site};
use crate::forecast::{self, Asked, Collecting, Ended, Report, Selection, Summary};
use crate::job::{JobSettings, Stop};
use crate::source::Forecaster;
use crate::store::Opened;

/// Which forecasts are collected, and how often.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Forecasts")]
pub(super) struct ForecastSettings {
    /// Forecasts to collect, by commas: owm-3h (OpenWeatherMap, 40 steps of 3 hours), owm-onecall-1h (One Call
    /// 3.0, 48 hours; a subscription of its own), om-hourly (Open-Meteo, 7 days by the hour; free for
    /// non-commercial use only); none: no forecast [default: owm-3h, where SOURCES has openweathermap]
    #[arg(
        long, value_name = "NAMES", env = "FORECAST_PRODUCTS", value_parser = parse_products
    )]
    forecast_products: Option<Products>,

    /// Minutes between two issues of a site: 10 to 1440, a part of a day
    #[arg(
        long, value_name = "MINUTES", env = "FORECAST_INTERVAL_MINUTES", default_value_t = 180,
        value_parser = parse_interval
    )]
    forecast_interval_minutes: u32,
}

/// Products by name.
#[derive(Debug, Clone)]
struct Products(Vec<Product>);

fn parse_products(text: &str) -> Result<Products, String> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "none");
    let products = names.map(Product::parse).collect::<Result<Vec<_>, _>>()?;
    match products.iter().enumerate().find(|(at, product)| products[..*at].contains(product)) {
        Some((_, twice)) => Err(format!("`{twice}` is named twice")),
        None => Ok(Products(products)),
    }
}

fn parse_interval(text: &str) -> Result<u32, String> {
    let minutes: Option<u32> = text.parse().ok();
    let is_good = |minutes: &u32| Interval::parse(*minutes).is_some();
    minutes.filter(is_good).ok_or_else(|| {
        "expected 10 to 1440 minutes that a day is a multiple of, such as 60, 180 or 360".into()
    })
}

impl ForecastSettings {
    /// The products to collect. Without a setting it is that of OpenWeatherMap, where that is a source.
    fn products(&self, parts: &PartsSettings) -> Vec<Product> {
        match &self.forecast_products {
            Some(Products(products)) => products.clone(),
            None => {
                let names: Vec<_> =
                    parts.sources.names().into_iter().map(|entry| entry.name).collect();
                let is_source = |product: &Product| names.contains(&product.source());
                [Product::Owm3h].into_iter().filter(is_source).collect()
            }
        }
    }

    fn interval(&self) -> Interval {
        Interval::parse(self.forecast_interval_minutes).unwrap_or(Interval::HOUR)
    }
}

/// Collect the forecasts that are due now, as they are issued
///
/// Every active site has one slot per product and interval (FORECAST_INTERVAL_MINUTES); those of the present
/// moment that are not collected are called for. What an answer says is kept with the time at which we had it,
/// and never changed; an answer that says nothing new is recorded as such. Observations come first: it waits
/// while `weather etl` is at work, and spends what the observations of a day leave of the calls.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather forecast\n  \
    weather forecast --dry-run\n  \
    weather forecast --site mad-retiro\n  \
    FORECAST_PRODUCTS=owm-3h,om-hourly weather forecast\n  \
    weather forecast --output json | jq .runs")]
pub(super) struct Args {
    /// Only this site; may be given several times
    #[arg(long = "site", value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    sites: Vec<String>,

    /// Say what would be called, and call nothing
    #[arg(long)]
    dry_run: bool,

    /// Form of what goes to stdout: json is what was done, in one document; with --dry-run the calls, in
    /// any form
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    forecasts: ForecastSettings,
    #[command(flatten)]
    settings: JobSettings,
    #[command(flatten)]
    parts: PartsSettings,
}

pub(super) async fn run(mut args: Args, platform: &Platform) -> anyhow::Result<Exit> {
    output::check_form(args.output, args.dry_run)?;
    if args.dry_run {
        args.parts.sources = args.parts.sources.for_no_call();
    }
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let parts = Parts::of(&args.parts, platform, &shutdown);
    platform.check_store(&args.parts.store)?;
    let sites = parts.sites().await?;
    let selection = Selection { site_ids: args.parts.sites_file.select(&args.sites, sites)? };
    if args.forecasts.products(&args.parts).is_empty() {
        let hint = "name some by FORECAST_PRODUCTS, as in owm-3h,om-hourly";
        return Err(UsageError::new("no forecast is to be collected").hint(hint).into());
    }
    if args.dry_run {
        return dry_run(&args, &parts, sites, &selection).await;
    }
    let collected = collect(&args.forecasts, &args.settings, &parts, &selection).await?;
    if args.output == OutputFormat::Json {
        output::document(&collected.document)?;
    }
    collected.end
}

/// What all runs came to, as one document for programs.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    event: &'static str,
    outcome: &'static str,
    runs: Vec<Summary>,
}

/// What came of a start.
pub(super) struct Collected {
    /// How the command ends.
    pub(super) end: anyhow::Result<Exit>,
    /// What was done.
    pub(super) document: Document,
}

/// Collects every product, one after the other: those of a source share its lock and its minutes.
pub(super) async fn collect(
    forecasts: &ForecastSettings,
    settings: &JobSettings,
    parts: &Parts<'_>,
    selection: &Selection,
) -> anyhow::Result<Collected> {
    let sites = parts.sites().await?;
    let shard = parts.platform.shard()?;
    let forecasters = forecasters(forecasts, parts).await?;
    let opened = parts.store.writable().await?;
    let (mut ends, mut runs) = (Vec::new(), Vec::new());
    for forecaster in &forecasters {
        if parts.shutdown.token().is_cancelled() {
            break;
        }
        let of_product = OfProduct { parts, opened, shard, forecasts, settings };
        let ended = of_product.collect(&**forecaster, sites, selection).await;
        if let Ok(Ended::Ran(report)) = &ended {
            runs.push(Summary::of(report));
            if io::stderr().is_terminal() {
                show(report);
            }
        }
        ends.push(ended.and_then(|ended| conclude(ended, parts.shutdown)));
    }
    let outcome = worst_outcome(runs.iter().map(|run| run.outcome));
    Ok(Collected { end: worst(ends), document: Document { event: "forecast", outcome, runs } })
}

/// Whether there is any forecast to collect.
pub(super) fn is_wanted(forecasts: &ForecastSettings, parts: &PartsSettings) -> bool {
    !forecasts.products(parts).is_empty()
}

async fn forecasters(
    forecasts: &ForecastSettings,
    parts: &Parts<'_>,
) -> anyhow::Result<Vec<Box<dyn Forecaster>>> {
    let (sources, products) = (parts.settings.sources.clone(), forecasts.products(parts.settings));
    // Building a client reads the certificates of public authorities.
    let build = move || products.into_iter().map(|product| sources.forecaster(product)).collect();
    tokio::task::spawn_blocking(build).await?
}

/// What a product is collected with.
struct OfProduct<'a> {
    parts: &'a Parts<'a>,
    opened: &'a Opened,
    shard: Shard,
    forecasts: &'a ForecastSettings,
    settings: &'a JobSettings,
}

impl OfProduct<'_> {
    async fn collect(
        &self,
        forecaster: &dyn Forecaster,
        sites: &[Site],
        selection: &Selection,
    ) -> anyhow::Result<Ended> {
        let sources = &self.parts.settings.sources;
        let source = forecaster.product().source();
        let entry = SOURCES.into_iter().find(|entry| entry.name == source);
        let entry = entry.with_context(|| format!("the source {source} is not in the table"))?;
        let ready = self.parts.source(entry).await?;
        let collecting = Collecting {
            job: self.parts.job(self.opened, self.shard),
            forecaster,
            settings: self.settings,
            interval: self.forecasts.interval(),
            calls_per_minute: ready.calls_per_minute,
            budget: &ready.budget,
            observed: if sources.names().contains(&entry) { sites } else { &[] },
        };
        forecast::run(collecting, sites, selection).await
    }
}

fn conclude(ended: Ended, shutdown: &Shutdown) -> anyhow::Result<Exit> {
    match ended {
        Ended::Interrupted => Ok(shutdown.exit()),
        Ended::Held(holder) => {
            warn_of(&holder);
            Ok(Exit::Done)
        }
        Ended::Ran(report) => match report.stop {
            Some(Stop::Interrupted) => Ok(shutdown.exit()),
            Some(stop) => Err(stop.into()),
            None if report.counts.failed > 0 && report.counts.collected == 0 => {
                Ok(Exit::TooManyFailed)
            }
            None => Ok(Exit::Done),
        },
    }
}

/// What a run did, for the person at the terminal.
fn show(report: &Report) {
    let tone = match report.outcome() {
        Outcome::Succeeded => Tone::Good,
        Outcome::Partial | Outcome::Interrupted => Tone::Warning,
        Outcome::Failed => Tone::Bad,
    };
    let mut text = tone.paint(&headline(report)) + "\n";
    for (message, (sites, first)) in report.faults.iter().take(3) {
        let line = printable_lines(&format!("{sites} sites: {message}; first {first}"));
        text.push_str(&format!("  {line}\n"));
    }
    output::say_painted(&text);
}

fn headline(report: &Report) -> String {
    let counts = &report.counts;
    let mut words = format!(
        "{} forecast ({}): {} of {} sites collected, {} values, {} calls",
        report.source,
        report.product,
        grouped(counts.collected),
        grouped(counts.sites),
        grouped(counts.rows_loaded),
        grouped(counts.calls)
    );
    for (count, what) in [
        (report.unchanged, "say nothing new"),
        (counts.failed, "failed"),
        (counts.skipped, "collected before"),
        (report.left(), "left: they stay due"),
    ] {
        if count > 0 {
            words.push_str(&format!("; {} {what}", grouped(count)));
        }
    }
    words
}

#[derive(Serialize)]
struct PlannedCall {
    site_id: String,
    slot_time: String,
    source: &'static str,
    product: &'static str,
    model: String,
    #[serde(skip)]
    begins: DateTime<Utc>,
}

impl Row for PlannedCall {
    const COLUMNS: &[Column] = &[
        Column::text("site"),
        Column::number("slot begins"),
        Column::text("product"),
        Column::text("model").leaves(1),
    ];

    fn cells(&self, now: DateTime<Utc>) -> Vec<String> {
        let begins = relative(self.begins, now);
        vec![self.site_id.clone(), begins, self.product.into(), self.model.clone()]
    }
}

/// Says what would be called, without a key and without a call; a store that is not there is not made.
async fn dry_run(
    args: &Args,
    parts: &Parts<'_>,
    sites: &[Site],
    selection: &Selection,
) -> anyhow::Result<Exit> {
    let opened = parts.store.ready_if_there().await?;
    let store = opened.map(|opened| &*opened.store);
    let (shard, now) = (parts.platform.shard()?, SystemClock.now());
    let interval = args.forecasts.interval();
    let mut calls = Vec::new();
    for forecaster in &forecasters(&args.forecasts, parts).await? {
        let asked = Asked { store, forecaster: &**forecaster, interval, shard, now };
        let due = forecast::due(asked, sites, selection).await?;
        let product = forecaster.product();
        let slot_time = due.slot_time.to_rfc3339_opts(SecondsFormat::Secs, true);
        calls.extend(due.sites.iter().map(|site| PlannedCall {
            site_id: site.site_id.to_string(),
            slot_time: slot_time.clone(),
            source: product.source(),
            product: product.as_str(),
            model: forecaster.model().to_owned(),
            begins: due.slot_time,
        }));
        let (due, all) = (due.sites.len(), due.all);
        output::say(&format!("dry run: {due} calls for {all} sites ({product})"));
    }
    output::rows(args.output, &calls)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_known_and_given_once_and_may_be_none() {
        let Products(products) = parse_products(" om-hourly, owm-3h,").unwrap();
        assert_eq!(products, [Product::OmHourly, Product::Owm3h]);
        assert!(parse_products("none").unwrap().0.is_empty());
        let refused = parse_products("gfs").unwrap_err();
        assert!(refused.contains("expected owm-3h, owm-onecall-1h, om-hourly"), "{refused}");
        assert!(parse_products("owm-3h,owm-3h").unwrap_err().contains("twice"));
    }

    #[test]
    fn an_interval_is_a_part_of_a_day() {
        assert_eq!(parse_interval("180"), Ok(180));
        assert!(parse_interval("7").is_err() && parse_interval("100").is_err());
    }
}
