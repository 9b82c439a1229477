//! What the page of a site can be asked with: a range or an edge on either side, a source, and what is drawn
//! beside it.

use chrono::{DateTime, DurationRound as _, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::domain::{Life, SiteId};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::values::{Source, Unfit, held, is_source, parse_day, parse_time};
use crate::serve::page::local;

/// The longest time that is shown.
const MAX_DAYS: i64 = 366;

/// Of a longer time days are shown, and not hours.
const LONGEST_BY_HOUR: TimeDelta = TimeDelta::days(14);

/// The parameters.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::serve::page) struct SiteQuery {
    range: Option<Range>,
    from: Option<Edge>,
    to: Option<Edge>,
    pub(super) source: Option<Source>,
    pub(super) with: Option<Beside>,
}

/// Up to the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(super) enum Range {
    Day,
    Week,
    Month,
    Year,
}

impl Range {
    pub(super) const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    /// As it is named in the address.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Year => "1y",
        }
    }

    fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::Year => 365,
        }
    }
}

impl TryFrom<String> for Range {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let found = Self::ALL.into_iter().find(|range| range.name() == text);
        let allowed = || Self::ALL.map(Self::name).join(", ");
        found.ok_or_else(|| Unfit::new("is none of these", allowed()))
    }
}

/// Where the time begins or ends: at a moment, or with a day of the site's own, which is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(super) enum Edge {
    Day(NaiveDate),
    Time(DateTime<Utc>),
}

const EDGES: &str = "a day as in 2026-11-25, or a time as in 2026-11-25T08:00Z";

impl TryFrom<String> for Edge {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let day = parse_day(&text).map(Self::Day);
        let edge = day.or_else(|| parse_time(&text).map(Self::Time));
        edge.ok_or_else(|| Unfit::shown(&text, "is no day and no time", EDGES))
    }
}

/// What is drawn beside a site's own source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(super) enum Beside {
    Source(String),
    Site(SiteId),
}

impl TryFrom<String> for Beside {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let beside = match text.split_once(':') {
            Some(("source", name)) if is_source(name) => Some(Self::Source(name.to_owned())),
            Some(("site", id)) => SiteId::parse(id).map(Self::Site),
            _ => None,
        };
        let allowed = "source:NAME or site:ID, as in site:mad-retiro";
        beside.ok_or_else(|| Unfit::shown(&text, "is no source and no site", allowed))
    }
}

impl Beside {
    /// As it stands in the address.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Source(name) => format!("source:{name}"),
            Self::Site(id) => format!("site:{}", id.as_str()),
        }
    }
}

/// The time that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The first hour, and the one after the last.
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    /// The range that was chosen, if one was.
    pub(super) range: Option<Range>,
}

impl Span {
    /// Of hours, or of days.
    pub(super) fn is_by_hour(&self) -> bool {
        self.to - self.from <= LONGEST_BY_HOUR
    }

    /// The local days that it has a moment of.
    pub(super) fn days(&self, life: &Life) -> (NaiveDate, NaiveDate) {
        (life.local_day(self.from), life.local_day(self.to - TimeDelta::seconds(1)))
    }
}

impl SiteQuery {
    /// The time that is meant at `now`, at a site whose clocks are of this zone.
    pub(super) fn span(&self, timezone: Tz, now: DateTime<Utc>) -> Result<Span, Problem> {
        match (self.range, self.from, self.to) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => Err(Problem::parameter(
                "range",
                "cannot be given beside `from` and `to`",
                "either `range`, or `from` and `to`",
            )),
            (_, None, Some(_)) => Err(Problem::parameter("from", "is missing beside `to`", EDGES)),
            (_, Some(from), to) => between(from, to, timezone, now),
            (range, None, None) => Ok(up_to_now(range.unwrap_or(Range::Day), timezone, now)),
        }
    }

    /// The parameters that choose the time, as they were given.
    pub(super) fn time_parameters(&self) -> Vec<(&'static str, String)> {
        let range = self.range.map(|range| ("range", range.name().to_owned()));
        let from = self.from.map(|edge| ("from", edge.written()));
        let to = self.to.map(|edge| ("to", edge.written()));
        [range, from, to].into_iter().flatten().collect()
    }
}

impl Edge {
    fn written(self) -> String {
        match self {
            Self::Day(day) => day.to_string(),
            Self::Time(time) => moment(time),
        }
    }
}

/// A time as the page's own addresses have it.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    time.format("%FT%H:%MZ").to_string()
}

fn up_to_now(range: Range, timezone: Tz, now: DateTime<Utc>) -> Span {
    let to = ceil(now + TimeDelta::seconds(1));
    let by_hour = Span { from: to - TimeDelta::days(range.days()), to, range: Some(range) };
    if by_hour.is_by_hour() {
        return by_hour;
    }
    // Whole days of the site, with the one that goes on.
    let today = now.with_timezone(&timezone).date_naive();
    let first = today - TimeDelta::days(range.days() - 1);
    Span { from: local::begin(first, timezone), ..by_hour }
}

fn between(
    from: Edge,
    to: Option<Edge>,
    timezone: Tz,
    now: DateTime<Utc>,
) -> Result<Span, Problem> {
    let from = match from {
        Edge::Day(day) => local::begin(day, timezone),
        Edge::Time(time) => floor(time),
    };
    let to = match to {
        Some(Edge::Day(day)) => day.succ_opt().map(|after| local::begin(after, timezone)),
        Some(Edge::Time(time)) => Some(ceil(time)),
        None => Some(ceil(now)),
    };
    // At other times nothing is observed, and no store can hold them.
    let (from, to) = (held(from), held(to.unwrap_or(from)));
    if to <= from {
        return Err(Problem::parameter("to", "is not after `from`", format!("> {}", moment(from))));
    }
    if (to - from) > TimeDelta::days(MAX_DAYS) + TimeDelta::hours(2) {
        let problem = format!("is more than {MAX_DAYS} days after `from`");
        let last = moment(from + TimeDelta::days(MAX_DAYS));
        return Err(Problem::parameter("to", problem, format!("≤ {last}")));
    }
    Ok(Span { from, to, range: None })
}

fn floor(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::hours(1)).unwrap_or(time)
}

fn ceil(time: DateTime<Utc>) -> DateTime<Utc> {
    let hour = floor(time);
    if hour < time { hour + TimeDelta::hours(1) } else { hour }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::answer::parameters::parse;

    const MADRID: Tz = Tz::Europe__Madrid;

    fn now() -> DateTime<Utc> {
        "2026-11-25T08:07:00Z".parse().unwrap()
    }

    fn span(query: &str) -> Result<(String, String), String> {
        let query: SiteQuery = parse(query).map_err(|problem| problem.in_words().to_owned())?;
        let span = query.span(MADRID, now()).map_err(|problem| problem.in_words().to_owned())?;
        Ok((moment(span.from), moment(span.to)))
    }

    #[test]
    fn a_range_ends_with_the_hour_that_goes_on_and_a_long_one_begins_with_a_local_day() {
        for (query, from) in [
            ("", "2026-11-24T09:00Z"),
            ("range=24h", "2026-11-24T09:00Z"),
            ("range=7d", "2026-11-18T09:00Z"),
            ("range=30d", "2026-10-26T23:00Z"),
            ("range=1y", "2025-11-25T23:00Z"),
        ] {
            assert_eq!(
                span(query),
                Ok((from.to_owned(), "2026-11-25T09:00Z".to_owned())),
                "{query}"
            );
        }
    }

    #[test]
    fn a_day_is_the_sites_own_and_the_last_is_in_it() {
        let spans = [
            ("from=2026-11-20&to=2026-11-20", "2026-11-19T23:00Z", "2026-11-20T23:00Z"),
            ("from=2026-10-25&to=2026-10-25", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
            (
                "from=2026-11-20T06:30Z&to=2026-11-20T12:00Z",
                "2026-11-20T06:00Z",
                "2026-11-20T12:00Z",
            ),
            ("from=2026-11-25", "2026-11-24T23:00Z", "2026-11-25T09:00Z"),
        ];
        for (query, from, to) in spans {
            assert_eq!(span(query), Ok((from.to_owned(), to.to_owned())), "{query}");
        }
    }

    #[test]
    fn what_makes_no_time_is_refused_and_never_replaced() {
        for (query, words) in [
            ("range=1w", "range: is none of these"),
            ("range=7d&from=2026-11-20", "range: cannot be given beside"),
            ("range=7d&to=2026-11-20", "range: cannot be given beside"),
            ("to=2026-11-20", "from: is missing beside `to`"),
            ("from=2026-11-20&to=2026-11-19", "to: is not after `from`"),
            ("from=2025-11-20&to=2026-11-22", "to: is more than 366 days after"),
            ("from=0001-01-01&to=0001-01-02", "to: is not after `from`"),
            ("from=yesterday", "from: `yesterday` is no day and no time"),
            ("with=nobody", "with: `nobody` is no source and no site"),
            ("with=source:Ä", "with: "),
        ] {
            let said = span(query).unwrap_err();
            assert!(said.starts_with(words), "{query}: {said}");
        }
        assert!(span("from=2025-11-21&to=2026-11-21").is_ok());
    }
}
