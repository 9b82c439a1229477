//! The one collection, `observations`: what is in it, and what can be asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::extent::Extent;
use super::links::{Base, Link, Variables, output_formats};
use super::parameter::Parameter;
use super::terms::{COLLECTION, CRS84, POSITION};
use super::values::{Form, PageQuery};
use crate::domain::QUANTITIES;
use crate::domain::tables::WEATHER_OBSERVATIONS;
use crate::serve::answer::parameters::Query;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::Refusals;

/// The collections.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrCollections)]
pub(super) struct Collections {
    /// Where to go on.
    links: Vec<Link>,
    /// There is one.
    collections: [Collection; 1],
}

/// The observations.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrCollection)]
pub(super) struct Collection {
    /// Its id.
    id: &'static str,
    /// What it is.
    title: &'static str,
    /// The same in sentences.
    description: &'static str,
    /// What it is about.
    keywords: [&'static str; 3],
    /// Where to go on.
    links: Vec<Link>,
    /// Where and when there are observations.
    extent: Extent,
    /// What can be asked, by query.
    data_queries: BTreeMap<&'static str, DataQuery>,
    /// Its coordinate reference systems.
    crs: [&'static str; 1],
    /// The forms that its data comes in.
    output_formats: Vec<&'static str>,
    /// Its quantities, by name.
    parameter_names: BTreeMap<&'static str, Parameter>,
}

/// A query.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrDataQuery)]
struct DataQuery {
    /// Where it is asked.
    link: Link,
}

/// Lists the collections; there is one.
#[utoipa::path(
    get, path = "/edr/collections", tag = "edr", operation_id = "listEdrCollections",
    params(PageQuery),
    responses((status = 200, description = "The collections.", body = Collections), (status = 304, description = "The client has it."), Refusals)
)]
pub(super) async fn list(
    Query(query): Query<PageQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Form::negotiate(query.f.as_ref(), &headers)?;
    let (until, parameters) = (Until::Hour(reader.now()), (&base, query));
    let query =
        EndpointQuery::new(&answering, "edr-collections", &parameters, format, until).await?;
    let make = async {
        let links = vec![base.link("/collections", "self", "application/json", "The collections")];
        Content::json(&Collections { links, collections: [read(&reader, &base).await?] })
    };
    query.answer(&headers, make).await
}

/// Shows the collection of observations: extent, quantities with their units, queries.
#[utoipa::path(
    get, path = "/edr/collections/observations", tag = "edr", operation_id = "showEdrCollection",
    params(PageQuery),
    responses((status = 200, description = "The collection.", body = Collection), (status = 304, description = "The client has it."), Refusals)
)]
pub(super) async fn one(
    Query(query): Query<PageQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Form::negotiate(query.f.as_ref(), &headers)?;
    let (until, parameters) = (Until::Hour(reader.now()), (&base, query));
    let query =
        EndpointQuery::new(&answering, "edr-collection", &parameters, format, until).await?;
    query.answer(&headers, async { Content::json(&read(&reader, &base).await?) }).await
}

async fn read(reader: &Reader, base: &Base) -> Result<Collection, Problem> {
    let parameters = QUANTITIES.iter().map(|quantity| (quantity.name(), quantity.into()));
    Ok(Collection {
        id: "observations",
        title: "Observations",
        description: WEATHER_OBSERVATIONS.description,
        keywords: ["weather", "observations", "time series"],
        links: links(base),
        extent: Extent::read(reader, reader.now()).await?,
        data_queries: queries(base),
        crs: [CRS84],
        output_formats: output_formats(),
        parameter_names: parameters.collect(),
    })
}

fn links(base: &Base) -> Vec<Link> {
    let places = format!("{COLLECTION}/locations");
    vec![
        base.to(COLLECTION, "self", "application/json", "This collection"),
        base.to(&places, "data", "application/geo+json", "The sites"),
    ]
}

fn queries(base: &Base) -> BTreeMap<&'static str, DataQuery> {
    let query = |kind, path, media_type, title| {
        let link = base.to(&format!("{COLLECTION}/{path}"), "data", media_type, title);
        (kind, DataQuery { link: link.query(Variables::new(kind, title)) })
    };
    let covjson = "application/prs.coverage+json";
    BTreeMap::from([
        query("locations", "locations", "application/geo+json", "The sites; a site's time series"),
        query("position", "position?coords={coords}", covjson, POSITION),
    ])
}
