//! What the simulated services say of the future: the climate to come, with an error that is planted.
//!
//! Each site has a bias of the temperature from -3 to 3 °C, and each time to come a noise whose standard
//! deviation is 0.8 °C and 0.03 °C more for each hour of lead. From issue to issue the noise of a time is
//! AR(1) with 0.7: a forecast changes its mind slowly. `/_truth` gives the planted numbers to tests.

use std::f64::consts::TAU;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::climate::{self, Weather};
use super::place::Site;
use super::response::json_response;
use super::service::Simulator;

/// Where tests read what is planted: `?service=openweathermap&lat=40.4&lon=-3.7`.
pub(super) const TRUTH_PATH: &str = "/_truth";

const SPREAD_C: f64 = 0.8;
const SPREAD_PER_HOUR_C: f64 = 0.03;
const AR1: f64 = 0.7;

/// So many issues back the noise remembers: 0.7^40 is below a millionth.
const MEMORY: i64 = 40;

/// An issue of a service: its number, and when it was renewed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) service: &'static str,
    pub(super) number: i64,
    pub(super) time: DateTime<Utc>,
}

impl Run {
    /// The newest issue at `now` of a service that renews it so often.
    pub(super) fn newest(service: &'static str, now: DateTime<Utc>, every: TimeDelta) -> Self {
        let seconds = every.num_seconds().max(1);
        let number = now.timestamp().div_euclid(seconds);
        let time = DateTime::from_timestamp(number * seconds, 0).unwrap_or(now);
        Self { service, number, time }
    }

    /// The issue before.
    pub(super) fn before(self, every: TimeDelta) -> Self {
        Self { number: self.number - 1, time: self.time - every, ..self }
    }

    /// What it says of a time.
    pub(super) fn weather(self, site: Site, valid_at: DateTime<Utc>, seed: u64) -> Weather {
        let Weather { temperature_c, .. } = climate::weather(site, valid_at, seed);
        let weather = climate::weather(site, valid_at, seed);
        let noise = self.noise(site, valid_at, seed);
        let error_c = bias_c(self.service, site, seed) + self.spread_c(valid_at) * noise;
        Weather {
            temperature_c: temperature_c + error_c,
            feels_like_c: weather.feels_like_c + error_c,
            dew_point_c: weather.dew_point_c + error_c,
            pressure_msl_hpa: weather.pressure_msl_hpa + 0.8 * noise,
            wind_speed_ms: (weather.wind_speed_ms + 0.5 * noise).max(0.0),
            ..weather
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "minutes of a few days")]
    fn spread_c(self, valid_at: DateTime<Utc>) -> f64 {
        let lead_h = (valid_at - self.time).num_minutes().max(0) as f64 / 60.0;
        SPREAD_C + SPREAD_PER_HOUR_C * lead_h
    }

    /// A standard normal number, which the issue before shares by 0.7.
    fn noise(self, site: Site, valid_at: DateTime<Utc>, seed: u64) -> f64 {
        let shock = |back: i64| {
            let number = self.number - back;
            let name = format!("{}/{number}/{}", self.service, valid_at.timestamp());
            normal(site, &name, seed)
        };
        let (mut sum, mut weight) = (0.0, (1.0 - AR1 * AR1).sqrt());
        for back in 0..MEMORY {
            sum += weight * shock(back);
            weight *= AR1;
        }
        sum
    }
}

/// From -3 to 3 °C.
fn bias_c(service: &str, site: Site, seed: u64) -> f64 {
    6.0 * share(site, &format!("{service}/bias"), seed) - 3.0
}

/// By Box and Muller.
fn normal(site: Site, name: &str, seed: u64) -> f64 {
    let radius = share(site, &format!("{name}/r"), seed).max(1e-12);
    let angle = share(site, &format!("{name}/a"), seed);
    (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
}

/// From 0 up to 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits")]
fn share(site: Site, name: &str, seed: u64) -> f64 {
    let text = format!("{}/{name}", site.hash(seed));
    (crate::farmhash::fingerprint64(text.as_bytes()) >> 11) as f64 / (1_u64 << 53) as f64
}

/// What is planted at a place.
pub(super) async fn truth(
    State(simulator): State<Simulator>,
    Query(parameters): Query<std::collections::HashMap<String, String>>,
) -> Response {
    let said = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    match Site::parse(said("lat"), said("lon")) {
        Ok(site) => {
            let bias = bias_c(said("service"), site, simulator.state.config.seed);
            let truth = json!({
                "temperature_bias_c": bias,
                "spread_c": SPREAD_C,
                "spread_per_hour_c": SPREAD_PER_HOUR_C,
                "ar1": AR1,
            });
            json_response(StatusCode::OK, truth.to_string())
        }
        Err(problem) => {
            json_response(StatusCode::BAD_REQUEST, json!({ "message": problem }).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_is_standard_normal_and_shared_with_the_issue_before() {
        let now: DateTime<Utc> = "2026-11-25T08:00:00Z".parse().unwrap();
        let every = TimeDelta::hours(2);
        let run = Run::newest("openweathermap", now, every);
        let pairs: Vec<(f64, f64)> = (0..4000)
            .map(|place| {
                let site = Site { latitude_e4: place * 400 - 800_000, longitude_e4: place * 7 };
                let valid_at = run.time + TimeDelta::hours(3);
                let before = run.before(every);
                (run.noise(site, valid_at, 1), before.noise(site, valid_at, 1))
            })
            .collect();
        let n = pairs.len() as f64;
        let mean = pairs.iter().map(|(new, _)| new).sum::<f64>() / n;
        let variance = pairs.iter().map(|(new, _)| new * new).sum::<f64>() / n;
        let shared = pairs.iter().map(|(new, old)| new * old).sum::<f64>() / n;
        assert!(mean.abs() < 0.06, "{mean}");
        assert!((variance - 1.0).abs() < 0.08, "{variance}");
        assert!((shared - AR1).abs() < 0.06, "{shared}");
    }

    #[test]
    fn an_issue_says_the_same_until_it_is_renewed() {
        let site = Site { latitude_e4: 404_153, longitude_e4: -36_827 };
        let now: DateTime<Utc> = "2026-11-25T08:00:00Z".parse().unwrap();
        let said = |minutes: i64| {
            let now = now + TimeDelta::minutes(minutes);
            let run = Run::newest("openweathermap", now, TimeDelta::hours(2));
            run.weather(site, "2026-11-26T00:00:00Z".parse().unwrap(), 1).temperature_c
        };
        assert!((said(0) - said(119)).abs() < 1e-12);
        assert!((said(0) - said(120)).abs() > 1e-9);
    }
}
