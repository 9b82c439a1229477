//! `datetime`: a moment, or an interval, which may be open on one side.

use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Utc};

use crate::serve::answer::parameters::{Parameters, held, midnight, parse_day, parse_time, shown};
use crate::serve::answer::problem::Problem;

/// The longest time that is answered for.
const MAX_DAYS: i64 = 366;

const ALLOWED: &str = "a time as in 2026-11-25T08:00:00Z, a day as in 2026-11-25, or an interval of \
    them as in 2026-11-25/2026-11-26, with .. for an open end";

/// From when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The first moment.
    pub(super) from: DateTime<Utc>,
    /// The first moment that is left out.
    pub(super) to: DateTime<Utc>,
    /// Whether what is before `from` was asked for too.
    pub(super) is_open: bool,
}

/// The first moment of a time or day, and the first after it. The times of observations are whole
/// seconds.
type Edges = (DateTime<Utc>, DateTime<Utc>);

impl Span {
    /// The time that `datetime` names; the last 24 hours if it is missing.
    pub(super) fn asked(parameters: &Parameters, now: DateTime<Utc>) -> Result<Self, Problem> {
        let Some(text) = parameters.text("datetime") else { return Ok(Self::of_last_day(now)) };
        let malformed = || Problem::parameter("datetime", shown(text, "is no time"), ALLOWED);
        let span = match text.split_once('/') {
            None => Self::between(edges(text), edges(text)),
            Some(("..", "..")) => None,
            Some(("..", end)) => edges(end).map(|(_, to)| Self::up_to(to)),
            Some((start, "..")) => edges(start).map(|(from, _)| Self::since(from, now)),
            Some((start, end)) => Self::between(edges(start), edges(end)),
        };
        span.ok_or_else(malformed)?.checked()
    }

    /// To the minute, so that who asks again gets the same answer.
    fn of_last_day(now: DateTime<Utc>) -> Self {
        let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
        Self::since(minute - TimeDelta::days(1), now)
    }

    fn between(start: Option<Edges>, end: Option<Edges>) -> Option<Self> {
        Some(Self { from: start?.0, to: end?.1, is_open: false })
    }

    fn up_to(to: DateTime<Utc>) -> Self {
        Self { from: to - TimeDelta::days(MAX_DAYS), to, is_open: true }
    }

    /// Up to whatever there is: nothing is observed after tomorrow.
    fn since(from: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let to = (now + TimeDelta::days(1)).min(from + TimeDelta::days(MAX_DAYS));
        let is_too_long = now - from > TimeDelta::days(MAX_DAYS);
        // What is refused has to be longer than what may be.
        let to = if is_too_long { now } else { to.max(from + TimeDelta::seconds(1)) };
        Self { from, to, is_open: false }
    }

    fn checked(self) -> Result<Self, Problem> {
        let Self { from, to, is_open } = self;
        if to <= from {
            let allowed = format!("an end at or after {}", written(from));
            return Err(Problem::parameter("datetime", "ends before it begins", allowed));
        }
        // The last second is in it.
        if to - from > TimeDelta::days(MAX_DAYS) + TimeDelta::seconds(1) {
            return Err(self.too_long());
        }
        Ok(Self { from: held(from), to: held(to), is_open })
    }

    /// It goes further than is answered for.
    pub(super) fn too_long(self) -> Problem {
        let longest = TimeDelta::days(MAX_DAYS);
        let allowed = match self.is_open {
            true => format!("{}/{}", written(self.from), written(self.to)),
            false => format!("{}/{}", written(self.from), written(self.from + longest)),
        };
        let detail = format!("is more than {MAX_DAYS} days: ask for them one after another");
        Problem::parameter("datetime", detail, allowed)
    }
}

/// A time, or a day.
fn edges(text: &str) -> Option<Edges> {
    if let Some(day) = parse_day(text) {
        let first = midnight(day);
        return Some((first, first + TimeDelta::days(1)));
    }
    let time = parse_time(text)?;
    let second = time.duration_trunc(TimeDelta::seconds(1)).unwrap_or(time);
    Some((time, second + TimeDelta::seconds(1)))
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<String, String> {
        let query = format!("datetime={text}");
        let parameters = Parameters::parse(Some(&query), &["datetime"]).unwrap();
        let now = "2026-11-25T08:07:30Z".parse().unwrap();
        let span = Span::asked(&parameters, now);
        span.map(|span| format!("{} {}", written(span.from), written(span.to)))
            .map_err(|problem| serde_json::to_value(problem).unwrap()["allowed"].to_string())
    }

    #[test]
    fn a_moment_a_day_and_intervals_are_from_their_first_second_to_their_last() {
        for (text, span) in [
            ("2026-11-25T08:05:00Z", "2026-11-25T08:05:00Z 2026-11-25T08:05:01Z"),
            ("2026-11-25T08:05Z", "2026-11-25T08:05:00Z 2026-11-25T08:05:01Z"),
            (
                "2026-11-25T10:05%2B02:00/2026-11-25T09:05Z",
                "2026-11-25T08:05:00Z 2026-11-25T09:05:01Z",
            ),
            ("2026-11-25", "2026-11-25T00:00:00Z 2026-11-26T00:00:00Z"),
            ("2026-11-24/2026-11-25", "2026-11-24T00:00:00Z 2026-11-26T00:00:00Z"),
            (
                "2026-11-24T10:00:00%2B02:00/2026-11-25T08:00:00Z",
                "2026-11-24T08:00:00Z 2026-11-25T08:00:01Z",
            ),
            ("2026-11-24/..", "2026-11-24T00:00:00Z 2026-11-26T08:07:30Z"),
            ("2999-01-01/..", "2999-01-01T00:00:00Z 2999-01-01T00:00:01Z"),
            ("../2026-11-25T08:00:00Z", "2025-11-24T08:00:01Z 2026-11-25T08:00:01Z"),
            ("2025-11-25/2026-11-25", "2025-11-25T00:00:00Z 2026-11-26T00:00:00Z"),
            ("0001-01-01", "1970-01-01T00:00:00Z 1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(asked(text).as_deref(), Ok(span), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_reversed_or_too_long_is_refused() {
        for (text, allowed) in [
            ("yesterday", "a day as in"),
            ("", "a day as in"),
            ("../..", "a day as in"),
            ("/2026-11-25", "a day as in"),
            ("2026-11-25/2026-11-24", "at or after 2026-11-25T00:00:00Z"),
            ("2025-11-01/2026-11-25", "2025-11-01T00:00:00Z/2026-11-02T00:00:00Z"),
            ("2024-01-01/..", "2024-01-01T00:00:00Z/2025-01-01T00:00:00Z"),
            ("2026-11-24/2026-11-25/2026-11-26", "a day as in"),
        ] {
            let refused = asked(text).unwrap_err();
            assert!(refused.contains(allowed), "{text}: {refused}");
        }
    }
}
