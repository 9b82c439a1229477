//! OpenWeatherMap, current weather: `GET /data/2.5/weather`
//! (<https://openweathermap.org/current>).
//!
//! One call per site: the group call is gone. Metric units are asked for, always. The status is
//! judged first, then the body, which need not be JSON; the server's own message is kept, because
//! one status has several causes.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::domain::{ErrorKind, Site};
use crate::http;
use crate::source::{Answer, Source, SourceError};

mod answer;
mod fault;
mod payload;
pub mod settings;
pub mod transform;

pub use fault::Fault;
pub use settings::OpenWeatherSettings;
pub use transform::{Units, transform};

/// The value of the `source` column.
pub const NAME: &str = "openweathermap";

/// What is called, below the base URL.
pub const PATH: &str = "/data/2.5/weather";

/// A body is about 600 bytes; what is longer than this is no weather.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The client of one account.
pub struct OpenWeatherMap {
    client: Client,
    endpoint: Url,
    key: SecretString,
}

impl OpenWeatherMap {
    /// A client that calls `base_url` (scheme, host and perhaps a path; with or without
    /// `/data/2.5`) with `key`, each call bounded by `timeout`.
    ///
    /// # Errors
    /// When the TLS backend cannot be set up.
    pub fn build(base_url: &Url, key: SecretString, timeout: Duration) -> reqwest::Result<Self> {
        Ok(Self { client: http::client(timeout)?, endpoint: endpoint(base_url), key })
    }

    async fn send(&self, site: &Site) -> Result<Response, SourceError> {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut()
            .append_pair("lat", &site.coordinates.latitude().to_string())
            .append_pair("lon", &site.coordinates.longitude().to_string())
            .append_pair("units", "metric")
            .append_pair("appid", self.key.expose_secret());
        self.client.get(url).send().await.map_err(|error| self.broken(error, None))
    }

    async fn read(&self, response: Response, site: &Site) -> Result<Answer, SourceError> {
        let status = response.status();
        let retry_after = http::retry_after(response.headers());
        let body = http::body(response, MAX_BODY_BYTES)
            .await
            .map_err(|error| self.broken(error, Some(status)))?;
        let fault = if status == StatusCode::OK {
            match transform(&site.site_id, Units::Metric, &body) {
                Ok(observation) => {
                    return Ok(Answer { observation, http_status: status.as_u16() });
                }
                Err(fault) => fault,
            }
        } else {
            answer::fault(status, &body)
        };
        Err(SourceError {
            kind: fault.kind,
            message: self.redact(&fault.message),
            http_status: Some(status.as_u16()),
            retry_after,
        })
    }

    fn broken(&self, error: reqwest::Error, status: Option<StatusCode>) -> SourceError {
        let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Connection };
        SourceError {
            kind,
            message: self.redact(&http::describe(error)),
            http_status: status.map(|status| status.as_u16()),
            retry_after: None,
        }
    }

    /// A server may echo what it was sent.
    fn redact(&self, text: &str) -> String {
        let key = self.key.expose_secret();
        let encoded: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
        text.replace(key, "[key]").replace(&encoded, "[key]")
    }
}

#[async_trait]
impl Source for OpenWeatherMap {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn observe(&self, site: &Site) -> Result<Answer, SourceError> {
        let response = self.send(site).await?;
        self.read(response, site).await
    }
}

fn endpoint(base_url: &Url) -> Url {
    let mut url = base_url.clone();
    let base = url.path().trim_end_matches('/').trim_end_matches("/data/2.5").to_owned();
    url.set_path(&format!("{base}{PATH}"));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_url_may_come_with_or_without_a_path() {
        for (base, expected) in [
            ("https://api.openweathermap.org", "https://api.openweathermap.org/data/2.5/weather"),
            ("https://pro.example/", "https://pro.example/data/2.5/weather"),
            ("https://pro.example/data/2.5/", "https://pro.example/data/2.5/weather"),
            ("http://127.0.0.1:9/proxy", "http://127.0.0.1:9/proxy/data/2.5/weather"),
        ] {
            assert_eq!(endpoint(&Url::parse(base).unwrap()).as_str(), expected);
        }
    }

    #[test]
    fn a_key_that_a_server_echoes_is_blanked_plain_and_encoded() {
        let base = Url::parse("http://127.0.0.1").unwrap();
        let key = SecretString::from("a+b/c");
        let source = OpenWeatherMap::build(&base, key, Duration::from_secs(1)).unwrap();
        assert_eq!(source.redact("no a+b/c, no a%2Bb%2Fc"), "no [key], no [key]");
    }
}
