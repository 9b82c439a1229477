//! The one way out: an HTTP client that has limits and tells nothing it should not.

use std::error::Error as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response};
use url::{Host, Url};

/// A client of the services at these addresses that gives up after `timeout` and follows no redirect: a
/// request carries the key in its address, and a redirect would hand it to another host. What is on
/// this machine is called without a proxy, which would read it, and most often not find it.
///
/// # Errors
/// When the TLS backend cannot be set up.
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes clients")]
pub fn client(of: &[&Url], timeout: Duration) -> reqwest::Result<Client> {
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

/// The wait that a `Retry-After` header asks for, given as seconds or as a date
/// (RFC 9110, section 10.2.3). A date counts from the answer's own `Date`, since it is meant by
/// the server's clock. `None` when absent or unreadable.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let wait = DateTime::<Utc>::from(until) - date(headers)?;
    Some(wait.to_std().unwrap_or_default())
}

/// When the answer was made, by the server's clock. `None` when it does not say.
#[must_use]
pub fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(DATE)?.to_str().ok()?.trim();
    httpdate::parse_http_date(text).ok().map(DateTime::from)
}

/// The body of `response`, cut after `limit` bytes: a peer must not fill our memory.
///
/// # Errors
/// When the connection breaks or the time is over before the body ends.
pub async fn body(mut response: Response, limit: usize) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = limit.saturating_sub(body.len());
        if chunk.len() > room {
            body.extend_from_slice(&chunk[..room]);
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What went wrong, with its causes and the proxy, if there is one, and without the address that was
/// called: the address holds the key.
#[must_use]
pub fn describe(error: reqwest::Error) -> String {
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

    fn wait(value: &str) -> Option<u64> {
        let date = "Wed, 25 Nov 2026 08:00:00 GMT".parse().unwrap();
        let headers = HeaderMap::from_iter([(DATE, date), (RETRY_AFTER, value.parse().unwrap())]);
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("Wed, 25 Nov 2026 08:01:30 GMT"), Some(90));
        assert_eq!(wait("Wed, 25 Nov 2026 07:00:00 GMT"), Some(0));
        assert_eq!(wait("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[tokio::test]
    async fn an_error_does_not_tell_the_address_that_was_called() {
        let here = "http://127.0.0.1:1".parse().unwrap();
        let client = client(&[&here], Duration::from_secs(120)).unwrap();
        let error = client.get("http://127.0.0.1:1/?appid=secret").send().await.unwrap_err();
        let text = describe(error);
        assert!(!text.contains("secret") && !text.contains("127.0.0.1:1/"), "{text}");
    }

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
