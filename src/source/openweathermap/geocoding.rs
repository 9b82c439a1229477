//! Places by name: `GET /geo/1.0/direct` (<https://openweathermap.org/api/geocoding-api>).
//!
//! A list of places, the best known first, empty where none is found. `q` is a name, for the United States a
//! state, and a country, with commas between them. It counts as a call of the account.

use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::{OpenWeatherMap, answer, payload};
use crate::domain::text::printable;
use crate::domain::{Coordinates, ErrorKind};
use crate::http::{Response, StatusCode};
use crate::source::SourceError;
use crate::source::fault::Fault;
use crate::source::object::Object;

/// What is called, below the base URL.
pub(super) const PATH: &str = "/geo/1.0/direct";

/// "Up to 5 results can be returned."
const MAX_PLACES: &str = "5";

/// Characters of a name that are kept.
const MAX_NAME_CHARS: usize = 100;

/// A place that goes by a name.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundPlace {
    /// Its name, printable.
    pub name: String,
    /// Its state, if it was said, printable.
    pub state: Option<String>,
    /// Its country, ISO 3166-1 alpha-2, if it was said.
    pub country: Option<String>,
    /// Where it is.
    pub coordinates: Coordinates,
}

/// Name, state and country, with commas between them.
impl std::fmt::Display for FoundPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [Some(&self.name), self.state.as_ref(), self.country.as_ref()];
        f.write_str(&parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", "))
    }
}

#[derive(Deserialize)]
struct Place {
    name: String,
    lat: f64,
    lon: f64,
    #[serde(default)]
    country: Option<String>,
    #[serde(default)]
    state: Option<String>,
}

impl OpenWeatherMap {
    /// Asks once for the places that go by a name, the best known first; empty where there is none.
    ///
    /// # Errors
    /// As [`Source::observe`](crate::source::Source::observe).
    pub async fn find_places(&self, query: &str) -> Result<Vec<FoundPlace>, SourceError> {
        let mut url = self.geocoding.clone();
        url.query_pairs_mut()
            .append_pair("q", query)
            .append_pair("limit", MAX_PLACES)
            .append_pair("appid", self.key.expose_secret());
        let got = self.get(url).await?;
        read(&got).map_err(|fault| self.failed(&got, &fault))
    }
}

fn read(got: &Response) -> Result<Vec<FoundPlace>, Fault> {
    if got.status != StatusCode::OK {
        return Err(answer::fault(PATH, got.status, &got.body));
    }
    places(&got.body)
}

fn places(body: &[u8]) -> Result<Vec<FoundPlace>, Fault> {
    let places: Vec<Object<Place>> = payload::parse_any(body)?;
    places.into_iter().map(|Object(place)| found(place)).collect()
}

fn found(Place { name, lat, lon, country, state }: Place) -> Result<FoundPlace, Fault> {
    let coordinates = Coordinates::parse(lat, lon).ok_or_else(|| Fault {
        kind: ErrorKind::OutOfRange,
        message: format!("lat, lon: {lat}, {lon} is no place on the Earth"),
    })?;
    let text =
        |text: String| printable(&text).trim().chars().take(MAX_NAME_CHARS).collect::<String>();
    let is_code = |country: &String| {
        country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    Ok(FoundPlace {
        name: text(name),
        state: state.map(text).filter(|state| !state.is_empty()),
        country: country.filter(is_code),
        coordinates,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the documentation has it, shortened.
    const LONDON: &str = r#"[
        {"name": "London", "local_names": {"es": "Londres", "feature_name": "London"},
         "lat": 51.5073219, "lon": -0.1276474, "country": "GB", "state": "England"},
        {"name": "London", "lat": 42.9834, "lon": -81.233, "country": "CA"}
    ]"#;

    #[test]
    fn the_places_of_an_answer_are_read_in_its_order() {
        let places = places(LONDON.as_bytes()).unwrap();
        let shown: Vec<String> = places.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["London, England, GB", "London, CA"]);
        assert_eq!(places[0].coordinates, Coordinates::parse(51.507_321_9, -0.127_647_4).unwrap());
        assert_eq!(super::places(b"[]").unwrap(), []);
    }

    #[test]
    fn what_is_no_list_of_places_is_a_fault_that_says_why() {
        for (body, kind, part) in [
            ("", ErrorKind::Malformed, "the answer is empty"),
            ("<html>no</html>", ErrorKind::Malformed, "<html>no</html>"),
            (r#"[{"name": "London""#, ErrorKind::Malformed, "the answer is no JSON"),
            (r#"{"list": []}"#, ErrorKind::Malformed, "expected a sequence"),
            (
                r#"{"cod": "500", "message": "Internal error"}"#,
                ErrorKind::ServerError,
                "Internal error",
            ),
            (r#"[["London", 1, 2]]"#, ErrorKind::Malformed, "[0]"),
            (r#"[{"name": "London", "lat": "51", "lon": 1}]"#, ErrorKind::Malformed, "[0].lat"),
            (r#"[{"name": "London", "lon": 1}]"#, ErrorKind::Malformed, "lat"),
            (r#"[{"name": "London", "lat": 91, "lon": 1}]"#, ErrorKind::OutOfRange, "91, 1"),
        ] {
            let fault = places(body.as_bytes()).unwrap_err();
            assert!(fault.kind == kind && fault.message.contains(part), "{body}: {fault}");
        }
    }

    #[test]
    fn a_name_holds_nothing_that_a_terminal_obeys() {
        let body = r#"[{"name": "Lon\u001b[31mdon\n", "lat": 1, "lon": 1, "country": "Spain", "state": " "}]"#;
        let places = places(body.as_bytes()).unwrap();
        assert_eq!(places[0].to_string(), "Lon[31mdon");
    }
}
