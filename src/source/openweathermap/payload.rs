//! The payload of `/data/2.5/weather`, read leniently: every field may be absent or null, every
//! number whole or not, unknown fields are passed over. A known field of another type is a fault
//! that names it; a list is no object.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::answer::ErrorBody;
use crate::source::fault::{Fault, one_line};
use crate::source::object::Object;
use crate::source::wire;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Payload {
    pub(super) dt: Option<f64>,
    pub(super) coord: Option<Object<Coord>>,
    pub(super) weather: Option<Vec<Object<Condition>>>,
    pub(super) main: Option<Object<Main>>,
    pub(super) visibility: Option<f64>,
    pub(super) wind: Option<Object<Wind>>,
    pub(super) clouds: Option<Object<Clouds>>,
    pub(super) rain: Option<Object<Precipitation>>,
    pub(super) snow: Option<Object<Precipitation>>,
    /// Probability of precipitation, 0 to 1; of forecasts alone.
    pub(super) pop: Option<f64>,
    /// Of One Call alone.
    #[serde(skip)]
    pub(super) uvi: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Coord {
    pub(super) lat: Option<f64>,
    pub(super) lon: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Condition {
    pub(super) id: Option<f64>,
    pub(super) main: Option<String>,
    pub(super) description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Main {
    pub(super) temp: Option<f64>,
    pub(super) feels_like: Option<f64>,
    pub(super) temp_min: Option<f64>,
    pub(super) temp_max: Option<f64>,
    pub(super) pressure: Option<f64>,
    pub(super) sea_level: Option<f64>,
    pub(super) grnd_level: Option<f64>,
    pub(super) humidity: Option<f64>,
    /// Of One Call alone.
    #[serde(skip)]
    pub(super) dew_point: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wind {
    pub(super) speed: Option<f64>,
    pub(super) gust: Option<f64>,
    pub(super) deg: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Clouds {
    pub(super) all: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Precipitation {
    #[serde(rename = "1h")]
    pub(super) last_1h: Option<f64>,
    #[serde(rename = "3h")]
    pub(super) last_3h: Option<f64>,
}

impl Payload {
    /// The payload in the body of a 200 answer.
    ///
    /// # Errors
    /// A [`Fault`] when the body claims an error or is no JSON of this shape.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Fault> {
        parse(body)
    }
}

/// The object that the body of a 200 answer holds.
///
/// # Errors
/// A [`Fault`] when the body claims an error, is no JSON, which it quotes then, or no object of this
/// shape.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    let Object(payload) = parse_any(body)?;
    Ok(payload)
}

/// The same of a body that may hold a list.
pub(super) fn parse_any<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(Fault::malformed("the answer is empty"));
    }
    refuse_claimed(body)?;
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(body) {
        return Err(Fault::no_json(&error, body));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json)
        .map_err(|error| Fault::malformed(&one_line(&error.to_string())))
}

/// Some answers say 200 outside and an error inside.
fn refuse_claimed(body: &[u8]) -> Result<(), Fault> {
    let Ok(error) = serde_json::from_slice::<Object<ErrorBody>>(body) else { return Ok(()) };
    match error.status() {
        None | Some(200) => Ok(()),
        Some(status) => {
            let said = error.message().map(one_line).filter(|said| !said.is_empty());
            let said = said.as_deref().unwrap_or("no message");
            let message = format!("the answer says cod {status}: {said}");
            Err(Fault { kind: wire::kind(status), message })
        }
    }
}
