//! One Call 3.0, weather of a timestamp: `GET /data/3.0/onecall/timemachine`
//! (<https://openweathermap.org/api/one-call-3#history>).
//!
//! One call per site and hour, for accounts whose subscription is of this version.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::one_call::{self, Answer};
use super::transform::{Units, observation};
use super::{NAME, OpenWeatherMap};
use crate::domain::{Observation, Site, SiteId};
use crate::source::SourceError;
use crate::source::fault::Fault;
use crate::source::history::{Ask, History, Missing, Reach, Recalled};

/// What is called, below the base URL.
pub(super) const PATH: &str = "/data/3.0/onecall/timemachine";

/// The history of One Call 3.0.
pub struct OneCall3 {
    service: OpenWeatherMap,
}

impl OpenWeatherMap {
    /// What One Call 3.0 has: a call per site and hour.
    #[must_use]
    pub fn one_call_3(&self) -> OneCall3 {
        OneCall3 { service: self.clone() }
    }
}

#[async_trait]
impl History for OneCall3 {
    fn source_name(&self) -> &'static str {
        NAME
    }

    fn pause_name(&self) -> &'static str {
        one_call::PAUSE_NAME
    }

    fn lacks_subscription(&self, error: &SourceError) -> bool {
        one_call::lacks_subscription(error)
    }

    fn reach(&self) -> Reach {
        one_call::reach(1)
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
        Ok(self.service.blanked(recalled))
    }
}

impl OneCall3 {
    async fn recall_hour(
        &self,
        site: &Site,
        hour: DateTime<Utc>,
    ) -> Result<Result<Observation, Missing>, SourceError> {
        let mut url = self.service.url(&self.service.timemachine, site);
        url.query_pairs_mut().append_pair("dt", &hour.timestamp().to_string());
        let read = |body: &[u8]| recall(&site.site_id, hour, body);
        Ok(self.service.recall(url, PATH, read).await?.flatten())
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
    let payload = Answer::parse(body)?.into_payloads().next();
    let Some(payload) = payload else { return Ok(Err(Missing::Silent)) };
    Ok(match observation(site_id, Units::Metric, &payload) {
        Ok(observation) => {
            let answered = observation.observation_time;
            let is_of_the_hour = hour <= answered && answered < hour + TimeDelta::hours(1);
            if is_of_the_hour { Ok(observation) } else { Err(Missing::Elsewhen { answered }) }
        }
        Err(fault) => Err(Missing::Unusable(fault)),
    })
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
}
