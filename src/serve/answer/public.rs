//! Where clients reach this server: what every link begins with.
//!
//! Behind a proxy that is another address than the one that this server listens on, perhaps with a path in front,
//! and no request says which. `--public-url` does; without it a link is of the host that was asked.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::middleware::Next;
use axum::response::Response;
use url::Url;

mod base;

pub(crate) use base::Base;

/// What the paths of pages begin with.
pub(crate) const PAGES: [&str; 6] = ["", "sites", "runs", "settings", "gaps", "calls"];

/// What all other paths begin with.
const OTHERS: [&str; 7] = ["api", "edr", "assets", "badge", "metrics", "healthz", "readyz"];

/// Whether a path is one that programs ask for, and no page.
pub(crate) fn is_for_programs(path: &str) -> bool {
    OTHERS.contains(&first_segment(path))
}

/// What a path begins with.
pub(crate) fn first_segment(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

/// The address by which clients reach this server, without a slash at its end; by default it is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicUrl {
    whole: Arc<str>,
    path: Arc<str>,
}

/// A text that is no address of a server. It is not repeated, since it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error(
    "no address of a server: expected http:// or https://, a host, and perhaps a port and a path of letters, digits, - _ . ~, as in https://weather.example/api-of-weather; without user, ? and #"
)]
pub struct NoPublicUrl;

impl PublicUrl {
    /// The address that a text is.
    ///
    /// # Errors
    /// [`NoPublicUrl`] when it is none, or has more than scheme, host, port and path.
    pub fn parse(text: &str) -> Result<Self, NoPublicUrl> {
        let url = Url::parse(text).map_err(|_| NoPublicUrl)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        let has_more = url.query().is_some() || url.fragment().is_some();
        let is_web = ["http", "https"].contains(&url.scheme());
        let path = url.path().trim_end_matches('/');
        if !is_plain || has_more || !is_web || !is_path(path) {
            return Err(NoPublicUrl);
        }
        let whole = format!("{}{path}", url.origin().ascii_serialization());
        Ok(Self { whole: whole.into(), path: path.into() })
    }

    /// The path that every path of this server has in front, as in `/weather`; empty: none.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The server as an OpenAPI document names it.
    pub(crate) fn server(&self) -> &str {
        if self.whole.is_empty() { "/" } else { &self.whole }
    }

    /// The address without the path in front, where it has it. A path that would be none of this server's
    /// without it stays: `/api/v1/latest` does, where the path in front is `/api`.
    fn without_path(&self, uri: &Uri) -> Option<Uri> {
        let rest = uri.path().strip_prefix(self.path()).filter(|_| !self.path.is_empty())?;
        let rest = if rest.is_empty() { "/" } else { rest };
        let is_own = rest.starts_with('/') && is_own_path(rest);
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = PathAndQuery::try_from(format!("{rest}{query}")).ok();
        Uri::from_parts(parts).ok().filter(|_| is_own)
    }
}

/// Slashes, each with a name behind it that is the same in every encoding.
fn is_path(path: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    let mut names = path.split('/').skip(1);
    names.all(|name| !name.is_empty() && name.chars().all(allowed))
}

fn is_own_path(path: &str) -> bool {
    PAGES.contains(&first_segment(path)) || is_for_programs(path)
}

/// Takes the path in front from a request, so that a proxy may leave it there or not.
pub(crate) async fn without_path(
    State(public): State<PublicUrl>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(uri) = public.without_path(request.uri()) {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_scheme_host_port_and_path_and_nothing_else() {
        for (text, whole, path) in [
            ("https://Weather.example/", "https://weather.example", ""),
            ("https://weather.example:443/a/b-c/", "https://weather.example/a/b-c", "/a/b-c"),
            ("http://10.0.0.1:8080/weather", "http://10.0.0.1:8080/weather", "/weather"),
        ] {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!((url.server(), url.path()), (whole, path), "{text}");
        }
        for bad in [
            "weather.example/weather",
            "localhost:8080",
            "//weather.example",
            "ftp://weather.example",
            "https://",
            "https://user:pa55@weather.example",
            "https://weather.example/?a=b",
            "https://weather.example/#a",
            "https://weather.example/a//b",
            "https://weather.example/a%20b",
            "https://weather.example/a\"b",
        ] {
            let error = PublicUrl::parse(bad).unwrap_err().to_string();
            assert!(error.contains("https://") && !error.contains("pa55"), "{bad}: {error}");
        }
        assert_eq!((PublicUrl::default().server(), PublicUrl::default().path()), ("/", ""));
    }

    #[test]
    fn a_request_may_have_the_path_in_front_or_not() {
        let asked = |public: &str, path: &str| {
            let public = PublicUrl::parse(public).unwrap();
            public.without_path(&path.parse().unwrap()).map(|uri| uri.to_string())
        };
        let weather = "https://a.example/weather";
        for (path, expected) in [
            ("/weather", Some("/")),
            ("/weather/", Some("/")),
            ("/weather?q=a", Some("/?q=a")),
            ("/weather/api/v1/latest?site=a", Some("/api/v1/latest?site=a")),
            ("/weather/nothing", None),
            ("/weatherman", None),
            ("/api/v1/latest", None),
            ("/", None),
        ] {
            assert_eq!(asked(weather, path).as_deref(), expected, "{path}");
        }
        let api = "https://a.example/api";
        assert_eq!(asked(api, "/api/v1/latest"), None);
        assert_eq!(asked(api, "/api/api/v1/latest").as_deref(), Some("/api/v1/latest"));
        assert_eq!(asked("https://a.example", "/api/v1/latest"), None);
    }
}
