//! `weather gaps`: which slots are missing, and why?

use std::io::{self, Write as _};

use chrono::{DateTime, NaiveDate, Utc};

use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, OutputFormat, Row, Rows, grouped};
use super::sources;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{Days, Life, SiteId};
use crate::store::StoreSettings;
use crate::views::gaps::{self, GapRow, Selection, Summary};

/// List the slots that are missing, as ranges, each with its reason
///
/// A slot is expected from a site's active_from on (without it, from its first slot) to now, at the
/// interval that the site had then, while it was in the sites file. A missing one was never tried,
/// paused (the account was blocked, the key refused or the call budget spent when it was due), failed
/// (by kind), is quarantined (the answer held a value out of its physical range), or unfillable (no
/// source can fill it any more). BigQuery's view missing_hours lists the same.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather gaps\n  \
    weather gaps --site mad-retiro --from 2026-11-01 --to 2026-11-07\n  \
    weather gaps --output csv > gaps.csv\n  \
    weather gaps --output json | jq 'map(select(.reason == \"never_tried\") | .slots) | add'")]
pub(super) struct Args {
    /// Only this site; may be given several times
    #[arg(long = "site", value_name = "ID", value_parser = parse_site_id)]
    sites: Vec<SiteId>,

    /// Only slots from this day on (UTC)
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,

    /// Only slots up to this day (UTC), which is included
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,

    /// Only of this source
    #[arg(long, value_name = "NAME", value_parser = sources::NAMES)]
    source: Option<String>,

    /// Form of the rows
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    store: StoreSettings,
}

/// Ranges that a table shows; programs get all.
const MAX_ROWS: usize = 200;

fn parse_site_id(text: &str) -> Result<SiteId, String> {
    SiteId::parse(text).ok_or_else(|| "no id of a site".into())
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let now = SystemClock.now();
    let days = days(&args, now)?;
    let reads = args.store.open_ready().await?.reads;
    let lives = selected(reads.list_lives().await?, &args.sites)?;
    let selection = Selection { source: args.source.as_deref(), days, now };
    if args.output == OutputFormat::Table {
        let mut rows = Vec::new();
        let mut more = 0_usize;
        let each = |gap| {
            if rows.len() < MAX_ROWS {
                rows.push(GapRow::from(gap));
            } else {
                more += 1;
            }
            Ok::<_, anyhow::Error>(())
        };
        let summary = gaps::list(&reads, &lives, selection, each).await?;
        return show(&summary, &rows, more).map(|()| Exit::Done);
    }
    let mut rows = Rows::begin(args.output)?;
    gaps::list(&reads, &lives, selection, |gap| rows.push(&GapRow::from(gap))).await?;
    rows.finish()?;
    Ok(Exit::Done)
}

fn show(summary: &Summary, rows: &[GapRow], more: usize) -> anyhow::Result<()> {
    output::line(&headline(summary))?;
    if !rows.is_empty() {
        output::rows(OutputFormat::Table, rows)?;
    }
    if more > 0 {
        output::text(&format!("… and {more} more: --output csv has all\n"))?;
    }
    Ok(io::stdout().flush()?)
}

/// The days that are asked for.
fn days(args: &Args, now: DateTime<Utc>) -> anyhow::Result<Days> {
    let today = now.date_naive();
    let days = Days::of_flags(args.from, args.to, today);
    Ok(days.map_err(|problem| UsageError::new(problem).hint(format!("today is {today} (UTC)")))?)
}

/// The sites that are asked for; all, if none is named.
fn selected(mut lives: Vec<Life>, site_ids: &[SiteId]) -> anyhow::Result<Vec<Life>> {
    if let Some(unknown) = site_ids.iter().find(|id| lives.iter().all(|life| life.site_id != **id))
    {
        let problem = format!("the store knows no site `{unknown}`");
        let hint = "`weather status` lists the sites; one that is new in the file is taken in by `weather etl`";
        return Err(UsageError::new(problem).hint(hint).into());
    }
    lives.retain(|life| site_ids.is_empty() || site_ids.contains(&life.site_id));
    Ok(lives)
}

/// `4,800 slots of 100 sites are missing, the oldest since …: 4,700 never tried, 100 not_found`.
fn headline(summary: &Summary) -> String {
    let Some(oldest) = summary.oldest else { return "no slot is missing".into() };
    let mut reasons: Vec<_> = summary.by_reason.iter().collect();
    reasons.sort_by_key(|(_, slots)| std::cmp::Reverse(**slots));
    let reasons =
        reasons.into_iter().map(|(reason, slots)| format!("{} {reason}", grouped(*slots)));
    format!(
        "{} slot{} of {} site{} missing, the oldest since {}: {}",
        grouped(summary.slots),
        if summary.slots == 1 { "" } else { "s" },
        grouped(summary.sites),
        match (summary.slots, summary.sites) {
            (1, _) => " is",
            (_, 1) => " are",
            _ => "s are",
        },
        oldest.format("%F %H:%M"),
        reasons.collect::<Vec<_>>().join(", ")
    )
}

impl Row for GapRow {
    const HEADS: &[&str] =
        &["site", "source", "first slot", "last slot", "slots", "reason", "says"];

    fn cells(&self) -> Vec<String> {
        let time = |time: DateTime<Utc>| time.format("%F %H:%M").to_string();
        vec![
            self.site_id.clone(),
            self.source.clone().unwrap_or_else(|| "–".into()),
            time(self.first_slot),
            time(self.last_slot),
            grouped(self.slots),
            match &self.error_kind {
                Some(kind) if self.reason == "failed" => kind.clone(),
                _ => self.reason.replace('_', " "),
            },
            self.error_message.clone().unwrap_or_default(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(slots: u64, sites: u64, reasons: &[(&str, u64)]) -> Summary {
        let by_reason = reasons.iter().map(|(reason, slots)| ((*reason).to_owned(), *slots));
        let oldest = "2026-11-23T08:00:00Z".parse().ok().filter(|_| slots > 0);
        Summary { slots, sites, oldest, by_reason: by_reason.collect() }
    }

    #[test]
    fn the_summary_says_how_many_since_when_and_why() {
        for (summary, line) in [
            (
                summary(4800, 100, &[("never tried", 4700), ("not_found", 100)]),
                "4,800 slots of 100 sites are missing, the oldest since 2026-11-23 08:00: 4,700 never tried, 100 not_found",
            ),
            (
                summary(2, 1, &[("paused", 2)]),
                "2 slots of 1 site are missing, the oldest since 2026-11-23 08:00: 2 paused",
            ),
            (
                summary(1, 1, &[("timeout", 1)]),
                "1 slot of 1 site is missing, the oldest since 2026-11-23 08:00: 1 timeout",
            ),
            (summary(0, 0, &[]), "no slot is missing"),
        ] {
            assert_eq!(headline(&summary), line);
        }
    }
}
