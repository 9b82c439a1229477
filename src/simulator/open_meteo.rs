//! Open-Meteo's endpoints: limit, key, parameters, faults, answer.
//!
//! Written from <https://open-meteo.com/en/docs>,
//! <https://open-meteo.com/en/docs/historical-weather-api> and the service's own source
//! (<https://github.com/open-meteo/open-meteo>): its parameters, units, valid times, and the
//! reasons of its errors.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::Value;

use super::faults::{self, AHEAD, FaultKind};
use super::quota::{Charge, QuotaWindow};
use super::response;
use super::service::{Call, Simulator};
use fault::{NO_NUMBER, crowded, limited, make_impossible, move_away, play, refusal, spoiled};
use request::{Api, Parameters, Request, parse_day};

mod answer;
mod fault;
mod meta;
mod request;
mod variable;

/// Its endpoints.
pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/v1/forecast", get(forecast))
        .route("/v1/archive", get(archive))
        .route(meta::PATH, get(meta::meta))
}

async fn forecast(simulator: State<Simulator>, parameters: Query<Parameters>) -> Response {
    answer(Api::Forecast, simulator, parameters).await
}

async fn archive(simulator: State<Simulator>, parameters: Query<Parameters>) -> Response {
    answer(Api::Archive, simulator, parameters).await
}

async fn answer(
    api: Api,
    State(simulator): State<Simulator>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let now = simulator.state.clock.now();
    let in_flight = simulator.enter();
    let (mut response, fault) = if in_flight.is_over(simulator.state.config.calls_at_once) {
        (crowded(), None)
    } else {
        let played = played(api, &simulator, &parameters, now);
        if let Some(time) = simulator.state.config.answers_after {
            response::wait(time).await;
        }
        played
    };
    response::date(&mut response, now);
    let said = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    let path = if api == Api::Forecast { "/v1/forecast" } else { "/v1/archive" };
    let is_answered = !matches!(fault, Some(FaultKind::Dropped | FaultKind::Slow));
    simulator.record(Call {
        time: now,
        path,
        latitude: said("latitude"),
        longitude: said("longitude"),
        past: parameters.get("start_date").map(|from| format!("{from}/{}", said("end_date"))),
        status: is_answered.then(|| response.status().as_u16()),
        fault,
    });
    if fault == Some(FaultKind::Slow) {
        response::wait(simulator.state.config.slow_for).await;
    }
    response
}

fn played(
    api: Api,
    simulator: &Simulator,
    parameters: &Parameters,
    now: DateTime<Utc>,
) -> (Response, Option<FaultKind>) {
    if let Some(window) = over_quota(simulator, parameters, now) {
        return (limited(window, None), None);
    }
    let config = &simulator.state.config;
    if let Some(key) = parameters.get("apikey")
        && !(config.api_keys.is_empty() || config.api_keys.contains(key))
    {
        return (refusal(StatusCode::BAD_REQUEST, "The supplied API key is invalid."), None);
    }
    let mut request = match Request::parse(api, parameters, now) {
        Ok(request) => request,
        Err(reason) => return (refusal(StatusCode::BAD_REQUEST, &reason), None),
    };
    let first = request.sites[0];
    let calls = simulator.count_site(first);
    let fault = faults::find_for_call(&config.faults, &request.sites, calls, now, config.seed);
    let shown = match fault {
        Some(FaultKind::StaleDt) => now.duration_trunc(TimeDelta::hours(6)).unwrap_or(now),
        Some(FaultKind::BackwardDt) if calls.is_multiple_of(2) => now - TimeDelta::minutes(15),
        Some(FaultKind::FutureDt) => now + AHEAD,
        _ => now,
    };
    if fault == Some(FaultKind::StaleDt) {
        let (from, to) = request.days;
        let length = to - from + TimeDelta::days(1);
        request.days = (from - length, to - length);
    }
    let of_place = |site| faults::find(&config.faults, site, calls, now, config.seed);
    let places = request.sites.iter().enumerate().filter_map(|(at, site)| {
        spoiled(request.place(at, *site, shown)(config.seed), of_place(*site))
    });
    let mut places: Vec<Value> = places.collect();
    match fault {
        Some(FaultKind::OutOfRange) => make_impossible(&mut places),
        Some(FaultKind::OtherPlace) => move_away(&mut places),
        _ => {}
    }
    let is_one = request.sites.len() == 1 && places.len() == 1;
    let body = if is_one { places.remove(0) } else { Value::Array(places) };
    let body = body.to_string().replace(&format!("\"{NO_NUMBER}\""), "-nan");
    let retry_after_seconds = config.retry_after.as_secs();
    (play(fault, &body, first, calls, retry_after_seconds), fault)
}

/// Counts a call; the window whose limit it is over, if it is. The free service knows callers by
/// their address, and here all have one.
fn over_quota(
    simulator: &Simulator,
    parameters: &Parameters,
    now: DateTime<Utc>,
) -> Option<QuotaWindow> {
    let config = &simulator.state.config;
    let charge = Charge {
        service: "open-meteo",
        key: parameters.get("apikey").map(String::as_str).unwrap_or_default(),
        tenths: tenths(parameters),
        windows: &[
            (QuotaWindow::Minute, config.calls_per_minute),
            (QuotaWindow::Day, config.calls_per_day),
            (QuotaWindow::Month, config.calls_per_month),
        ],
    };
    simulator.count_call(charge, now)
}

/// What a call counts as: one for each place, more in proportion from 10 variables and from 14 days
/// on (<https://github.com/open-meteo/open-meteo/issues/439>).
fn tenths(parameters: &Parameters) -> u64 {
    let count = |name: &str| {
        let list = parameters.get(name).map(String::as_str).unwrap_or_default();
        list.split(',').filter(|each| !each.is_empty()).count() as u64
    };
    let variables = count("current") + count("minutely_15") + count("hourly");
    let given = |name: &str| parameters.get(name).and_then(|text| parse_day(text).ok());
    let days = given("start_date").zip(given("end_date"));
    let days = days.map_or(1, |(first, last)| (last - first).num_days().unsigned_abs() + 1);
    (count("latitude").max(1) * variables.max(10) * days.max(14)).div_ceil(14)
}
