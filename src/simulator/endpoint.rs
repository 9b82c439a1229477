//! The endpoint: key, quota, coordinates, faults, answer, in the order of the real one.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::answer::{self, Units};
use super::faults::{self, FaultKind};
use super::place::Site;
use super::quota::{Charge, QuotaWindow};
use super::{Call, Simulator};

/// The query; of a parameter that is given twice, the last.
pub(super) type Parameters = HashMap<String, String>;

/// The vendor's own sample, with the raw line break that makes it no JSON.
const BLOCKED: &str = "{ \"cod\": 429,\n\"message\": \"Your account is temporary blocked due to \
    exceeding of requests limitation of your subscription type.\nPlease choose the proper \
    subscription https://openweathermap.org/price\"\n}";

const BAD_GATEWAY: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>openresty</center>\r\n</body>\r\n\
    </html>\r\n";

const FORBIDDEN: &str = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n\
    <center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n";

/// What some proxies say with a 200.
const SENTENCE: &str = "You have exceeded your quota of requests.\nPlease try again tomorrow.";

pub(super) async fn unknown() -> Response {
    refusal(StatusCode::NOT_FOUND, "Internal error")
}

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
    finish(&simulator, ("/data/2.5/weather", None), (latitude, longitude), response, fault).await
}

/// One Call 3.0, weather of a timestamp
/// (<https://openweathermap.org/api/one-call-3#history>): a subscription of its own.
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
    let asked = ("/data/3.0/onecall/timemachine", parameters.get("dt").cloned());
    finish(&simulator, asked, (latitude, longitude), response, fault).await
}

pub(super) async fn finish(
    simulator: &Simulator,
    (path, past): (&'static str, Option<String>),
    (latitude, longitude): (String, String),
    mut response: Response,
    fault: Option<FaultKind>,
) -> Response {
    let is_answered = !matches!(fault, Some(FaultKind::Dropped | FaultKind::Slow));
    let status = is_answered.then(|| response.status().as_u16());
    let time = simulator.state.clock.now();
    date(&mut response, time);
    simulator.record(Call { time, path, latitude, longitude, past, status, fault });
    if fault == Some(FaultKind::Slow) {
        wait(simulator.state.config.slow_for).await;
    }
    response
}

/// The server's clock is the simulator's: who asks how old an answer is reads it in its `Date`.
pub(super) fn date(response: &mut Response, now: DateTime<Utc>) {
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(header::DATE, date);
    }
}

/// In real time, as the client's timeout runs: a stepped clock would let a late answer come at
/// once, and go forward for everybody.
#[expect(clippy::disallowed_methods, reason = "the client's timeout goes by no clock of ours")]
pub(super) async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// What is refused before anything else is looked at: a key by `unauthorized`, then the quota.
pub(super) fn refused(
    simulator: &Simulator,
    parameters: &Parameters,
    product: Product,
    unauthorized: impl FnOnce() -> Response,
) -> Option<Response> {
    let keys = &simulator.state.config.api_keys;
    let key = parameters.get("appid").map(String::as_str).unwrap_or_default();
    if key.is_empty() || !(keys.is_empty() || keys.iter().any(|good| good == key)) {
        return Some(unauthorized());
    }
    is_over_quota(simulator, key, product).then(|| blocked(None))
}

/// Which product is called: both count in the account's minute, and One Call has a day of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    Weather,
    OneCall,
}

fn is_over_quota(simulator: &Simulator, key: &str, product: Product) -> bool {
    let (config, now) = (&simulator.state.config, simulator.state.clock.now());
    let minute = (QuotaWindow::Minute, config.calls_per_minute);
    let count = |service, windows: &[_]| {
        simulator.count_call(Charge { service, key, tenths: 10, windows }, now).is_some()
    };
    match product {
        Product::Weather => {
            let day = (QuotaWindow::Day, config.calls_per_day);
            let month = (QuotaWindow::Month, config.calls_per_month);
            count("openweathermap", &[minute, day, month])
        }
        Product::OneCall => {
            let day = (QuotaWindow::Day, config.one_call_calls_per_day);
            count("openweathermap", &[minute]) | count("openweathermap:onecall", &[day])
        }
    }
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

/// The place to two decimals, as recorded answers have it, and nothing of the key.
fn cache_key(site: Site, units: Units) -> String {
    let (latitude, longitude) = (site.latitude(), site.longitude());
    format!("/data/2.5/weather?lat={latitude:.2}&lon={longitude:.2}&units={units}")
}

/// The answer, or the fault in its place.
pub(super) fn play(
    fault: Option<FaultKind>,
    site: Site,
    body: serde_json::Value,
    calls: u32,
    config: &super::SimulatorConfig,
) -> Response {
    let text = body.to_string();
    match fault {
        None
        | Some(
            FaultKind::Slow | FaultKind::StaleDt | FaultKind::BackwardDt | FaultKind::FutureDt,
        )
        // Open-Meteo's own
        | Some(FaultKind::BareNan | FaultKind::NullPlace | FaultKind::LostPlace)
        | Some(FaultKind::OtherUnit) => json_response(StatusCode::OK, text),
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
        Some(FaultKind::OutOfRange) => json_response(StatusCode::OK, answer::impossible(body)),
        Some(FaultKind::OtherPlace) => json_response(StatusCode::OK, answer::elsewhere(body)),
        Some(FaultKind::StatusInBody) => {
            let body = json!({"cod": "500", "message": "Internal error"});
            json_response(StatusCode::OK, body.to_string())
        }
    }
}

fn unauthorized() -> Response {
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

fn blocked(retry_after_seconds: Option<u64>) -> Response {
    let mut response = json_response(StatusCode::TOO_MANY_REQUESTS, BLOCKED.to_owned());
    if let Some(seconds) = retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// JSON from the service, HTML from the proxy before it, and nothing at all, in turn.
pub(super) fn server_error(turn: u64) -> Response {
    match turn % 3 {
        0 => {
            let body = json!({"cod": "500", "message": "Internal error: 500001"});
            json_response(StatusCode::INTERNAL_SERVER_ERROR, body.to_string())
        }
        1 => response(StatusCode::BAD_GATEWAY, "text/html", BAD_GATEWAY.to_owned()),
        _ => json_response(StatusCode::SERVICE_UNAVAILABLE, String::new()),
    }
}

/// A page of a firewall, which no key changes.
pub(super) fn forbidden() -> Response {
    response(StatusCode::FORBIDDEN, "text/html", FORBIDDEN.to_owned())
}

/// Words in place of JSON.
pub(super) fn sentence() -> Response {
    response(StatusCode::OK, "text/plain", SENTENCE.to_owned())
}

/// A page in place of an answer.
pub(super) fn page() -> Response {
    response(StatusCode::OK, "text/html", BAD_GATEWAY.to_owned())
}

/// A body that breaks before its first byte closes the connection.
pub(super) fn dropped() -> Response {
    let broken = futures::stream::once(async {
        Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    Response::new(Body::from_stream(broken))
}

pub(super) fn json_response(status: StatusCode, body: String) -> Response {
    response(status, "application/json; charset=utf-8", body)
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::SERVER, HeaderValue::from_static("openresty"));
    response
}
