//! The description of a model: when it was started last, and since when it is served
//! (<https://open-meteo.com/en/docs/model-updates>).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::simulator::faults::FaultKind;
use crate::simulator::outlook::Run;
use crate::simulator::response;
use crate::simulator::service::{Call, Simulator};

pub(super) const PATH: &str = "/data/{model}/static/meta.json";

/// Runs of a global model.
pub(super) const EVERY: TimeDelta = TimeDelta::hours(6);

/// So long a run takes until it is served.
const DELAY: TimeDelta = TimeDelta::hours(4);

/// The run of the model that is served at `now`; it is counted from when it was started.
pub(super) fn served(now: DateTime<Utc>) -> Run {
    Run::newest("open-meteo", now - DELAY, EVERY)
}

pub(super) async fn meta(
    State(simulator): State<Simulator>,
    Path(_model): Path<String>,
) -> Response {
    let now = simulator.state.clock.now();
    let moving = simulator.state.config.faults.iter().any(|rule| rule.is(FaultKind::MovingMeta));
    let moved = if moving { simulator.call_count().cast_signed() } else { 0 };
    let run = served(now).time;
    let body = json!({
        "last_run_initialisation_time": run.timestamp() + moved,
        "last_run_modification_time": (run + DELAY).timestamp(),
        "last_run_availability_time": (run + DELAY).timestamp(),
        "temporal_resolution_seconds": 3600,
        "update_interval_seconds": EVERY.num_seconds(),
    });
    let mut response = response::json_response(StatusCode::OK, body.to_string());
    response::date(&mut response, now);
    let (latitude, longitude) = (String::new(), String::new());
    let status = Some(200);
    let path = "/data/static/meta.json";
    simulator.record(Call {
        time: now,
        path,
        latitude,
        longitude,
        past: None,
        status,
        fault: None,
    });
    response
}
