//! How Open-Meteo is reached.

use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{LIVE_TENTHS, NAME, OpenMeteo};
use crate::domain::budget::{self, Budget, Counts, Limit, Window};
use crate::http;
use crate::source::openweathermap::limits::whole;
use crate::source::openweathermap::settings::parse_calls_per_minute;
use crate::source::setup::{self, SetupError};

/// Calls of a minute, an hour and a day of the free service
/// (<https://open-meteo.com/en/pricing#faq>).
pub const FREE_CALLS_PER_MINUTE: u64 = 600;
/// Calls of an hour.
pub const FREE_CALLS_PER_HOUR: u64 = 5_000;
/// Calls of a day.
pub const FREE_CALLS_PER_DAY: u64 = 10_000;

/// Settings of Open-Meteo.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Open-Meteo (free for non-commercial use only)")]
pub struct OpenMeteoSettings {
    /// Where the forecast API is; with a commercial key on host customer-api.open-meteo.com
    #[arg(
        long,
        value_name = "URL",
        env = "OPEN_METEO_BASE_URL",
        hide_env_values = true,
        value_parser = http::parse_base_url,
        default_value = "https://api.open-meteo.com"
    )]
    pub open_meteo_base_url: Url,

    /// Where the archive is; with a commercial key on host customer-archive-api.open-meteo.com
    #[arg(
        long,
        value_name = "URL",
        env = "OPEN_METEO_ARCHIVE_URL",
        hide_env_values = true,
        value_parser = http::parse_base_url,
        default_value = "https://archive-api.open-meteo.com"
    )]
    pub open_meteo_archive_url: Url,

    /// Key of a commercial plan; the free service, for non-commercial use only, needs none
    #[arg(long, value_name = "KEY", env = "OPEN_METEO_API_KEY", hide_env_values = true)]
    open_meteo_api_key: Option<SecretString>,

    /// Model that forecasts are asked of, by its name at Open-Meteo, such as ecmwf_ifs025, gfs_global or
    /// icon_global; its documentation lists them
    #[arg(
        long,
        value_name = "MODEL",
        env = "OPEN_METEO_FORECAST_MODEL",
        default_value = "ecmwf_ifs025",
        value_parser = parse_model
    )]
    pub open_meteo_forecast_model: String,

    /// Calls per minute as the service counts them, all tasks together: one for one site counts as
    /// 1.6; the free service allows 600 in a minute, 5,000 in an hour and 10,000 in a day; 0 is no
    /// limit
    #[arg(
        long,
        value_name = "N",
        env = "OPEN_METEO_CALLS_PER_MINUTE",
        default_value_t = 300.0,
        value_parser = parse_calls_per_minute
    )]
    pub open_meteo_calls_per_minute: f64,

    /// Calls per day (UTC) as the service counts them; 0 is no limit [default: 10000 without a key,
    /// no limit with one, nor where there is none of the minute]
    #[arg(long, value_name = "N", env = "OPEN_METEO_CALLS_PER_DAY")]
    open_meteo_calls_per_day: Option<u64>,
}

impl OpenMeteoSettings {
    /// The key, if one is set; an empty one is none.
    #[must_use]
    pub fn key(&self) -> Option<SecretString> {
        let key = self.open_meteo_api_key.as_ref()?.expose_secret().trim();
        (!key.is_empty()).then(|| SecretString::from(key))
    }

    /// Calls per minute for one site each; 0 is no limit.
    #[must_use]
    pub fn live_calls_per_minute(&self) -> f64 {
        self.open_meteo_calls_per_minute * 10.0 / f64::from(LIVE_TENTHS)
    }

    /// What the account may do, and by which name it is counted.
    #[must_use]
    pub fn budget(&self) -> Budget {
        let key = self.key();
        let account = budget::account(key.as_ref().map(|key| key.expose_secret()));
        let per_minute = whole(self.open_meteo_calls_per_minute);
        let is_free = key.is_none() && per_minute > 0;
        let of_day = if is_free { FREE_CALLS_PER_DAY } else { 0 };
        let per_day = self.open_meteo_calls_per_day.unwrap_or(of_day);
        let limits = [(Window::Minute, per_minute), (Window::Day, per_day)];
        let limits = limits.into_iter().filter(|(_, calls)| *calls > 0);
        let limits =
            limits.map(|(window, calls)| Limit { scope: NAME, window, calls, counts: Counts::All });
        Budget { account, live_tenths: LIVE_TENTHS, limits: limits.collect() }
    }

    /// Passes settings by which the source can be called, and returns its key, if one is set.
    ///
    /// # Errors
    /// When a key would be sent in clear.
    pub fn check(&self) -> Result<Option<SecretString>, SetupError> {
        let key = self.key();
        setup::check("OPEN_METEO_BASE_URL", &self.open_meteo_base_url, key.as_ref())?;
        setup::check("OPEN_METEO_ARCHIVE_URL", &self.open_meteo_archive_url, key.as_ref())?;
        Ok(key)
    }

    /// The source, each call bounded by `timeout`.
    ///
    /// # Errors
    /// As [`check`](Self::check), and when the TLS backend cannot be set up.
    pub fn build(&self, timeout: Duration) -> Result<OpenMeteo, SetupError> {
        let (base_url, archive_url) = (&self.open_meteo_base_url, &self.open_meteo_archive_url);
        Ok(OpenMeteo::build(base_url, archive_url, self.check()?, timeout)?)
    }
}

/// One name, as the service's addresses have it; a list would be several models in one answer.
fn parse_model(text: &str) -> Result<String, String> {
    let is_good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match !text.is_empty() && text.len() <= 64 && text.chars().all(is_good) {
        true => Ok(text.to_owned()),
        false => Err("expected one model, such as ecmwf_ifs025, gfs_global or icon_global".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        settings: OpenMeteoSettings,
    }

    /// Calls per minute and day; 0: no limit.
    fn limits(arguments: &str) -> [u64; 2] {
        let arguments = std::iter::once("x").chain(arguments.split_whitespace());
        let limits = Settings::try_parse_from(arguments).unwrap().settings.budget().limits;
        [Window::Minute, Window::Day].map(|window| {
            limits.iter().find(|limit| limit.window == window).map_or(0, |limit| limit.calls)
        })
    }

    #[test]
    fn the_free_service_has_a_limit_of_the_day_unless_there_are_no_limits() {
        for (arguments, expected) in [
            ("", [300, 10_000]),
            ("--open-meteo-api-key k", [300, 0]),
            ("--open-meteo-calls-per-minute 0", [0, 0]),
            ("--open-meteo-calls-per-minute 0 --open-meteo-calls-per-day 7", [0, 7]),
            ("--open-meteo-calls-per-day 0", [300, 0]),
        ] {
            assert_eq!(limits(arguments), expected, "{arguments}");
        }
    }
}
