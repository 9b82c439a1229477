//! How Open-Meteo is reached.

use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::OpenMeteo;

/// Settings of Open-Meteo.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Open-Meteo (free for non-commercial use only)")]
pub struct OpenMeteoSettings {
    /// Where the forecast API is; with a commercial key on host customer-api.open-meteo.com
    #[arg(
        long,
        value_name = "URL",
        env = "OPEN_METEO_BASE_URL",
        default_value = "https://api.open-meteo.com"
    )]
    pub open_meteo_base_url: Url,

    /// Where the archive is; with a commercial key on host customer-archive-api.open-meteo.com
    #[arg(
        long,
        value_name = "URL",
        env = "OPEN_METEO_ARCHIVE_URL",
        default_value = "https://archive-api.open-meteo.com"
    )]
    pub open_meteo_archive_url: Url,

    /// Key of a commercial plan; the free service, for non-commercial use only, needs none
    #[arg(long, value_name = "KEY", env = "OPEN_METEO_API_KEY", hide_env_values = true)]
    open_meteo_api_key: Option<SecretString>,

    /// Calls per minute, all tasks together; the free service allows 600 in a minute, 5,000 in an
    /// hour and 10,000 in a day, and counts the call for one site as 1.4; 0 is no limit
    #[arg(
        long,
        value_name = "N",
        env = "OPEN_METEO_CALLS_PER_MINUTE",
        default_value_t = 300.0,
        value_parser = crate::source::openweathermap::settings::parse_calls_per_minute
    )]
    pub open_meteo_calls_per_minute: f64,
}

impl OpenMeteoSettings {
    /// The key, if one is set; an empty one is none.
    #[must_use]
    pub fn key(&self) -> Option<SecretString> {
        let key = self.open_meteo_api_key.as_ref()?.expose_secret().trim();
        (!key.is_empty()).then(|| SecretString::from(key))
    }

    /// The source, each call bounded by `timeout`.
    ///
    /// # Errors
    /// When the TLS backend cannot be set up.
    pub fn build(&self, timeout: Duration) -> reqwest::Result<OpenMeteo> {
        let (base_url, archive_url) = (&self.open_meteo_base_url, &self.open_meteo_archive_url);
        OpenMeteo::build(base_url, archive_url, self.key(), timeout)
    }
}
