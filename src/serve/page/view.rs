//! In which language, units and times a person reads a page. Everything is stored, served and exported in metric
//! units, UTC and English; this is the last step before a person's eye.

use axum::http::HeaderMap;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use super::lang::{self, Language, Rich, Said};
use crate::domain::{Dimension, Units};

mod asked;
mod cookie;
mod given;
mod times;

pub(super) use asked::Asked;
pub(super) use cookie::kept;
pub(super) use given::{Given, Lang, UnitsChoice};
pub(super) use times::Times;

/// A reader's view: templates write by it, and it is a part of the cache key.
#[derive(Clone, Copy)]
pub(super) struct View {
    language: &'static Language,
    units: Units,
    times: Times,
    /// What of it the address says, and so its links to itself.
    given: Given,
}

impl View {
    /// What the address says; else what the cookie keeps; else metric, the site's own times, and the browser's
    /// language.
    pub(super) fn of(given: Given, headers: &HeaderMap) -> Self {
        let kept = cookie::read(headers);
        let browser = headers.get(axum::http::header::ACCEPT_LANGUAGE);
        let browser = browser.and_then(|header| header.to_str().ok());
        let chosen = given.or(kept);
        Self {
            language: chosen.lang.map_or_else(
                || browser.map_or_else(lang::first, lang::accepted),
                |Lang(language)| language,
            ),
            units: chosen.units.map(|UnitsChoice(units)| units).unwrap_or_default(),
            times: chosen.times.unwrap_or_default(),
            given,
        }
    }

    /// That of a request whose address may be of any form: what is wrong in it counts as not said.
    pub(super) fn of_any(query: &str, headers: &HeaderMap) -> Self {
        Self::of(Given::of_any(query), headers)
    }

    /// English, metric units and the sites' own times, for what is not written for one reader.
    pub(super) fn of_nobody() -> Self {
        Self::of(Given::default(), &HeaderMap::new())
    }

    /// What of it the address says.
    pub(super) fn given(&self) -> Given {
        self.given
    }

    pub(super) fn language(&self) -> &'static Language {
        self.language
    }

    pub(super) fn units(&self) -> Units {
        self.units
    }

    pub(super) fn times(&self) -> Times {
        self.times
    }

    /// The tag of the language.
    pub(super) fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// What stands under a key of the language.
    pub(super) fn say<'a>(&self, key: &'a (impl AsRef<str> + ?Sized)) -> Said<'a> {
        self.language.say(key)
    }

    /// The same, in which what stands between backticks is code.
    pub(super) fn rich(&self, key: &str) -> Rich {
        self.say(key).rich()
    }

    /// A number with so many decimals.
    pub(super) fn number(&self, number: f64, decimals: usize) -> String {
        self.language.number(number, decimals)
    }

    /// A stored value in the reader's unit, with the unit.
    pub(super) fn quantity(&self, dimension: Dimension, value: f64) -> String {
        let unit = self.units.of(dimension);
        format!("{}\u{a0}{}", self.number(unit.of(value), unit.decimals), unit.symbol)
    }

    /// A difference of two stored values in the reader's unit, with the unit.
    pub(super) fn difference(&self, dimension: Dimension, difference: f64) -> String {
        let unit = self.units.of(dimension);
        let number = self.number(unit.of_difference(difference), unit.decimals);
        format!("{number}\u{a0}{}", unit.symbol)
    }

    /// Of a hundred, without decimals.
    pub(super) fn percent(&self, value: f64) -> String {
        format!("{}\u{a0}%", self.number(value, 0))
    }

    /// The time zone in which times of a site are written.
    pub(super) fn zone(&self, site: Tz) -> Tz {
        self.times.zone(site)
    }

    /// A time of a site, with all that it has.
    pub(super) fn moment(&self, time: DateTime<Utc>, site: Tz) -> String {
        self.language.moment(time, self.zone(site))
    }

    /// How old something is: `just now`, `12 min ago`.
    pub(super) fn ago(&self, age: TimeDelta) -> String {
        match age.num_minutes() {
            ..=0 => self.language.age(age),
            _ => self.say("age-ago").with("age", self.language.age(age)).to_string(),
        }
    }

    /// What links of a page to itself say, for the choice to stay: `&lang=es`.
    pub(super) fn suffix(&self) -> String {
        self.pairs().iter().map(|(name, value)| format!("&{name}={value}")).collect()
    }

    /// What of it the address says, as names and values that are not escaped.
    pub(super) fn chosen(&self) -> Vec<(&'static str, String)> {
        self.given.plain_pairs()
    }

    /// The same as the hidden fields of a form.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        self.given.pairs()
    }
}

impl Serialize for View {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (units, times) = (self.units.to_string(), self.times.to_string());
        (self.tag(), units, times, &self.given).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(query: &str, headers: &[(&'static str, &str)]) -> View {
        let pairs = headers.iter().map(|(name, value)| {
            (axum::http::HeaderName::from_static(name), value.parse().unwrap())
        });
        View::of_any(query, &pairs.collect())
    }

    #[test]
    fn the_address_outweighs_the_cookie_and_the_cookie_the_browser() {
        let browser = ("accept-language", "es-ES,en;q=0.5");
        let cookie = ("cookie", "a=b; view=v=1&units=imperial&times=utc&lang=en");
        assert_eq!(view("", &[]).tag(), "en");
        assert_eq!(view("", &[browser]).tag(), "es");
        let kept = view("", &[browser, cookie]);
        assert_eq!((kept.tag(), kept.units().to_string().as_str()), ("en", "imperial"));
        let given = view("lang=es&units=metric,wind:kn", &[browser, cookie]);
        assert_eq!((given.tag(), given.times().to_string().as_str()), ("es", "utc"));
        assert_eq!(given.units().to_string(), "metric,wind:kn");
        assert_eq!(given.suffix(), "&units=metric%2Cwind%3Akn&lang=es");
    }

    #[test]
    fn a_value_is_written_in_the_unit_and_the_language() {
        let spanish = view("lang=es", &[]);
        assert_eq!(spanish.quantity(Dimension::Temperature, 12.4), "12,4\u{a0}°C");
        let imperial = view("units=imperial", &[]);
        assert_eq!(imperial.quantity(Dimension::Temperature, 12.4), "54.3\u{a0}°F");
        assert_eq!(imperial.difference(Dimension::Temperature, 10.0), "18.0\u{a0}°F");
        assert_eq!(spanish.percent(81.4), "81\u{a0}%");
        let time = "2026-11-30T13:05:00Z".parse().unwrap();
        let utc = view("times=utc", &[]).moment(time, Tz::Europe__Madrid);
        assert_eq!(utc, "30 Nov 2026, 13:05 UTC");
    }
}
