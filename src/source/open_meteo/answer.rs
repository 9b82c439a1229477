//! What an answer other than a good one means.
//!
//! An error is `{"error": true, "reason": "…"}` (<https://open-meteo.com/en/docs#errors>). The
//! statuses are those of the service's source
//! (<https://github.com/open-meteo/open-meteo/blob/main/Sources/App/Helper/RateLimiter.swift>): a
//! missing key is 401, but a wrong one 400; a limit is 429, says in words which one, and names no
//! time: each is lifted when the minute, the hour or the UTC day turns.

use std::time::Duration;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::domain::ErrorKind;
use crate::http::StatusCode;
use crate::source::fault::{Fault, beginning, one_line};
use crate::source::{SourceError, says_crowded, wire};

/// The fault of an answer of `path` whose status is not 200.
pub(super) fn fault(path: &str, status: StatusCode, body: &[u8]) -> Fault {
    let said = said(body);
    let words = if said.is_empty() { "no message" } else { &said };
    let message = format!("HTTP {} at {path}: {words}", status.as_u16());
    Fault { kind: kind(status.as_u16(), &said), message: with_hint(message) }
}

/// What to do about too many calls at once stands in the message: no run stops for it.
fn with_hint(message: String) -> String {
    if says_crowded(&message) {
        return format!("{message} (MAX_WORKERS sets how many calls a task makes at once)");
    }
    message
}

/// The fault that a body claims although its status is 200.
pub(super) fn claimed(place: &Map<String, Value>) -> Fault {
    let reason = place.get("reason").and_then(Value::as_str).map(one_line);
    let reason = reason.filter(|reason| !reason.is_empty()).unwrap_or("no reason".into());
    let is_limit = limit(&reason).is_some() || says_crowded(&reason);
    let kind = if is_limit { ErrorKind::RateLimited } else { ErrorKind::Malformed };
    Fault { kind, message: with_hint(format!("the answer says error: {reason}")) }
}

/// Whether the service says that it has nothing of the place or the days. Any other refusal is of the
/// call, and says nothing of what there is.
pub(super) fn says_it_lacks(error: &SourceError) -> bool {
    let says = |words| error.message.contains(words);
    let lacks = says("No data is available") || says("out of allowed range");
    error.kind == ErrorKind::BadRequest && lacks
}

/// How long a limit holds that was named at `now`, which the answer's `Date` says; without one, as
/// long as it can hold at most.
pub(super) fn rest(message: &str, now: Option<DateTime<Utc>>) -> Option<Duration> {
    let period = limit(message)?;
    let Some(now) = now else { return period.to_std().ok() };
    let turn = now.duration_trunc(period).ok()? + period;
    (turn - now).to_std().ok()
}

/// The period of the limit that a message names.
fn limit(message: &str) -> Option<TimeDelta> {
    let names = |word: &str| message.contains(&format!("{word} API request limit exceeded"));
    match () {
        () if names("Minutely") => Some(TimeDelta::minutes(1)),
        () if names("Hourly") => Some(TimeDelta::hours(1)),
        () if names("Daily") => Some(TimeDelta::days(1)),
        () => None,
    }
}

fn kind(status: u16, said: &str) -> ErrorKind {
    match status {
        400 if said.contains("API key") => ErrorKind::Unauthorized,
        // No place is unknown here: the address is wrong, or something stands in between.
        404 | 410 => ErrorKind::Malformed,
        _ => wire::kind(status),
    }
}

/// The body's reason, else its beginning, in one line: it may be HTML, cut off, or no text.
fn said(body: &[u8]) -> String {
    let reason = serde_json::from_slice::<Value>(body)
        .ok()
        .and_then(|body| Some(one_line(body.get("reason")?.as_str()?)));
    reason.unwrap_or_else(|| beginning(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(status: u16, body: &str) -> Fault {
        fault("/v1/forecast", StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn each_answer_is_judged_by_what_is_to_be_done_and_keeps_the_servers_words() {
        for (status, reason, kind) in [
            (400, "Latitude must be in range of -90 to 90°. Given: 300.0.", ErrorKind::BadRequest),
            (400, "No data is available for this location", ErrorKind::BadRequest),
            (400, "The supplied API key is invalid.", ErrorKind::Unauthorized),
            (401, "API key required. Please add &apikey= to the URL.", ErrorKind::Unauthorized),
            (
                403,
                "This API endpoint requires the API Professional or Enterprise plan",
                ErrorKind::Unauthorized,
            ),
            (404, "Not Found", ErrorKind::Malformed),
            (
                429,
                "Daily API request limit exceeded. Please try again tomorrow.",
                ErrorKind::RateLimited,
            ),
            (500, "Internal Server Error", ErrorKind::ServerError),
        ] {
            let fault = fault_of(status, &format!(r#"{{"error":true,"reason":"{reason}"}}"#));
            assert_eq!(fault.kind, kind, "{reason}");
            assert_eq!(fault.message, format!("HTTP {status} at /v1/forecast: {reason}"));
        }
    }

    #[test]
    fn a_body_that_is_not_json_is_quoted_in_one_line() {
        assert_eq!(fault_of(502, "<html>\r\n<h1>Bad</h1>").kind, ErrorKind::ServerError);
        assert_eq!(fault_of(503, "").message, "HTTP 503 at /v1/forecast: no message");
        assert_eq!(fault_of(301, "").kind, ErrorKind::Malformed);
    }

    #[test]
    fn a_limit_rests_until_its_minute_hour_or_day_turns() {
        let now: DateTime<Utc> = "2026-11-25T22:58:48Z".parse().unwrap();
        let rest = |period: &str, now| {
            let message = format!("{period} API request limit exceeded. Please try again later.");
            rest(&message, now).map(|rest| rest.as_secs())
        };
        assert_eq!(rest("Minutely", Some(now)), Some(12));
        assert_eq!(rest("Hourly", Some(now)), Some(72));
        assert_eq!(rest("Daily", Some(now)), Some(3672));
        assert_eq!(rest("Daily", None), Some(86_400));
        assert_eq!(rest("Weekly", Some(now)), None);
    }
}
