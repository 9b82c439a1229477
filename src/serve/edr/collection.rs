//! The one collection, `observations`: what is in it, and what can be asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extent::Extent;
use super::links::{Link, Variables, output_formats};
use super::parameter::Parameter;
use super::terms::{COLLECTION, CRS84, POSITION};
use super::values::{Bbox, Form, Interval, PageForm, PageQuery};
use crate::domain::QUANTITIES;
use crate::domain::tables::WEATHER_OBSERVATIONS;
use crate::serve::answer::parameters::Query;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::public::Base;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::Refusals;

/// The collections.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrCollections)]
pub(super) struct Collections {
    /// Where to go on.
    links: Vec<Link>,
    /// There is one, if `bbox` and `datetime` are of it.
    #[schema(max_items = 1)]
    collections: Vec<Collection>,
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

/// What the collections can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CollectionsQuery {
    /// Only those that have a place in this box: west,south,east,north in degrees; one that begins east of where it
    /// ends goes over the date line.
    #[param(example = "-10,35,5,45")]
    bbox: Option<Bbox>,
    /// Only those that have a time in this: a time, a day, or an interval of them, with `..` for an open end.
    #[param(example = "2026-11-25T00:00:00Z/..")]
    datetime: Option<Interval>,
    /// The form; JSON if it is missing.
    #[param(inline)]
    f: Option<PageForm>,
}

/// Lists the collections; there is one.
///
/// It is left out where its extent has nothing of `bbox` or of `datetime`.
#[utoipa::path(
    get, path = "/edr/collections", tag = "edr", operation_id = "listEdrCollections",
    params(CollectionsQuery),
    responses((status = 200, description = "The collections.", body = Collections), (status = 304, description = "The client has it."), Refusals)
)]
pub(super) async fn list(
    Query(query): Query<CollectionsQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Form::negotiate(query.f.as_ref(), &headers)?;
    let (bbox, datetime) = (query.bbox, query.datetime);
    let (until, parameters) = (Until::Hour(reader.now()), (&base, query));
    let query =
        EndpointQuery::new(&answering, "edr-collections", &parameters, format, until).await?;
    let make = async {
        let links = vec![base.link("/collections", "self", "application/json", "The collections")];
        let mut collections = vec![read(&reader, &base).await?];
        collections.retain(|collection| collection.extent.meets(bbox, datetime));
        Content::json(&Collections { links, collections })
    };
    query.answer(&headers, make).await
}

/// Shows the collection of observations.
///
/// Its extent, its quantities with their units, and the queries that can be asked of it.
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

const COVERAGE: &str = "application/prs.coverage+json";

/// The queries: which, what a client fills in, what comes, and what it is.
const QUERIES: [(&str, &str, &str, &str); 4] = [
    ("area", "?coords={coords}", COVERAGE, "The time series of the sites in an area"),
    ("locations", "", "application/geo+json", "The sites; a site's time series"),
    ("position", "?coords={coords}", COVERAGE, POSITION),
    (
        "radius",
        "?coords={coords}&within={within}&within-units={within-units}",
        COVERAGE,
        "The time series of the sites around a point",
    ),
];

/// Also to each query with what a client has to fill in.
fn links(base: &Base) -> Vec<Link> {
    let places = format!("{COLLECTION}/locations");
    let mut links = vec![
        base.to(COLLECTION, "self", "application/json", "This collection"),
        base.to(&places, "data", "application/geo+json", "The sites"),
    ];
    let filled = QUERIES.into_iter().filter(|(_, blanks, ..)| !blanks.is_empty());
    links.extend(filled.map(|(kind, blanks, media_type, title)| {
        let path = format!("{COLLECTION}/{kind}{blanks}");
        base.to(&path, "data", media_type, title).query(Variables::new(kind, title))
    }));
    links
}

/// Their addresses are plain: most clients put what they ask behind them.
fn queries(base: &Base) -> BTreeMap<&'static str, DataQuery> {
    let queries = QUERIES.into_iter().map(|(kind, _, media_type, title)| {
        let link = base.to(&format!("{COLLECTION}/{kind}"), "data", media_type, title);
        (kind, DataQuery { link: link.query(Variables::new(kind, title)) })
    });
    queries.collect()
}
