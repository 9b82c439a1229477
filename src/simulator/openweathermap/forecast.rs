//! Forecasts: 40 steps of 3 hours (<https://openweathermap.org/forecast5>), and the hours of One Call 3.0
//! (<https://openweathermap.org/api/one-call-3>).

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::{Value, json};

use super::account::{Parameters, Product, refused};
use super::answer::{self, Units};
use super::call::finish;
use super::fault::play;
use super::refusal::{refusal, unauthorized, unsubscribed};
use crate::simulator::climate::Weather;
use crate::simulator::faults::{self, AHEAD, FaultKind};
use crate::simulator::outlook::Run;
use crate::simulator::place::Site;
use crate::simulator::service::Simulator;

pub(super) const PATH: &str = "/data/2.5/forecast";
pub(super) const ONE_CALL_PATH: &str = "/data/3.0/onecall";

/// The Free plan's data is renewed every two hours (<https://openweathermap.org/full-price>).
const EVERY: TimeDelta = TimeDelta::hours(2);

const STEPS: i64 = 40;
const HOURS: i64 = 48;

pub(super) async fn forecast(
    State(simulator): State<Simulator>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let refused = refused(&simulator, &parameters, Product::Weather, unauthorized);
    answered(&simulator, &parameters, PATH, refused, steps).await
}

pub(super) async fn one_call(
    State(simulator): State<Simulator>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let refused = refused(&simulator, &parameters, Product::OneCall, unauthorized);
    let is_missing = !simulator.state.config.has_one_call;
    let refused = refused.or_else(|| is_missing.then(|| unsubscribed("3.0")));
    answered(&simulator, &parameters, ONE_CALL_PATH, refused, hours).await
}

/// What is said of a place.
struct Asked {
    site: Site,
    now: DateTime<Utc>,
    units: Units,
    seed: u64,
    fault: Option<FaultKind>,
}

async fn answered(
    simulator: &Simulator,
    parameters: &Parameters,
    path: &'static str,
    refused: Option<Response>,
    body: fn(&Asked) -> Value,
) -> Response {
    let latitude = parameters.get("lat").cloned().unwrap_or_default();
    let longitude = parameters.get("lon").cloned().unwrap_or_default();
    let (response, fault) = match (refused, Site::parse(&latitude, &longitude)) {
        (Some(response), _) => (response, None),
        (None, Err(problem)) => (refusal(StatusCode::BAD_REQUEST, problem), None),
        (None, Ok(site)) => {
            let config = &simulator.state.config;
            let now = simulator.state.clock.now();
            let calls = simulator.count_site(site);
            let fault = faults::find(&config.faults, site, calls, now, config.seed);
            let units = Units::parse(parameters.get("units").map(String::as_str));
            let asked = Asked { site, now, units, seed: config.seed, fault };
            (play(fault, site, body(&asked), calls, config), fault)
        }
    };
    finish(simulator, (path, None), (latitude, longitude), response, fault).await
}

impl Asked {
    /// The newest issue; of a service that stands still one of hours ago.
    fn run(&self) -> Run {
        let now = match self.fault {
            Some(FaultKind::StaleDt) => {
                self.now.duration_trunc(TimeDelta::hours(6)).unwrap_or(self.now)
            }
            Some(FaultKind::FutureDt) => self.now + AHEAD,
            _ => self.now,
        };
        Run::newest("openweathermap", now, EVERY)
    }

    /// What the issue says of its so-many-th time. Of one that arrives in parts the later half is old.
    fn weather(&self, at: i64, count: i64, valid_at: DateTime<Utc>) -> Weather {
        let run = self.run();
        let is_old = self.fault == Some(FaultKind::ForecastInParts) && at >= count / 2;
        let run = if is_old { run.before(EVERY) } else { run };
        run.weather(self.site, valid_at, self.seed)
    }
}

fn steps(asked: &Asked) -> Value {
    let step = match asked.fault {
        Some(FaultKind::ForecastHourly) => TimeDelta::hours(1),
        _ => TimeDelta::hours(3),
    };
    let run = asked.run();
    let first = run.time.duration_trunc(step).unwrap_or(run.time) + step;
    let count = if asked.fault == Some(FaultKind::ForecastShort) { 33 } else { STEPS };
    let times = (0..count)
        .filter(|at| !is_hole(asked, *at))
        .map(|at| (at, first + step * i32::try_from(at).unwrap_or_default()));
    let list: Vec<_> = times.map(|(at, time)| one_step(asked, at, time)).collect();
    json!({
        "cod": "200",
        "message": 0,
        "cnt": list.len(),
        "list": list,
        "city": {
            "id": asked.site.hash(2) % 10_000_000,
            "name": "Simulated",
            "coord": {"lat": asked.site.latitude(), "lon": asked.site.longitude()},
            "timezone": 0,
        },
    })
}

/// Four steps that are missing.
fn is_hole(asked: &Asked, at: i64) -> bool {
    asked.fault == Some(FaultKind::ForecastHole) && (5..9).contains(&at)
}

fn one_step(asked: &Asked, at: i64, time: DateTime<Utc>) -> Value {
    let weather = asked.weather(at, STEPS, time);
    let mut step = json!({
        "dt": time.timestamp(),
        "main": answer::main(&weather, asked.units),
        "weather": [answer::condition(&weather, true)],
        "clouds": {"all": answer::number(weather.cloud_cover_pct.round())},
        "wind": answer::wind(&weather, asked.units),
        "visibility": answer::number(weather.visibility_m.round()),
        "pop": answer::number(probability(&weather)),
        "sys": {"pod": "d"},
        "dt_txt": time.format("%F %T").to_string(),
    });
    if weather.precipitation_mm >= 0.01 {
        let kind = if weather.is_snow { "snow" } else { "rain" };
        step[kind] = json!({"3h": answer::number(3.0 * weather.precipitation_mm)});
    }
    if asked.fault == Some(FaultKind::ForecastNullField) {
        step["clouds"] = Value::Null;
    }
    step
}

fn hours(asked: &Asked) -> Value {
    let first = asked.run().time;
    let times = (0..HOURS).map(|at| (at, first + TimeDelta::hours(at)));
    let hourly: Vec<_> = times
        .map(|(at, time)| {
            let weather = asked.weather(at, HOURS, time);
            let mut hour = answer::record_of(&weather, asked.site, time, asked.units);
            hour["pop"] = answer::number(probability(&weather));
            if asked.fault == Some(FaultKind::ForecastNullField) {
                hour["clouds"] = Value::Null;
            }
            hour
        })
        .collect();
    json!({
        "lat": asked.site.latitude(),
        "lon": asked.site.longitude(),
        "timezone": "Etc/UTC",
        "timezone_offset": 0,
        "current": answer::record(asked.site, asked.now, asked.units, asked.seed),
        "hourly": hourly,
    })
}

/// From 0 to 1.
fn probability(weather: &Weather) -> f64 {
    (0.1 + 0.3 * weather.precipitation_mm).min(1.0)
}
