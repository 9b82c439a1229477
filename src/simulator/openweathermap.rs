//! OpenWeatherMap: current weather, forecasts, One Call 3.0, One Call 4.0, and places by name.
//!
//! A call is looked at in the order of the real service: key, quota, parameters, fault, answer.

use axum::Router;
use axum::routing::get;

use super::service::Simulator;

mod account;
mod answer;
mod call;
mod current;
mod fault;
mod forecast;
mod gazetteer;
mod geocoding;
mod refusal;
mod timeline;
mod timemachine;

pub(super) use refusal::unknown;

/// Its endpoints.
pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route(current::PATH, get(current::weather))
        .route(timemachine::PATH, get(timemachine::timemachine))
        .route(timeline::PATH, get(timeline::hourly))
        .route(forecast::PATH, get(forecast::forecast))
        .route(forecast::ONE_CALL_PATH, get(forecast::one_call))
        .route(geocoding::PATH, get(geocoding::direct))
}
