//! What each value must be. A rule knows nothing of where the value stands.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use chrono_tz::{TZ_VARIANTS, Tz};

use super::fault::Wrong;
use super::json::Json;
use crate::domain::csv_cell::FORMULA;
use crate::domain::site::{Interval, SiteId};
use crate::domain::text::printable;

/// Characters a name has at most: what the store's column holds.
const MAX_NAME_CHARS: usize = 200;

/// Characters a tag has at most: a label, not a description.
const MAX_TAG_CHARS: usize = 64;

pub(super) fn schema(value: &Json) -> Result<(), Wrong> {
    parsed(value, "text", "expected the schema's address", |_| Some(()))
}

/// A list with an entry; the entries themselves are read one at a time, as they come.
pub(super) fn entries(value: &Json) -> Result<(), Wrong> {
    match value {
        Json::List(entries) if entries.is_empty() => {
            Err(Wrong::new("is empty", "expected at least one site"))
        }
        Json::List(_) => Ok(()),
        _ => Err(Wrong::kind(value, "list", "expected a list of sites")),
    }
}

pub(super) fn site_id(value: &Json) -> Result<SiteId, Wrong> {
    let expected = "expected 1 to 64 lower-case letters, digits, _ and -, the first a letter or \
                    digit";
    parsed(value, "site id", expected, SiteId::parse)
}

pub(super) fn name(value: &Json) -> Result<String, Wrong> {
    let expected = "expected 1 to 200 characters, not only spaces, none of them a control or \
                    direction character, the first none of = + - @";
    parsed(value, "name", expected, |text| {
        let valid = !text.trim().is_empty()
            && text.chars().count() <= MAX_NAME_CHARS
            && printable(text) == text
            && !text.starts_with(FORMULA);
        valid.then(|| text.to_owned())
    })
}

pub(super) fn latitude(value: &Json) -> Result<f64, Wrong> {
    number_in(value, -90.0..=90.0, "degrees north")
}

pub(super) fn longitude(value: &Json) -> Result<f64, Wrong> {
    number_in(value, -180.0..=180.0, "degrees east")
}

/// The Dead Sea's shore (-430 m) and Mount Everest (8849 m) lie within.
pub(super) fn elevation_m(value: &Json) -> Result<f64, Wrong> {
    number_in(value, -500.0..=9000.0, "metres above the sea")
}

pub(super) fn timezone(value: &Json) -> Result<Tz, Wrong> {
    let expected = match value {
        Json::Text(text) => find_zone_like(text),
        _ => None,
    };
    let expected = expected.map_or_else(
        || "expected an IANA name, such as Europe/Madrid".to_owned(),
        |zone| format!("did you mean {zone}?"),
    );
    parsed(value, "time zone", &expected, |text| text.parse().ok())
}

/// The zone of that name but for upper and lower case and spaces.
fn find_zone_like(text: &str) -> Option<Tz> {
    let text = text.trim().replace(' ', "_");
    TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(&text)).copied()
}

pub(super) fn country(value: &Json) -> Result<String, Wrong> {
    let expected = "expected two upper-case letters (ISO 3166-1), such as ES";
    parsed(value, "country code", expected, |text| {
        let valid = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
        valid.then(|| text.to_owned())
    })
}

pub(super) fn interval(value: &Json) -> Result<Interval, Wrong> {
    let minutes = match value {
        // 60.0 is an integer to JSON Schema, and the cast stops at the bounds of u32.
        Json::Number(number) if number.fract() == 0.0 => Some(*number as u32),
        _ => None,
    };
    let expected = "expected whole minutes, at least 10, that divide a day, such as 10, 15, 30, \
                    60 or 180";
    minutes.and_then(Interval::parse).ok_or_else(|| Wrong::kind(value, "interval", expected))
}

/// From the year 1000 on: MySQL's DATE begins there.
pub(super) fn day(value: &Json) -> Result<NaiveDate, Wrong> {
    parsed(value, "day", "expected YYYY-MM-DD, from the year 1000 on", |text| {
        // chrono alone would take 2026-1-1 and years of any length.
        let shaped = text.len() == 10 && text.starts_with(|c: char| ('1'..='9').contains(&c));
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| shaped)
    })
}

pub(super) fn tags(value: &Json) -> Result<Vec<String>, Wrong> {
    let expected = "expected a list of texts, each 1 to 64 characters, none of them a control or \
                    direction character";
    match value {
        Json::List(tags) => tags.iter().map(|value| tag(value, expected)).collect(),
        _ => Err(Wrong::kind(value, "list", expected)),
    }
}

fn tag(value: &Json, expected: &str) -> Result<String, Wrong> {
    parsed(value, "tag", expected, |text| {
        let valid =
            !text.is_empty() && text.chars().count() <= MAX_TAG_CHARS && printable(text) == text;
        valid.then(|| text.to_owned())
    })
}

fn parsed<T>(
    value: &Json,
    kind: &str,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Wrong> {
    let parsed = match value {
        Json::Text(text) => parse(text),
        _ => None,
    };
    parsed.ok_or_else(|| Wrong::kind(value, kind, expected))
}

fn number_in(value: &Json, range: RangeInclusive<f64>, unit: &str) -> Result<f64, Wrong> {
    let expected = || format!("expected {} to {} {unit}", range.start(), range.end());
    match value {
        Json::Number(number) if range.contains(number) => Ok(*number),
        Json::Number(_) => Err(Wrong::new(format!("{value} is out of range"), expected())),
        _ => Err(Wrong::kind(value, "number", &expected())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Json {
        Json::Text(text.into())
    }

    #[test]
    fn a_day_is_written_with_ten_characters() {
        assert!(day(&text("2028-02-29")).is_ok());
        for bad in
            ["2026-02-29", "2026-1-01", "2026-1-001", "02026-1-01", "+2026-1-1", "0999-01-01", ""]
        {
            assert!(day(&text(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_and_a_tag_are_what_they_show() {
        for bad in ["a\u{1b}[31m", "a\0", "a\nb", "a\u{202e}b", "a\u{2028}", "\u{9b}", "a\u{7f}"] {
            assert!(name(&text(bad)).is_err(), "{bad:?}");
            assert!(tags(&Json::List(vec![text(bad)])).is_err(), "{bad:?}");
        }
        for bad in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"] {
            assert!(name(&text(bad)).is_err(), "{bad}");
        }
        for good in ["Madrid, El Retiro", "São Tomé", "東京", "A=B+C-D@E", " x"] {
            assert!(name(&text(good)).is_ok(), "{good}");
        }
        assert!(tags(&Json::List(vec![text("-office")])).is_ok());
    }

    #[test]
    fn a_zone_written_nearly_right_is_suggested() {
        assert_eq!(timezone(&text("Asia/Kathmandu")).unwrap(), Tz::Asia__Kathmandu);
        assert_eq!(find_zone_like("america/new york"), Some(Tz::America__New_York));
        assert_eq!(find_zone_like("Mars/Base"), None);
    }

    #[test]
    fn an_interval_is_a_whole_number() {
        for (number, good) in
            [(60.0, true), (60.5, false), (-60.0, false), (1e300, false), (f64::NAN, false)]
        {
            assert_eq!(interval(&Json::Number(number)).is_ok(), good, "{number}");
        }
    }

    #[test]
    fn the_edges_of_a_range_belong_to_it() {
        assert_eq!(latitude(&Json::Number(-90.0)).unwrap(), -90.0);
        assert_eq!(longitude(&Json::Number(180.0)).unwrap(), 180.0);
        assert!(elevation_m(&Json::Number(9000.1)).is_err());
    }
}
