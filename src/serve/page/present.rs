//! What people see instead of a page: problems in words, with the way on. And the policy of all pages.

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::Frame;
use super::lang::Rich;
use super::view::View;
use crate::serve::answer::format::Format;
use crate::serve::answer::problem::{Case, Problem};
use crate::serve::answer::public::{PAGES, PublicUrl, first_segment, is_for_programs};

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

/// What an answer to a person depends on beside its address.
const VARY: HeaderValue = HeaderValue::from_static("cookie, accept-language");

/// A problem, as a page.
#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    t: View,
    heading: &'static str,
    sentence: String,
    allowed: Option<Rich>,
    is_unauthorized: bool,
}

/// Makes a page of a problem where a page was asked for.
pub(crate) async fn present(
    State(public): State<PublicUrl>,
    request: Request,
    next: Next,
) -> Response {
    let is_page = is_page(request.uri().path(), request.headers());
    let view = View::of_any(request.uri().query().unwrap_or_default(), request.headers());
    let response = next.run(request).await;
    if !is_page {
        return response;
    }
    let mut response = match response.extensions().get::<Problem>().cloned() {
        Some(problem) => page_of(&public, view, &problem, response),
        None => response,
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response.headers_mut().append(header::VARY, VARY);
    response
}

/// A path of the page, or any that only a person would ask for so.
fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let is_asked_as_page = || accept.is_some_and(|accept| accept.starts_with("text/html"));
    PAGES.contains(&first_segment(path)) || (!is_for_programs(path) && is_asked_as_page())
}

/// Status and headers stay, but for those of the body.
fn page_of(public: &PublicUrl, view: View, problem: &Problem, response: Response) -> Response {
    let (mut head, _) = response.into_parts();
    let mut frame = Frame::of(public, "", "");
    frame.retry_s = (head.status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_S);
    let text = ProblemPage::of(frame, view, problem).render().unwrap_or_default();
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

impl ProblemPage {
    fn of(frame: Frame, t: View, problem: &Problem) -> Self {
        Self {
            frame,
            t,
            heading: heading(problem.status()),
            sentence: sentence(t, problem),
            allowed: allowed(t, problem),
            is_unauthorized: problem.is_unauthorized(),
        }
    }
}

fn heading(status: u16) -> &'static str {
    match status {
        400 => "problem-heading-400",
        401 => "problem-heading-401",
        404 => "problem-heading-404",
        503 => "problem-heading-503",
        _ => "problem-heading-other",
    }
}

/// What is wrong, in the reader's language.
fn sentence(t: View, problem: &Problem) -> String {
    let key = match (problem.what_case(), problem.status()) {
        (Some(Case::ParameterUnfit), _) => "problem-parameter-unfit",
        (Some(Case::ParameterUnknown), _) => "problem-parameter-unknown",
        (Some(Case::ParameterTwice), _) => "problem-parameter-twice",
        (Some(Case::ParameterMissing), _) => "problem-parameter-missing",
        (Some(Case::NoSuchSite), _) => "problem-no-such-site",
        (Some(Case::NoSuchThing), _) => "problem-no-such-thing",
        (Some(Case::StoreAway), _) => "problem-store-away",
        (Some(Case::Archived), _) => "problem-archived",
        (Some(Case::NoSuchPath), _) | (None, 404) => "problem-no-such-path",
        (Some(Case::Busy), _) | (None, 503) => "problem-busy",
        (None, 401) => "problem-unauthorized",
        (None, _) => "problem-other",
    };
    t.say(key).with("name", problem.what_parameter().unwrap_or_default()).to_string()
}

/// What would be right: as the language says it of this parameter, else what the address may have, as code.
fn allowed(t: View, problem: &Problem) -> Option<Rich> {
    let (name, allowed) = (problem.what_parameter()?, problem.what_is_allowed()?);
    let key = match problem.what_case()? {
        Case::ParameterUnfit => "problem-allowed",
        Case::ParameterUnknown => "problem-known",
        _ => return None,
    };
    let own = format!("allowed-{name}");
    let is_said = key == "problem-allowed" && t.language().has(&own);
    let said = is_said.then(|| t.say(&own).with("allowed", allowed).to_string());
    let allowed = said.unwrap_or_else(|| format!("`{allowed}`"));
    Some(t.say(key).with("allowed", allowed).rich())
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
        let replaced = replaced.body(Body::from("not a page")).unwrap();
        let page = page_of(&PublicUrl::default(), View::of_nobody(), &problem, replaced);
        let names: Vec<_> = page.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(
            (page.status(), names),
            (StatusCode::NOT_FOUND, vec!["x-frame-options", "content-type"])
        );
    }
}
