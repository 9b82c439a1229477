//! `weather export`: rows as a file, as the query API writes them.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::ValueEnum;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use super::error::UsageError;
use super::exit::Exit;
use super::left;
use super::shutdown::Shutdown;
use super::sources;
use crate::clock::{Clock as _, SystemClock};
use crate::serve::access::Access;
use crate::serve::{self, Outside, Parts, Refusal};
use crate::sink::LakeSettings;
use crate::store::StoreSettings;

mod asked;
mod output;

use asked::Asked;
use output::Output;

/// Write rows into a file, or to stdout: CSV, NDJSON or Parquet
///
/// The same as the query API answers, byte for byte, with its selections and bounds (366 days). A file appears
/// when it is whole: until then it is FILE.part, which is left if the store goes away (exit code 3).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather export --what hourly --from 2026-11-01 --to 2026-11-30 --out november.csv\n  \
    weather export --what daily --tag depot --format parquet --out days.parquet\n  \
    weather export --what latest --country ES,PT --fields temperature_c,site_name\n  \
    weather export --what gaps --format ndjson | jq -r .reason | sort | uniq -c")]
pub(super) struct Args {
    /// Which rows
    #[arg(long, value_name = "WHAT", default_value = "hourly")]
    what: What,

    /// In which form
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: FileFormat,

    /// Where to; without it to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    asked: Asked,

    #[command(flatten)]
    store: StoreSettings,

    #[command(flatten)]
    lake: LakeSettings,
}

/// Rows that can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// What was said of each site.
    Observations,
    /// Hours as they were collected.
    Hourly,
    /// Local days, and how much of each is there.
    Daily,
    /// The newest observation of each site and source.
    Latest,
    /// The sites.
    Sites,
    /// The slots that are missing, as ranges.
    Gaps,
    /// The audit trail.
    Runs,
}

impl What {
    /// Whether it goes by times, whose end is left out, and not by days.
    fn goes_by_times(self) -> bool {
        matches!(self, Self::Observations | Self::Hourly)
    }
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// Comma-separated values.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// A JSON object a line.
    Ndjson,
}

/// As the command line names it.
fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    if args.out.is_none() && args.format == FileFormat::Parquet && std::io::stdout().is_terminal() {
        let problem = "Parquet is not for a terminal";
        return Err(UsageError::new(problem).hint("name a file: --out FILE").into());
    }
    let query = args.asked.query(&name(&args.format), args.what.goes_by_times(), SystemClock.now());
    let target = format!("/api/v1/{}?{query}", name(&args.what));
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let reads = args.store.open_ready().await?.reads;
    let store = Arc::new(reads.with_lake(left::of(&args.lake)?));
    let parts = Parts {
        store,
        clock: Arc::new(SystemClock),
        sources: &sources::NAMES,
        budgets: Vec::new(),
        access: Access::Open,
        cache: None,
        outside: Outside::default(),
    };
    let exporting = async {
        let rows = serve::export(parts, &target).await;
        let rows = rows.map_err(|refusal| refused(refusal, args.what))?;
        Output::begin(args.out.as_deref())?.write(rows).await
    };
    // What goes wrong is the error that ends the command, and not in the log too.
    let exporting = exporting.with_subscriber(NoSubscriber::default());
    match shutdown.token().run_until_cancelled(exporting).await {
        Some(written) => written.map(|()| Exit::Done),
        None => Ok(shutdown.exit()),
    }
}

/// A parameter of the API as the flag that it was.
fn refused(refusal: Refusal, what: What) -> anyhow::Error {
    let Some(parameter) = &refusal.parameter else {
        let cause = refusal.cause.map(anyhow::Error::msg);
        return match cause {
            Some(cause) => cause.context(refusal.detail),
            None => anyhow::Error::msg(refusal.detail),
        };
    };
    let flag = format!("--{}", parameter.replace('_', "-"));
    let words = refusal.detail.strip_prefix(&format!("{parameter}: "));
    let words = match refusal.is_unknown {
        true => format!("is nothing that {} can be asked with", name(&what)),
        false => words.unwrap_or(&refusal.detail).to_owned(),
    };
    let problem = UsageError::new(format!("{flag}: {words}"));
    match refusal.allowed {
        Some(allowed) => problem.hint(format!("what may be: {allowed}")).into(),
        None => problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parameter: &str, detail: &str) -> String {
        let refusal = Refusal {
            parameter: Some(parameter.to_owned()),
            detail: detail.to_owned(),
            allowed: Some("1 to 3".to_owned()),
            is_unknown: detail.ends_with("of this path"),
            cause: None,
        };
        refused(refusal, What::Runs).to_string()
    }

    #[test]
    fn what_the_api_refuses_is_said_of_the_flag() {
        assert_eq!(shown("hdd_base", "hdd_base: `40` is too much"), "--hdd-base: `40` is too much");
        assert_eq!(
            shown("fields", "fields: is no parameter of this path"),
            "--fields: is nothing that runs can be asked with"
        );
    }
}
