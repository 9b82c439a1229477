//! `weather verify`: does the warehouse hold what the store holds?

use anyhow::Context as _;
use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;

use super::exit::Exit;
use super::output::{self, OutputFormat, Row};
use super::parts::open_sink;
use super::shutdown::Shutdown;
use super::sync::SyncSettings;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::Days;
use crate::sink::SinkSettings;
use crate::store::StoreSettings;
use crate::sync::Stop;
use crate::sync::verify::{self, DayComparison, Report, Verdict, Verify};

/// Compare store and BigQuery day by day, and show the days that differ
///
/// Of each day the rows, the keys and a fingerprint of every value are compared; each side computes
/// them from its own rows. A day with rows that are still to be synced is pending and no difference.
/// Ends with exit code 1 when a day differs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather verify\n  \
    weather verify --deep --from 2026-11-01\n  \
    weather verify --days 35\n  \
    weather verify --output json | jq '.[] | select(.verdict == \"different\")'")]
pub(super) struct Args {
    #[command(flatten)]
    compare: CompareArgs,
    #[command(flatten)]
    parts: PartsArgs,
}

/// What is compared, and how it is shown.
#[derive(Debug, clap::Args)]
pub(super) struct CompareArgs {
    /// Compare every value in BigQuery itself, and name the rows and columns that differ
    #[arg(long)]
    deep: bool,

    /// The first day (UTC)
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,

    /// The last day (UTC)
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,

    /// Only so many days (UTC), of which today is the last
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "to"], value_parser = clap::value_parser!(u16).range(1..))]
    days: Option<u16>,

    /// Form of the rows
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,
}

/// What is needed for comparing.
#[derive(Debug, clap::Args)]
pub(super) struct PartsArgs {
    #[command(flatten)]
    settings: SyncSettings,
    #[command(flatten)]
    sink: SinkSettings,
    #[command(flatten)]
    store: StoreSettings,
}

impl CompareArgs {
    fn days(&self) -> Days {
        match self.days {
            None => Days { from: self.from, to: self.to },
            Some(count) => {
                let first = SystemClock.now() - TimeDelta::days(i64::from(count) - 1);
                Days { from: Some(first.date_naive()), to: None }
            }
        }
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    compare(&args.compare, &args.parts, async |parts| verify::run(parts).await).await
}

/// Compares by `job` and shows what it found.
pub(super) async fn compare(
    args: &CompareArgs,
    parts: &PartsArgs,
    job: impl AsyncFnOnce(Verify<'_>) -> Report,
) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let sink = open_sink(&parts.sink).await?;
    let reads = parts.store.open_ready().await?.reads;
    let report = job(Verify {
        reads: &reads,
        sink: &*sink,
        days: args.days(),
        is_deep: args.deep,
        chunk_rows: parts.settings.chunk_rows,
        shutdown: shutdown.token(),
    })
    .await;
    show(args.output, &report)?;
    match report.stop {
        None if report.has_differences() => Ok(Exit::TooManyFailed),
        None => Ok(Exit::Done),
        Some(Stop::Interrupted) => Ok(shutdown.exit()),
        Some(Stop::Failed(error)) => Err(error),
        Some(stop) => Err(stop.into()),
    }
}

fn show(format: OutputFormat, report: &Report) -> anyhow::Result<()> {
    let rows: Vec<_> = report.days.iter().filter_map(DayRow::of).collect();
    if format == OutputFormat::Table {
        if report.stop.is_none() {
            output::line(&headline(report))?;
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
    output::rows(format, &rows)
}

/// What there is to say in one sentence.
fn headline(report: &Report) -> String {
    let mut parts = vec![format!("days compared: {}", report.days.len())];
    for (verdict, words) in [
        (Verdict::Different, "differ"),
        (Verdict::Kept, "differ and are kept: --allow-delete removes what only the sink has"),
        (Verdict::Repaired, "rewritten"),
        (Verdict::Pending, "pending: not synced yet"),
    ] {
        match report.with(verdict).count() {
            0 => {}
            count => parts.push(format!("{count} {words}")),
        }
    }
    if parts.len() == 1 {
        parts.push("all are the same".into());
    }
    parts.push(report.verified_through.map_or_else(
        || "not verified through any day".into(),
        |day| format!("verified through {day}"),
    ));
    parts.join("; ")
}

/// A day that is not the same.
#[derive(Serialize)]
struct DayRow {
    table: &'static str,
    /// None for a table without days.
    day: Option<NaiveDate>,
    verdict: &'static str,
    what: String,
    store_rows: u64,
    sink_rows: u64,
}

impl DayRow {
    fn of(found: &DayComparison) -> Option<Self> {
        let verdict = match found.verdict {
            Verdict::Same => return None,
            Verdict::Pending => "pending",
            Verdict::Different => "different",
            Verdict::Repaired => "repaired",
            Verdict::Kept => "kept",
        };
        Some(Self {
            table: found.table.name,
            day: found.day,
            verdict,
            what: what(found),
            store_rows: found.store.rows,
            sink_rows: found.sink.rows,
        })
    }
}

/// How a day differs, in words.
fn what(found: &DayComparison) -> String {
    let DayComparison { store, sink, verdict, .. } = found;
    let mut parts = Vec::new();
    if *verdict == Verdict::Pending {
        return "rows are still to be synced".into();
    }
    if sink.rows > sink.keys {
        parts.push(format!("{} more than once", rows(sink.rows - sink.keys)));
    }
    if sink.keys < store.keys {
        parts.push(format!("{} missing", rows(store.keys - sink.keys)));
    }
    if sink.keys > store.keys {
        parts.push(format!("{} that only the sink has", rows(sink.keys - store.keys)));
    }
    if parts.is_empty() && found.differences.is_empty() {
        parts.push("values differ".into());
    }
    let named = found.differences.iter().map(|row| format!("{}: {}", row.key, row.what));
    parts.extend(named);
    parts.join("; ")
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".into() } else { format!("{count} rows") }
}

impl Row for DayRow {
    const HEADS: &[&str] = &["table", "day", "", "store", "sink", "what"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.table.into(),
            self.day.map_or_else(|| "–".into(), |day| day.to_string()),
            self.verdict.into(),
            self.store_rows.to_string(),
            self.sink_rows.to_string(),
            self.what.clone(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DaySum;
    use crate::domain::tables::WEATHER_OBSERVATIONS;
    use crate::sink::Difference;

    fn day(store: u64, rows: u64, keys: u64) -> DayComparison {
        DayComparison {
            table: &WEATHER_OBSERVATIONS,
            day: None,
            verdict: Verdict::Different,
            store: DaySum { rows: store, keys: store, fingerprint: 1 },
            sink: DaySum { rows, keys, fingerprint: 2 },
            differences: Vec::new(),
        }
    }

    #[test]
    fn a_difference_is_told_in_words() {
        for (found, words) in [
            (day(3, 3, 3), "values differ"),
            (day(3, 4, 3), "1 row more than once"),
            (day(3, 1, 1), "2 rows missing"),
            (day(3, 5, 5), "2 rows that only the sink has"),
            (day(3, 4, 2), "2 rows more than once; 1 row missing"),
        ] {
            assert_eq!(what(&found), words);
        }
        let difference =
            Difference { day: None, key: "mad a b".into(), what: "temperature_c".into() };
        let deep = DayComparison { differences: vec![difference], ..day(3, 3, 3) };
        assert_eq!(what(&deep), "mad a b: temperature_c");
    }

    #[test]
    fn the_headline_says_what_was_found() {
        let mut report = Report { days: vec![day(3, 3, 3)], ..Report::default() };
        assert_eq!(headline(&report), "days compared: 1; 1 differ; not verified through any day");
        report.days[0].verdict = Verdict::Same;
        report.verified_through = NaiveDate::from_ymd_opt(2026, 11, 24);
        assert_eq!(
            headline(&report),
            "days compared: 1; all are the same; verified through 2026-11-24"
        );
    }
}
