//! What holds for every request: headers, limits, and that nothing inside shows outside.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;

use crate::serve::answer::problem::Problem;

/// Requests that are being answered at once at most; the next wait.
const REQUESTS: usize = 128;

/// How long an answer may take to begin.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest body of a request. None has a use for one.
const BODY_BYTES: u64 = 16 << 10;

/// Headers of every answer. Nothing here is a page that another may show, save the documentation,
/// which has a policy of its own.
const HEADERS: [(&str, &str); 5] = [
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// Adds the headers that are not there.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    weaken(headers);
    response
}

/// A compressed answer is another sequence of bytes than the one that the tag is of.
fn weaken(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CONTENT_ENCODING) {
        return;
    }
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let weak = tag.filter(|tag| tag.starts_with('"')).map(|tag| format!("W/{tag}"));
    if let Some(weak) = weak.and_then(|weak| HeaderValue::try_from(weak).ok()) {
        headers.insert(header::ETAG, weak);
    }
}

/// Room for the requests that are being answered.
pub(crate) fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(REQUESTS))
}

/// Limits how many are answered at once, how long, and what they may send.
pub(crate) async fn limit(
    State(room): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    if body_bytes(request.headers()) > BODY_BYTES {
        let problem = Problem::of(StatusCode::PAYLOAD_TOO_LARGE).detail("no request needs a body");
        return problem.allowed(&format!("0 to {BODY_BYTES} bytes")).into_response();
    }
    let answer = async {
        let _permit = room.acquire().await;
        next.run(request).await
    };
    match tokio::time::timeout(REQUEST_TIMEOUT, answer).await {
        Ok(response) => response,
        Err(_) => Problem::busy("the answer took too long").into_response(),
    }
}

fn body_bytes(headers: &HeaderMap) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or_default()
}

/// A panic is an internal fault: the log has it, the answer has not.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!(error_kind = "panic", "a request made the program panic");
    Problem::of(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

pub(crate) async fn not_found() -> Problem {
    Problem::no_such_path()
}

pub(crate) async fn method_not_allowed() -> Problem {
    Problem::of(StatusCode::METHOD_NOT_ALLOWED)
        .detail("this service is only read from")
        .allowed("GET, HEAD")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_without_its_words() {
        let response = panicked(Box::new("the password is 1234"));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("\"status\":500") && !body.contains("1234"), "{body}");
    }

    #[test]
    fn the_tag_of_a_compressed_answer_is_weak() {
        let weakened = |tag: &str, is_compressed: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ETAG, tag.parse().unwrap());
            if is_compressed {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            weaken(&mut headers);
            headers[header::ETAG].to_str().unwrap().to_owned()
        };
        assert_eq!(weakened("\"a\"", false), "\"a\"");
        assert_eq!(weakened("\"a\"", true), "W/\"a\"");
        assert_eq!(weakened("W/\"a\"", true), "W/\"a\"");
    }
}
