//! The port by which the sources call out: a request in, an answer back, whole and within limits.
//!
//! What stands behind it is [`HttpFetch`]; around it or in its place another [`Fetch`] may stand that
//! keeps the answers, or gives kept ones. The limits are the implementation's, so that no source can
//! forget them: the time of a call from the connection to the last byte of the body, however slowly it
//! comes, and the bytes of a body **after** it is unpacked, since a few packed ones can unpack to any
//! number.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Error, StatusCode};
use url::Url;

use super::client::{body, client, describe};

/// What calls out. One request is one call: it is not repeated, and no redirect is followed.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Sends `request` and reads the answer, whatever its status. A body longer than the request allows
    /// is cut there.
    ///
    /// # Errors
    /// When there was no answer, or not all of it in time.
    async fn fetch(&self, request: Request) -> Result<Response, FetchError>;
}

/// A request: `GET` of an address.
#[derive(Clone)]
pub struct Request {
    /// The address. It may hold the key: it is sent, and neither logged nor stored.
    pub url: Url,
    /// Bytes of the answer's body at most, unpacked.
    pub max_bytes: usize,
}

/// Without the query, which holds the key, and without the password of the address.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "GET {}://{host}{}", self.url.scheme(), self.url.path())
    }
}

/// An answer.
#[derive(Clone)]
pub struct Response {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, unpacked; a server may echo the key in it.
    pub body: Bytes,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}

impl Response {
    /// The wait that a `Retry-After` header asks for, given as seconds or as a date
    /// (RFC 9110, section 10.2.3). A date counts from the answer's own `Date`, since it is meant by
    /// the server's clock. `None` when absent or unreadable.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let asked = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = asked.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let until = httpdate::parse_http_date(asked).ok()?;
        let wait = DateTime::<Utc>::from(until) - self.date()?;
        Some(wait.to_std().unwrap_or_default())
    }

    /// When the answer was made, by the server's clock. `None` when it does not say.
    #[must_use]
    pub fn date(&self) -> Option<DateTime<Utc>> {
        let text = self.headers.get(DATE)?.to_str().ok()?.trim();
        httpdate::parse_http_date(text).ok().map(DateTime::from)
    }
}

/// There was no answer, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    /// True when the time was over; else the connection could not be made, or broke.
    pub is_timeout: bool,
    /// What happened, without the address that was called.
    pub message: String,
    /// The status, if the answer had begun.
    pub status: Option<StatusCode>,
}

impl FetchError {
    fn new(error: Error, status: Option<StatusCode>) -> Self {
        Self { is_timeout: error.is_timeout(), message: describe(error), status }
    }
}

/// Calls out over HTTP.
#[derive(Debug, Clone)]
pub struct HttpFetch {
    client: Client,
}

impl HttpFetch {
    /// What calls the services at these addresses, each call bounded by `timeout`; see [`client`].
    ///
    /// # Errors
    /// When the TLS backend cannot be set up.
    pub fn build(of: &[&Url], timeout: Duration) -> Result<Self, Error> {
        Ok(Self { client: client(of, timeout)? })
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, Request { url, max_bytes }: Request) -> Result<Response, FetchError> {
        let sent = self.client.get(url).send().await;
        let mut response = sent.map_err(|error| FetchError::new(error, None))?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = body(response, max_bytes).await;
        let body = body.map_err(|error| FetchError::new(error, Some(status)))?;
        Ok(Response { status, headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: HeaderMap) -> Response {
        Response { status: StatusCode::OK, headers, body: Bytes::from_static(b"appid=secret") }
    }

    fn wait(value: &str) -> Option<u64> {
        let date = "Wed, 25 Nov 2026 08:00:00 GMT".parse().unwrap();
        let headers = HeaderMap::from_iter([(DATE, date), (RETRY_AFTER, value.parse().unwrap())]);
        answer(headers).retry_after().map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("Wed, 25 Nov 2026 08:01:30 GMT"), Some(90));
        assert_eq!(wait("Wed, 25 Nov 2026 07:00:00 GMT"), Some(0));
        assert_eq!(wait("soon"), None);
        assert_eq!(answer(HeaderMap::new()).retry_after(), None);
    }

    #[test]
    fn neither_a_request_nor_an_answer_shows_a_secret() {
        let url = "https://user:secret@api.example/data?lat=1&appid=secret".parse().unwrap();
        let shown = format!("{:?}", Request { url, max_bytes: 1 });
        assert_eq!(shown, "GET https://api.example/data");
        assert_eq!(format!("{:?}", answer(HeaderMap::new())), "200 OK with 12 bytes");
    }

    #[tokio::test]
    async fn an_error_does_not_tell_the_address_that_was_called() {
        let url: Url = "http://127.0.0.1:1/?appid=secret".parse().unwrap();
        let fetch = HttpFetch::build(&[&url], Duration::from_secs(120)).unwrap();
        let error = fetch.fetch(Request { url, max_bytes: 1 }).await.unwrap_err();
        assert!(!error.is_timeout && error.status.is_none());
        let text = error.to_string();
        assert!(!text.contains("secret") && !text.contains("127.0.0.1:1/"), "{text}");
    }
}
