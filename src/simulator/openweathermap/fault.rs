//! The answer, or the fault in its place.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::refusal::{blocked, refusal, unauthorized};
use crate::simulator::config::SimulatorConfig;
use crate::simulator::faults::FaultKind;
use crate::simulator::place::Site;
use crate::simulator::response::{dropped, forbidden, json_response, page, sentence, server_error};

/// The answer, or the fault in its place.
pub(super) fn play(
    fault: Option<FaultKind>,
    site: Site,
    body: Value,
    calls: u32,
    config: &SimulatorConfig,
) -> Response {
    let text = body.to_string();
    match fault {
        None
        | Some(
            FaultKind::Slow | FaultKind::StaleDt | FaultKind::BackwardDt | FaultKind::FutureDt,
        )
        // Open-Meteo's own
        | Some(FaultKind::BareNan | FaultKind::NullPlace | FaultKind::LostPlace)
        | Some(FaultKind::OtherUnit | FaultKind::MovingMeta)
        // Played by the body of a forecast
        | Some(
            FaultKind::ForecastHole
            | FaultKind::ForecastShort
            | FaultKind::ForecastHourly
            | FaultKind::ForecastNullField
            | FaultKind::ForecastInParts,
        ) => json_response(StatusCode::OK, text),
        Some(FaultKind::Forbidden) => forbidden(),
        Some(FaultKind::Sentence) => sentence(),
        // The service has no such limit; a gateway before it may.
        Some(FaultKind::Crowded) => {
            refusal(StatusCode::TOO_MANY_REQUESTS, "Too many concurrent requests")
        }
        Some(FaultKind::Unauthorized) => unauthorized(),
        Some(FaultKind::BadRequest) => refusal(StatusCode::BAD_REQUEST, "Nothing to geocode"),
        Some(FaultKind::NotFound) => refusal(StatusCode::NOT_FOUND, "city not found"),
        Some(FaultKind::RateLimited) => blocked(None),
        Some(FaultKind::RateLimitedRetryAfter) => blocked(Some(config.retry_after.as_secs())),
        Some(FaultKind::ServerError) => server_error(site.hash(3).wrapping_add(calls.into())),
        Some(FaultKind::Dropped) => dropped(),
        Some(FaultKind::Truncated) => {
            json_response(StatusCode::OK, text[..text.len() / 2].to_owned())
        }
        Some(FaultKind::Html) => page(),
        Some(FaultKind::WrongJson) => {
            json_response(StatusCode::OK, json!({"list": [], "count": 0}).to_string())
        }
        Some(FaultKind::Empty) => json_response(StatusCode::OK, String::new()),
        Some(FaultKind::OutOfRange) => json_response(StatusCode::OK, impossible(body)),
        Some(FaultKind::OtherPlace) => json_response(StatusCode::OK, elsewhere(body)),
        Some(FaultKind::StatusInBody) => {
            let body = json!({"cod": "500", "message": "Internal error"});
            json_response(StatusCode::OK, body.to_string())
        }
    }
}

/// The answer with a temperature that cannot be.
fn impossible(mut body: Value) -> String {
    for temperature in ["/data/0/temp", "/main/temp"] {
        if let Some(temperature) = body.pointer_mut(temperature) {
            *temperature = json!(999);
        }
    }
    for temperature in ["/list/0/main/temp", "/hourly/0/temp"] {
        if let Some(temperature) = body.pointer_mut(temperature) {
            *temperature = json!(-9999);
        }
    }
    body.to_string()
}

/// The answer with the coordinates of another place.
fn elsewhere(mut body: Value) -> String {
    if let Some(latitude) = body["lat"].as_f64() {
        body["lat"] = json!(if latitude > 0.0 { latitude - 4.5 } else { latitude + 4.5 });
        return body.to_string();
    }
    let latitude = body["coord"]["lat"].as_f64().unwrap_or_default();
    body["coord"]["lat"] = json!(if latitude > 0.0 { latitude - 4.5 } else { latitude + 4.5 });
    body.to_string()
}
