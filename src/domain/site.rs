//! Sites: the places we observe, and when they are expected to be observed.

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::coordinates::Coordinates;
use super::days::is_between;

/// Identifies a site for ever: lower-case letters, digits, `_` and `-`, at most 64 characters,
/// starting with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct SiteId(String);

impl SiteId {
    /// The id written so; `None` when it does not match `[a-z0-9][a-z0-9_-]{0,63}`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let valid = text.len() <= 64
            && text.starts_with(allowed)
            && text.chars().all(|c| allowed(c) || c == '_' || c == '-');
        valid.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How often a site is observed: at least 10 minutes, and a divisor of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct Interval(u32);

impl Interval {
    /// Once an hour.
    pub const HOUR: Self = Self(60);

    /// The interval of so many minutes; `None` under 10 minutes or when it does not divide a day.
    #[must_use]
    pub fn parse(minutes: u32) -> Option<Self> {
        (minutes >= 10 && 1440 % minutes == 0).then_some(Self(minutes))
    }

    /// Length in minutes, 10 to 1440.
    #[must_use]
    pub fn minutes(self) -> u32 {
        self.0
    }

    /// Length in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        i64::from(self.0) * 60
    }

    /// Start of the interval that `time` lies in, in Unix seconds.
    pub(super) fn start_of(self, time: DateTime<Utc>) -> i64 {
        time.timestamp().div_euclid(self.seconds()) * self.seconds()
    }

    /// Length as a span of time.
    #[must_use]
    pub fn span(self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.0))
    }
}

impl TryFrom<u32> for Interval {
    type Error = String;

    fn try_from(minutes: u32) -> Result<Self, String> {
        Self::parse(minutes).ok_or_else(|| format!("no interval has {minutes} minutes"))
    }
}

/// A place we observe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Site {
    /// Its id.
    pub site_id: SiteId,
    /// Its name, for people.
    pub name: String,
    /// Where it is: what the source is asked for.
    #[serde(flatten)]
    pub coordinates: Coordinates,
    /// IANA time zone: decides its local days.
    pub timezone: Tz,
    /// ISO 3166-1 alpha-2 code, if given.
    pub country: Option<String>,
    /// Height above sea level in metres, if given.
    pub elevation_m: Option<f64>,
    /// How often it is observed.
    #[serde(rename = "interval_minutes")]
    pub interval: Interval,
    /// First local day of its life; `None`: it always was.
    pub active_from: Option<NaiveDate>,
    /// Last local day of its life; `None`: it goes on.
    pub active_until: Option<NaiveDate>,
    /// Free labels.
    pub tags: Vec<String>,
}

impl Site {
    /// A number that changes when anything about the site does.
    #[must_use]
    pub fn fingerprint(&self) -> i64 {
        let text = serde_json::to_vec(&ByName::of(self)).unwrap_or_default();
        crate::farmhash::fingerprint64(&text).cast_signed()
    }

    /// True when `time` lies in the site's life: from the start of `active_from` to the end of
    /// `active_until`, both days in the site's own time zone.
    #[must_use]
    pub fn is_active_at(&self, time: DateTime<Utc>) -> bool {
        is_between(self.timezone, self.active_from, self.active_until, time)
    }
}

/// A site as its fingerprint is made of: JSON with the keys in the order of their names, which stays what it
/// is, or every site of every store would be one that has changed.
#[derive(Serialize)]
struct ByName<'a> {
    active_from: Option<NaiveDate>,
    active_until: Option<NaiveDate>,
    country: Option<&'a str>,
    elevation_m: Option<f64>,
    interval_minutes: u32,
    latitude: f64,
    longitude: f64,
    name: &'a str,
    site_id: &'a str,
    tags: &'a [String],
    timezone: &'static str,
}

impl<'a> ByName<'a> {
    fn of(site: &'a Site) -> Self {
        Self {
            active_from: site.active_from,
            active_until: site.active_until,
            country: site.country.as_deref(),
            elevation_m: site.elevation_m,
            interval_minutes: site.interval.minutes(),
            latitude: site.coordinates.latitude(),
            longitude: site.coordinates.longitude(),
            name: &site.name,
            site_id: site.site_id.as_str(),
            tags: &site.tags,
            timezone: site.timezone.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_of_the_keys_by_name() {
        let text = r#"{"active_from":"2026-01-01","active_until":"2026-01-02","country":null,"elevation_m":null,"interval_minutes":60,"latitude":-33.86,"longitude":151.21,"name":"Sydney","site_id":"syd-harbour","tags":[],"timezone":"Australia/Sydney"}"#;
        let expected = crate::farmhash::fingerprint64(text.as_bytes()).cast_signed();
        assert_eq!(site().fingerprint(), expected);
        assert_eq!(serde_json::json!(site()).to_string(), text, "every field of a site");
    }

    fn site() -> Site {
        Site {
            site_id: SiteId::parse("syd-harbour").unwrap(),
            name: "Sydney".into(),
            coordinates: Coordinates::parse(-33.86, 151.21).unwrap(),
            timezone: Tz::Australia__Sydney,
            country: None,
            elevation_m: None,
            interval: Interval::HOUR,
            active_from: NaiveDate::from_ymd_opt(2026, 1, 1),
            active_until: NaiveDate::from_ymd_opt(2026, 1, 2),
            tags: Vec::new(),
        }
    }

    #[test]
    fn a_sites_life_is_counted_in_its_own_days() {
        let at = |text: &str| site().is_active_at(text.parse().unwrap());
        assert!(!at("2025-12-31T12:59:59Z"));
        assert!(at("2025-12-31T13:00:00Z"));
        assert!(at("2026-01-02T12:59:59Z"));
        assert!(!at("2026-01-02T13:00:00Z"));
    }

    #[test]
    fn ids_are_short_lower_case_and_start_with_a_letter_or_digit() {
        for good in ["a", "mad-retiro", "0_x", &"a".repeat(64)] {
            assert!(SiteId::parse(good).is_some(), "{good}");
        }
        for bad in ["", "-a", "_a", "A", "a b", "é", "a/b", &"a".repeat(65)] {
            assert!(SiteId::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_interval_divides_a_day_and_has_ten_minutes_at_least() {
        for good in [10, 15, 30, 60, 180, 1440] {
            assert!(Interval::parse(good).is_some(), "{good}");
        }
        for bad in [0, 5, 7, 50, 61, 2880] {
            assert!(Interval::parse(bad).is_none(), "{bad}");
        }
    }
}
