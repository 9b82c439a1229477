//! `weather transform`: payloads → observations, without network or store.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::UsageError;
use super::exit::Exit;
use super::output;
use crate::domain::{Observation, SiteId, row_hash};
use crate::source::openweathermap::{Units, transform};

/// Turn payloads of /data/2.5/weather into observations, one JSON line each
///
/// Reads files, or stdin; each holds one JSON document. A payload that gives no observation is
/// named on stderr with its fault; the others go on, and the exit code is 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather transform --site-id mad-retiro payload.json\n  \
    curl -s \"$URL\" | weather transform | jq .temperature_c")]
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
            Ok(observation) => {
                let line = Line { row_hash: row_hash(&observation), observation: &observation };
                output::text(&format!("{}\n", serde_json::to_string(&line)?))?;
            }
            Err(fault) => {
                output::say(&format!("{}: {fault}", name(file)));
                exit = Exit::TooManyFailed;
            }
        }
    }
    Ok(exit)
}

fn transform_file(file: &Path, args: &Args) -> Result<Observation, String> {
    let body = read(file).map_err(|error| format!("cannot be read: {error}"))?;
    transform(&args.site_id, args.units, &body).map_err(|fault| fault.to_string())
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
