//! The landing page, what the API conforms to, and the document that describes it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::links::Link;
use super::values::{Form, PageQuery};
use crate::serve::answer::document::{Document, Version};
use crate::serve::answer::parameters::{Nothing, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::public::Base;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::refusals::Refusals;

const JSON: &str = "application/json";

/// The classes of the standards that the API keeps to. OpenAPI 3.1 the standard names from version 1.2 on.
const CONFORMS_TO: [&str; 13] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/core",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/queries",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/json",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/edr-geojson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/covjson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.2/conf/oas31",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
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
    conforms_to: [&'static str; 13],
}

/// Shows the landing page of OGC API – Environmental Data Retrieval.
///
/// Where a client of the standard begins: links to all else.
#[utoipa::path(
    get, path = "/edr", tag = "edr", operation_id = "showEdrLandingPage",
    params(PageQuery),
    responses((status = 200, description = "The landing page.", body = Landing), (status = 304, description = "The client has it."), Refusals)
)]
pub(super) async fn show(
    Query(query): Query<PageQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
) -> Result<Response, Problem> {
    let landing = Landing {
        title: "weather",
        description: "The weather of a company's sites, as collected from weather services.",
        links: vec![
            base.link("", "self", JSON, "This page"),
            base.link(
                "/api",
                "service-desc",
                Version::Current.media_type(),
                "What can be asked, for programs",
            ),
            // Clients follow a link without saying which version they want.
            base.to(
                "/api/v1/openapi-3.0.json",
                "service-desc",
                Version::Older.media_type(),
                "The same, for older programs",
            ),
            base.to("/api/v1/docs/", "service-doc", "text/html", "What can be asked, for people"),
            base.link("/conformance", "conformance", JSON, "What this conforms to"),
            base.link("/collections", "data", JSON, "The collections"),
        ],
    };
    page(&answering, "edr", (&base, query), &headers, &landing).await
}

/// Shows which classes of the standards the API conforms to.
///
/// By the addresses that the standards give them.
#[utoipa::path(
    get, path = "/edr/conformance", tag = "edr", operation_id = "showEdrConformance",
    params(PageQuery),
    responses((status = 200, description = "The classes.", body = Conformance), (status = 304, description = "The client has it."), Refusals)
)]
pub(super) async fn conformance(
    Query(query): Query<PageQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
) -> Result<Response, Problem> {
    let classes = Conformance { conforms_to: CONFORMS_TO };
    page(&answering, "edr-conformance", (&base, query), &headers, &classes).await
}

async fn page(
    answering: &Answering,
    endpoint: &str,
    parameters: (&Base, PageQuery),
    headers: &HeaderMap,
    page: &impl Serialize,
) -> Result<Response, Problem> {
    let format = Form::negotiate(parameters.1.f.as_ref(), headers)?;
    let query = EndpointQuery::new(answering, endpoint, &parameters, format, Until::Run).await?;
    query.answer(headers, async { Content::json(page) }).await
}

/// Shows the document that describes what can be asked.
///
/// In OpenAPI 3.1; in 3.0 for a client that asks for `version=3.0` of the media type in `Accept`.
#[utoipa::path(
    get, path = "/edr/api", tag = "edr", operation_id = "showEdrApi",
    responses(
        (status = 200, description = "The document.", content(
            (Object = "application/vnd.oai.openapi+json;version=3.1"), (Object = "application/vnd.oai.openapi+json;version=3.0"))),
        Refusals,
    )
)]
pub(super) async fn document(
    Query(Nothing {}): Query<Nothing>,
    headers: HeaderMap,
    State(document): State<Document>,
) -> Response {
    let version = Version::negotiate(&headers);
    let mut response = document.response(version, version.media_type());
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}
