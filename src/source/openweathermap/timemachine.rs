//! One Call 3.0, weather of a timestamp: `GET /data/3.0/onecall/timemachine`
//! (<https://openweathermap.org/api/one-call-3#history>).
//!
//! One call per site and hour, for accounts whose subscription is of this version.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{NAME, OpenWeatherMap, one_call};
use crate::domain::Site;
use crate::http::Params;
use crate::source::SourceError;
use crate::source::history::{History, HistoryCall, Reach, Recalled};

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

    fn charge(&self, call: &HistoryCall<'_>) -> u32 {
        let hours = call.hours().count() * call.sites.len();
        u32::try_from(hours.max(1)).unwrap_or(u32::MAX)
    }

    fn hours_of(&self, endpoint: &str, params: &Params) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let hour = one_call::time_of(params.dt.as_ref()?)?;
        endpoint.ends_with(PATH).then_some((hour, hour))
    }

    async fn recall(&self, call: &HistoryCall<'_>) -> Result<Vec<Recalled>, SourceError> {
        let mut recalled = Vec::new();
        for site in &call.sites {
            for hour in call.hours() {
                recalled.extend(self.recall_hour(site, hour).await?);
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
    ) -> Result<Vec<Recalled>, SourceError> {
        let mut url = self.service.url(&self.service.timemachine, site);
        url.query_pairs_mut().append_pair("dt", &hour.timestamp().to_string());
        self.service.recall(url, PATH, (site, &[hour])).await
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::observation::Values;
    use crate::domain::{Observation, SiteId};
    use crate::source::fault::Fault;
    use crate::source::history::Missing;

    fn recall(body: &[u8]) -> Result<Vec<Recalled>, Fault> {
        one_call::recall(&SiteId::parse("lis").unwrap(), &[hour()], body)
    }

    fn hour() -> DateTime<Utc> {
        "2023-01-01T00:00:00Z".parse().unwrap()
    }

    fn recalled(body: &Value) -> Result<Observation, Missing> {
        let mut recalled = recall(body.to_string().as_bytes()).unwrap();
        assert_eq!((recalled.len(), recalled[0].hour), (1, hour()));
        recalled.remove(0).found
    }

    /// Of the shape that the documentation shows.
    fn full() -> Value {
        json!({
            "lat": 38.7078, "lon": -9.1366, "timezone": "Europe/Lisbon", "timezone_offset": 0,
            "data": [{
                "dt": 1_672_531_200, "sunrise": 1_672_559_671, "sunset": 1_672_603_902,
                "temp": 17.48, "feels_like": 17.16, "pressure": 1019, "humidity": 72,
                "dew_point": 12.38, "uvi": 2.46, "clouds": 20, "visibility": 9999, "wind_speed": 6.54,
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
            uv_index: Some(2.46),
            dew_point_c: Some(12.38),
            ..Values::default()
        };
        assert_eq!(observation.values, expected);
    }

    #[test]
    fn an_hour_without_a_value_is_silent_and_an_impossible_one_is_out_of_range() {
        assert_eq!(recalled(&json!({"data": []})), Err(Missing::Silent));
        let nothing = json!({"data": [{"dt": 1_672_531_200, "weather": [], "rain": {}}]});
        assert_eq!(recalled(&nothing), Err(Missing::Silent));
        let mut impossible = full();
        impossible["data"][0]["temp"] = json!(999);
        let missing = recalled(&impossible).unwrap_err();
        assert!(missing.to_string().contains("temperature_c: 999 is out of range"), "{missing}");
        assert!(missing.is_final(TimeDelta::zero()));
    }

    #[test]
    fn an_answer_for_another_time_or_for_none_settles_nothing() {
        for (dt, words) in [
            (json!(1_672_534_800), "the answer begins at 2023-01-01 01:00:00 UTC"),
            (json!(1_672_531_199), "the answer begins at 2022-12-31 23:00:00 UTC"),
            (json!(null), "dt: missing"),
            (json!(-5), "dt: -5 is out of range"),
            (json!(1e18), "is out of range"),
        ] {
            let mut other = full();
            other["data"][0]["dt"] = dt;
            let missing = recalled(&other).unwrap_err();
            assert!(matches!(missing, Missing::Unreadable(_)), "{missing:?}");
            assert!(missing.to_string().contains(words), "{missing}");
            assert!(!missing.is_final(TimeDelta::days(9999)));
        }
    }

    #[test]
    fn what_cannot_be_read_is_worth_another_call() {
        for body in [
            "",
            "{",
            "<html>",
            "{}",
            r#"{"data": null}"#,
            r#"{"data": 7}"#,
            r#"{"data": [[1672531200, 17.48]]}"#,
            r#"[38.7, -9.1, [{"dt": 1672531200, "temp": 17.48}]]"#,
            r#"{"cod": "500", "message": "x"}"#,
        ] {
            let fault = recall(body.as_bytes()).unwrap_err();
            assert!(fault.kind.is_transient(), "{body}: {fault}");
        }
    }
}
