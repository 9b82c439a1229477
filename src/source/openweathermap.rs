//! OpenWeatherMap, current weather: `GET /data/2.5/weather`
//! (<https://openweathermap.org/current>); history by One Call 4.0 in `timeline`, by One Call 3.0 in
//! `timemachine`; places by name in `geocoding`.
//!
//! One call per site: the group call is gone. Metric units are asked for, always. The status is
//! judged first, then the body, which need not be JSON; the server's own message is kept, because
//! one status has several causes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::domain::source_time::moment_of_answer;
use crate::domain::{Observation, Site};
use crate::http::{
    ClientError, Fetch, FetchError, HttpFetch, Recorder, Request, Response, StatusCode,
};
use crate::source::{Answer, Source, SourceError, reading, wire};

mod answer;
pub mod forecast;
mod geocoding;
pub mod limits;
mod one_call;
mod payload;
pub mod settings;
mod timeline;
mod timemachine;
pub mod transform;

pub use super::fault::Fault;
pub use forecast::{WeatherForecast, transform_forecast};
pub use geocoding::FoundPlace;
pub use limits::CallLimits;
pub use settings::OpenWeatherSettings;
pub use timeline::OneCall4;
pub use timemachine::OneCall3;
pub use transform::{Units, transform};

/// The value of the `source` column.
pub const NAME: &str = "openweathermap";

/// What is called, below the base URL.
pub const PATH: &str = "/data/2.5/weather";

/// A body is about 600 bytes, a page of history 10 kB; what is longer than this is no weather.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The client of one account.
#[derive(Clone)]
pub struct OpenWeatherMap {
    fetch: Arc<dyn Fetch>,
    endpoint: Url,
    timemachine: Url,
    timeline: Url,
    forecast: Url,
    one_call: Url,
    geocoding: Url,
    key: SecretString,
}

impl OpenWeatherMap {
    /// A client that calls `base_url` (scheme, host and perhaps a path; with or without
    /// `/data/2.5`) with `key`, each call bounded by `timeout`.
    ///
    /// # Errors
    /// When the TLS backend cannot be set up.
    pub fn build(
        base_url: &Url,
        key: SecretString,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let fetch = HttpFetch::build(&[base_url], timeout)?;
        Ok(Self::new(Arc::new(fetch), base_url, key))
    }

    /// The same, whose calls go out by `fetch`.
    #[must_use]
    pub fn new(fetch: Arc<dyn Fetch>, base_url: &Url, key: SecretString) -> Self {
        Self {
            fetch: Recorder::around(fetch, Some(&key)),
            endpoint: endpoint(base_url, PATH),
            timemachine: endpoint(base_url, timemachine::PATH),
            timeline: endpoint(base_url, timeline::PATH),
            forecast: endpoint(base_url, forecast::PATH),
            one_call: endpoint(base_url, forecast::ONE_CALL_PATH),
            geocoding: endpoint(base_url, geocoding::PATH),
            key,
        }
    }

    /// The address of a call for `site`; what else is asked for comes behind it.
    fn url(&self, endpoint: &Url, site: &Site) -> Url {
        let mut url = endpoint.clone();
        url.query_pairs_mut()
            .append_pair("lat", &site.coordinates.latitude().to_string())
            .append_pair("lon", &site.coordinates.longitude().to_string())
            .append_pair("units", "metric")
            .append_pair("appid", self.key.expose_secret());
        url
    }

    async fn get(&self, url: Url) -> Result<Response, SourceError> {
        let request = Request { url, max_bytes: MAX_BODY_BYTES };
        self.fetch.fetch(request).await.map_err(|error| self.broken(error))
    }

    fn broken(&self, error: FetchError) -> SourceError {
        let error = wire::broken(error);
        SourceError { message: wire::message(Some(&self.key), &error.message), ..error }
    }

    /// The error of an answer that gives nothing.
    fn failed(&self, got: &Response, fault: &Fault) -> SourceError {
        SourceError {
            kind: fault.kind,
            message: wire::message(Some(&self.key), &fault.message),
            http_status: Some(got.status.as_u16()),
            retry_after: got.retry_after(),
        }
    }

    /// The observation of now that an answer gives.
    fn read(&self, site: &Site, got: &Response, now: DateTime<Utc>) -> Result<Observation, Fault> {
        if got.status != StatusCode::OK {
            return Err(answer::fault(PATH, got.status, &got.body));
        }
        let observation = transform(&site.site_id, Units::Metric, &got.body)?;
        let answered_at = moment_of_answer(got.date(), now);
        let mut observation = reading::of_now("dt", observation, answered_at)?;
        wire::blank_values(&self.key, &mut observation.values);
        Ok(observation)
    }
}

#[async_trait]
impl Source for OpenWeatherMap {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn observe(&self, site: &Site, now: DateTime<Utc>) -> Result<Answer, SourceError> {
        let got = self.get(self.url(&self.endpoint, site)).await?;
        match self.read(site, &got, now) {
            Ok(observation) => Ok(Answer { observation, http_status: got.status.as_u16() }),
            Err(fault) => Err(self.failed(&got, &fault)),
        }
    }
}

fn endpoint(base_url: &Url, path: &str) -> Url {
    wire::endpoint(base_url, "/data/2.5", path)
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
            assert_eq!(endpoint(&Url::parse(base).unwrap(), PATH).as_str(), expected);
        }
    }
}
