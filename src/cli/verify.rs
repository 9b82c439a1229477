//! `weather verify`: does each sink hold what the store holds?

use std::num::NonZero;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use super::colour::Tone;
use super::days::DaysArgs;
use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row};
use super::parts::{SinkChoice, open_sinks, with_each};
use super::shutdown::Shutdown;
use super::sync::SyncSettings;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::Days;
use crate::sink::{ArchivedRows, SinkSettings};
use crate::store::StoreSettings;
use crate::sync::Stop;
use crate::sync::verify::{self, DayComparison, Report, RollUpComparison, Scope, Verdict, Verify};

/// Compare store and sinks day by day, and show the days that differ
///
/// Of each day the rows, the keys and a fingerprint of every value are compared; each side computes
/// them from its own rows. A day with rows that are still to be synced is pending and no difference.
/// Ends with exit code 1 when a day differs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather verify\n  \
    weather verify --sink lake\n  \
    weather verify --deep --from 2026-11-01\n  \
    weather verify --rolling 30     # once a day: every day within a month\n  \
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
    /// Compare every value in the sink itself, and name the rows and columns that differ
    #[arg(long)]
    deep: bool,

    #[command(flatten)]
    span: DaysArgs,

    /// Only the days that changed since they were last found equal, the last three, and one of N of the
    /// rest: N runs compare every day
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "to", "days"], value_parser = clap::value_parser!(u16).range(1..=365))]
    rolling: Option<u16>,

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
    choice: SinkChoice,
    #[command(flatten)]
    settings: SyncSettings,
    #[command(flatten)]
    sink: SinkSettings,
    #[command(flatten)]
    store: StoreSettings,
}

impl CompareArgs {
    fn scope(&self, now: DateTime<Utc>) -> Result<Scope, UsageError> {
        if let Some(n) = self.rolling.and_then(NonZero::new) {
            return Ok(Scope::Rolling(n));
        }
        Ok(Scope::Of(match self.days {
            None => self.span.days(now)?,
            Some(count) => {
                let today = now.date_naive();
                let first = today - TimeDelta::days(i64::from(count) - 1);
                Days { from: Some(first), to: Some(today) }
            }
        }))
    }
}

pub(super) async fn run(args: Args, is_json: bool) -> anyhow::Result<Exit> {
    compare(&args.compare, &args.parts, is_json, async |parts| verify::run(parts).await).await
}

/// Compares each sink by `job` and shows what it found.
pub(super) async fn compare(
    args: &CompareArgs,
    parts: &PartsArgs,
    is_json: bool,
    mut job: impl AsyncFnMut(Verify<'_>) -> Report,
) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let scope = args.scope(SystemClock.now())?;
    let sinks = open_sinks(&parts.sink, parts.choice).await?;
    let lake = parts.sink.lake.open()?;
    let reads = parts.store.open_ready().await?.reads;
    let mut rows = Vec::new();
    let exit = with_each(sinks, is_json, &shutdown, async |_, sink| {
        let sink = sink?;
        let report = job(Verify {
            reads: &reads,
            sink: &*sink,
            archive: lake.as_ref().map(|lake| lake as &dyn ArchivedRows),
            scope,
            clock: &SystemClock,
            is_deep: args.deep,
            chunk_rows: parts.settings.chunk_rows,
            shutdown: shutdown.token(),
        })
        .await;
        let found = rows_of(&report);
        match args.output {
            OutputFormat::Table => show(&report, &found)?,
            _ => rows.extend(found),
        }
        match report.stop {
            None if report.has_differences() => Ok(Exit::TooManyFailed),
            None => Ok(Exit::Done),
            Some(Stop::Interrupted) => Ok(shutdown.exit()),
            Some(Stop::Failed(error)) => Err(error),
            Some(stop) => Err(stop.into()),
        }
    })
    .await;
    if args.output != OutputFormat::Table {
        output::rows(args.output, &rows)?;
    }
    Ok(exit)
}

fn rows_of(report: &Report) -> Vec<DayRow> {
    let roll_ups = report.roll_ups.iter().map(DayRow::of_roll_up);
    let rows = report.days.iter().filter_map(DayRow::of).chain(roll_ups);
    rows.map(|row| DayRow { sink: report.sink, ..row }).collect()
}

/// For a person.
fn show(report: &Report, rows: &[DayRow]) -> anyhow::Result<()> {
    if report.stop.is_none() {
        output::line(&format!("{}: {}", report.sink, headline(report)))?;
    }
    if !rows.is_empty() {
        output::rows(OutputFormat::Table, rows)?;
    }
    match report.billed.bytes {
        0 => Ok(()),
        _ => output::line(&format!("billed: {}", report.billed)),
    }
}

/// What there is to say in one sentence.
fn headline(report: &Report) -> String {
    let mut parts = Vec::new();
    if report.days_read < report.days_known {
        parts.push(format!("{} of {} days read", report.days_read, report.days_known));
    }
    parts.push(format!("days compared: {}", report.days.len()));
    let found = parts.len();
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
    for (is_repaired, words) in [(false, "differ"), (true, "computed anew")] {
        match report.roll_ups.iter().filter(|day| day.is_repaired == is_repaired).count() {
            0 => {}
            count => parts.push(format!("days of roll-ups: {count} {words}")),
        }
    }
    if parts.len() == found {
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
    sink: &'static str,
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
            sink: "",
            table: found.table.name,
            day: found.day,
            verdict,
            what: what(found),
            store_rows: found.store.rows,
            sink_rows: found.sink.rows,
        })
    }
}

impl DayRow {
    /// Both sides are the sink's own: there are no rows of the store to count.
    fn of_roll_up(found: &RollUpComparison) -> Self {
        Self {
            sink: "",
            table: found.of.table,
            day: found.of.day,
            verdict: if found.is_repaired { "repaired" } else { "different" },
            what: "not what its definition says".into(),
            store_rows: 0,
            sink_rows: 0,
        }
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
    const COLUMNS: &[Column] = &[
        Column::text("table"),
        Column::text("day"),
        Column::text("verdict").toned(),
        Column::number("store").leaves(1),
        Column::number("sink").leaves(1),
        Column::words("what"),
    ];

    fn tone(&self) -> Tone {
        match self.verdict {
            "different" | "kept" => Tone::Bad,
            "repaired" => Tone::Good,
            _ => Tone::Warning,
        }
    }

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
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
            is_archived: false,
            equal_at: None,
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
        (report.days_read, report.days_known) = (14, 400);
        assert!(headline(&report).starts_with("14 of 400 days read; days compared: 1; all"));
    }

    #[test]
    fn the_last_n_days_end_with_today() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 24);
        let now = "2026-11-24T23:59:00Z".parse().unwrap();
        let args = |days| CompareArgs {
            deep: false,
            span: DaysArgs::default(),
            rolling: None,
            days,
            output: OutputFormat::Table,
        };
        for (count, first) in [(1, 24), (3, 22), (24, 1)] {
            let Scope::Of(days) = args(Some(count)).scope(now).unwrap() else {
                panic!("not those days")
            };
            let from = NaiveDate::from_ymd_opt(2026, 11, first);
            assert_eq!(days, Days { from, to: today });
        }
        let Scope::Of(days) = args(None).scope(now).unwrap() else { panic!("not every day") };
        assert_eq!(days, Days::ALL);
        let rolling = CompareArgs { rolling: Some(30), ..args(None) };
        assert!(matches!(rolling.scope(now), Ok(Scope::Rolling(n)) if n.get() == 30));
    }
}
