//! `area` and `radius`: the time series of the sites in an area, and of those around a point.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::query::series_query;
use super::schema::{Coverages, SeriesFeatures};
use super::series::{Reading, Selected, Written};
use super::standing;
use super::values::{Area, Crs, DataForm, Form, Interval, Names, Point, Units, Within, radius_km};
use crate::domain::Coordinates;
use crate::serve::answer::parameters::Query;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::public::Base;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::Refusals;
use crate::serve::answer::values::Source;

series_query! {
    /// What the time series of the sites in an area can be asked with.
    AreaQuery {
        /// A polygon or several, longitude first (well-known text), border included.
        #[param(required = true, example = "POLYGON((-10 35,5 35,5 45,-10 45,-10 35))")]
        coords: Area,
    }
}

series_query! {
    /// What the time series of the sites around a point can be asked with.
    RadiusQuery {
        /// A point, longitude first (well-known text).
        #[param(required = true, example = "POINT(-3.7 40.4)")]
        coords: Point,
        /// How far from it a site may be, along the great circle (a sphere of 6371.0088 km).
        #[param(required = true, example = 25.0)]
        within: Within,
        /// The unit of `within`; km if it is missing.
        #[serde(rename = "within-units")]
        #[param(example = "km")]
        within_units: Units,
    }
}

/// Shows the time series of the sites in an area.
///
/// Of the sites that are in the sites file and within their days in the time that is asked for; a site that has moved
/// counts while it stood in the area. At most 1000 sites, 10000 observations and 4 MiB.
#[utoipa::path(
    get, path = "/edr/collections/observations/area", tag = "edr", operation_id = "showEdrArea",
    params(AreaQuery),
    responses(
        (status = 200, description = "A coverage for each site and place.", content(
            (Coverages = "application/prs.coverage+json"), (Coverages = "application/vnd.cov+json"), (SeriesFeatures = "application/geo+json"))),
        (status = 204, description = "No site is there, or there is no observation in that time."),
        (status = 304, description = "The client has it."),
        Refusals,
    )
)]
pub(super) async fn area(
    Query(mut query): Query<AreaQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let area = query.coords.take().ok_or_else(Area::is_missing)?;
    let selected = query.fill(&reader)?;
    let format = Form::negotiate(query.f.as_ref(), &headers)?;
    let parameters = (&base, &area, query);
    let query = EndpointQuery::new(&answering, "edr-area", &parameters, format, Until::Run).await?;
    let written = Written { base: &base, format, are_several: true };
    let make = there((&reader, &answering), &selected, written, |place| area.covers(place));
    query.answer(&headers, make).await
}

/// Shows the time series of the sites around a point.
///
/// Of the sites that are in the sites file and within their days in the time that is asked for; a site that has moved
/// counts while it stood there. At most 1000 sites, 10000 observations and 4 MiB.
#[utoipa::path(
    get, path = "/edr/collections/observations/radius", tag = "edr", operation_id = "showEdrRadius",
    params(RadiusQuery),
    responses(
        (status = 200, description = "A coverage for each site and place.", content(
            (Coverages = "application/prs.coverage+json"), (Coverages = "application/vnd.cov+json"), (SeriesFeatures = "application/geo+json"))),
        (status = 204, description = "No site is there, or there is no observation in that time."),
        (status = 304, description = "The client has it."),
        Refusals,
    )
)]
pub(super) async fn radius(
    Query(mut query): Query<RadiusQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let Point(centre) = query.coords.ok_or_else(Point::is_missing)?;
    let radius_km = radius_km(query.within, query.within_units)?;
    let selected = query.fill(&reader)?;
    let format = Form::negotiate(query.f.as_ref(), &headers)?;
    let parameters = (&base, query);
    let query =
        EndpointQuery::new(&answering, "edr-radius", &parameters, format, Until::Run).await?;
    let written = Written { base: &base, format, are_several: true };
    let is_there = |place: Coordinates| place.distance_km(centre) <= radius_km;
    query.answer(&headers, there((&reader, &answering), &selected, written, is_there)).await
}

async fn there(
    (reader, answering): (&Reader, &Answering),
    selected: &Selected,
    written: Written<'_>,
    is_there: impl Fn(Coordinates) -> bool,
) -> Result<Content, Problem> {
    let sites = reader.store.list_sites().await?;
    let there = standing::there(standing::all(&sites, selected.span)?, is_there);
    Reading { reader, memory: &answering.memory }.series(&there, selected, written).await
}
