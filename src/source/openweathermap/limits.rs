//! What the account may do: its plan, and what is set apart from it.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::NAME;
use super::settings::parse_calls_per_minute;
use crate::domain::budget::{Counts, Limit, Window};
use crate::domain::cost::{PLANS, Plan};

/// The scope of One Call, whose daily calls are counted apart.
pub const ONE_CALL_SCOPE: &str = "openweathermap:onecall";

/// One Call's daily calls that cost nothing (<https://openweathermap.org/price>); the vendor blocks
/// at 2,000 unless that is changed in the account.
const FREE_ONE_CALLS_PER_DAY: u64 = 1000;

/// Limits of the OpenWeatherMap account.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "OpenWeatherMap")]
pub struct CallLimits {
    /// Plan of the account, whose limits hold unless others are set [default: free; with only
    /// OPENWEATHER_CALLS_PER_MINUTE set, the smallest plan that allows it]
    #[arg(
        long, value_name = "PLAN", env = "OPENWEATHER_PLAN",
        value_parser = PossibleValuesParser::new(PLANS.map(|plan| plan.name))
    )]
    openweather_plan: Option<String>,

    /// Calls per minute of the account, all tasks together; 0 is no limit [default: the plan's, 60
    /// of the free one]
    #[arg(
        long, alias = "calls-per-minute", value_name = "N", env = "OPENWEATHER_CALLS_PER_MINUTE",
        value_parser = parse_calls_per_minute
    )]
    openweather_calls_per_minute: Option<f64>,

    /// Calls per day (UTC) of the account, One Call apart; 0 is no limit [default: no limit]
    #[arg(long, value_name = "N", env = "OPENWEATHER_CALLS_PER_DAY")]
    openweather_calls_per_day: Option<u64>,

    /// Calls per month (UTC) of the account, One Call apart; 0 is no limit [default: the plan's,
    /// 1000000 of the free one]
    #[arg(long, value_name = "N", env = "OPENWEATHER_CALLS_PER_MONTH")]
    openweather_calls_per_month: Option<u64>,

    /// Calls per day (UTC) of One Call, which history is asked from: 1000 cost nothing, and the vendor
    /// blocks at 2000 by default; 0 is no limit
    #[arg(
        long, value_name = "N", env = "OPENWEATHER_ONE_CALL_CALLS_PER_DAY",
        default_value_t = FREE_ONE_CALLS_PER_DAY
    )]
    openweather_one_call_calls_per_day: u64,
}

impl CallLimits {
    /// The plan that is meant; `None` when no limit is.
    #[must_use]
    pub fn plan(&self) -> Option<&'static Plan> {
        match (&self.openweather_plan, self.openweather_calls_per_minute) {
            (Some(name), _) => Plan::find(name),
            (None, Some(calls)) => Plan::find_allowing(calls),
            (None, None) => PLANS.first(),
        }
    }

    /// The plan to compare with, where no limit is meant the smallest.
    #[must_use]
    pub fn plan_or_smallest(&self) -> &'static Plan {
        self.plan().unwrap_or(&PLANS[0])
    }

    /// Calls per minute; 0 is no limit.
    #[must_use]
    pub fn calls_per_minute(&self) -> f64 {
        let of_plan = || self.plan().map_or(0.0, |plan| f64::from(plan.calls_per_minute));
        self.openweather_calls_per_minute.unwrap_or_else(of_plan)
    }

    /// The limits as they are counted.
    #[must_use]
    pub fn limits(&self) -> Vec<Limit> {
        let per_month = self.openweather_calls_per_month;
        let per_month = per_month.or_else(|| self.plan().map(|plan| plan.calls_per_month));
        let limits = [
            limit(NAME, Window::Minute, whole(self.calls_per_minute()), Counts::All),
            limit(NAME, Window::Day, self.openweather_calls_per_day.unwrap_or(0), Counts::Live),
            limit(NAME, Window::Month, per_month.unwrap_or(0), Counts::Live),
            limit(
                ONE_CALL_SCOPE,
                Window::Day,
                self.openweather_one_call_calls_per_day,
                Counts::History,
            ),
        ];
        limits.into_iter().filter(|limit| limit.calls > 0).collect()
    }
}

fn limit(scope: &'static str, window: Window, calls: u64, counts: Counts) -> Limit {
    Limit { scope, window, calls, counts }
}

/// A fraction of a call per minute is a call now and then: the pace sees to it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a million")]
pub(in crate::source) fn whole(calls_per_minute: f64) -> u64 {
    calls_per_minute.ceil() as u64
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        limits: CallLimits,
    }

    /// Calls per minute, day, month and of One Call; 0: no limit.
    fn limits(arguments: &str) -> [u64; 4] {
        let arguments = std::iter::once("x").chain(arguments.split_whitespace());
        let limits = Settings::try_parse_from(arguments).unwrap().limits.limits();
        [
            (NAME, Window::Minute),
            (NAME, Window::Day),
            (NAME, Window::Month),
            (ONE_CALL_SCOPE, Window::Day),
        ]
        .map(|(scope, window)| {
            let found = limits.iter().find(|each| each.scope == scope && each.window == window);
            found.map_or(0, |limit| limit.calls)
        })
    }

    #[test]
    fn the_plan_gives_the_limits_that_are_not_set() {
        for (arguments, expected) in [
            ("", [60, 0, 1_000_000, 1000]),
            ("--openweather-plan developer", [3000, 0, 100_000_000, 1000]),
            ("--openweather-calls-per-minute 50", [50, 0, 1_000_000, 1000]),
            ("--openweather-calls-per-minute 601", [601, 0, 100_000_000, 1000]),
            ("--openweather-calls-per-minute 0.5", [1, 0, 1_000_000, 1000]),
            ("--openweather-calls-per-minute 0", [0, 0, 0, 1000]),
            ("--openweather-calls-per-minute 0 --openweather-plan free", [0, 0, 1_000_000, 1000]),
            ("--openweather-calls-per-day 500 --openweather-calls-per-month 0", [60, 500, 0, 1000]),
            ("--openweather-one-call-calls-per-day 0", [60, 0, 1_000_000, 0]),
        ] {
            assert_eq!(limits(arguments), expected, "{arguments}");
        }
    }
}
