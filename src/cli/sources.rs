//! The sources: one table, an entry a source.
//!
//! Everything that the commands know of a source stands in its [`SourceEntry`]: its name, how it is built, what
//! its account may do, what `doctor` says of it, and how it is simulated. Another source is
//! another entry, and its settings another field of [`SourcesSettings`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use url::Url;

use super::error::UsageError;
use crate::domain::forecast::Product;
use crate::domain::{Budget, ErrorKind};
use crate::replay::{KeptAnswers, Made};
use crate::simulator::Service;
use crate::source::open_meteo::OpenMeteoSettings;
use crate::source::openweathermap::OpenWeatherSettings;
use crate::source::{Forecaster, History, SetupError, Source};

mod open_meteo;
mod openweathermap;

/// All that the commands know of a source.
pub(super) struct SourceEntry {
    /// The value of the `source` column.
    pub(super) name: &'static str,
    /// Passes settings by which it can be called.
    passes: fn(&SourcesSettings) -> Result<(), SetupError>,
    /// Makes it from its settings.
    build: fn(&SourcesSettings) -> Result<Built, SetupError>,
    /// Makes its forecast as this product.
    forecaster: fn(&SourcesSettings, Product) -> BuiltForecaster,
    /// Makes it around kept answers, with all of its histories: it calls nobody.
    pub(super) reread: fn(Arc<KeptAnswers>) -> Made,
    /// What its account may do, by its settings.
    budget: fn(&SourcesSettings) -> Budget,
    /// What to do where it has no key and needs one.
    key_hint: &'static str,
    /// What `doctor` says of it.
    pub(super) check: Check,
    /// The simulated service.
    pub(super) simulated: Service,
}

/// A forecast as its settings make it.
type BuiltForecaster = Result<Box<dyn Forecaster>, SetupError>;

/// What `doctor` says of a source.
pub(super) struct Check {
    /// The name of the finding.
    pub(super) name: &'static str,
    /// What is found before the source was called.
    pub(super) set: &'static str,
    /// What to do about an answer of this kind and message.
    pub(super) remedy: fn(ErrorKind, &str) -> &'static str,
    /// On which terms it is used, if that is worth a finding.
    pub(super) terms: fn(&SourcesSettings) -> Option<Terms>,
}

/// On which terms a source is used.
pub(super) struct Terms {
    /// The name of the finding.
    pub(super) check: &'static str,
    /// What they are.
    pub(super) found: &'static str,
    /// What to do, where settings contradict each other.
    pub(super) remedy: Option<&'static str>,
}

/// The sources; the one that is meant if none is named comes first.
pub(super) const SOURCES: [SourceName; 2] = [&openweathermap::ENTRY, &open_meteo::ENTRY];

/// Their names, in the order of [`SOURCES`].
pub(super) const NAMES: [&str; SOURCES.len()] = {
    let mut names = [""; SOURCES.len()];
    let mut number = 0;
    while number < names.len() {
        names[number] = SOURCES[number].name;
        number += 1;
    }
    names
};

/// A source by its entry.
pub(super) type SourceName = &'static SourceEntry;

impl fmt::Debug for SourceEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for SourceEntry {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The source of that name.
pub(super) fn parse_name(name: &str) -> Result<SourceName, String> {
    let known = SOURCES.into_iter().find(|source| source.name == name);
    known.ok_or_else(|| format!("`{name}` is no source: expected {}", NAMES.join(", ")))
}

/// The sources that are collected from; empty: none is named.
#[derive(Debug, Clone)]
struct Names(Vec<SourceName>);

fn parse_names(text: &str) -> Result<Names, String> {
    let mut names = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let known = parse_name(name)?;
        if names.contains(&known) {
            return Err(format!("`{name}` is named twice"));
        }
        names.push(known);
    }
    Ok(Names(names))
}

/// Which sources, and how each is reached.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct SourcesSettings {
    /// Sources to collect from, by commas: openweathermap, open-meteo (free for non-commercial use
    /// only); each has rows, slots, a pace and a pause of its own [default: openweathermap]
    #[arg(
        long, value_name = "NAMES", env = "SOURCES", value_parser = parse_names,
        help_heading = "Collection"
    )]
    sources: Option<Names>,

    #[command(flatten)]
    openweather: OpenWeatherSettings,
    #[command(flatten)]
    open_meteo: OpenMeteoSettings,
}

/// A source as its settings make it.
struct Built {
    source: Box<dyn Source>,
    histories: Vec<Box<dyn History>>,
    live_calls_per_minute: f64,
    calls_per_minute: f64,
}

/// A source, ready to be called.
pub(super) struct Ready {
    /// Its entry.
    pub(super) entry: SourceName,
    /// The source itself, for live calls.
    pub(super) source: Box<dyn Source>,
    /// Its histories, the better ones first.
    pub(super) histories: Vec<Box<dyn History>>,
    /// Live calls per minute of the account; 0 is no limit.
    pub(super) live_calls_per_minute: f64,
    /// Calls per minute of the account, as it charges them; 0 is no limit.
    pub(super) calls_per_minute: f64,
    /// What the account may do.
    pub(super) budget: Budget,
}

impl SourcesSettings {
    /// The sources to collect from. Without a name it is OpenWeatherMap, also where its key is
    /// missing: a key that got lost must not become another source's rows without a word.
    pub(super) fn names(&self) -> Vec<SourceName> {
        match &self.sources {
            Some(Names(names)) if !names.is_empty() => names.clone(),
            _ => vec![SOURCES[0]],
        }
    }

    /// How OpenWeatherMap is reached.
    pub(super) fn openweather(&self) -> &OpenWeatherSettings {
        &self.openweather
    }

    /// The sources as they were named, if any was.
    pub(super) fn named(&self) -> Option<String> {
        let Names(names) = self.sources.as_ref()?;
        let names: Vec<&str> = names.iter().map(|entry| entry.name).collect();
        (!names.is_empty()).then(|| names.join(","))
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.openweather.http_timeout_seconds)
    }

    /// Passes the settings of the sources to collect from.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.names()
            .into_iter()
            .try_for_each(|entry| (entry.passes)(self).map_err(|error| refused(entry, error)))
    }

    /// A source, ready. Reads the certificates of public authorities, which takes its time.
    pub(super) fn build(&self, entry: SourceName) -> anyhow::Result<Ready> {
        self.try_build(entry).map_err(|error| refused(entry, error))
    }

    /// As [`build`](Self::build).
    ///
    /// # Errors
    /// What is wrong with its settings.
    pub(super) fn try_build(&self, entry: SourceName) -> Result<Ready, SetupError> {
        let Built { source, histories, live_calls_per_minute, calls_per_minute } =
            (entry.build)(self)?;
        let budget = (entry.budget)(self);
        Ok(Ready { entry, source, histories, live_calls_per_minute, calls_per_minute, budget })
    }

    /// What forecasts of this product are asked of.
    ///
    /// # Errors
    /// What is wrong with the settings of its source.
    pub(super) fn forecaster(&self, product: Product) -> anyhow::Result<Box<dyn Forecaster>> {
        let entry = SOURCES.into_iter().find(|entry| entry.name == product.source());
        let entry = entry.with_context(|| format!("{product} is of no source in the table"))?;
        (entry.forecaster)(self, product).map_err(|error| refused(entry, error))
    }

    /// What the account of a source may do.
    pub(super) fn budget(&self, entry: SourceName) -> Budget {
        (entry.budget)(self)
    }

    /// What the account of each source may do, of those to collect from first.
    pub(super) fn budgets(&self) -> Vec<(&'static str, Budget)> {
        let mut entries = self.names();
        entries.extend(SOURCES.into_iter().filter(|entry| !self.names().contains(entry)));
        entries.into_iter().map(|entry| (entry.name, self.budget(entry))).collect()
    }

    /// True when the source needs a key, and none is set.
    pub(super) fn lacks_key(&self, entry: SourceName) -> bool {
        matches!((entry.passes)(self), Err(SetupError::NoKey { .. }))
    }

    /// The same settings for what makes no call: they need no key.
    pub(super) fn for_no_call(self) -> Self {
        Self { openweather: self.openweather.for_no_call(), ..self }
    }
}

/// What to do about settings that make no source.
pub(super) fn hint(entry: SourceName, error: &SetupError) -> Option<&'static str> {
    match error {
        SetupError::NoKey { .. } => Some(entry.key_hint),
        SetupError::InClear { .. } => Some(
            "use the https address of the service, or put TLS before it; a simulator elsewhere is called \
             with the key `simulated`, which is no secret",
        ),
        SetupError::Client(_) => None,
    }
}

/// An address that nobody calls: the answers are there.
#[expect(clippy::expect_used, reason = "a constant")]
fn nowhere() -> Url {
    "http://kept.invalid".parse().expect("an address")
}

/// What is set wrong is for the user to put right.
fn refused(entry: SourceName, error: SetupError) -> anyhow::Error {
    match hint(entry, &error) {
        Some(hint) => UsageError::new(error.to_string()).hint(hint).into(),
        None => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_and_given_once() {
        let Names(names) = parse_names(" open-meteo, openweathermap,").unwrap();
        assert_eq!(names.iter().map(|entry| entry.name).collect::<Vec<_>>(), [NAMES[1], NAMES[0]]);
        assert!(parse_names("").unwrap().0.is_empty());
        let error = parse_names("open-meteo,metno").unwrap_err();
        assert_eq!(error, "`metno` is no source: expected openweathermap, open-meteo");
        assert!(parse_names("open-meteo,open-meteo").unwrap_err().contains("twice"));
    }

    #[test]
    fn each_entry_has_names_of_its_own_that_the_store_can_hold() {
        for (names, longest) in [
            (SOURCES.map(|entry| entry.name).to_vec(), 32),
            (SOURCES.map(|entry| entry.check.name).to_vec(), usize::MAX),
            (SOURCES.map(|entry| entry.simulated.name).to_vec(), usize::MAX),
        ] {
            let mut distinct = names.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), names.len(), "{names:?}");
            assert!(names.iter().all(|name| name.len() <= longest), "{names:?}");
        }
    }
}
