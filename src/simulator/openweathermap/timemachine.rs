//! One Call 3.0, weather of a timestamp (<https://openweathermap.org/api/one-call-3#history>): a
//! subscription of its own.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta};

use super::account::{Parameters, Product, refused};
use super::answer::{self, Units};
use super::call::finish;
use super::fault::play;
use super::refusal::{bad_parameter, no_data, refusal, unauthorized, unsubscribed};
use crate::simulator::faults::{self, FaultKind};
use crate::simulator::place::Site;
use crate::simulator::service::Simulator;

pub(super) const PATH: &str = "/data/3.0/onecall/timemachine";

pub(super) async fn timemachine(
    State(simulator): State<Simulator>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let latitude = parameters.get("lat").cloned().unwrap_or_default();
    let longitude = parameters.get("lon").cloned().unwrap_or_default();
    let (response, fault) = match refused(&simulator, &parameters, Product::OneCall, unauthorized) {
        Some(response) => (response, None),
        None if !simulator.state.config.has_one_call => (unsubscribed("3.0"), None),
        None => recalled(&simulator, &parameters, &latitude, &longitude),
    };
    let asked = (PATH, parameters.get("dt").cloned());
    finish(&simulator, asked, (latitude, longitude), response, fault).await
}

fn recalled(
    simulator: &Simulator,
    parameters: &Parameters,
    latitude: &str,
    longitude: &str,
) -> (Response, Option<FaultKind>) {
    let site = match Site::parse(latitude, longitude) {
        Ok(site) => site,
        Err(problem) => return (refusal(StatusCode::BAD_REQUEST, problem), None),
    };
    let config = &simulator.state.config;
    let now = simulator.state.clock.now();
    let dt = parameters.get("dt").and_then(|dt| DateTime::from_timestamp(dt.parse().ok()?, 0));
    let Some(dt) = dt.filter(|dt| *dt <= now + TimeDelta::days(4)) else {
        return (bad_parameter("Invalid date format", "dt"), None);
    };
    if dt < answer::HISTORY_SINCE {
        return (no_data(), None);
    }
    let calls = simulator.count_site(site);
    let fault = faults::find(&config.faults, site, calls, now, config.seed);
    let dt = match fault {
        Some(FaultKind::StaleDt) => dt - TimeDelta::hours(6),
        Some(FaultKind::BackwardDt) if calls.is_multiple_of(2) => dt - TimeDelta::seconds(133),
        _ => dt,
    };
    let units = Units::parse(parameters.get("units").map(String::as_str));
    let body = answer::timemachine(site, dt, units, config.seed);
    (play(fault, site, body, calls, config), fault)
}
