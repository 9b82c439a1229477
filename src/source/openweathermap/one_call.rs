//! What the versions of One Call share: the subscription ("One Call by Call", one allowance for all of
//! them), how far back they reach, the form of an answer and of its records, and what an answer other
//! than a good one means.
//!
//! A key that is good for current weather may be refused here, by a 401 as a wrong key is. One Call
//! 3.0 tells the two apart by its words; One Call 4.0 is reported to blame the subscription for a
//! wrong key too, see `docs/decisions/0012-one-call-4.md`.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::Deserialize;
use url::Url;

use super::payload::{self, Clouds, Condition, Coord, Main, Payload, Precipitation, Wind};
use super::transform::{Units, past_observation};
use super::{OpenWeatherMap, answer};
use crate::domain::{ErrorKind, Observation, Site, SiteId};
use crate::http::StatusCode;
use crate::source::fault::Fault;
use crate::source::history::{Missing, Reach, Recalled};
use crate::source::object::Object;
use crate::source::reading::past_time;
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

/// The whole hour that a parameter of a call is, in Unix seconds.
pub(super) fn time_of(seconds: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::from_timestamp(seconds.parse().ok()?, 0)?;
    (time.duration_trunc(TimeDelta::hours(1)).ok()? == time).then_some(time)
}

/// True when the account lacks the subscription, by the words of the answer. Any other
/// `unauthorized` is the key's.
pub(super) fn lacks_subscription(error: &SourceError) -> bool {
    error.kind == ErrorKind::Unauthorized && error.message.contains("subscription")
}

impl OpenWeatherMap {
    /// Calls `url`, which asks for these hours of a site.
    pub(super) async fn recall(
        &self,
        url: Url,
        path: &str,
        (site, hours): (&Site, &[DateTime<Utc>]),
    ) -> Result<Vec<Recalled>, SourceError> {
        let got = self.get(url).await?;
        let fault = if got.status == StatusCode::OK {
            match recall(&site.site_id, hours, &got.body) {
                Ok(recalled) => return Ok(recalled),
                Err(fault) => fault,
            }
        } else {
            answer::fault(path, got.status, &got.body)
        };
        let error = self.failed(&got, &fault);
        // "Do not retry the same request": there is nothing for this place and time.
        if error.kind == ErrorKind::NotFound && answer::says_it_lacks(&got.body) {
            let found = |hour: &_| Recalled {
                site_id: site.site_id.clone(),
                hour: *hour,
                found: Err(Missing::Refused(error.message.clone())),
            };
            return Ok(hours.iter().map(found).collect());
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
struct Answer {
    lat: Option<f64>,
    lon: Option<f64>,
    data: Option<Vec<Object<Record>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    dt: Option<f64>,
    temp: Option<f64>,
    feels_like: Option<f64>,
    pressure: Option<f64>,
    humidity: Option<f64>,
    dew_point: Option<f64>,
    uvi: Option<f64>,
    clouds: Option<f64>,
    visibility: Option<f64>,
    wind_speed: Option<f64>,
    wind_deg: Option<f64>,
    wind_gust: Option<f64>,
    rain: Option<Object<Precipitation>>,
    snow: Option<Object<Precipitation>>,
    weather: Option<Vec<Object<Condition>>>,
    /// Of the hours to come alone.
    pop: Option<f64>,
}

impl Answer {
    /// The answer in the body of a 200.
    ///
    /// # Errors
    /// A [`Fault`] when the body claims an error or is no JSON of this shape.
    fn parse(body: &[u8]) -> Result<Self, Fault> {
        payload::parse(body)
    }

    /// The records, each in the shape of current weather.
    ///
    /// # Errors
    /// When there is no list of them: an empty one says that the service has none.
    fn into_payloads(self) -> Result<impl Iterator<Item = Payload>, Fault> {
        let Self { lat, lon, data } = self;
        let data = data.ok_or_else(|| Fault::malformed("data: missing"))?;
        let coord = move || Coord { lat, lon };
        Ok(data.into_iter().map(move |Object(record)| record.into_payload(coord())))
    }
}

/// What the body of a 200 answer says of `hours`, which were asked for in their order.
///
/// # Errors
/// A [`Fault`] when the body claims an error, or cannot be read; another call may bring more.
pub(super) fn recall(
    site_id: &SiteId,
    hours: &[DateTime<Utc>],
    body: &[u8],
) -> Result<Vec<Recalled>, Fault> {
    let page = Page::of(Answer::parse(body)?.into_payloads()?);
    let lacking = page.lacking(hours);
    let recalled = hours.iter().map(|hour| {
        let record = page.records.get(hour).ok_or_else(|| lacking.clone());
        let found = record.and_then(|record| found(site_id, record));
        Recalled { site_id: site_id.clone(), hour: *hour, found }
    });
    Ok(recalled.collect())
}

fn found(site_id: &SiteId, record: &Payload) -> Result<Observation, Missing> {
    let observation = past_observation(site_id, Units::Metric, record).map_err(Missing::of)?;
    observation.ok_or(Missing::Silent)
}

/// The records of an answer by the hour that each says it is of.
struct Page {
    records: BTreeMap<DateTime<Utc>, Payload>,
    /// What is wrong with a record that is of no hour.
    timeless: Option<Fault>,
}

impl Page {
    fn of(payloads: impl Iterator<Item = Payload>) -> Self {
        let mut page = Self { records: BTreeMap::new(), timeless: None };
        for payload in payloads {
            match past_time("dt", payload.dt) {
                Ok(time) => {
                    let hour = time.duration_trunc(TimeDelta::hours(1)).unwrap_or(time);
                    page.records.entry(hour).or_insert(payload);
                }
                Err(fault) => page.timeless = Some(fault),
            }
        }
        page
    }

    /// Why an hour has no record. That the service has none for it, it says by an empty list, or by a
    /// list that begins where it was asked to and leaves the hour out. A list that begins elsewhere is
    /// an answer for another time.
    fn lacking(&self, hours: &[DateTime<Utc>]) -> Missing {
        if let Some(fault) = &self.timeless {
            return Missing::Unreadable(fault.clone());
        }
        let (Some(first), Some((answered, _))) = (hours.first(), self.records.first_key_value())
        else {
            return Missing::Silent;
        };
        let is_any = hours.iter().any(|hour| self.records.contains_key(hour));
        if is_any && answered >= first {
            return Missing::Silent;
        }
        let message = format!("dt: the answer begins at {answered}, asked for was {first}");
        Missing::Unreadable(Fault::malformed(&message))
    }
}

impl Record {
    pub(super) fn into_payload(self, coord: Coord) -> Payload {
        Payload {
            dt: self.dt,
            coord: Some(Object(coord)),
            weather: self.weather,
            main: Some(Object(Main {
                temp: self.temp,
                feels_like: self.feels_like,
                pressure: self.pressure,
                humidity: self.humidity,
                dew_point: self.dew_point,
                ..Main::default()
            })),
            visibility: self.visibility,
            uvi: self.uvi,
            wind: Some(Object(Wind {
                speed: self.wind_speed,
                gust: self.wind_gust,
                deg: self.wind_deg,
            })),
            clouds: Some(Object(Clouds { all: self.clouds })),
            rain: self.rain,
            snow: self.snow,
            pop: self.pop,
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
