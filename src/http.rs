//! The one way out: an HTTP client that has limits and leaks no secret.
//!
//! The sources call out by the port [`Fetch`]. The sink makes its requests by [`client`] itself: it sends
//! bodies, signs each request, and bounds each by a time of its own.

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Client;
pub use reqwest::{Error as ClientError, StatusCode};
use url::{Host, Url};

mod fetch;

pub use fetch::{Fetch, FetchError, HttpFetch, Request, Response};

/// A client of the services at these addresses that gives up after `timeout` and follows no redirect: a
/// request carries the key in its address, and a redirect would hand it to another host. What is on
/// this machine is called without a proxy, which would read it, and most often not find it.
///
/// # Errors
/// When the TLS backend cannot be set up.
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes clients")]
pub fn client(of: &[&Url], timeout: Duration) -> Result<Client, ClientError> {
    let client = Client::builder()
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
    let is_here = of.iter().all(|url| is_here(url));
    if is_here { client.no_proxy() } else { client }.build()
}

/// The address of a service: http or https, and a host.
///
/// # Errors
/// What is expected; the text, which may hold a password, is not repeated.
pub fn parse_base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    url.ok_or_else(|| "expected http:// or https://, and a host".to_owned())
}

/// Whether nobody on the way can read what is sent to `url`: by https, or to this machine.
#[must_use]
pub fn is_private(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_here(url),
        _ => false,
    }
}

/// Whether the host is this machine, by a loopback address or as `localhost`.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The body of `response`, unpacked, cut after `limit` bytes: a peer must not fill our memory.
///
/// # Errors
/// When the connection breaks or the time is over before the body ends.
pub async fn body(mut response: reqwest::Response, limit: usize) -> Result<Bytes, ClientError> {
    let mut room = limit;
    // Most bodies come in one chunk, which need not be copied.
    let (mut first, mut longer) = (Bytes::new(), Vec::new());
    while let Some(mut chunk) = response.chunk().await? {
        let is_over = chunk.len() > room;
        chunk.truncate(room);
        room -= chunk.len();
        if first.is_empty() {
            first = chunk;
        } else {
            if longer.is_empty() {
                longer.extend_from_slice(&first);
            }
            longer.extend_from_slice(&chunk);
        }
        if is_over {
            break;
        }
    }
    Ok(if longer.is_empty() { first } else { longer.into() })
}

/// What went wrong, with its causes and the proxy, if there is one, and without the address that was
/// called: the address holds the key.
#[must_use]
pub fn describe(error: ClientError) -> String {
    let proxy = error.url().and_then(|url| proxy(&Matcher::from_system(), url));
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.ends_with(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text.push_str(&proxy.unwrap_or_default());
    text
}

/// By which proxy `url` is called, in words and without the password of it. reqwest asks a matcher of
/// the same kind.
fn proxy(matcher: &Matcher, url: &Url) -> Option<String> {
    let intercepted = matcher.intercept(&url.as_str().parse().ok()?).filter(|_| !is_here(url))?;
    let (scheme, authority) = (intercepted.uri().scheme_str()?, intercepted.uri().authority()?);
    let address = authority.as_str().rsplit('@').next().unwrap_or_default();
    let variable = if url.scheme() == "https" { "HTTPS_PROXY" } else { "HTTP_PROXY" };
    Some(format!(" (by the proxy {scheme}://{address} of {variable} or ALL_PROXY)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_by_https_or_to_this_machine_is_private() {
        for url in [
            "https://api.openweathermap.org",
            "https://10.0.0.1:8443/x",
            "http://127.0.0.1:8900",
            "http://127.9.9.9",
            "http://[::1]:8900",
            "http://[::ffff:127.0.0.1]",
            "http://localhost:8900",
            "http://LOCALHOST",
        ] {
            assert!(is_private(&url.parse().unwrap()), "{url}");
        }
        for url in [
            "http://api.openweathermap.org",
            "http://10.0.0.1",
            "http://simulator:8080",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost@example.com",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "data:text",
        ] {
            assert!(!is_private(&url.parse().unwrap()), "{url}");
        }
    }

    #[test]
    fn a_proxy_is_named_without_its_password() {
        let matcher = Matcher::builder()
            .https("http://user:pa55word@proxy.example:3128")
            .http("http://other.example:8080")
            .no("quiet.example")
            .build();
        let named = |url: &str| proxy(&matcher, &url.parse().unwrap());
        assert_eq!(
            named("https://api.openweathermap.org/data?appid=secret").unwrap(),
            " (by the proxy http://proxy.example:3128 of HTTPS_PROXY or ALL_PROXY)"
        );
        assert!(named("http://a.example").unwrap().contains("other.example:8080 of HTTP_PROXY"));
        assert_eq!(named("https://quiet.example"), None);
        assert_eq!(named("http://127.0.0.1:8900"), None);
    }
}
