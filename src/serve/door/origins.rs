//! Pages of which other origins may read the API in a browser (CORS,
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>): those that `--cors-origin` names, and by default none.
//!
//! A page of another origin gets its answer without the headers, which the browser then keeps from it. Answers never
//! go by cookies or by what a browser knows of passwords: whatever page asks has to hold a token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use url::Url;

use crate::serve::answer::public::first_segment;

/// What is shared, by the beginning of its path.
const SHARED: [&str; 2] = ["api", "edr"];

/// What a page may send beside what every page may.
const SENT: HeaderValue = HeaderValue::from_static("authorization, if-none-match");

/// What a page may read beside what every page may.
const READ: HeaderValue = HeaderValue::from_static("etag, retry-after, content-disposition");

/// How long a browser may keep that it may ask, in seconds: the longest that Chromium keeps it.
const KEPT: HeaderValue = HeaderValue::from_static("7200");

/// The origins whose pages may read answers.
#[derive(Debug, Clone, Default)]
pub struct Origins(Arc<[Origin]>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Any,
    One(String),
}

/// A text that is no origin.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no origin: expected scheme://host or scheme://host:port, as in https://bi.example.com, or *; without a path"
)]
pub struct NoOrigin(String);

impl Origins {
    /// The origins that these texts are.
    ///
    /// # Errors
    /// Each that is none.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Vec<NoOrigin>> {
        let (mut origins, mut faults) = (Vec::new(), Vec::new());
        for text in texts {
            match Origin::parse(text) {
                Some(origin) => origins.push(origin),
                None => faults.push(NoOrigin(text.chars().take(100).collect())),
            }
        }
        if faults.is_empty() { Ok(Self(origins.into())) } else { Err(faults) }
    }

    /// What the header says to a page of this origin, if it may read.
    fn allowed(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        if self.0.contains(&Origin::Any) {
            return Some(HeaderValue::from_static("*"));
        }
        let is_it =
            |one: &Origin| matches!(one, Origin::One(text) if text.as_bytes() == origin.as_bytes());
        self.0.iter().any(is_it).then(|| origin.clone())
    }
}

impl Origin {
    /// As a browser writes it: in small letters, and without the port that its scheme has anyway.
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let url = Url::parse(text).ok()?;
        let host = url.host_str().filter(|host| !host.is_empty())?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        // The parser gives some schemes a path of `/`, and forgives much else.
        let written = text.get(url.scheme().len()..)?.strip_prefix("://")?;
        let is_bare = !written.contains(['/', '\\', '?', '#', '@', ' ', '*', ',']);
        is_bare.then(|| Self::One(format!("{}://{}{port}", url.scheme(), host.to_lowercase())))
    }
}

/// Lets pages of the origins that may read do so, and answers what their browsers ask before.
pub(crate) async fn share(
    State(origins): State<Origins>,
    request: Request,
    next: Next,
) -> Response {
    if origins.0.is_empty() || !SHARED.contains(&first_segment(request.uri().path())) {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN);
    let allowed = origin.and_then(|origin| origins.allowed(origin));
    let mut response = match (&allowed, is_question(&request)) {
        (Some(_), true) => may_ask(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(allowed) = allowed {
        may_read(headers, allowed);
    }
    response
}

/// Whether a browser asks if it may ask.
fn is_question(request: &Request) -> bool {
    let is_of_cors = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    request.method() == Method::OPTIONS && is_of_cors
}

fn may_ask() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, SENT),
        (header::ACCESS_CONTROL_MAX_AGE, KEPT),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn may_read(headers: &mut HeaderMap, allowed: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READ);
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_as_a_browser_writes_it() {
        for (text, origin) in [
            ("https://BI.example.com", "https://bi.example.com"),
            ("https://bi.example.com:443", "https://bi.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            let origins = Origins::parse([text]).unwrap();
            let asked = HeaderValue::try_from(origin).unwrap();
            assert_eq!(origins.allowed(&asked), Some(asked), "{text}");
            let other = HeaderValue::from_static("https://other.example");
            assert_eq!(origins.allowed(&other), None);
        }
        let any = Origins::parse(["https://a.example", "*"]).unwrap();
        assert_eq!(any.allowed(&HeaderValue::from_static("null")).unwrap(), "*");
    }

    #[test]
    fn what_is_no_origin_is_refused_all_of_it_at_once() {
        let bad = [
            "example.com",
            "example.com:8080",
            "null",
            "",
            "https://",
            "https://a.example/",
            "https://a.example/path",
            "https://a.example?q",
            "https://user@a.example",
            "https://*.example",
            "https://a.example:99999",
            "file:///tmp",
        ];
        let faults = Origins::parse(bad.into_iter().chain(["https://good.example"])).unwrap_err();
        let named: Vec<_> = faults.iter().map(|fault| fault.0.as_str()).collect();
        assert_eq!(named, bad);
        assert!(faults.iter().all(|fault| fault.to_string().contains("scheme://host")));
    }
}
