//! One answer of the query API, without a network: for `weather export`, which writes it into a file. It goes
//! through the same handler and writer, and so is the same, byte for byte.

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::answer::parameters::NOT_OF_THIS_PATH;
use super::answer::problem::Problem;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// The parameter that it is about; `None`: the store cannot be asked now.
    pub parameter: Option<String>,
    /// What is wrong.
    pub detail: String,
    /// What may be.
    pub allowed: Option<String>,
    /// Whether what is asked for has no such parameter.
    pub is_unknown: bool,
    /// What went wrong inside, if something did.
    pub cause: Option<String>,
}

impl Refusal {
    /// Of what is no fault of what is asked.
    pub(super) fn of(error: &dyn std::fmt::Display) -> Self {
        let detail = error.to_string();
        Self { parameter: None, detail, allowed: None, is_unknown: false, cause: None }
    }
}

impl From<&Problem> for Refusal {
    fn from(problem: &Problem) -> Self {
        let own = |text: &str| text.to_owned();
        Self {
            parameter: problem.what_parameter().map(own),
            detail: own(problem.in_words()),
            allowed: problem.what_is_allowed().map(own),
            is_unknown: problem.in_words().ends_with(NOT_OF_THIS_PATH),
            cause: problem.what_cause().map(own),
        }
    }
}

/// The answer of these routes to a path and query.
pub(super) async fn ask(routes: Router, target: &str) -> Result<BodyDataStream, Refusal> {
    let request = Request::get(target).body(Body::empty());
    let request = request.map_err(|error| Refusal::of(&error))?;
    let answering = TowerToHyperService::new(routes).call(request).await;
    let response = answering.map_err(|error| Refusal::of(&error))?;
    match response.extensions().get::<Problem>() {
        Some(problem) => Err(problem.into()),
        None if response.status().is_success() => Ok(response.into_body().into_data_stream()),
        None => Err(Refusal::of(&response.status())),
    }
}
