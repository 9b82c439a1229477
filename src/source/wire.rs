//! What the calls of all sources do alike when they go wrong.

use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::SourceError;
use crate::domain::ErrorKind;
use crate::http;

/// A call that got no answer, or not all of it.
pub(super) fn broken(error: reqwest::Error, status: Option<StatusCode>) -> SourceError {
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Connection };
    SourceError {
        kind,
        message: http::describe(error),
        http_status: status.map(|status| status.as_u16()),
        retry_after: None,
    }
}

/// What a status means, unless a service says otherwise.
pub(super) fn kind(status: u16) -> ErrorKind {
    match status {
        401..=403 | 407 => ErrorKind::Unauthorized,
        404 | 410 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout,
        429 => ErrorKind::RateLimited,
        400..500 => ErrorKind::BadRequest,
        500.. => ErrorKind::ServerError,
        // A redirect or an answer without a body: a proxy or a page is in the way, not the site.
        _ => ErrorKind::Malformed,
    }
}

/// The address of `path`, whether or not the base came with the path that `path` begins with.
pub(super) fn endpoint(base_url: &Url, known_path: &str, path: &str) -> Url {
    let mut url = base_url.clone();
    let base = url.path().trim_end_matches('/').trim_end_matches(known_path).to_owned();
    url.set_path(&format!("{base}{path}"));
    url
}

/// `text` without the key, plain and URL-encoded: a server may echo what it was sent.
pub(super) fn redact(key: &SecretString, text: &str) -> String {
    let key = key.expose_secret();
    let encoded: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
    text.replace(key, "[key]").replace(&encoded, "[key]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_a_server_echoes_is_blanked_plain_and_encoded() {
        let key = SecretString::from("a+b/c");
        assert_eq!(redact(&key, "no a+b/c, no a%2Bb%2Fc"), "no [key], no [key]");
    }
}
