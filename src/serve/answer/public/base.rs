//! What every address in an answer begins with.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use serde::Serialize;

use super::PublicUrl;

/// The longest host that is believed.
const MAX_HOST: usize = 255;

/// The beginning of every address in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Base(String);

impl<S: Sync> FromRequestParts<S> for Base
where
    PublicUrl: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let public = PublicUrl::from_ref(state);
        Ok(match &*public.whole {
            "" => Self::of(&parts.headers, &parts.uri),
            known => Self(known.to_owned()),
        })
    }
}

impl Base {
    /// That of a request; what ends TLS in front of this server says so in `X-Forwarded-Proto`. A request that
    /// names no host, or none that can be one, gets paths.
    fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let host = uri.authority().map(Authority::as_str).or_else(|| text(header::HOST.as_str()));
        let scheme = match text("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        let host = host.filter(|host| is_host(host));
        Self(host.map(|host| format!("{scheme}://{host}")).unwrap_or_default())
    }

    /// The address of a path.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

/// Host and port, without anything that would make it another address.
fn is_host(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    text.len() <= MAX_HOST
        && text.chars().all(allowed)
        && text.parse::<Authority>().is_ok_and(|host| !host.host().is_empty())
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
