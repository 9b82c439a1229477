//! The landing page, what the API conforms to, and the document that describes it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::links::{Base, Link};
use super::{PAGES, form};
use crate::serve::App;
use crate::serve::answer::parameters::{Parameters, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Question;
use crate::serve::answer::refusals::Refusals;
use crate::serve::api::sites::whole;

const JSON: &str = "application/json";
const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.1";

/// The classes of the standards that the API keeps to. The one of OpenAPI 3.0 is not among them: the
/// document is of 3.1, which the standard names from version 1.2 on.
const CONFORMS_TO: [&str; 9] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/core",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/queries",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/json",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/edr-geojson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/covjson",
];

/// Where a client of the standard begins.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrLandingPage)]
pub(super) struct Landing {
    /// What this is.
    title: &'static str,
    /// The same in a sentence.
    description: &'static str,
    /// Where to go on.
    links: Vec<Link>,
}

/// What the API conforms to.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrConformance)]
pub(super) struct Conformance {
    /// Conformance classes of OGC standards.
    #[serde(rename = "conformsTo")]
    conforms_to: [&'static str; 9],
}

/// Shows the landing page of OGC API – Environmental Data Retrieval.
#[utoipa::path(
    get, path = "/edr", tag = "edr", operation_id = "showEdrLandingPage",
    params(("f" = Option<String>, Query, description = "The form; JSON if it is missing.", pattern = "^JSON$")),
    responses((status = 200, description = "The landing page.", body = Landing), (status = 304, description = "The client has it."), Refusals)
)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let make = |base: &Base| Landing {
        title: "weather",
        description: "The weather of a company's sites, as collected from weather services.",
        links: vec![
            base.link("", "self", JSON, "This page"),
            base.link("/api", "service-desc", OPENAPI, "What can be asked, for programs"),
            base.to("/api/v1/docs/", "service-doc", "text/html", "What can be asked, for people"),
            base.link("/conformance", "conformance", JSON, "What this conforms to"),
            base.link("/collections", "data", JSON, "The collections"),
        ],
    };
    page(&app, "edr", &uri, &headers, make).await
}

/// Shows which classes of the standards the API conforms to.
#[utoipa::path(
    get, path = "/edr/conformance", tag = "edr", operation_id = "showEdrConformance",
    params(("f" = Option<String>, Query, description = "The form; JSON if it is missing.", pattern = "^JSON$")),
    responses((status = 200, description = "The classes.", body = Conformance), (status = 304, description = "The client has it."), Refusals)
)]
pub(super) async fn conformance(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let make = |_: &Base| Conformance { conforms_to: CONFORMS_TO };
    page(&app, "edr-conformance", &uri, &headers, make).await
}

async fn page<T: Serialize>(
    app: &App,
    name: &str,
    uri: &Uri,
    headers: &HeaderMap,
    make: impl FnOnce(&Base) -> T,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(uri.query(), &["f"])?;
    let format = form::asked(&parameters, headers, PAGES)?;
    let base = Base::of(headers, uri);
    let text = written(name, &[("base", &base)]);
    let question = Question::ask(app, text, format).await?;
    question.answer(app, headers, async { whole(&make(&base)) }).await
}

/// Shows the document that describes what can be asked (OpenAPI 3.1).
#[utoipa::path(
    get, path = "/edr/api", tag = "edr", operation_id = "showEdrApi",
    responses((status = 200, description = "The document.", body = Object, content_type = "application/vnd.oai.openapi+json;version=3.1"), Refusals)
)]
pub(super) async fn document(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    Parameters::none(uri.query())?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(OPENAPI)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60")),
    ];
    Ok((headers, app.document.clone()).into_response())
}
