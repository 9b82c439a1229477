//! `weather quota plan`: what a sites file takes, and which plan has it.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::exit::Exit;
use crate::cli::output::{self, OutputFormat};
use crate::cli::sites::{Figure, SitesSettings, figures};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::budget::whole_calls;
use crate::domain::cost::{Cost, expected_calls};
use crate::domain::{Site, Window};
use crate::source::open_meteo::LIVE_TENTHS;
use crate::source::open_meteo::settings::{FREE_CALLS_PER_DAY, FREE_CALLS_PER_HOUR};
use crate::source::openweathermap::CallLimits;

/// Price a sites file: its calls, and the plan that has them
///
/// A call for each slot; what goes wrong adds to it. Which plan of OpenWeatherMap suffices, by its
/// calls per month and by its pace, and whether the free service of Open-Meteo does (for non-commercial
/// use only), which counts the call for one site as 1.6. Needs no key, network or store.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather quota plan config/sites_sample.json\n  \
    weather quota plan my-sites.json --output json | jq '.[] | select(.figure == \"calls per day\") | .value'")]
pub(super) struct Args {
    /// The file [default: the one of SITES_FILE]
    file: Option<PathBuf>,

    /// Form of the rows
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    limits: CallLimits,
    #[command(flatten)]
    sites: SitesSettings,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let sites = args.sites.read_or(args.file.as_deref())?;
    let now = SystemClock.now();
    let cost = Cost::of(&sites, now, args.limits.calls_per_minute());
    let free = OpenMeteoCost::of(&sites, &cost, now);
    if args.output == OutputFormat::Table {
        output::line(&format!("{}; {}", headline(&cost), free.in_words()))?;
    }
    let mut rows = figures(&cost, args.limits.plan_or_smallest());
    rows.extend(prices(&cost));
    rows.extend(free.figures());
    output::rows(args.output, &rows)?;
    Ok(Exit::Done)
}

/// The one sentence that is read first.
pub(in crate::cli) fn headline(cost: &Cost) -> String {
    let Cost { sites_active, calls_per_day, calls_per_month, .. } = cost;
    let plan = match cost.find_plan() {
        Some(plan) => {
            format!(
                "OpenWeatherMap's {} plan suffices ({} GBP a month)",
                plan.name, plan.gbp_per_month
            )
        }
        None => "no plan of OpenWeatherMap suffices".into(),
    };
    format!(
        "{sites_active} sites take {calls_per_day} calls a day, {calls_per_month} in a month of 31 \
         days: {plan}"
    )
}

fn prices(cost: &Cost) -> Vec<Figure> {
    let plan = cost.find_plan().map(|plan| {
        let figure = format!("price of the {} plan, which suffices", plan.name);
        Figure::new(figure, f64::from(plan.gbp_per_month), "GBP per month")
    });
    plan.into_iter().collect()
}

/// What the sites cost at Open-Meteo, as it counts.
struct OpenMeteoCost {
    calls_per_hour: u64,
    calls_per_day: u64,
}

impl OpenMeteoCost {
    /// The first hour of a UTC day is the busiest: every site has a slot that begins with it.
    fn of(sites: &[Site], cost: &Cost, now: DateTime<Utc>) -> Self {
        let midnight = Window::Day.start(now);
        let busiest = expected_calls(sites, midnight, midnight + TimeDelta::hours(1));
        let charged = |calls: u64| whole_calls(calls * u64::from(LIVE_TENTHS));
        Self { calls_per_hour: charged(busiest), calls_per_day: charged(cost.calls_per_day) }
    }

    fn in_words(&self) -> &'static str {
        let suffices =
            self.calls_per_hour <= FREE_CALLS_PER_HOUR && self.calls_per_day <= FREE_CALLS_PER_DAY;
        if suffices {
            "Open-Meteo's free service suffices (non-commercial use only)"
        } else {
            "Open-Meteo's free service does not suffice"
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^53")]
    fn figures(&self) -> [Figure; 3] {
        let share = 100.0 * self.calls_per_day as f64 / FREE_CALLS_PER_DAY as f64;
        [
            Figure::new(
                "Open-Meteo calls in the busiest hour",
                self.calls_per_hour as f64,
                "calls",
            ),
            Figure::new("Open-Meteo calls per day", self.calls_per_day as f64, "calls"),
            Figure::new("share of Open-Meteo's free day", share, "%"),
        ]
    }
}
