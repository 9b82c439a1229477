//! `weather gaps`: which slots are missing, and why?

use std::io::{self, Write as _};

use chrono::{DateTime, Utc};

use super::colour::Tone;
use super::days::DaysArgs;
use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row, Rows, grouped, relative};
use super::selection::{ListArgs, SelectionArgs};
use super::sources;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::Reason;
use crate::store::StoreSettings;
use crate::views::gaps::{self, GapRow, Selection, SiteGap, Summary};

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
    weather gaps --trouble --from yesterday --exit-code || echo 'something is missing'\n  \
    weather gaps --from 7d --output csv > gaps.csv\n  \
    weather gaps --output json | jq 'map(select(.reason == \"never_tried\") | .slots) | add'")]
pub(super) struct Args {
    #[command(flatten)]
    sites: SelectionArgs,

    /// Only what can still be filled: what no source can fill any more is left out
    #[arg(long)]
    trouble: bool,

    #[command(flatten)]
    list: ListArgs,

    #[command(flatten)]
    days: DaysArgs,

    /// Only of this source
    #[arg(long, value_name = "NAME", value_parser = sources::NAMES)]
    source: Option<String>,

    /// Form of the rows
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    store: StoreSettings,
}

/// Ranges that a table shows if no other number is asked for; programs get all.
const MAX_ROWS: usize = 200;

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let now = SystemClock.now();
    let days = args.days.days(now)?;
    let reads = args.store.open_ready().await?.reads;
    let selected = args.sites.site_ids(&reads).await?;
    let mut lives = reads.list_lives().await?;
    lives.retain(|life| selected.as_ref().is_none_or(|ids| ids.contains(life.site_id.as_str())));
    let selection = Selection { source: args.source.as_deref(), days, now };
    let mut listed = Listed::begin(&args)?;
    gaps::list(&reads, &lives, selection, |gap| listed.push(gap)).await?;
    let is_missing = listed.summary.slots > 0;
    listed.finish()?;
    Ok(if args.list.exit_code && is_missing { Exit::TooManyFailed } else { Exit::Done })
}

/// The gaps that are shown, and what all that are selected come to.
struct Listed<'a> {
    args: &'a Args,
    summary: Summary,
    last_site: String,
    shown: Shown,
    more: usize,
}

/// A table is shown at its end; for programs each row is written at once.
enum Shown {
    Table(Vec<GapRow>),
    Written(Rows, usize),
}

impl<'a> Listed<'a> {
    fn begin(args: &'a Args) -> anyhow::Result<Self> {
        let shown = match args.output {
            OutputFormat::Table => Shown::Table(Vec::new()),
            format => Shown::Written(Rows::begin(format)?, 0),
        };
        let (summary, last_site) = (Summary::default(), String::new());
        Ok(Self { args, summary, last_site, shown, more: 0 })
    }

    fn push(&mut self, gap: SiteGap) -> anyhow::Result<()> {
        if self.args.trouble && matches!(gap.gap.reason, Reason::Unfillable(_)) {
            return Ok(());
        }
        self.summary.count(&gap.gap);
        if gap.site_id != self.last_site {
            self.summary.sites += 1;
            self.last_site.clone_from(&gap.site_id);
        }
        match &mut self.shown {
            Shown::Table(rows) if rows.len() < self.args.list.rows(MAX_ROWS) => {
                rows.push(gap.into());
            }
            Shown::Written(rows, written) if *written < self.args.list.rows(usize::MAX) => {
                *written += 1;
                rows.push(&GapRow::from(gap))?;
            }
            _ => self.more += 1,
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        let rows = match self.shown {
            Shown::Written(rows, _) => return rows.finish(),
            Shown::Table(rows) => rows,
        };
        output::line(&headline(&self.summary))?;
        if !rows.is_empty() {
            output::rows(OutputFormat::Table, &rows)?;
        }
        if self.more > 0 {
            output::line(&format!("… and {} more: --limit N, or --output csv has all", self.more))?;
        }
        Ok(io::stdout().flush()?)
    }
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
    const COLUMNS: &[Column] = &[
        Column::text("site"),
        Column::text("source").leaves(2),
        Column::number("first slot"),
        Column::number("last slot").leaves(1),
        Column::number("slots"),
        Column::text("reason").toned(),
        Column::words("says").leaves(3),
    ];

    fn tone(&self) -> Tone {
        match self.reason {
            "unfillable" => Tone::Faint,
            "never_tried" | "paused" => Tone::Warning,
            _ => Tone::Bad,
        }
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<String> {
        vec![
            self.site_id.clone(),
            self.source.clone().unwrap_or_else(|| "–".into()),
            relative(self.first_slot, now),
            relative(self.last_slot, now),
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
