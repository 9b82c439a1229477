//! Words for people: ages, spans, and what went wrong.

use chrono::TimeDelta;

use crate::domain::gaps::Reason;

/// A span of time, in its two largest units.
pub(super) fn span(span: TimeDelta) -> String {
    let (days, hours, minutes) = (span.num_days(), span.num_hours() % 24, span.num_minutes() % 60);
    match (days, hours, minutes) {
        (0, 0, 0) if span.num_seconds() > 0 => format!("{} s", span.num_seconds()),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, 0, _) => "1 day".into(),
        (days, 0, _) => format!("{days} days"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// An age, where seconds do not matter.
pub(super) fn age(age: TimeDelta) -> String {
    match age.num_minutes() {
        ..=0 => "just now".into(),
        _ => span(age),
    }
}

/// A kind of error.
pub(super) fn error(kind: &str) -> &str {
    match kind {
        "timeout" => "no answer in time",
        "connection" => "the source could not be reached",
        "server_error" => "the source had a fault of its own",
        "rate_limited" => "the source blocked the account for a while",
        "unauthorized" => "the source refused the call",
        "bad_request" => "the source does not take the request",
        "not_found" => "the source does not know the place",
        "malformed" => "the answer could not be read",
        "out_of_range" => "a value, or the time, was out of its range",
        other => other,
    }
}

/// Why slots are missing; `message` is what the ledger says of the last.
pub(super) fn hole(reason: &Reason, message: Option<&str>) -> String {
    let said = message.map(|message| format!(": {message}")).unwrap_or_default();
    match reason {
        Reason::NeverTried => "never tried: no run called for it".into(),
        Reason::Paused => "paused: the source had blocked the account or refused the key, or the \
             account had no calls left"
            .into(),
        Reason::Failed(kind) => format!("failed, {}{said}", error(kind)),
        Reason::Quarantined => {
            format!("kept out, a value was out of its physical range{said}")
        }
        Reason::Unfillable(why) if why.is_empty() => "no source can fill it any more".into(),
        Reason::Unfillable(why) => format!("no source can fill it any more: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;

    #[test]
    fn spans_are_told_in_their_two_largest_units() {
        for (seconds, text) in [
            (0, "0 min"),
            (7, "7 s"),
            (61, "1 min"),
            (3600, "1 h"),
            (3 * 3600 + 300, "3 h 5 min"),
            (86_400, "1 day"),
            (2 * 86_400 + 59, "2 days"),
            (86_400 + 7200, "1 d 2 h"),
        ] {
            assert_eq!(span(TimeDelta::seconds(seconds)), text);
        }
        assert_eq!(age(TimeDelta::seconds(-5)), "just now");
        assert_eq!(age(TimeDelta::seconds(90)), "1 min");
    }

    #[test]
    fn every_kind_of_error_has_its_words() {
        for kind in ErrorKind::ALL {
            assert_ne!(error(kind.as_str()), kind.as_str());
        }
    }
}
