//! What people see instead of a page: problems in words, with the way on. And the policy of all pages.

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::Frame;
use crate::serve::answer::format::Format;
use crate::serve::answer::problem::Problem;

/// Everything comes from here, and nothing is inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// Browsers ask for the name and password that this names; the password is the token.
const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"weather\", charset=\"UTF-8\"");

/// How soon a page that cannot be shown now is asked for again.
const RETRY_S: u16 = 5;

/// Headers that say something of a body, and go with it when another takes its place.
const OF_A_BODY: [HeaderName; 7] = [
    header::ACCEPT_RANGES,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::TRANSFER_ENCODING,
];

/// A problem, as a page.
#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    heading: &'static str,
    problem: Problem,
}

/// Makes a page of a problem where a page was asked for.
pub(crate) async fn present(request: Request, next: Next) -> Response {
    let is_page = is_page(request.uri().path(), request.headers());
    let response = next.run(request).await;
    if !is_page {
        return response;
    }
    let mut response = match response.extensions().get::<Problem>().cloned() {
        Some(problem) => page_of(problem, response),
        None => response,
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// A path of the page, or any that only a person would ask for so.
fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    match first {
        "" | "sites" | "runs" => true,
        "api" | "edr" | "assets" | "metrics" | "healthz" | "readyz" => false,
        _ => accept.is_some_and(|accept| accept.starts_with("text/html")),
    }
}

/// Status and headers stay, but for those of the body.
fn page_of(problem: Problem, response: Response) -> Response {
    let (mut head, _) = response.into_parts();
    let mut frame = Frame::of("");
    frame.retry_s = (head.status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_S);
    let page = ProblemPage { frame, heading: heading(head.status), problem };
    let text = page.render().unwrap_or_default();
    for name in OF_A_BODY {
        head.headers.remove(name);
    }
    let media_type = HeaderValue::from_static(Format::Html.media_type());
    head.headers.insert(header::CONTENT_TYPE, media_type);
    if head.status == StatusCode::UNAUTHORIZED {
        head.headers.insert(header::WWW_AUTHENTICATE, BASIC);
    }
    Response::from_parts(head, Body::from(text))
}

fn heading(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "This address cannot be used",
        401 => "A token is needed",
        404 => "There is nothing here",
        503 => "The page cannot be shown at present",
        _ => "Something is wrong",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_in_the_place_of_a_body_has_no_header_of_that_body() {
        let problem = Problem::of(StatusCode::NOT_FOUND);
        let mut replaced = Response::builder().status(404).header("x-frame-options", "DENY");
        for name in OF_A_BODY {
            replaced = replaced.header(name, "gzip");
        }
        let page = page_of(problem, replaced.body(Body::from("not a page")).unwrap());
        let names: Vec<_> = page.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(
            (page.status(), names),
            (StatusCode::NOT_FOUND, vec!["x-frame-options", "content-type"])
        );
    }
}
