//! Which sources there are, which are collected from, and by which name their runs lock.

use std::time::Duration;

use super::error::UsageError;
use crate::domain::Budget;
use crate::source::open_meteo::{self, OpenMeteoSettings};
use crate::source::openweathermap::{self, OpenWeatherSettings};
use crate::source::{History, SetupError, Source};
use crate::{etl, heal};

/// A source by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceName {
    OpenWeatherMap,
    OpenMeteo,
}

impl SourceName {
    /// Every source, the one that is meant if none is named first.
    pub(super) const ALL: [Self; 2] = [Self::OpenWeatherMap, Self::OpenMeteo];

    /// The value of the `source` column.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::OpenWeatherMap => openweathermap::NAME,
            Self::OpenMeteo => open_meteo::NAME,
        }
    }

    /// The kind of its runs, at most 16 characters. The open run is the lock of its kind and shard,
    /// so each source needs a kind of its own: one that is slow, paused or refused then holds up
    /// no other.
    pub(super) fn run_kind(self) -> &'static str {
        match self {
            Self::OpenWeatherMap => etl::KIND,
            Self::OpenMeteo => "etl:open-meteo",
        }
    }

    /// The kind of the runs that fill its slots from history.
    pub(super) fn heal_kind(self) -> &'static str {
        match self {
            Self::OpenWeatherMap => heal::KIND,
            Self::OpenMeteo => "heal:open-meteo",
        }
    }

    /// The source of that name.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|source| source.as_str() == name);
        let all = Self::ALL.map(Self::as_str).join(", ");
        known.ok_or_else(|| format!("`{name}` is no source: expected {all}"))
    }
}

/// The sources that are collected from; empty: none is named.
#[derive(Debug, Clone)]
struct Names(Vec<SourceName>);

fn parse_names(text: &str) -> Result<Names, String> {
    let mut names = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let known = SourceName::parse(name)?;
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
    pub(super) openweather: OpenWeatherSettings,
    #[command(flatten)]
    pub(super) open_meteo: OpenMeteoSettings,
}

/// A source, ready to be asked.
pub(super) struct Ready {
    pub(super) source: Box<dyn Source>,
    pub(super) run_kind: &'static str,
    pub(super) calls_per_minute: f64,
    pub(super) budget: Budget,
}

impl SourcesSettings {
    /// The sources to collect from. Without a name it is OpenWeatherMap, also where its key is
    /// missing: a key that got lost must not become another source's rows without a word.
    pub(super) fn names(&self) -> Vec<SourceName> {
        match &self.sources {
            Some(Names(names)) if !names.is_empty() => names.clone(),
            _ => vec![SourceName::OpenWeatherMap],
        }
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.openweather.http_timeout_seconds)
    }

    /// The sources, ready.
    pub(super) fn build(&self) -> anyhow::Result<Vec<Ready>> {
        self.names().into_iter().map(|name| self.build_one(name)).collect()
    }

    /// The histories of a source, the better ones first, and the calls per minute of its account.
    pub(super) fn build_histories(
        &self,
        name: SourceName,
    ) -> anyhow::Result<(Vec<Box<dyn History>>, f64)> {
        Ok(match name {
            SourceName::OpenWeatherMap => {
                let source = self.openweather.build().map_err(refused)?.ok_or_else(no_key)?;
                let history = self.openweather.openweather_one_call.history(&source);
                (vec![history], self.openweather.limits.calls_per_minute())
            }
            SourceName::OpenMeteo => {
                let source = self.open_meteo.build(self.timeout()).map_err(refused)?;
                let histories: Vec<Box<dyn History>> =
                    vec![Box::new(source.archive()), Box::new(source.recent_hours())];
                (histories, self.open_meteo.open_meteo_calls_per_minute)
            }
        })
    }

    fn build_one(&self, name: SourceName) -> anyhow::Result<Ready> {
        let (source, calls_per_minute): (Box<dyn Source>, f64) = match name {
            SourceName::OpenWeatherMap => {
                let source = self.openweather.build().map_err(refused)?.ok_or_else(no_key)?;
                (Box::new(source), self.openweather.limits.calls_per_minute())
            }
            SourceName::OpenMeteo => {
                let source = self.open_meteo.build(self.timeout()).map_err(refused)?;
                (Box::new(source), self.open_meteo.live_calls_per_minute())
            }
        };
        Ok(Ready {
            source,
            run_kind: name.run_kind(),
            calls_per_minute,
            budget: self.budget(name)?,
        })
    }

    /// What the account of a source may do.
    pub(super) fn budget(&self, name: SourceName) -> anyhow::Result<Budget> {
        match name {
            SourceName::OpenWeatherMap if self.openweather.key().is_none() => Err(no_key().into()),
            SourceName::OpenWeatherMap => Ok(self.openweather.budget()),
            SourceName::OpenMeteo => Ok(self.open_meteo.budget()),
        }
    }
}

/// What to do about a key that would be sent in clear.
pub(super) const IN_CLEAR_REMEDY: &str = "use the https address of the service, or put TLS before \
    it; a simulator elsewhere is called with the key `simulated`, which is no secret";

/// What is set wrong is for the user to put right.
fn refused(error: SetupError) -> anyhow::Error {
    match error {
        SetupError::InClear { .. } => {
            UsageError::new(error.to_string()).hint(IN_CLEAR_REMEDY).into()
        }
        SetupError::Client(_) => error.into(),
    }
}

fn no_key() -> UsageError {
    UsageError::new("no API key: OPENWEATHER_API_KEY is not set").hint(
        "get a key at https://home.openweathermap.org/api_keys (free) and put it into the \
         environment or .env; SOURCES=open-meteo needs none (free for non-commercial use only); \
         `weather demo` runs without one",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_and_given_once() {
        let Names(names) = parse_names(" open-meteo, openweathermap,").unwrap();
        assert_eq!(names, [SourceName::OpenMeteo, SourceName::OpenWeatherMap]);
        assert!(parse_names("").unwrap().0.is_empty());
        let error = parse_names("open-meteo,metno").unwrap_err();
        assert_eq!(error, "`metno` is no source: expected openweathermap, open-meteo");
        assert!(parse_names("open-meteo,open-meteo").unwrap_err().contains("twice"));
    }

    #[test]
    fn each_source_locks_by_a_name_of_its_own_that_the_store_can_hold() {
        let mut kinds = SourceName::ALL.map(SourceName::run_kind).to_vec();
        kinds.extend(SourceName::ALL.map(SourceName::heal_kind));
        let count = kinds.len();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), count);
        assert!(kinds.iter().all(|kind| kind.len() <= 16));
    }
}
