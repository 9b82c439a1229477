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

/// A body without the key, before any of it is quoted: a text that is cut could leave a part of it.
pub(super) fn redact_body(key: &SecretString, body: Vec<u8>) -> Vec<u8> {
    let plain = key.expose_secret().as_bytes();
    let encoded: String = url::form_urlencoded::byte_serialize(plain).collect();
    let holds = |key: &[u8]| !key.is_empty() && body.windows(key.len()).any(|part| part == key);
    if holds(plain) || holds(encoded.as_bytes()) {
        redact(key, &String::from_utf8_lossy(&body)).into_bytes()
    } else {
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_blanked_where_it_holds_the_key_and_else_left_as_it_is() {
        let key = SecretString::from("a+b/c");
        let blanked = redact_body(&key, b"{\"url\": \"?appid=a%2Bb%2Fc\"}".to_vec());
        assert_eq!(blanked, b"{\"url\": \"?appid=[key]\"}");
        assert_eq!(redact_body(&key, vec![0xff, b'a']), [0xff, b'a']);
        assert_eq!(redact_body(&SecretString::from(""), vec![b'a']), [b'a']);
    }

    #[test]
    fn a_key_that_a_server_echoes_is_blanked_plain_and_encoded() {
        let key = SecretString::from("a+b/c");
        assert_eq!(redact(&key, "no a+b/c, no a%2Bb%2Fc"), "no [key], no [key]");
    }
}
