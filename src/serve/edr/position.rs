//! `position`: the time series of the site that is nearest to a point, or to each of several.

use std::sync::Arc;

use super::query::series_query;
use super::schema::{Series, SeriesFeatures};
use super::series::{Reading, Written};
use super::standing;
use super::terms::MAX_KM;
use super::values::{Crs, DataForm, Form, Interval, Names, Points, Units, Within, radius_km};
use crate::serve::answer::parameters::Query;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::public::Base;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::Refusals;
use crate::serve::answer::values::Source;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

series_query! {
    /// What the time series of a point can be asked with: a point, and what that of a site can be asked with.
    PositionQuery {
        /// A point or several, longitude first (well-known text).
        #[param(required = true, example = "POINT(-3.7 40.4)")]
        coords: Points,
        /// How far a site may be; 25 km if it is missing.
        #[param(example = 25.0)]
        within: Within,
        /// The unit of `within`; km if it is missing.
        #[serde(rename = "within-units")]
        #[param(example = "km")]
        within_units: Units,
    }
}

/// Shows the time series of the site that is nearest to a point, if one is within 25 km, or `within`.
///
/// Of several points (MULTIPOINT) that of each, a site once.
/// Of the sites that are in the sites file and within their days in the time that is asked for. A site
/// that has moved stands for a point while it stood near it. The answer says where the site is.
#[utoipa::path(
    get, path = "/edr/collections/observations/position", tag = "edr", operation_id = "showEdrPosition",
    params(PositionQuery),
    responses(
        (status = 200, description = "The time series.", content(
            (Series = "application/prs.coverage+json"), (Series = "application/vnd.cov+json"), (SeriesFeatures = "application/geo+json"))),
        (status = 204, description = "No site is near enough, or there is no observation in that time."),
        (status = 304, description = "The client has it."),
        Refusals,
    )
)]
pub(super) async fn nearest(
    Query(mut query): Query<PositionQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let points = query.coords.take().ok_or_else(Points::is_missing)?;
    let most_km = query.most_km()?;
    let selected = query.fill(&reader)?;
    let format = Form::negotiate(query.f.as_ref(), &headers)?;
    let parameters = (&base, &points, query);
    let query =
        EndpointQuery::new(&answering, "edr-position", &parameters, format, Until::Run).await?;
    let written = Written { base: &base, format, are_several: points.are_several() };
    let make = async {
        let sites = reader.store.list_sites().await?;
        let all = standing::all(&sites, selected.span)?;
        let nearest = standing::nearest(&all, points.all(), most_km);
        let reading = Reading { reader: &reader, memory: &answering.memory };
        reading.series(&nearest, &selected, written).await
    };
    query.answer(&headers, make).await
}

impl PositionQuery {
    /// How far a site may be.
    fn most_km(&self) -> Result<f64, Problem> {
        match (self.within, self.within_units) {
            (None, None) => Ok(MAX_KM),
            (within, units) => radius_km(within, units),
        }
    }
}
