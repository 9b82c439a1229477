//! `units`, `times` and `lang` of an address: of the one page, which can be shared so.

use serde::{Deserialize, Serialize, Serializer};
use url::form_urlencoded;

use super::super::lang::{self, Language};
use super::Times;
use crate::domain::Units;
use crate::serve::answer::values::Unfit;

/// What an address says of how it wants to be read.
#[derive(Clone, Copy, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::serve::page) struct Given {
    pub(in crate::serve::page) units: Option<UnitsChoice>,
    pub(in crate::serve::page) times: Option<Times>,
    pub(in crate::serve::page) lang: Option<Lang>,
}

/// The units of a reader, as they are named.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::serve::page) struct UnitsChoice(pub(in crate::serve::page) Units);

/// A language of the page.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::serve::page) struct Lang(pub(in crate::serve::page) &'static Language);

impl TryFrom<String> for UnitsChoice {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let unfit = |_| Unfit::shown(&text, "is no choice of units", Units::forms());
        text.parse().map(Self).map_err(unfit)
    }
}

impl TryFrom<String> for Lang {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let tags = || lang::all().iter().map(Language::tag).collect::<Vec<_>>().join(", ");
        let unfit = || Unfit::shown(&text, "is no language of this page", tags());
        lang::find(&text).map(Self).ok_or_else(unfit)
    }
}

impl Serialize for UnitsChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Serialize for Lang {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.tag())
    }
}

impl Given {
    /// What of a query string can be used.
    pub(super) fn of_any(query: &str) -> Self {
        let mut given = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match &*name {
                "units" => given.units = value.try_into().ok(),
                "times" => given.times = value.try_into().ok(),
                "lang" => given.lang = value.try_into().ok(),
                _ => {}
            }
        }
        given
    }

    pub(in crate::serve::page) fn is_empty(self) -> bool {
        self.units.is_none() && self.times.is_none() && self.lang.is_none()
    }

    /// This, and what it does not say as the other does.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            units: self.units.or(other.units),
            times: self.times.or(other.times),
            lang: self.lang.or(other.lang),
        }
    }

    /// Names and values.
    pub(super) fn plain_pairs(self) -> Vec<(&'static str, String)> {
        let units = self.units.map(|UnitsChoice(units)| ("units", units.to_string()));
        let times = self.times.map(|times| ("times", times.to_string()));
        let lang = self.lang.map(|Lang(language)| ("lang", language.tag().to_owned()));
        units.into_iter().chain(times).chain(lang).collect()
    }

    /// Names and values, each as it stands in an address.
    pub(super) fn pairs(self) -> Vec<(&'static str, String)> {
        let escaped = |text: String| form_urlencoded::byte_serialize(text.as_bytes()).collect();
        self.plain_pairs().into_iter().map(|(name, text)| (name, escaped(text))).collect()
    }
}
