//! `datetime`: a moment, or an interval, which may be open on one side.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema as _;
use utoipa::openapi::Ref;
use utoipa::openapi::schema::AnyOfBuilder;

use crate::serve::answer::problem::Problem;
use crate::serve::answer::values::{
    Moment, Unfit, held, midnight, parameter_schema, parse_day, parse_time, text_schema, written,
};

/// The longest time that is answered for.
const MAX_DAYS: i64 = 366;

const ALLOWED: &str = "a time as in 2026-11-25T08:00:00Z, a day as in 2026-11-25, or an interval of \
    them as in 2026-11-25/2026-11-26, with .. for an open end";

/// The value of `datetime`, with its last second in it. Observations have whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Interval {
    /// The first moment; `None`: it is open.
    from: Option<DateTime<Utc>>,
    /// The first moment that is left out; `None`: it is open.
    to: Option<DateTime<Utc>>,
}

impl Interval {
    fn parse(text: &str) -> Option<Self> {
        let (start, end) = text.split_once('/').unwrap_or((text, text));
        let (from, to) = match (start, end) {
            ("..", "..") => return None,
            ("..", end) => (None, Some(edges(end)?.1)),
            (start, "..") => (Some(edges(start)?.0), None),
            (start, end) => (Some(edges(start)?.0), Some(edges(end)?.1)),
        };
        Some(Self { from, to })
    }
}

impl Interval {
    /// Whether any of the time from the first moment to the last, both included, is in it.
    pub(crate) fn meets(self, (first, last): (DateTime<Utc>, DateTime<Utc>)) -> bool {
        self.from.is_none_or(|from| from <= last) && self.to.is_none_or(|to| first < to)
    }
}

impl TryFrom<String> for Interval {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        Self::parse(&text).ok_or_else(|| Unfit::shown(&text, "is no time", ALLOWED))
    }
}

/// A time or a day, for the document.
const TIME: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\
    (T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?Z)?";

parameter_schema!(Interval, "EdrInterval", interval());

/// A time, a day or an interval that is open on one side at most.
fn interval() -> AnyOfBuilder {
    let interval = text_schema(format!(r"^((\.\.|{TIME})/{TIME}|{TIME}/\.\.)$"));
    AnyOfBuilder::new().item(Ref::from_schema_name(Moment::name())).item(interval)
}

/// From when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first moment.
    pub(crate) from: DateTime<Utc>,
    /// The first moment that is left out.
    pub(crate) to: DateTime<Utc>,
    /// Whether what is before `from` was asked for too.
    pub(crate) is_open: bool,
}

/// The first moment of a time or day, and the first after it. The times of observations are whole
/// seconds.
type Edges = (DateTime<Utc>, DateTime<Utc>);

impl Span {
    /// Fills `datetime`, the last 24 hours if it is missing, and gives the span that it is.
    pub(crate) fn fill(
        datetime: &mut Option<Interval>,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let span = match *datetime {
            Some(Interval { from: Some(from), to: Some(to) }) => Self { from, to, is_open: false },
            Some(Interval { from: Some(from), to: None }) => Self::since(from, now),
            Some(Interval { from: None, to: Some(to) }) => Self::up_to(to),
            Some(Interval { from: None, to: None }) | None => Self::of_last_day(now),
        };
        let span = span.checked()?;
        let from = (!span.is_open).then_some(span.from);
        *datetime = Some(Interval { from, to: Some(span.to) });
        Ok(span)
    }

    /// To the minute, so that the same request gets the same answer.
    fn of_last_day(now: DateTime<Utc>) -> Self {
        let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
        Self::since(minute - TimeDelta::days(1), now)
    }

    fn up_to(to: DateTime<Utc>) -> Self {
        Self { from: to - TimeDelta::days(MAX_DAYS), to, is_open: true }
    }

    /// Up to what there is: nothing is observed after tomorrow.
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
    pub(crate) fn too_long(self) -> Problem {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::answer::parameters::parse;

    #[derive(Deserialize)]
    struct Query {
        datetime: Option<Interval>,
    }

    fn span(text: &str) -> Result<Span, Problem> {
        let mut query: Query = parse(&format!("datetime={text}"))?;
        Span::fill(&mut query.datetime, "2026-11-25T08:07:30Z".parse().unwrap())
    }

    fn asked(text: &str) -> Result<String, String> {
        span(text)
            .map(|span| format!("{} {}", written(span.from), written(span.to)))
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
