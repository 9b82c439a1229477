//! How OpenWeatherMap is reached.

use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{CallLimits, OpenWeatherMap};
use crate::domain::budget::{self, Budget};
use crate::http;
use crate::source::History;
use crate::source::setup::{self, SetupError};

/// A version of One Call, by which past hours are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OneCallVersion {
    /// A call per site and twenty hours.
    #[value(name = "4.0")]
    V4,
    /// A call per site and hour.
    #[value(name = "3.0")]
    V3,
}

/// Settings of the OpenWeatherMap account.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "OpenWeatherMap")]
pub struct OpenWeatherSettings {
    /// API key of the account, from home.openweathermap.org/api_keys; better given by the
    /// environment than as a flag, which others on the machine can read
    #[arg(long, value_name = "KEY", env = "OPENWEATHER_API_KEY", hide_env_values = true)]
    openweather_api_key: Option<SecretString>,

    /// Other name of OPENWEATHER_API_KEY
    #[arg(long, env = "OPENWEATHERMAP_API_KEY", hide = true, hide_env_values = true)]
    openweathermap_api_key: Option<SecretString>,

    /// Where the API is; paid plans have a host of their own
    #[arg(
        long,
        value_name = "URL",
        env = "OPENWEATHER_BASE_URL",
        hide_env_values = true,
        value_parser = http::parse_base_url,
        default_value = "https://api.openweathermap.org"
    )]
    pub openweather_base_url: Url,

    /// What the account may do
    #[command(flatten)]
    pub limits: CallLimits,

    /// Version of One Call that past hours are asked of: 4.0 takes a call per site and twenty hours,
    /// 3.0 one per site and hour, for accounts that are subscribed to that version
    #[arg(
        long,
        value_name = "VERSION",
        env = "OPENWEATHER_ONE_CALL",
        default_value = "4.0",
        hide_possible_values = true
    )]
    pub openweather_one_call: OneCallVersion,

    /// Seconds that one call may take
    #[arg(long, value_name = "S", env = "HTTP_TIMEOUT_SECONDS", default_value_t = 10.0, value_parser = parse_timeout_seconds)]
    pub http_timeout_seconds: f64,
}

impl OpenWeatherSettings {
    /// The key, if one is set; an empty one is none.
    #[must_use]
    pub fn key(&self) -> Option<&SecretString> {
        [&self.openweather_api_key, &self.openweathermap_api_key]
            .into_iter()
            .flatten()
            .find(|key| !key.expose_secret().trim().is_empty())
    }

    /// The key, without which there is no account.
    fn needed_key(&self) -> Result<&str, SetupError> {
        let key = self.key().ok_or(SetupError::NoKey { variable: "OPENWEATHER_API_KEY" })?;
        Ok(key.expose_secret().trim())
    }

    /// The same settings for what makes no call, which need no key.
    #[must_use]
    pub fn for_no_call(mut self) -> Self {
        if self.key().is_none() {
            self.openweather_api_key = Some(setup::SIMULATED_KEY.into());
        }
        self
    }

    /// What the account may do, and by which name it is counted.
    #[must_use]
    pub fn budget(&self) -> Budget {
        let account = budget::account(self.key().map(|key| key.expose_secret().trim()));
        Budget { limits: self.limits.limits(), ..Budget::unlimited(account) }
    }

    /// Passes settings by which the source can be called, and returns its key.
    ///
    /// # Errors
    /// When no key is set, or it would be sent in clear.
    pub fn check(&self) -> Result<SecretString, SetupError> {
        let key = SecretString::from(self.needed_key()?);
        setup::check("OPENWEATHER_BASE_URL", &self.openweather_base_url, Some(&key))?;
        Ok(key)
    }

    /// The source.
    ///
    /// # Errors
    /// As [`check`](Self::check), and when the TLS backend cannot be set up.
    pub fn build(&self) -> Result<OpenWeatherMap, SetupError> {
        let timeout = Duration::from_secs_f64(self.http_timeout_seconds);
        Ok(OpenWeatherMap::build(&self.openweather_base_url, self.check()?, timeout)?)
    }
}

impl OneCallVersion {
    /// The history of this version.
    #[must_use]
    pub fn history(self, source: &OpenWeatherMap) -> Box<dyn History> {
        match self {
            Self::V4 => Box::new(source.one_call_4()),
            Self::V3 => Box::new(source.one_call_3()),
        }
    }
}

pub(in crate::source) fn parse_calls_per_minute(text: &str) -> Result<f64, String> {
    parse_between(text, 0.0, 1e6, "calls per minute")
}

fn parse_timeout_seconds(text: &str) -> Result<f64, String> {
    parse_between(text, 0.001, 3600.0, "seconds")
}

fn parse_between(text: &str, min: f64, max: f64, unit: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("expected a number of {unit}"))?;
    if (min..=max).contains(&number) {
        Ok(number)
    } else {
        Err(format!("expected {min} to {max} {unit}"))
    }
}
