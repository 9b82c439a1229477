//! Open-Meteo, current weather (`GET /v1/forecast`, <https://open-meteo.com/en/docs>); history in
//! `past`.
//!
//! No key is needed, but the free service is for non-commercial use only
//! (<https://open-meteo.com/en/terms>); a commercial plan has a key and hosts of its own, with the
//! prefix `customer-` (<https://open-meteo.com/en/pricing>). What is said of now and of the past
//! comes from weather models, not from a station.
//!
//! The limits of the free service (<https://open-meteo.com/en/pricing#faq>,
//! <https://github.com/open-meteo/open-meteo/issues/439>): 600 calls in a minute, 5,000 in an hour,
//! 10,000 in a day. A call for several places counts as one for each, more than 10 variables count
//! as more in proportion, and so do more than 14 days
//! (<https://github.com/open-meteo/open-meteo/issues/1295>,
//! <https://github.com/open-meteo/open-meteo-website/issues/504>). Beside that it answers only some
//! calls of an address at a time, and 429 `Too many concurrent requests` to the others
//! ([`CALLS_AT_ONCE`]).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::domain::source_time::moment_of_answer;
use crate::domain::{ErrorKind, Site};
use crate::http::{ClientError, Fetch, HttpFetch, Recorder, Request, Response, StatusCode};
use crate::source::{Answer, Source, SourceError, reading, wire};

mod answer;
mod bare;
mod condition;
pub mod forecast;
mod past;
mod payload;
pub mod settings;
mod transform;

pub use forecast::{ModelForecast, transform_hours};
pub use past::PastHours;
pub use settings::OpenMeteoSettings;
pub use transform::transform;

use payload::Variable;

/// The value of the `source` column.
pub const NAME: &str = "open-meteo";

const FORECAST_PATH: &str = "/v1/forecast";
const ARCHIVE_PATH: &str = "/v1/archive";

/// What a forecast call for one site counts as, in tenths of a call: it asks for 16 variables.
pub const LIVE_TENTHS: u32 = 16;

/// Calls in flight at once to the free service, which was seen to refuse the sixth of an address, and
/// with a key.
pub const CALLS_AT_ONCE: usize = 4;
/// The same of a commercial plan.
pub const CALLS_AT_ONCE_WITH_KEY: usize = 2;

/// A body for one site is about 2 kB; what is longer than this is no weather.
const MAX_FORECAST_BYTES: usize = 64 * 1024;

/// The client of the service.
#[derive(Clone)]
pub struct OpenMeteo {
    fetch: Arc<dyn Fetch>,
    base_url: Url,
    forecast: Url,
    archive: Url,
    key: Option<SecretString>,
}

impl OpenMeteo {
    /// A client that calls the forecast API at `base_url` and the archive at `archive_url` (scheme,
    /// host and perhaps a path), with the key of a commercial plan or with none, each call bounded
    /// by `timeout`.
    ///
    /// # Errors
    /// When the TLS backend cannot be set up.
    pub fn build(
        base_url: &Url,
        archive_url: &Url,
        key: Option<SecretString>,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let fetch = HttpFetch::build(&[base_url, archive_url], timeout)?;
        Ok(Self::new(Arc::new(fetch), base_url, archive_url, key))
    }

    /// The same, whose calls go out by `fetch`.
    #[must_use]
    pub fn new(
        fetch: Arc<dyn Fetch>,
        base_url: &Url,
        archive_url: &Url,
        key: Option<SecretString>,
    ) -> Self {
        Self {
            fetch: Recorder::around(fetch, key.as_ref()),
            base_url: base_url.clone(),
            forecast: endpoint(base_url, FORECAST_PATH),
            archive: endpoint(archive_url, ARCHIVE_PATH),
            key,
        }
    }

    /// The calls that may be in flight at once.
    fn calls_at_once(&self) -> usize {
        if self.key.is_some() { CALLS_AT_ONCE_WITH_KEY } else { CALLS_AT_ONCE }
    }

    /// A 200 answer, or the error that another one is.
    async fn get(
        &self,
        mut url: Url,
        path: &str,
        max_bytes: usize,
    ) -> Result<Response, SourceError> {
        // Always the same units, and times as Unix seconds: those have no zone to get wrong.
        url.query_pairs_mut()
            .append_pair("temperature_unit", "celsius")
            .append_pair("wind_speed_unit", "ms")
            .append_pair("precipitation_unit", "mm")
            .append_pair("timeformat", "unixtime")
            .append_pair("timezone", "GMT");
        if let Some(key) = &self.key {
            url.query_pairs_mut().append_pair("apikey", key.expose_secret());
        }
        let fetched = self.fetch.fetch(Request { url, max_bytes }).await;
        let response = fetched.map_err(|error| self.redacted(wire::broken(error)))?;
        if response.status == StatusCode::OK {
            return Ok(response);
        }
        let fault = answer::fault(path, response.status, &response.body);
        let rest = match fault.kind {
            ErrorKind::RateLimited => answer::rest(&fault.message, response.date()),
            _ => None,
        };
        Err(self.redacted(SourceError {
            kind: fault.kind,
            message: fault.message,
            http_status: Some(response.status.as_u16()),
            retry_after: response.retry_after().or(rest),
        }))
    }

    /// The error of a 200 answer that is no good one.
    fn unreadable(&self, fault: super::Fault) -> SourceError {
        let retry_after = match fault.kind {
            ErrorKind::RateLimited => answer::rest(&fault.message, None),
            _ => None,
        };
        self.redacted(SourceError {
            kind: fault.kind,
            message: fault.message,
            http_status: Some(StatusCode::OK.as_u16()),
            retry_after,
        })
    }

    fn redacted(&self, mut error: SourceError) -> SourceError {
        error.message = wire::message(self.key.as_ref(), &error.message);
        error
    }
}

#[async_trait]
impl Source for OpenMeteo {
    fn name(&self) -> &'static str {
        NAME
    }

    fn calls_at_once(&self) -> usize {
        Self::calls_at_once(self)
    }

    async fn observe(&self, site: &Site, now: DateTime<Utc>) -> Result<Answer, SourceError> {
        let mut url = self.forecast.clone();
        url.query_pairs_mut()
            .append_pair("latitude", &site.coordinates.latitude().to_string())
            .append_pair("longitude", &site.coordinates.longitude().to_string())
            .append_pair("current", &names(&transform::CURRENT))
            .append_pair("minutely_15", &names(&transform::QUARTERS))
            .append_pair("past_minutely_15", "4")
            .append_pair("forecast_minutely_15", "1");
        let got = self.get(url, FORECAST_PATH, MAX_FORECAST_BYTES).await?;
        let answered_at = moment_of_answer(got.date(), now);
        let observed = transform(&site.site_id, &got.body)
            .and_then(|observation| reading::of_now("current.time", observation, answered_at));
        match observed {
            Ok(observation) => Ok(Answer { observation, http_status: StatusCode::OK.as_u16() }),
            Err(fault) => Err(self.unreadable(fault)),
        }
    }
}

fn names(variables: &[Variable]) -> String {
    variables.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",")
}

fn endpoint(base_url: &Url, path: &str) -> Url {
    wire::endpoint(base_url, "/v1", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_url_may_come_with_or_without_a_path() {
        for (base, expected) in [
            ("https://api.open-meteo.com", "https://api.open-meteo.com/v1/forecast"),
            ("https://api.example/v1/", "https://api.example/v1/forecast"),
            ("http://127.0.0.1:9/proxy", "http://127.0.0.1:9/proxy/v1/forecast"),
        ] {
            assert_eq!(endpoint(&Url::parse(base).unwrap(), FORECAST_PATH).as_str(), expected);
        }
    }

    #[test]
    fn a_forecast_call_counts_by_its_variables() {
        let variables = transform::CURRENT.len() + transform::QUARTERS.len();
        assert_eq!(LIVE_TENTHS as usize, variables);
    }
}
