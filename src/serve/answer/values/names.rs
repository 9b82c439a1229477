//! Sites and sources, by name.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Unfit, parameter_schema, text_schema};
use crate::domain::SiteId;

/// A site, by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Site(pub(crate) SiteId);

/// What is no id is one that no site has.
impl<'de> Deserialize<'de> for Site {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let site_id = SiteId::parse(&text);
        site_id.map(Self).ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &"a site"))
    }
}

parameter_schema!(Site, "Site", text_schema("^[a-z0-9][a-z0-9_-]{0,63}$"));

/// The name of a source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Source(String);

impl Source {
    /// One of the sources that there are.
    pub(crate) fn known(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Source {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        match is_source(&text) {
            true => Ok(Self(text)),
            false => Err(Unfit::shown(&text, "is no name of a source", ALLOWED)),
        }
    }
}

const ALLOWED: &str = "1 to 32 of lower-case letters, digits, _ and -";

/// Whether a source could have this name.
pub(crate) fn is_source(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    (1..=32).contains(&text.len()) && text.chars().all(allowed)
}

parameter_schema!(Source, "Source", text_schema("^[a-z0-9_-]{1,32}$"));
