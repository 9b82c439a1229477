//! `--from` and `--to` of the commands that go by days.

use chrono::{DateTime, Utc};

use super::error::UsageError;
use crate::domain::{Days, When};

/// From which day to which.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct DaysArgs {
    /// From this day on (UTC): 2026-11-01, a time of RFC 3339, today, yesterday, or so long ago (7d, 24h)
    #[arg(long, visible_alias = "since", value_name = "WHEN", allow_hyphen_values = true)]
    from: Option<When>,

    /// Up to this day (UTC), which is included; in the same forms
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    to: Option<When>,
}

impl DaysArgs {
    /// The days, none of them yet to begin.
    pub(super) fn days(self, now: DateTime<Utc>) -> Result<Days, UsageError> {
        let [from, to] = [self.from, self.to].map(|when| when.map(|when| when.day(now)));
        let today = now.date_naive();
        Days::of_flags(from, to, today)
            .map_err(|problem| UsageError::new(problem).hint(format!("today is {today} (UTC)")))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        days: DaysArgs,
    }

    fn days(flags: &[&str]) -> Result<Days, String> {
        let flags = ["x"].iter().chain(flags);
        let Command { days } = Command::try_parse_from(flags).map_err(|error| error.to_string())?;
        days.days("2026-11-30T07:15:00Z".parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_day_may_be_so_long_ago_and_since_is_another_word_for_from() {
        let day = |text: &str| text.parse().ok();
        for (flags, from, to) in [
            (&[][..], None, None),
            (&["--from", "7d"], day("2026-11-23"), None),
            (&["--since", "yesterday", "--to", "today"], day("2026-11-29"), day("2026-11-30")),
            (&["--from=24h", "--to=2026-11-29T12:00:00Z"], day("2026-11-29"), day("2026-11-29")),
        ] {
            assert_eq!(days(flags), Ok(Days { from, to }), "{flags:?}");
        }
    }

    #[test]
    fn a_wrong_day_gets_the_forms_and_a_wrong_order_is_said() {
        for (flags, part) in [
            (["--from", "31.11.", "--to", "today"], "yesterday"),
            (["--from", "today", "--to", "-7d"], "7d, 24h"),
            (["--from", "today", "--to", "yesterday"], "--to is before --from"),
            (["--from", "2026-12-01", "--to", "2026-12-02"], "is in the future"),
        ] {
            let error = days(&flags).unwrap_err();
            assert!(error.contains(part), "{flags:?}: {error}");
        }
    }
}
