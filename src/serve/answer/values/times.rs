//! Moments and days.

use chrono::{DateTime, DurationRound as _, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::{Unfit, parameter_schema, text_schema};
use crate::serve::answer::problem::Problem;

/// The last second that a store can hold.
const LAST: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(time) => time,
    None => DateTime::UNIX_EPOCH,
};

/// The longest time that is answered for.
const MAX_DAYS: i64 = 366;

/// A time, with seconds or without, or the first moment of a day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Moment(DateTime<Utc>);

impl TryFrom<String> for Moment {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        const ALLOWED: &str =
            "a time as in 2026-11-25T08:00:00Z or 2026-11-25T08:00Z, or a day as in 2026-11-25";
        let time = parse_time(&text);
        time.map(Self).ok_or_else(|| Unfit::shown(&text, "is no time", ALLOWED))
    }
}

/// A time without seconds, of a day that every month has.
const MINUTE: &str = "^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])\
    T([01][0-9]|2[0-3]):[0-5][0-9](Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])$";

parameter_schema!(Moment, "Moment", moment());

fn moment() -> AnyOfBuilder {
    let (time, day) = (of_format(KnownFormat::DateTime), of_format(KnownFormat::Date));
    AnyOfBuilder::new().item(time).item(text_schema(MINUTE)).item(day)
}

fn of_format(format: KnownFormat) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(format)))
}

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Day(pub(crate) NaiveDate);

impl TryFrom<String> for Day {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let day = parse_day(&text);
        day.map(Self).ok_or_else(|| Unfit::shown(&text, "is no day", "a day as in 2026-11-25"))
    }
}

parameter_schema!(Day, "Day", of_format(KnownFormat::Date));

/// Fills `from` and `to`, and gives them. Without an end it is whatever there is, of at most a year from
/// the start.
pub(crate) fn fill_times(
    from: &mut Option<Moment>,
    to: &mut Option<Moment>,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
    let (given_from, given_to) = (from.map(|from| from.0), to.map(|to| to.0));
    // To the minute, so that the same request gets the same answer.
    let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
    let first = given_from.unwrap_or(given_to.unwrap_or(minute) - TimeDelta::days(1));
    let longest = TimeDelta::days(MAX_DAYS);
    let end = given_to.unwrap_or(first + longest);
    if end <= first {
        let allowed = format!("a time after {}", written(first));
        return Err(Problem::parameter("to", "is not after `from`", allowed));
    }
    if end - first > longest {
        let problem = format!("is more than {MAX_DAYS} days after `from`");
        let allowed = format!("up to {}", written(first + longest));
        return Err(Problem::parameter("to", problem, allowed));
    }
    let times = (held(first), held(end));
    (*from, *to) = (Some(Moment(times.0)), Some(Moment(times.1)));
    Ok(times)
}

/// A time as the answers write it.
pub(crate) fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A time, with seconds or without. In a query string a `+` stands for a space: a caller that wrote `+02:00`
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

/// A day, its digits all there.
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
}
