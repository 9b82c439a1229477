//! What the versions of One Call share: the subscription ("One Call by Call", one allowance for all of
//! them), how far back they reach, the form of a record, and what an answer other than a good one
//! means.
//!
//! A key that is good for current weather may be refused here, by a 401 as a wrong key is. One Call
//! 3.0 tells the two apart by its words; One Call 4.0 is reported to blame the subscription for a
//! wrong key too, see `docs/decisions/0012-one-call-4.md`.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use super::payload::{
    Clouds, Condition, Coord, Main, Payload, Precipitation, Wind, parse_json, refuse_claimed,
};
use super::{OpenWeatherMap, answer};
use crate::domain::ErrorKind;
use crate::source::fault::Fault;
use crate::source::history::{Missing, Reach, Recalled};
use crate::source::{SourceError, wire};

/// Its limit is its own: a pause of it delays no live slot.
pub(super) const PAUSE_NAME: &str = "openweathermap:one-call";

/// "Data available from January 1st, 1979".
const SINCE: DateTime<Utc> = match DateTime::from_timestamp(283_996_800, 0) {
    Some(since) => since,
    None => DateTime::UNIX_EPOCH,
};

/// What a call for one place and so many hours covers.
pub(super) fn reach(hours_per_call: u32) -> Reach {
    Reach {
        since: SINCE,
        // What is past is there, but an hour has to be past.
        lag: TimeDelta::hours(1),
        oldest: None,
        sites_per_call: 1,
        hours_per_call,
        by_day: false,
    }
}

/// True when the account lacks the subscription, by the words of the answer. Any other
/// `unauthorized` is the key's.
pub(super) fn lacks_subscription(error: &SourceError) -> bool {
    error.kind == ErrorKind::Unauthorized && error.message.contains("subscription")
}

impl OpenWeatherMap {
    /// Calls `url` and reads the body of a 200 answer; the inner error is for a place and time that
    /// the service does not know.
    pub(super) async fn recall<T>(
        &self,
        url: Url,
        path: &str,
        read: impl FnOnce(&[u8]) -> Result<T, Fault>,
    ) -> Result<Result<T, Missing>, SourceError> {
        let got = self.get(url).await?;
        let fault = if got.status == StatusCode::OK {
            match read(&got.body) {
                Ok(found) => return Ok(Ok(found)),
                Err(fault) => fault,
            }
        } else {
            answer::fault(path, got.status, &got.body)
        };
        let error = self.failed(&got, &fault);
        // "Do not retry the same request": there is nothing for this place and time.
        if error.kind == ErrorKind::NotFound {
            return Ok(Err(Missing::Refused(error.message)));
        }
        Err(error)
    }

    /// What a history says, without the key.
    pub(super) fn blanked(&self, mut recalled: Vec<Recalled>) -> Vec<Recalled> {
        recalled.iter_mut().for_each(|each| wire::blank_recalled(&self.key, each));
        recalled
    }
}

/// The answer: flat records in a list. The addresses of other pages (`next`, `prev`) hold the key
/// and are not read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    lat: Option<f64>,
    lon: Option<f64>,
    data: Option<Vec<Record>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Record {
    dt: Option<f64>,
    temp: Option<f64>,
    feels_like: Option<f64>,
    pressure: Option<f64>,
    humidity: Option<f64>,
    clouds: Option<f64>,
    visibility: Option<f64>,
    wind_speed: Option<f64>,
    wind_deg: Option<f64>,
    wind_gust: Option<f64>,
    rain: Option<Precipitation>,
    snow: Option<Precipitation>,
    weather: Option<Vec<Condition>>,
}

impl Answer {
    /// The answer in the body of a 200.
    ///
    /// # Errors
    /// A [`Fault`] when the body claims an error or is no JSON of this shape.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Fault> {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        refuse_claimed(body)?;
        parse_json(body)
    }

    /// The records, each in the shape of current weather.
    pub(super) fn into_payloads(self) -> impl Iterator<Item = Payload> {
        let Self { lat, lon, data } = self;
        data.into_iter().flatten().map(move |record| record.into_payload(Coord { lat, lon }))
    }
}

impl Record {
    fn into_payload(self, coord: Coord) -> Payload {
        Payload {
            dt: self.dt,
            coord: Some(coord),
            weather: self.weather,
            main: Some(Main {
                temp: self.temp,
                feels_like: self.feels_like,
                pressure: self.pressure,
                humidity: self.humidity,
                ..Main::default()
            }),
            visibility: self.visibility,
            wind: Some(Wind { speed: self.wind_speed, gust: self.wind_gust, deg: self.wind_deg }),
            clouds: Some(Clouds { all: self.clouds }),
            rain: self.rain,
            snow: self.snow,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_begins_with_1979() {
        assert_eq!(SINCE.to_rfc3339(), "1979-01-01T00:00:00+00:00");
    }

    #[test]
    fn the_two_kinds_of_401_are_told_apart() {
        let error = |message: &str| SourceError {
            kind: ErrorKind::Unauthorized,
            message: message.into(),
            http_status: Some(401),
            retry_after: None,
        };
        for version in ["3.0", "4.0"] {
            let words = format!(
                "Please note that using One Call {version} requires a separate subscription to \
                the One Call by Call plan."
            );
            assert!(lacks_subscription(&error(&words)));
        }
        assert!(!lacks_subscription(&error("Invalid API key. Please see https://…")));
    }
}
