//! What the service says where it does not answer.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use crate::simulator::response::json_response;

/// The vendor's own sample, with the raw line break that makes it no JSON.
const BLOCKED: &str = "{ \"cod\": 429,\n\"message\": \"Your account is temporary blocked due to \
    exceeding of requests limitation of your subscription type.\nPlease choose the proper \
    subscription https://openweathermap.org/price\"\n}";

pub(in crate::simulator) async fn unknown() -> Response {
    refusal(StatusCode::NOT_FOUND, "Internal error")
}

pub(super) fn unauthorized() -> Response {
    let body = json!({
        "cod": 401,
        "message": "Invalid API key. Please see https://openweathermap.org/faq#error401 for more info."
    });
    json_response(StatusCode::UNAUTHORIZED, body.to_string())
}

/// The key is good, but its account has no One Call of this version.
pub(super) fn unsubscribed(version: &str) -> Response {
    let message = format!(
        "Please note that using One Call {version} requires a separate subscription to the One \
         Call by Call plan. Learn more here https://openweathermap.org/price. If you have a valid \
         subscription to the One Call by Call plan, but still receive this error, then please see \
         https://openweathermap.org/faq#error401 for more info."
    );
    let body = json!({"cod": 401, "message": message});
    json_response(StatusCode::UNAUTHORIZED, body.to_string())
}

/// One Call has nothing for the time.
pub(super) fn no_data() -> Response {
    refusal(StatusCode::NOT_FOUND, "The requested data could not be found")
}

/// A parameter of One Call that is missing or no good.
pub(super) fn bad_parameter(message: &str, name: &str) -> Response {
    let body = json!({"cod": 400, "message": message, "parameters": [name]});
    json_response(StatusCode::BAD_REQUEST, body.to_string())
}

/// `cod` as text, as most refusals have it.
pub(super) fn refusal(status: StatusCode, message: &str) -> Response {
    json_response(status, json!({"cod": status.as_str(), "message": message}).to_string())
}

pub(super) fn blocked(retry_after_seconds: Option<u64>) -> Response {
    let mut response = json_response(StatusCode::TOO_MANY_REQUESTS, BLOCKED.to_owned());
    if let Some(seconds) = retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
