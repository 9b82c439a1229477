//! One Call 3.0, weather of a timestamp: `GET /data/3.0/onecall/timemachine`
//! (<https://openweathermap.org/api/one-call-3#history>).
//!
//! One call per site and hour, from 1 January 1979 on, and a subscription of its own: a key that is
//! good for current weather may be refused here. The two are both 401 and told apart by the
//! server's words, see [`lacks_subscription`].

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::payload::{
    Clouds, Condition, Coord, Main, Payload, Precipitation, Wind, refuse_claimed,
};
use super::transform::{Units, observation};
use super::{NAME, OpenWeatherMap, answer};
use crate::domain::{ErrorKind, Observation, Site, SiteId};
use crate::source::fault::{Fault, one_line};
use crate::source::history::{Ask, History, Missing, Reach, Recalled};
use crate::source::{SourceError, wire};

/// What is called, below the base URL.
pub(super) const PATH: &str = "/data/3.0/onecall/timemachine";

/// "Data available from January 1st, 1979".
const SINCE: DateTime<Utc> = match DateTime::from_timestamp(283_996_800, 0) {
    Some(since) => since,
    None => DateTime::UNIX_EPOCH,
};

/// True when the key is good and its account lacks the subscription of One Call 3.0. Any other
/// `unauthorized` is the key's.
fn lacks_subscription(error: &SourceError) -> bool {
    error.kind == ErrorKind::Unauthorized && error.message.contains("subscription")
}

#[async_trait]
impl History for OpenWeatherMap {
    fn source_name(&self) -> &'static str {
        NAME
    }

    fn pause_name(&self) -> &'static str {
        "openweathermap:one-call"
    }

    fn lacks_subscription(&self, error: &SourceError) -> bool {
        lacks_subscription(error)
    }

    fn reach(&self) -> Reach {
        Reach {
            since: SINCE,
            // What is past is there, but an hour has to be past.
            lag: TimeDelta::hours(1),
            oldest: None,
            sites_per_call: 1,
            hours_per_call: 1,
            by_day: false,
        }
    }

    fn charge(&self, ask: &Ask<'_>) -> u32 {
        let hours = ask.hours().count() * ask.sites.len();
        u32::try_from(hours.max(1)).unwrap_or(u32::MAX)
    }

    async fn recall(&self, ask: &Ask<'_>) -> Result<Vec<Recalled>, SourceError> {
        let mut recalled = Vec::new();
        for site in &ask.sites {
            for hour in ask.hours() {
                let found = self.recall_hour(site, hour).await?;
                recalled.push(Recalled { site_id: site.site_id.clone(), hour, found });
            }
        }
        Ok(recalled)
    }
}

impl OpenWeatherMap {
    async fn recall_hour(
        &self,
        site: &Site,
        hour: DateTime<Utc>,
    ) -> Result<Result<Observation, Missing>, SourceError> {
        let mut url = self.timemachine.clone();
        url.query_pairs_mut()
            .append_pair("lat", &site.coordinates.latitude().to_string())
            .append_pair("lon", &site.coordinates.longitude().to_string())
            .append_pair("dt", &hour.timestamp().to_string())
            .append_pair("units", "metric")
            .append_pair("appid", self.key.expose_secret());
        let (status, retry_after, body) = self.get(url).await?;
        let fault = if status == StatusCode::OK {
            match recall(&site.site_id, hour, &body) {
                Ok(found) => return Ok(found),
                Err(fault) => fault,
            }
        } else {
            answer::fault(PATH, status, &body)
        };
        let message = wire::redact(&self.key, &fault.message);
        // "You must not retry the same request": there is nothing for this place and time.
        if fault.kind == ErrorKind::NotFound {
            return Ok(Err(Missing::Refused(message)));
        }
        let http_status = Some(status.as_u16());
        Err(SourceError { kind: fault.kind, message, http_status, retry_after })
    }
}

/// What the body of a 200 answer says of the hour.
///
/// # Errors
/// A [`Fault`] when the body claims an error, or cannot be read; another call may bring more.
fn recall(
    site_id: &SiteId,
    hour: DateTime<Utc>,
    body: &[u8],
) -> Result<Result<Observation, Missing>, Fault> {
    let answer = Answer::parse(body)?;
    let Some(payload) = answer.into_payload() else { return Ok(Err(Missing::Silent)) };
    Ok(match observation(site_id, Units::Metric, &payload) {
        Ok(observation) => {
            let answered = observation.observation_time;
            let is_of_the_hour = hour <= answered && answered < hour + TimeDelta::hours(1);
            if is_of_the_hour { Ok(observation) } else { Err(Missing::Elsewhen { answered }) }
        }
        Err(fault) => Err(Missing::Unusable(fault)),
    })
}

/// The answer: flat records in a list of one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
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
    fn parse(body: &[u8]) -> Result<Self, Fault> {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        refuse_claimed(body)?;
        let mut json = serde_json::Deserializer::from_slice(body);
        serde_path_to_error::deserialize(&mut json)
            .map_err(|error| Fault::malformed(&one_line(&error.to_string())))
    }

    /// The one record, in the shape of current weather.
    fn into_payload(self) -> Option<Payload> {
        let record = self.data?.into_iter().next()?;
        Some(Payload {
            dt: record.dt,
            coord: Some(Coord { lat: self.lat, lon: self.lon }),
            weather: record.weather,
            main: Some(Main {
                temp: record.temp,
                feels_like: record.feels_like,
                pressure: record.pressure,
                humidity: record.humidity,
                ..Main::default()
            }),
            visibility: record.visibility,
            wind: Some(Wind {
                speed: record.wind_speed,
                gust: record.wind_gust,
                deg: record.wind_deg,
            }),
            clouds: Some(Clouds { all: record.clouds }),
            rain: record.rain,
            snow: record.snow,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::observation::Values;

    fn hour() -> DateTime<Utc> {
        "2023-01-01T00:00:00Z".parse().unwrap()
    }

    fn recalled(body: &Value) -> Result<Observation, Missing> {
        recall(&SiteId::parse("lis").unwrap(), hour(), body.to_string().as_bytes()).unwrap()
    }

    /// Of the shape that the documentation shows.
    fn full() -> Value {
        json!({
            "lat": 38.7078, "lon": -9.1366, "timezone": "Europe/Lisbon", "timezone_offset": 0,
            "data": [{
                "dt": 1_672_531_200, "sunrise": 1_672_559_671, "sunset": 1_672_603_902,
                "temp": 17.48, "feels_like": 17.16, "pressure": 1019, "humidity": 72,
                "dew_point": 12.38, "clouds": 20, "visibility": 9999, "wind_speed": 6.54,
                "wind_deg": 337, "wind_gust": 11.5, "rain": {"1h": 0.25}, "snow": {"1h": 0.5},
                "weather": [{"id": 801, "main": "Clouds", "description": "few clouds"}]
            }]
        })
    }

    #[test]
    fn a_full_record_gives_every_value_in_our_units() {
        let observation = recalled(&full()).unwrap();
        assert_eq!(observation.observation_time, hour());
        assert_eq!(observation.source, "openweathermap");
        let expected = Values {
            temperature_c: Some(17.48),
            feels_like_c: Some(17.16),
            humidity_pct: Some(72.0),
            pressure_msl_hpa: Some(1019.0),
            wind_speed_ms: Some(6.54),
            wind_gust_ms: Some(11.5),
            wind_direction_deg: Some(337),
            cloud_cover_pct: Some(20.0),
            visibility_m: Some(9999.0),
            rain_1h_mm: Some(0.25),
            snow_1h_mm: Some(0.5),
            condition_id: Some(801),
            condition_group: Some("Clouds".into()),
            condition_description: Some("few clouds".into()),
            answered_latitude: Some(38.7078),
            answered_longitude: Some(-9.1366),
            ..Values::default()
        };
        assert_eq!(observation.values, expected);
    }

    #[test]
    fn an_answer_without_a_record_and_one_of_another_time_say_why_there_is_nothing() {
        assert_eq!(recalled(&json!({"data": []})), Err(Missing::Silent));
        assert_eq!(recalled(&json!({"lat": 1, "lon": 2})), Err(Missing::Silent));
        let mut other = full();
        other["data"][0]["dt"] = json!(1_672_534_800);
        let answered = hour() + TimeDelta::hours(1);
        assert_eq!(recalled(&other), Err(Missing::Elsewhen { answered }));
        let mut impossible = full();
        impossible["data"][0]["temp"] = json!(999);
        let missing = recalled(&impossible).unwrap_err();
        assert!(missing.to_string().contains("temperature_c: 999 is out of range"), "{missing}");
        assert!(missing.is_final(TimeDelta::zero()));
    }

    #[test]
    fn what_cannot_be_read_is_worth_another_call() {
        let site_id = SiteId::parse("lis").unwrap();
        for body in ["", "{", "<html>", r#"{"data": 7}"#, r#"{"cod": "500", "message": "x"}"#] {
            let fault = recall(&site_id, hour(), body.as_bytes()).unwrap_err();
            assert!(fault.kind.is_transient(), "{body}: {fault}");
        }
    }

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
        let words = "Please note that using One Call 3.0 requires a separate subscription to the \
            One Call by Call plan.";
        assert!(lacks_subscription(&error(words)));
        assert!(!lacks_subscription(&error("Invalid API key. Please see https://…")));
    }
}
