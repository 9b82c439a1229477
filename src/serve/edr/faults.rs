//! Problems in the form of the standard: problem details, which it is built on, with `code` and `description`, which its
//! clients look for (<https://docs.ogc.org/is/19-086r6/19-086r6.html>, schema `exception`).

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

use super::terms::ROOT;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::public::first_segment;

/// A problem, and the same for a client that knows no problem details.
#[derive(Serialize)]
struct Exception<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    code: &'static str,
    description: String,
}

impl<'a> Exception<'a> {
    fn of(problem: &'a Problem) -> Self {
        let allowed = problem.what_is_allowed().map(|allowed| format!("; allowed: {allowed}"));
        let description = format!("{}{}", problem.in_words(), allowed.unwrap_or_default());
        Self { problem, code: code(problem.status()), description }
    }
}

/// The codes of OGC Web Services Common.
fn code(status: u16) -> &'static str {
    match status {
        400 => "InvalidParameterValue",
        404 => "NotFound",
        _ => "NoApplicableCode",
    }
}

/// Writes what went wrong under `/edr` in the form of the standard.
pub(crate) async fn present(request: Request, next: Next) -> Response {
    let is_edr = Some(first_segment(request.uri().path())) == ROOT.strip_prefix('/');
    let mut response = next.run(request).await;
    let problem = response.extensions().get::<Problem>().filter(|_| is_edr);
    let exception = problem.and_then(|problem| serde_json::to_string(&Exception::of(problem)).ok());
    if let Some(exception) = exception {
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(exception);
    }
    response
}
