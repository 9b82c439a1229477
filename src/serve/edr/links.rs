//! Links, which clients follow without knowing the paths.
//!
//! Most clients take an address as it is, so that addresses are whole: of the host that the client
//! has asked. A request that names none, or none that can be one, gets paths.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::terms::{COLLECTION, CRS84, ROOT};
use super::values::DATA;

/// The longest host that is believed.
const MAX_HOST: usize = 255;

/// The beginning of every address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Base(String);

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, &parts.uri))
    }
}

impl Base {
    /// That of a request; what ends TLS in front of this server says so in `X-Forwarded-Proto`.
    fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let host = uri.authority().map(Authority::as_str).or_else(|| text(header::HOST.as_str()));
        let scheme = match text("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        Self(
            host.filter(|host| is_host(host))
                .map(|host| format!("{scheme}://{host}"))
                .unwrap_or_default(),
        )
    }

    /// The address of a path.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The address of a site's time series.
    pub(super) fn site(&self, site_id: &str) -> String {
        self.address(&format!("{COLLECTION}/locations/{site_id}"))
    }

    /// A link to a path under the landing page.
    pub(super) fn link(
        &self,
        path: &str,
        rel: &'static str,
        kind: &'static str,
        title: &'static str,
    ) -> Link {
        self.to(&format!("{ROOT}{path}"), rel, kind, title)
    }

    /// A link to a path.
    pub(super) fn to(
        &self,
        path: &str,
        rel: &'static str,
        kind: &'static str,
        title: &'static str,
    ) -> Link {
        let href = self.address(path);
        Link { href, rel, kind, title, templated: None, variables: None }
    }
}

/// Host and port, without anything that would make it another address.
fn is_host(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    text.len() <= MAX_HOST
        && text.chars().all(allowed)
        && text.parse::<Authority>().is_ok_and(|host| !host.host().is_empty())
}

/// A link.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrLink)]
pub(super) struct Link {
    /// Where it leads.
    href: String,
    /// What is there.
    #[schema(examples("self", "data", "conformance"))]
    rel: &'static str,
    /// The media type of what is there.
    #[serde(rename = "type")]
    #[schema(examples("application/json"))]
    kind: &'static str,
    /// The same in words.
    title: &'static str,
    /// Whether `href` has parts in braces for the client to fill in.
    #[serde(skip_serializing_if = "Option::is_none")]
    templated: Option<bool>,
    /// What can be asked there, of a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    variables: Option<Variables>,
}

impl Link {
    /// The same with what can be asked there.
    pub(super) fn query(self, variables: Variables) -> Self {
        let templated = self.href.contains('{').then_some(true);
        Self { templated, variables: Some(variables), ..self }
    }
}

/// What a query can be asked.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrVariables)]
pub(super) struct Variables {
    /// What it is called.
    title: &'static str,
    /// Which query of the standard.
    query_type: &'static str,
    /// The forms that its answer comes in.
    output_formats: Vec<&'static str>,
    /// The one that is meant if none is named.
    default_output_format: &'static str,
    /// Its coordinates.
    crs_details: [CrsDetails; 1],
}

/// A coordinate reference system.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrCrs)]
struct CrsDetails {
    /// The value of `crs`.
    crs: &'static str,
    /// Well-known text.
    wkt: &'static str,
}

const WGS_84: &str = "GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],\
    PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],AXIS[\"Longitude\",EAST],\
    AXIS[\"Latitude\",NORTH]]";

impl Variables {
    pub(super) fn new(query_type: &'static str, title: &'static str) -> Self {
        Self {
            title,
            query_type,
            output_formats: output_formats(),
            default_output_format: DATA.first().map_or("", |(name, _)| name),
            crs_details: [CrsDetails { crs: CRS84, wkt: WGS_84 }],
        }
    }
}

/// The names of the forms that data comes in.
pub(super) fn output_formats() -> Vec<&'static str> {
    let mut names: Vec<_> = DATA.iter().map(|(name, _)| *name).collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(host: &str, scheme: &str) -> String {
        let pairs =
            [(header::HOST, host), (header::HeaderName::from_static("x-forwarded-proto"), scheme)];
        let headers =
            pairs.into_iter().map(|(name, value)| (name, value.parse().unwrap())).collect();
        Base::of(&headers, &Uri::from_static("/edr")).0
    }

    #[test]
    fn addresses_are_of_the_host_that_was_asked_and_of_no_other_text() {
        assert_eq!(base("weather.example:8443", "https"), "https://weather.example:8443");
        assert_eq!(base("[::1]:8080", ""), "http://[::1]:8080");
        assert_eq!(base("localhost", "javascript"), "http://localhost");
        let long = "a".repeat(256);
        for bad in ["", "a/b", "user@host", "a b", "a\"b", "a?b", "<a>", &long] {
            assert_eq!(base(bad, "https"), "", "{bad}");
        }
    }
}
