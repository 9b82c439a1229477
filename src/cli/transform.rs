//! `weather transform`: payloads → observations or forecasts, without network or store.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use super::error::UsageError;
use super::exit::Exit;
use super::output;
use crate::domain::forecast::{Issue, Product, lead_minutes};
use crate::domain::{Observation, SiteId, row_hash};
use crate::source::openweathermap::{Units, transform, transform_forecast};

/// Turn payloads of /data/2.5/weather into observations, one JSON line each
///
/// Reads files, or stdin; each holds one JSON document. A payload that gives no observation is
/// named on stderr with its fault; the others go on, and the exit code is 1. With --product they are
/// OpenWeatherMap's forecasts, and each gives an issue with its values.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather transform --site-id mad-retiro payload.json\n  \
    curl -s \"$URL\" | weather transform | jq .temperature_c\n  \
    weather transform --product owm-3h forecast.json | jq '.values[0]'")]
pub(super) struct Args {
    /// Files with a payload each; none or `-`: stdin
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The site that was asked for
    #[arg(long, value_name = "ID", default_value = "site", value_parser = parse_site_id)]
    site_id: SiteId,

    /// The units that the payload is in
    #[arg(long, value_name = "UNITS", default_value = "metric")]
    units: Units,

    /// The payloads are forecasts: owm-3h or owm-onecall-1h
    #[arg(long, value_name = "NAME", value_parser = parse_product)]
    product: Option<Product>,

    /// When a forecast was available [default: the first time that it is for]
    #[arg(long, value_name = "TIME", requires = "product", value_parser = parse_time)]
    available_at: Option<DateTime<Utc>>,
}

fn parse_product(text: &str) -> Result<Product, String> {
    match Product::parse(text)? {
        Product::OmHourly => Err("expected owm-3h or owm-onecall-1h".into()),
        product => Ok(product),
    }
}

fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    time.map_err(|_| "expected a time, such as 2026-11-01T14:00:00Z".into())
}

/// An observation as it would be stored.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    observation: &'a Observation,
    row_hash: i64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let stdin = [PathBuf::from("-")];
    let files = if args.files.is_empty() { &stdin[..] } else { &args.files };
    let mut exit = Exit::Done;
    for file in files {
        match transform_file(file, args) {
            Ok(line) => output::text(&format!("{line}\n"))?,
            Err(fault) => {
                output::say(&format!("{}: {fault}", name(file)));
                exit = Exit::TooManyFailed;
            }
        }
    }
    Ok(exit)
}

/// What a payload gives, as a line of JSON.
fn transform_file(file: &Path, args: &Args) -> Result<String, String> {
    let body = read(file).map_err(|error| format!("cannot be read: {error}"))?;
    let Args { site_id, units, product, available_at, .. } = args;
    let line = match product {
        None => transform(site_id, *units, &body).map(|observation| {
            let line = Line { row_hash: row_hash(&observation), observation: &observation };
            serde_json::to_string(&line)
        }),
        Some(product) => transform_forecast(*product, site_id, *units, &body, *available_at)
            .map(|issue| serde_json::to_string(&in_json(&issue))),
    };
    line.map_err(|fault| fault.to_string())?.map_err(|error| error.to_string())
}

/// An issue as it would be stored.
fn in_json(issue: &Issue) -> serde_json::Value {
    let values = issue.values.iter().map(|value| {
        json!({
            "valid_at": value.valid_at,
            "lead_minutes": lead_minutes(issue.available_at, value.valid_at),
            "window_minutes": value.window_minutes,
            "row_hash": issue.row_hash(value),
            "values": value.values,
        })
    });
    json!({
        "site_id": issue.series.site_id.as_str(),
        "product": issue.series.product,
        "available_at": issue.available_at,
        "issue_id": issue.issue_id(),
        "step_minutes": issue.step_minutes(),
        "null_fields": issue.null_fields,
        "note": issue.note,
        "values": values.collect::<Vec<_>>(),
    })
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    if file.as_os_str() != "-" {
        return std::fs::read(file);
    }
    let mut body = Vec::new();
    std::io::stdin().lock().read_to_end(&mut body)?;
    Ok(body)
}

fn name(file: &Path) -> String {
    if file.as_os_str() == "-" { "stdin".into() } else { file.display().to_string() }
}

pub(super) fn parse_site_id(text: &str) -> Result<SiteId, UsageError> {
    SiteId::parse(text).ok_or_else(|| {
        UsageError::new("expected lower-case letters, digits, `_` and `-`, at most 64 of them")
    })
}
