//! Places by name (<https://openweathermap.org/api/geocoding-api>): a list, the best known first, empty
//! where none has the name. As recorded answers have it, a place may have no state.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::account::{Parameters, Product, refused};
use super::call::finish;
use super::fault::play;
use super::gazetteer::{Entry, PLACES};
use super::refusal::{refusal, unauthorized};
use crate::simulator::faults::{self, FaultKind};
use crate::simulator::place::Site;
use crate::simulator::response::json_response;
use crate::simulator::service::Simulator;

pub(super) const PATH: &str = "/geo/1.0/direct";

/// "Up to 5 results can be returned in the API response"; without a limit it is one.
const MAX_PLACES: usize = 5;

pub(super) async fn direct(
    State(simulator): State<Simulator>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let (response, fault) = match refused(&simulator, &parameters, Product::Weather, unauthorized) {
        Some(response) => (response, None),
        None => answered(&simulator, &parameters),
    };
    finish(&simulator, (PATH, None), (String::new(), String::new()), response, fault).await
}

fn answered(simulator: &Simulator, parameters: &Parameters) -> (Response, Option<FaultKind>) {
    let query = parameters.get("q").map(|query| query.trim()).unwrap_or_default();
    if query.is_empty() {
        return (refusal(StatusCode::BAD_REQUEST, "Nothing to geocode"), None);
    }
    let limit = parameters.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(1);
    let found: Vec<&Entry> = PLACES.iter().filter(|entry| is_meant(entry, query)).collect();
    let body: Vec<Value> =
        found.iter().take(limit.min(MAX_PLACES)).map(|entry| json(entry)).collect();
    let body = Value::from(body);
    let Some(site) = found.first().and_then(|entry| site(entry)) else {
        return (json_response(StatusCode::OK, body.to_string()), None);
    };
    let config = &simulator.state.config;
    let (calls, now) = (simulator.count_site(site), simulator.state.clock.now());
    let fault = faults::find(&config.faults, site, calls, now, config.seed);
    let response = match fault {
        // Faults of weather, which this answer has none of.
        Some(FaultKind::OutOfRange | FaultKind::OtherPlace) => {
            json_response(StatusCode::OK, body.to_string())
        }
        fault => play(fault, site, body, calls, config),
    };
    (response, fault)
}

fn site((_, _, _, latitude, longitude): &Entry) -> Option<Site> {
    Site::parse(&latitude.to_string(), &longitude.to_string()).ok()
}

/// By name, perhaps state, and country; upper and lower case are the same.
fn is_meant((name, state, country, ..): &Entry, query: &str) -> bool {
    let query = query.to_lowercase();
    let parts: Vec<&str> = query.split(',').map(str::trim).collect();
    let is = |text: &str, part: &str| text.to_lowercase() == part;
    match parts[..] {
        [asked] => is(name, asked),
        [asked, of] => is(name, asked) && (is(country, of) || is(state, of)),
        [asked, of, at] => is(name, asked) && is(state, of) && is(country, at),
        _ => false,
    }
}

fn json((name, state, country, latitude, longitude): &Entry) -> Value {
    let mut place = Map::new();
    place.insert("name".into(), json!(name));
    place.insert("local_names".into(), json!({"en": name, "feature_name": name}));
    place.insert("lat".into(), json!(latitude));
    place.insert("lon".into(), json!(longitude));
    place.insert("country".into(), json!(country));
    if !state.is_empty() {
        place.insert("state".into(), json!(state));
    }
    Value::Object(place)
}
