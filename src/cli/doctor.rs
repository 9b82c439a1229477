//! `weather doctor`: looks at every part by itself, each with its remedy.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::exit::Exit;
use super::output::{self, OutputFormat};
use super::platform::Platform;
use super::sites::SitesSettings;
use super::sources::SourcesSettings;
use crate::clock::{Clock as _, SystemClock};
use crate::sink::settings::Opened;
use crate::sink::{Sink, SinkError, SinkKind, SinkSettings, Warning};
use crate::store::{self, Reads, StoreError, StoreSettings};
use crate::sync::{self, Stop};
use crate::vault::VaultSettings;

/// Check the configuration, the sites file, the store, the sink, the sources and the clock
///
/// Spends one API call of each source (SOURCES); Open-Meteo's free service is for non-commercial use
/// only, and it says so. Each finding that is not good says what to do; the exit code is 2 when
/// the configuration or the sites file is wrong, 3 when store, sink or source refuse.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  weather doctor\n  SOURCES=open-meteo weather doctor\n  weather doctor --no-call --output json"
)]
pub(super) struct Args {
    /// Do not ask the API
    #[arg(long)]
    no_call: bool,

    /// Form of the rows
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    store: StoreSettings,
    #[command(flatten)]
    sink: SinkSettings,
    #[command(flatten)]
    sources: SourcesSettings,
    #[command(flatten)]
    sites: SitesSettings,
    #[command(flatten)]
    vault: VaultSettings,
}

mod finding;
mod source;
mod vault;

use finding::{Finding, Verdict};
use source::Trial;

/// How far the database's clock may be from this machine's: leases go by the first, slots by the second.
const MAX_CLOCK_DIFFERENCE: TimeDelta = TimeDelta::seconds(60);

pub(super) async fn run(args: Args, platform: &Platform) -> anyhow::Result<Exit> {
    let mut findings = vec![sites(&args), database_setting(&args, platform)];
    let began = Instant::now();
    let opened = async {
        args.store.check_there()?;
        args.store.open().await
    };
    let opened = opened.await;
    findings.extend(store_findings(&opened, began.elapsed()).await);
    let reads = opened.as_ref().ok().map(|opened| &opened.reads);
    if let Some(reads) = reads {
        findings.extend(archive(reads, &args.sink).await);
    }
    findings.extend(lake_setting(&args, platform));
    findings.extend(sink_findings(&args, reads).await);
    findings.extend(vault::finding(&args.vault, platform).await);
    let store = opened.as_ref().ok().map(|opened| &*opened.store);
    let trial = Trial::of(&args.sites, args.no_call);
    for entry in args.sources.names() {
        findings.extend(source::findings(entry, &args.sources, &trial, store).await);
    }
    output::rows(args.output, &findings)?;
    if args.output == OutputFormat::Table {
        // Whole, where a table would cut them.
        let remedies = findings.iter().filter(|finding| !finding.remedy.is_empty());
        for Finding { check, found, remedy, .. } in remedies {
            output::line(&format!("{check}: {found}: {remedy}"))?;
        }
    }
    let has = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
    Ok(match () {
        () if has(Verdict::Refused) => Exit::Stopped,
        () if has(Verdict::WrongConfiguration) => Exit::Usage,
        () => Exit::Done,
    })
}

fn sites(args: &Args) -> Finding {
    match args.sites.read() {
        Ok(sites) => Finding::good("sites file", format!("{} sites", sites.len())),
        Err(error) => Finding::bad(
            "sites file",
            Verdict::WrongConfiguration,
            error.to_string(),
            "`weather sites check` lists every fault",
        ),
    }
}

fn database_setting(args: &Args, platform: &Platform) -> Finding {
    let check = "DATABASE_URL";
    match (args.store.url(), args.store.is_file()) {
        (_, true) if !platform.has_lasting_disk() => Finding::bad(
            check,
            Verdict::WrongConfiguration,
            "a file, which Cloud Run forgets",
            "set DATABASE_URL=mysql://…",
        ),
        (None, _) => Finding::bad(
            check,
            Verdict::Warning,
            "not set: sqlite://weather.db is used, for trying out",
            "set DATABASE_URL=mysql://user:password@host/database",
        ),
        (Some(_), _) => Finding::good(check, "set"),
    }
}

fn lake_setting(args: &Args, platform: &Platform) -> Option<Finding> {
    let error = platform.check_lake(&args.sink.lake).err()?;
    let remedy = "set LAKE_URL=gs://bucket/prefix or s3://bucket/prefix";
    Some(Finding::bad("LAKE_URL", Verdict::WrongConfiguration, error.to_string(), remedy))
}

async fn store_findings(
    opened: &Result<store::Opened, StoreError>,
    connecting: Duration,
) -> Vec<Finding> {
    let store::Opened { store, reads, .. } = match opened {
        Ok(opened) => opened,
        Err(error @ StoreError::Absent { .. }) => {
            let (found, remedy) = (error.to_string(), error.hint());
            return vec![Finding::bad("store", Verdict::Warning, found, remedy)];
        }
        Err(error) => return vec![Finding::refused("store", error)],
    };
    let mut findings =
        vec![Finding::good("store", format!("connected in {:.1} s", connecting.as_secs_f64()))];
    if let Err(error) = reads.check_schema().await {
        findings.push(Finding::refused("migrations", &error));
        return findings;
    }
    findings.push(Finding::good("migrations", "up to date"));
    findings.push(match store.check_privileges().await {
        Ok(()) => Finding::good("privileges", "select, insert and update on every table"),
        Err(error) => Finding::refused("privileges", &error),
    });
    findings.extend(facts(reads).await);
    findings
}

/// Through which month the store is archived, and whether the lake is there that has those months.
async fn archive(reads: &Reads, sink: &SinkSettings) -> Option<Finding> {
    // A schema that is too old is named above.
    let through = reads.archived_through().await.ok()??;
    let found = format!("archived through {through}");
    Some(match sink.lake.lake_url {
        Some(_) => Finding::good("archive", found),
        None => Finding::bad(
            "archive",
            Verdict::Warning,
            format!("{found}, and no lake is set"),
            "set LAKE_URL: those months are in the lake, and `weather repair` and `weather restore` read it",
        ),
    })
}

/// Each sink, and whether it is this store's.
async fn sink_findings(args: &Args, reads: Option<&Reads>) -> Vec<Finding> {
    let sinks = args.sink.open(None).await;
    if sinks.is_empty() {
        return vec![Finding::good("sink", "not set, or turned off: no sync")];
    }
    let mut findings = Vec::new();
    for Opened { kind, sink } in sinks {
        findings.extend(findings_of(kind, sink, reads, args.store.lease()).await);
    }
    findings
}

async fn findings_of(
    kind: SinkKind,
    sink: Result<Box<dyn Sink>, SinkError>,
    reads: Option<&Reads>,
    lease: Duration,
) -> Vec<Finding> {
    let (check, sync, good) = match kind {
        SinkKind::BigQuery => ("sink", "sync", "datasets and tables are there, jobs may be run"),
        SinkKind::Lake => {
            ("lake", "lake sync", "tables are there, objects may be listed, read and written")
        }
    };
    let checked = async {
        let sink = sink?;
        let checked = sink.check().await?;
        Ok::<_, SinkError>((sink, checked))
    };
    let (sink, checked) = match checked.await {
        Ok(checked) => checked,
        Err(error) => return vec![Finding::of_sink(check, &error)],
    };
    let mut findings = vec![if checked.made.is_empty() {
        Finding::good(check, good)
    } else {
        Finding::good(check, format!("the next sync makes: {}", checked.made.join(", ")))
    }];
    if let Some(reads) = reads.filter(|_| checked.made.is_empty()) {
        findings.push(position(sync, reads, &*sink, lease).await);
    }
    let warning = |Warning { found, remedy }| {
        Finding::bad("sink keeps its rows", Verdict::Warning, found, remedy)
    };
    findings.extend(checked.warnings.into_iter().map(warning));
    findings
}

async fn position(check: &'static str, reads: &Reads, sink: &dyn Sink, lease: Duration) -> Finding {
    match sync::standing(reads, sink, lease).await {
        Ok(standing) => Finding::good(check, format!("runs behind: {}", standing.runs_behind)),
        Err(error) => match error.downcast_ref::<Stop>() {
            Some(Stop::NeverSynced) => Finding::good(check, "nothing synced yet"),
            stop => {
                let remedy = stop.and_then(Stop::hint).unwrap_or("see the cause");
                Finding::bad(check, Verdict::Refused, format!("{error:#}"), remedy)
            }
        },
    }
}

async fn facts(reads: &Reads) -> Vec<Finding> {
    let before = SystemClock.now();
    let facts = match reads.facts().await {
        Ok(facts) => facts,
        Err(error) => return vec![Finding::refused("store", &error)],
    };
    vec![
        version(&facts.version),
        Finding::good("transport", facts.transport),
        clock(facts.now - before),
    ]
}

/// The finding for a database whose clock differs so much from this machine's.
fn clock(difference: TimeDelta) -> Finding {
    if difference.abs() > MAX_CLOCK_DIFFERENCE {
        let found = format!("{} s from the database's", difference.num_seconds().abs());
        let remedy = "set both by NTP: slots go by this machine's clock";
        return Finding::bad("clock", Verdict::Warning, found, remedy);
    }
    let found = format!("within {} ms of the database's", difference.num_milliseconds().abs());
    Finding::good("clock", found)
}

/// MySQL before 8.0.19 does not know `as new` in an upsert.
fn version(version: &str) -> Finding {
    let is_old = version.strip_prefix("MySQL ").is_some_and(|number| {
        let mut parts = number.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
        let parts = (parts.next(), parts.next(), parts.next());
        parts < (Some(8), Some(0), Some(19))
    });
    if is_old || version.contains("MariaDB") {
        let remedy = "use MySQL 8.0.19 or later";
        return Finding::bad("version", Verdict::Refused, version, remedy);
    }
    Finding::good("version", version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_cannot_upsert_as_we_do_is_refused() {
        for (found, verdict) in [
            ("MySQL 8.0.18", Verdict::Refused),
            ("MySQL 5.7.44-log", Verdict::Refused),
            ("MySQL 11.4.2-MariaDB", Verdict::Refused),
            ("MySQL 8.0.19", Verdict::Good),
            ("MySQL 8.4.3", Verdict::Good),
            ("MySQL 9.7.0", Verdict::Good),
            ("SQLite 3.50.1", Verdict::Good),
        ] {
            assert_eq!(version(found).verdict, verdict, "{found}");
        }
    }

    #[test]
    fn a_clock_that_is_off_either_way_is_warned_about() {
        for seconds in [-61, 61, 3600] {
            let finding = clock(TimeDelta::seconds(seconds));
            assert_eq!(finding.verdict, Verdict::Warning, "{}", finding.found);
            assert!(finding.remedy.contains("NTP"));
        }
        assert_eq!(clock(TimeDelta::milliseconds(-900)).verdict, Verdict::Good);
    }
}
