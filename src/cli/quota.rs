//! `weather quota`: how many calls are left, and are they enough?

use chrono::{DateTime, Utc};

use super::colour::Tone;
use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row, relative};
use super::sites::SitesSettings;
use super::sources::SourcesSettings;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::Site;
use crate::store::{Reads, SiteRow, StoreSettings};
use crate::views::quota::{self, Quota};

pub(super) mod plan;

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

impl Row for Quota {
    const COLUMNS: &[Column] = &[
        Column::text("scope"),
        Column::text("account").leaves(3),
        Column::text("window"),
        Column::number("cap").leaves(2),
        Column::number("used"),
        Column::number("reserved").leaves(4),
        Column::number("left").toned(),
        Column::number("needed"),
        Column::number("resets").leaves(1),
    ];

    fn tone(&self) -> Tone {
        match self.spare() {
            ..0 => Tone::Bad,
            _ => Tone::Good,
        }
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<String> {
        vec![
            self.scope.to_owned(),
            self.account.clone(),
            self.window.to_owned(),
            self.cap.to_string(),
            self.used.to_string(),
            self.reserved.to_string(),
            self.left.to_string(),
            self.needed.map_or_else(|| "–".to_owned(), |needed| needed.to_string()),
            relative(self.end, now),
        ]
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    if let Some(Command::Plan(plan)) = args.command {
        return plan::run(&plan);
    }
    let reads = args.store.open_ready().await?.reads;
    let sites = sites(&args.sites, &reads).await?;
    let (mut rows, mut words) = (Vec::new(), Vec::new());
    let now = SystemClock.now();
    for entry in args.sources.names() {
        let own = args.sources.budget(entry);
        let budgets = match args.sources.lacks_key(entry) {
            true => quota::counted(&reads, own, now).await?,
            false => vec![own],
        };
        for budget in budgets {
            let quotas = quota::read(&reads, entry.name, &budget, &sites, now).await?;
            words.push(format!("{}: {}", entry.name, headline(&quotas)));
            rows.extend(quotas);
        }
    }
    if args.output == OutputFormat::Table {
        output::line(&words.join("; "))?;
    }
    if args.output != OutputFormat::Table || !rows.is_empty() {
        output::rows(args.output, &rows)?;
    }
    Ok(Exit::Done)
}

/// The sites of the file; where there is none, those of the store, which the last start took in.
async fn sites(settings: &SitesSettings, reads: &Reads) -> anyhow::Result<Vec<Site>> {
    if !settings.is_unset() {
        return settings.read();
    }
    let mut rows = reads.list_sites().await?;
    rows.retain(|row| row.deactivated_at.is_none());
    Ok(rows.iter().map(SiteRow::site).collect::<Result<_, _>>()?)
}

/// The window that matters to the live slots, in words.
fn headline(quotas: &[Quota]) -> String {
    quota::tightest(quotas).map_or_else(|| "no limit is set".into(), Quota::in_words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::budget::{Counts, Limit, account};
    use crate::domain::{Budget, Interval, Window};
    use crate::store::CallCount;

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
