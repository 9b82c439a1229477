//! `weather quota`: how many calls are left, and are they enough?

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::exit::Exit;
use super::output::{self, OutputFormat, Row};
use super::sites::SitesSettings;
use super::sources::SourcesSettings;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::budget::{Counts, Limit};
use crate::domain::{Budget, Site, Window};
use crate::store::{CallCount, Reads, StoreSettings};

mod plan;

/// Show the calls that each account has used, reserved and left, and what its sites will need
///
/// Calls are reserved in the store before they are sent, in the minute, the UTC day and the UTC month;
/// what is reserved and not used was lost with a crash, or is about to be sent. What the sites need is
/// a call for each slot, from the one under way to the end of the window. `quota plan` shows what a
/// sites file takes, without key and store.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
        weather quota\n  \
        SOURCES=openweathermap,open-meteo weather quota --output json\n  \
        weather quota plan my-sites.json"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// Form of the rows
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    sources: SourcesSettings,
    #[command(flatten)]
    store: StoreSettings,
    #[command(flatten)]
    sites: SitesSettings,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Plan(plan::Args),
}

/// A window of a limit.
#[derive(Debug, Serialize)]
struct Quota {
    source: &'static str,
    account: String,
    scope: &'static str,
    window: &'static str,
    cap: u64,
    used: u64,
    reserved: u64,
    left: u64,
    resets_at: String,
    needed: Option<u64>,
    #[serde(skip)]
    counts: Counts,
    #[serde(skip)]
    end: DateTime<Utc>,
}

impl Quota {
    fn new(
        source: &'static str,
        budget: &Budget,
        limit: &Limit,
        counted: &[CallCount],
        sites: &[Site],
        now: DateTime<Utc>,
    ) -> Self {
        let (start, end) = (limit.window.start(now), limit.window.end(now));
        let counted = counted.iter().find(|row| row.is_of(limit.scope, limit.window, start));
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let (reserved, used) =
            counted.map_or((0, 0), |row| (number(row.reserved), number(row.used)));
        // A minute is the pace's matter, and history has no slots to come.
        let is_foreseen = limit.window != Window::Minute && limit.counts != Counts::History;
        Self {
            source,
            account: budget.account.clone(),
            scope: limit.scope,
            window: limit.window.as_str(),
            cap: limit.calls,
            used,
            reserved: reserved.saturating_sub(used),
            left: limit.calls.saturating_sub(reserved),
            resets_at: end.to_rfc3339_opts(SecondsFormat::Secs, true),
            needed: is_foreseen.then(|| budget.live_need(sites, now, end)),
            counts: limit.counts,
            end,
        }
    }

    /// Calls that are left beyond what is needed; below 0, calls that will be missing.
    fn spare(&self) -> i128 {
        i128::from(self.left) - i128::from(self.needed.unwrap_or(0))
    }

    /// In a few words.
    fn in_words(&self) -> String {
        let (window, end) = (self.window, self.end.format("%F %H:%M UTC"));
        match (self.left, self.needed) {
            (0, _) => format!("no calls left this {window}, new ones at {end}"),
            (left, Some(needed)) if self.spare() < 0 => {
                format!(
                    "{left} calls left this {window}, and {needed} needed until {end}: not enough"
                )
            }
            (left, Some(needed)) => {
                format!("{left} calls left this {window}, {needed} needed until {end}")
            }
            (left, None) => format!("{left} calls left this {window}"),
        }
    }
}

impl Row for Quota {
    const HEADS: &[&str] =
        &["scope", "account", "window", "cap", "used", "reserved", "left", "needed", "resets at"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.scope.to_owned(),
            self.account.clone(),
            self.window.to_owned(),
            self.cap.to_string(),
            self.used.to_string(),
            self.reserved.to_string(),
            self.left.to_string(),
            self.needed.map_or_else(|| "–".to_owned(), |needed| needed.to_string()),
            self.end.format("%F %H:%M").to_string(),
        ]
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    if let Some(Command::Plan(plan)) = args.command {
        return plan::run(&plan);
    }
    let names = args.sources.names().into_iter();
    let budgets = names.map(|entry| Ok((entry.name, args.sources.budget(entry)?)));
    let budgets = budgets.collect::<anyhow::Result<Vec<_>>>()?;
    let sites = args.sites.read()?;
    let reads = args.store.open_ready().await?.reads;
    let (mut rows, mut words) = (Vec::new(), Vec::new());
    for (source, budget) in &budgets {
        let quotas = quotas(&reads, source, budget, &sites, SystemClock.now()).await?;
        words.push(format!("{source}: {}", headline(&quotas)));
        rows.extend(quotas);
    }
    if args.output == OutputFormat::Table {
        output::line(&words.join("; "))?;
    }
    if args.output != OutputFormat::Table || !rows.is_empty() {
        output::rows(args.output, &rows)?;
    }
    Ok(Exit::Done)
}

async fn quotas(
    reads: &Reads,
    source: &'static str,
    budget: &Budget,
    sites: &[Site],
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Quota>> {
    let counted = reads.list_call_counts(&budget.account, Window::Month.start(now)).await?;
    let limits = budget.limits.iter();
    Ok(limits.map(|limit| Quota::new(source, budget, limit, &counted, sites, now)).collect())
}

/// The window that matters to the live slots: a spent one, else the one with the least to spare.
fn headline(quotas: &[Quota]) -> String {
    let live = quotas.iter().filter(|quota| quota.counts != Counts::History);
    let tightest = live.min_by_key(|quota| (quota.left > 0, quota.needed.is_none(), quota.spare()));
    tightest.map_or_else(|| "no limit is set".into(), Quota::in_words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Interval;
    use crate::domain::budget::account;

    const SOURCE: &str = "openweathermap";

    fn quotas(limits: &[(Window, u64)], reserved: i64) -> Vec<Quota> {
        let now: DateTime<Utc> = "2026-11-25T23:20:00Z".parse().unwrap();
        let limit = |(window, calls): &(Window, u64)| Limit {
            scope: SOURCE,
            window: *window,
            calls: *calls,
            counts: Counts::All,
        };
        let limits: Vec<Limit> = limits.iter().map(limit).collect();
        let budget = Budget { limits, ..Budget::unlimited(account(None)) };
        let sites = include_str!("../../config/sites_sample.json");
        let mut sites = crate::domain::sites_file::parse(sites).unwrap();
        sites.truncate(5);
        sites.iter_mut().for_each(|site| site.interval = Interval::HOUR);
        let counted = Window::ALL.map(|window| CallCount {
            scope: SOURCE.into(),
            window_kind: window.as_str().into(),
            window_start: window.start(now),
            reserved,
            used: reserved - 1,
        });
        let limits = budget.limits.iter();
        limits.map(|limit| Quota::new(SOURCE, &budget, limit, &counted, &sites, now)).collect()
    }

    #[test]
    fn the_tightest_window_comes_first() {
        let (minute, day, month) = (Window::Minute, Window::Day, Window::Month);
        for (limits, reserved, words) in [
            (vec![], 1, "no limit is set"),
            (vec![(minute, 60)], 1, "59 calls left this minute"),
            (vec![(minute, 60)], 61, "no calls left this minute, new ones at 2026-11-25 23:21 UTC"),
            (
                vec![(minute, 60), (month, 10_000)],
                1,
                "9999 calls left this month, 605 needed until 2026-12-01 00:00 UTC",
            ),
            (
                vec![(day, 100), (month, 400)],
                1,
                "399 calls left this month, and 605 needed until 2026-12-01 00:00 UTC: not enough",
            ),
            (
                vec![(day, 7), (month, 400)],
                7,
                "no calls left this day, new ones at 2026-11-26 00:00 UTC",
            ),
        ] {
            assert_eq!(headline(&quotas(&limits, reserved)), words);
        }
    }

    #[test]
    fn what_is_reserved_and_not_used_is_shown_apart() {
        let quota = quotas(&[(Window::Day, 100)], 7).remove(0);
        assert_eq!((quota.cap, quota.used, quota.reserved, quota.left), (100, 6, 1, 93));
        assert_eq!(quota.resets_at, "2026-11-26T00:00:00Z");
    }
}
