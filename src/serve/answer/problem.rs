//! What went wrong, as a program can read it: problem details
//! ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
//!
//! The text is of what the caller did or can do. What went wrong inside is logged, once, and is in no
//! answer.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Month;
use crate::store::StoreError;

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong. Under `/edr` with `code` and `description`, as that standard has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem; `about:blank`: what the status says.
    #[serde(rename = "type")]
    #[schema(examples("urn:weather:problem:parameter"))]
    kind: &'static str,
    /// The kind in words.
    #[schema(examples("A parameter cannot be used"))]
    title: &'static str,
    /// The HTTP status.
    #[schema(examples(400), minimum = 400, maximum = 599)]
    status: u16,
    /// This case in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("limit: `0` is below 1"))]
    detail: Option<String>,
    /// Which parameter it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("limit"))]
    parameter: Option<String>,
    /// What is allowed for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("1 to 10000"))]
    allowed: Option<String>,
    #[serde(skip)]
    retry_after_s: Option<u16>,
    /// Which case it is, by which a page says it in the reader's language.
    #[serde(skip)]
    case: Option<Case>,
    /// What went wrong inside, for the log and for whom the answer is a file; no answer says it.
    #[serde(skip)]
    cause: Option<Box<Cause>>,
}

/// The cases that a page says in the reader's language; all others it says by their status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// A parameter has a value that it cannot have.
    ParameterUnfit,
    ParameterUnknown,
    ParameterTwice,
    ParameterMissing,
    NoSuchSite,
    NoSuchThing,
    NoSuchPath,
    Busy,
    StoreAway,
    /// The rows have left the store.
    Archived,
}

/// What went wrong inside, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cause(String);

impl Problem {
    /// A problem of which the status says all.
    pub(crate) fn of(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let (kind, status) = ("about:blank", status.as_u16());
        let (detail, parameter, allowed, retry_after_s) = (None, None, None, None);
        let (case, cause) = (None, None);
        Self { kind, title, status, detail, parameter, allowed, retry_after_s, case, cause }
    }

    /// A parameter that cannot be used.
    pub(crate) fn parameter(
        name: &str,
        detail: impl std::fmt::Display,
        allowed: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind: "urn:weather:problem:parameter",
            title: "A parameter cannot be used",
            detail: Some(format!("{name}: {detail}")),
            parameter: Some(name.to_owned()),
            allowed: Some(allowed.into().into_owned()),
            ..Self::of(StatusCode::BAD_REQUEST)
        }
        .case(Case::ParameterUnfit)
    }

    /// Nothing of this name is known.
    pub(crate) fn unknown(what: &str, parameter: &'static str, allowed: &'static str) -> Self {
        Self {
            kind: "urn:weather:problem:unknown",
            title: "Nothing of this name is known",
            detail: Some(format!("no {what} has this {parameter}")),
            parameter: Some(parameter.to_owned()),
            allowed: Some(allowed.to_owned()),
            ..Self::of(StatusCode::NOT_FOUND)
        }
        .case(Case::NoSuchThing)
    }

    /// No site has the id that is asked for.
    pub(crate) fn unknown_site() -> Self {
        Self::unknown("site", "site_id", "the id of a site in /api/v1/sites").case(Case::NoSuchSite)
    }

    /// A list of sites names one that there is not.
    pub(crate) fn unknown_named_site(site_id: &str) -> Self {
        let detail = format!("site: no site has the id `{site_id}`");
        let problem = Self::unknown("site", "site", "ids of sites in /api/v1/sites");
        problem.detail(&detail).case(Case::NoSuchSite)
    }

    /// Nothing is served there.
    pub(crate) fn no_such_path() -> Self {
        Self::of(StatusCode::NOT_FOUND)
            .detail("there is nothing at this path")
            .allowed("the paths of /api/v1/openapi.json, /healthz, /readyz, /metrics")
            .case(Case::NoSuchPath)
    }

    /// An answer that cannot be written is an internal fault, which is logged here.
    pub(crate) fn unwritable(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(error_kind = "answer", "an answer cannot be written: {error}");
        Self::of(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The service cannot answer now.
    pub(crate) fn busy(detail: &str) -> Self {
        let retry_after_s = Some(1);
        let problem = Self { retry_after_s, ..Self::of(StatusCode::SERVICE_UNAVAILABLE) };
        problem.detail(detail).case(Case::Busy)
    }

    /// The store cannot be asked now.
    pub(crate) fn store_away() -> Self {
        let problem = Self::busy("the store cannot be asked at present");
        Self { retry_after_s: Some(10), ..problem }.case(Case::StoreAway)
    }

    /// The same, with what is wrong in the log.
    pub(crate) fn of_store(error: &StoreError) -> Self {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(error_kind = error.kind(), cause, "{error}");
        let words = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        Self { cause: Some(Box::new(Cause(words))), ..Self::store_away() }
    }

    /// It is not the store that is away, but the lake with the months that have left it.
    fn lake_away(self) -> Self {
        let kind = "urn:weather:problem:lake_unavailable";
        Self { kind, title: "The lake is away", ..self }
            .detail("the lake with the archived months cannot be asked at present")
    }

    /// Rows of a month are asked for that have left the store.
    fn archived(error: &StoreError, month: Month) -> Self {
        Self {
            kind: "urn:weather:problem:archived",
            title: "The month is archived",
            ..Self::of(StatusCode::GONE)
        }
        .detail(&error.to_string())
        .allowed(&format!("times from {} on", month.next().first_day()))
        .case(Case::Archived)
    }

    /// What went wrong inside.
    pub(crate) fn what_cause(&self) -> Option<&str> {
        self.cause.as_ref().map(|cause| cause.0.as_str())
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// What is wrong, in a sentence.
    pub(crate) fn in_words(&self) -> &str {
        self.detail.as_deref().unwrap_or(self.title)
    }

    /// Which parameter it is about.
    pub(crate) fn what_parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// What would be right.
    pub(crate) fn what_is_allowed(&self) -> Option<&str> {
        self.allowed.as_deref()
    }

    /// Which case it is, for a page.
    pub(crate) fn what_case(&self) -> Option<Case> {
        self.case
    }

    /// The same, of another case.
    pub(crate) fn case(self, case: Case) -> Self {
        Self { case: Some(case), ..self }
    }

    pub(crate) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED.as_u16()
    }

    pub(crate) fn detail(self, detail: &str) -> Self {
        Self { detail: Some(detail.to_owned()), ..self }
    }

    pub(crate) fn allowed(self, allowed: &str) -> Self {
        Self { allowed: Some(allowed.to_owned()), ..self }
    }
}

/// Logged, since the caller learns no more than that the store is away.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::LeftMonth { month, .. } => Self::archived(&error, month),
            StoreError::Lake(_) => Self::of_store(&error).lake_away(),
            error => Self::of_store(&error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // For the layer that makes a page of it.
        response.extensions_mut().insert(self);
        response
    }
}
