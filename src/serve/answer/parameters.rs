//! What a request asks with: every parameter known, given once and within its bounds, or a problem
//! that names it and says what is allowed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use url::form_urlencoded;

use super::problem::Problem;
use crate::domain::SiteId;

/// The last second that a store can hold.
pub(crate) const LAST: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(time) => time,
    None => DateTime::UNIX_EPOCH,
};

const TIME: &str =
    "a time as in 2026-11-25T08:00:00Z or 2026-11-25T08:00Z, or a day as in 2026-11-25";
const DAY: &str = "a day as in 2026-11-25";
const NAME: &str = "1 to 32 of lower-case letters, digits, _ and -";

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct Parameters {
    given: BTreeMap<String, String>,
}

impl Parameters {
    /// Those of a query string, of which only `known` ones may be there.
    pub(crate) fn parse(query: Option<&str>, known: &[&'static str]) -> Result<Self, Problem> {
        let mut given = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !known.contains(&&*name) {
                return Err(unknown(&name, known));
            }
            if given.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(Problem::parameter(&name, "is given more than once", "one value"));
            }
        }
        Ok(Self { given })
    }

    /// Fails unless there is none.
    pub(crate) fn none(query: Option<&str>) -> Result<(), Problem> {
        Self::parse(query, &[]).map(drop)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    pub(crate) fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Problem> {
        let parse = |text| {
            parse_time(text)
                .ok_or_else(|| Problem::parameter(name, shown(text, "is no time"), TIME))
        };
        self.get(name).map(parse).transpose()
    }

    pub(crate) fn day(&self, name: &str) -> Result<Option<NaiveDate>, Problem> {
        let parse = |text| {
            parse_day(text).ok_or_else(|| Problem::parameter(name, shown(text, "is no day"), DAY))
        };
        self.get(name).map(parse).transpose()
    }

    pub(crate) fn number<N>(
        &self,
        name: &str,
        range: RangeInclusive<N>,
    ) -> Result<Option<N>, Problem>
    where
        N: std::str::FromStr + PartialOrd + std::fmt::Display,
    {
        let parse = |text: &str| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number.ok_or_else(|| {
                let allowed = format!("{} to {}", range.start(), range.end());
                Problem::parameter(name, shown(text, "is no whole number in range"), allowed)
            })
        };
        self.get(name).map(parse).transpose()
    }

    /// The name of a source.
    pub(crate) fn source(&self, name: &str) -> Result<Option<&str>, Problem> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        let check = |text: &str| (1..=32).contains(&text.len()) && text.chars().all(allowed);
        match self.get(name) {
            Some(text) if !check(text) => {
                Err(Problem::parameter(name, shown(text, "is no name of a source"), NAME))
            }
            source => Ok(source),
        }
    }

    /// The id of a site. What is no id is one that no site has.
    pub(crate) fn site(&self, name: &'static str) -> Result<Option<SiteId>, Problem> {
        let parse = |text| SiteId::parse(text).ok_or_else(unknown_site);
        self.get(name).map(parse).transpose()
    }

    /// A list, by commas.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.get(name).map(|text| text.split(',').map(str::trim).collect())
    }

    /// The value as it was given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)
    }
}

/// No site has the id that is asked for.
pub(crate) fn unknown_site() -> Problem {
    Problem::unknown("site", "site_id", "the id of a site in /api/v1/sites")
}

/// Site and parameters, written in one way: what an answer is kept under.
pub(crate) fn written(path: &str, parts: &[(&str, &dyn std::fmt::Display)]) -> String {
    parts.iter().fold(path.to_owned(), |mut text, (name, value)| {
        let _ = write!(text, "&{name}={value}");
        text
    })
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let allowed = match known {
        [] => "no parameter".to_owned(),
        _ => known.join(", "),
    };
    Problem::parameter(&short(name), "is no parameter of this path", allowed)
}

/// A value and what is wrong with it.
pub(crate) fn shown(text: &str, problem: &str) -> String {
    format!("`{}` {problem}", short(text))
}

/// What a caller gave, for him to find it again: not all of it, if it is long.
fn short(text: &str) -> String {
    let mut cut: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if text.chars().count() > 60 {
        cut.push('…');
    }
    cut
}

/// A time, with seconds or without; in a query string a `+` stands for a space, and who wrote `+02:00`
/// meant it.
pub(crate) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    match DateTime::parse_from_rfc3339(&with_seconds(text.replace(' ', "+"))) {
        // By way of its microseconds, which makes a leap second the next.
        Ok(time) => DateTime::from_timestamp_micros(time.timestamp_micros()),
        Err(_) => Some(midnight(parse_day(text)?)),
    }
}

/// RFC 3339 wants seconds; ISO 8601 and most people do not.
fn with_seconds(mut text: String) -> String {
    const MINUTE: usize = "2026-11-25T08:00".len();
    let is_offset = |rest: &str| rest.starts_with(['Z', 'z', '+', '-']);
    if text.get(MINUTE..).is_some_and(is_offset) {
        text.insert_str(MINUTE, ":00");
    }
    text
}

pub(crate) fn parse_day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|_| text.len() == "2026-11-25".len())
}

/// The first moment of a day (UTC).
pub(crate) fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The nearest time that a store can hold; nothing is observed at others.
pub(crate) fn held(time: DateTime<Utc>) -> DateTime<Utc> {
    time.clamp(DateTime::UNIX_EPOCH, LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_be_a_day_and_its_offset_survives_a_query_string() {
        let time = |text| parse_time(text).map(|time| time.to_rfc3339());
        for (text, expected) in [
            ("2026-11-25T08:00:00Z", Some("2026-11-25T08:00:00+00:00")),
            ("2026-11-25T10:00:00 02:00", Some("2026-11-25T08:00:00+00:00")),
            ("2026-11-27T00:00Z", Some("2026-11-27T00:00:00+00:00")),
            ("2026-11-27t00:59z", Some("2026-11-27T00:59:00+00:00")),
            ("2026-11-27T02:30 02:00", Some("2026-11-27T00:30:00+00:00")),
            ("2026-11-27T00:00-05:30", Some("2026-11-27T05:30:00+00:00")),
            ("2026-11-27T00:00", None),
            ("2026-11-27T24:00Z", None),
            ("2026-11-27T00Z", None),
            ("2026-11-27T00:0éZ", None),
            ("2026-12-31T23:59:60Z", Some("2027-01-01T00:00:00+00:00")),
            ("2026-11-25", Some("2026-11-25T00:00:00+00:00")),
            ("0001-01-01", Some("0001-01-01T00:00:00+00:00")),
            ("+10000-01-01T00:00:00Z", None),
            ("2026-13-01", None),
            ("2026-1-1", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(time(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn parameters_are_known_and_given_once() {
        let parse = |query| Parameters::parse(Some(query), &["from", "to"]);
        assert!(parse("from=2026-01-01&to=").is_ok());
        for (query, name) in [("form=1", "form"), ("from=1&from=2", "from")] {
            let problem = serde_json::to_value(parse(query).unwrap_err()).unwrap();
            assert_eq!(problem["parameter"], name);
        }
        let unknown = serde_json::to_value(parse("form=1").unwrap_err()).unwrap();
        assert_eq!(unknown["allowed"], "from, to");
    }
}
