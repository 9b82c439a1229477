//! Clients of services, what is read of their answers, and what is said of their errors.

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Client, Error};
use url::Url;

use super::address::is_here;

/// Makes ring what this process encrypts by, unless something else was chosen before. To be called before a
/// library makes a client of its own: none brings a provider, and without one it panics.
pub fn choose_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client of the services at these addresses that gives up after `timeout` and follows no redirect: a
/// request carries the key in its address, and a redirect would hand it to another host. What is on
/// this machine is called without a proxy, which would read it, and most often not find it.
///
/// # Errors
/// When the TLS backend cannot be set up.
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes clients")]
pub fn client(of: &[&Url], timeout: Duration) -> Result<Client, Error> {
    choose_cryptography();
    let client = Client::builder()
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
    let is_here = of.iter().all(|url| is_here(url));
    if is_here { client.no_proxy() } else { client }.build()
}

/// The body of `response`, unpacked, cut after `limit` bytes: a peer must not fill our memory.
///
/// # Errors
/// When the connection breaks or the time is over before the body ends.
pub async fn body(mut response: reqwest::Response, limit: usize) -> Result<Bytes, Error> {
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
pub fn describe(error: Error) -> String {
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
