//! The answer, or the fault in its place, and what the service says where it does not answer.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use crate::simulator::faults::FaultKind;
use crate::simulator::place::Site;
use crate::simulator::quota::QuotaWindow;
use crate::simulator::response::{dropped, forbidden, json_response, page, sentence, server_error};

/// Stands for a number that JSON has no form for, until the body is text.
pub(super) const NO_NUMBER: &str = "no number";

/// What is said of a place, with the fault that is the place's own; `None`: nothing is.
pub(super) fn spoiled(mut place: Value, fault: Option<FaultKind>) -> Option<Value> {
    match fault {
        Some(FaultKind::LostPlace) => return None,
        Some(FaultKind::NullPlace) => return Some(Value::Null),
        Some(FaultKind::BareNan) => place["latitude"] = json!(NO_NUMBER),
        Some(FaultKind::OtherUnit) => {
            for units in ["/current_units/temperature_2m", "/hourly_units/temperature_2m"] {
                if let Some(unit) = place.pointer_mut(units) {
                    *unit = json!("°F");
                }
            }
        }
        Some(FaultKind::ForecastNullField) => {
            if let Some(values) = place.pointer_mut("/hourly/cloud_cover") {
                let count = values.as_array().map_or(0, Vec::len);
                *values = json!(vec![Value::Null; count]);
            }
        }
        Some(FaultKind::ForecastHole) => keep_hours(&mut place, |at| !(5..9).contains(&at)),
        Some(FaultKind::ForecastShort) => keep_hours(&mut place, |at| at < 33),
        _ => {}
    }
    Some(place)
}

/// Takes hours out of every list.
fn keep_hours(place: &mut Value, is_kept: impl Fn(usize) -> bool) {
    let Some(lists) = place["hourly"].as_object_mut() else { return };
    for list in lists.values_mut().filter_map(Value::as_array_mut) {
        let mut at = 0;
        list.retain(|_| {
            at += 1;
            is_kept(at - 1)
        });
    }
}

/// The answer, or the fault in its place.
pub(super) fn play(
    fault: Option<FaultKind>,
    body: &str,
    site: Site,
    calls: u32,
    retry_after_seconds: u64,
) -> Response {
    match fault {
        Some(FaultKind::Unauthorized) => {
            let reason = "API key required. Please add &apikey= to the URL.";
            refusal(StatusCode::UNAUTHORIZED, reason)
        }
        Some(FaultKind::BadRequest) => {
            refusal(StatusCode::BAD_REQUEST, "No data is available for this location")
        }
        Some(FaultKind::NotFound) => refusal(StatusCode::NOT_FOUND, "Not Found"),
        Some(FaultKind::RateLimited) => limited(QuotaWindow::Minute, None),
        Some(FaultKind::RateLimitedRetryAfter) => {
            limited(QuotaWindow::Minute, Some(retry_after_seconds))
        }
        Some(FaultKind::ServerError) => server_error(site.hash(3).wrapping_add(calls.into())),
        Some(FaultKind::Dropped) => dropped(),
        Some(FaultKind::Truncated) => {
            let half = body.char_indices().nth(body.chars().count() / 2).map_or(0, |(at, _)| at);
            json_response(StatusCode::OK, body[..half].to_owned())
        }
        Some(FaultKind::Html) => page(),
        Some(FaultKind::Forbidden) => forbidden(),
        Some(FaultKind::Sentence) => sentence(),
        Some(FaultKind::Crowded) => crowded(),
        Some(FaultKind::WrongJson) => json_response(StatusCode::OK, "[]".to_owned()),
        Some(FaultKind::Empty) => json_response(StatusCode::OK, String::new()),
        Some(FaultKind::StatusInBody) => {
            let body = json!({"error": true, "reason": "Internal Server Error"});
            json_response(StatusCode::OK, body.to_string())
        }
        _ => json_response(StatusCode::OK, body.to_owned()),
    }
}

pub(super) fn refusal(status: StatusCode, reason: &str) -> Response {
    json_response(status, json!({"error": true, "reason": reason}).to_string())
}

/// More calls of an address are in flight than the service takes at once: it says no time.
pub(super) fn crowded() -> Response {
    refusal(StatusCode::TOO_MANY_REQUESTS, "Too many concurrent requests")
}

/// Says which limit, and no time, unless a fault asks for it.
pub(super) fn limited(window: QuotaWindow, retry_after_seconds: Option<u64>) -> Response {
    let reason = match window {
        QuotaWindow::Minute => {
            "Minutely API request limit exceeded. Please try again in one minute."
        }
        _ => "Daily API request limit exceeded. Please try again tomorrow.",
    };
    let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, reason);
    if let Some(seconds) = retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A temperature that cannot be, wherever there is one.
pub(super) fn make_impossible(places: &mut [Value]) {
    for place in places {
        if let Some(value) = place.pointer_mut("/current/temperature_2m") {
            *value = json!(999);
        }
        if let Some(values) = place.pointer_mut("/hourly/temperature_2m") {
            let count = values.as_array().map_or(0, Vec::len);
            *values = json!(vec![999; count]);
        }
    }
}

pub(super) fn move_away(places: &mut [Value]) {
    for place in places {
        let latitude = place["latitude"].as_f64().unwrap_or_default();
        place["latitude"] = json!(if latitude > 0.0 { latitude - 4.5 } else { latitude + 4.5 });
    }
}
