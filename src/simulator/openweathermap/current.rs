//! Current weather (<https://openweathermap.org/current>).

use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::account::{Parameters, Product, refused};
use super::answer::{self, Units};
use super::call::finish;
use super::fault::play;
use super::refusal::{refusal, unauthorized};
use crate::simulator::faults::{self, FaultKind};
use crate::simulator::place::Site;
use crate::simulator::service::Simulator;

pub(super) const PATH: &str = "/data/2.5/weather";

pub(super) async fn weather(
    State(simulator): State<Simulator>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let latitude = parameters.get("lat").cloned().unwrap_or_default();
    let longitude = parameters.get("lon").cloned().unwrap_or_default();
    let (response, fault) = match refused(&simulator, &parameters, Product::Weather, unauthorized) {
        Some(response) => (response, None),
        None => answered(&simulator, &parameters, &latitude, &longitude),
    };
    finish(&simulator, (PATH, None), (latitude, longitude), response, fault).await
}

fn answered(
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
    let calls = simulator.count_site(site);
    let fault = faults::find(&config.faults, site, calls, now, config.seed);
    let units = Units::parse(parameters.get("units").map(String::as_str));
    let dt = answer::dt(site, now, calls, fault);
    let body = answer::body(site, dt, units, config.seed);
    let mut response = play(fault, site, body, calls, config);
    if let Ok(key) = HeaderValue::try_from(cache_key(site, units)) {
        response.headers_mut().insert("x-cache-key", key);
    }
    (response, fault)
}

/// The place to two decimals, as recorded answers have it, and nothing of the key.
fn cache_key(site: Site, units: Units) -> String {
    let (latitude, longitude) = (site.latitude(), site.longitude());
    format!("{PATH}?lat={latitude:.2}&lon={longitude:.2}&units={units}")
}
