//! `position`: the time series of the site that is nearest to a point.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::links::Base;
use super::schema::{Series, SeriesFeatures};
use super::series::{Reading, SeriesQuery, Written};
use super::terms::MAX_KM;
use super::values::{Crs, DataForm, Form, Interval, Names, Point, Span};
use crate::domain::days::is_between;
use crate::domain::{Coordinates, Stay};
use crate::serve::answer::parameters::Query;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::Refusals;
use crate::serve::answer::values::Source;
use crate::store::{SiteRow, StoreError};

/// What the time series of a point can be asked with: a point, and what that of a site can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PositionQuery {
    /// A point, longitude first (well-known text).
    #[param(required = true, example = "POINT(-3.7 40.4)")]
    coords: Option<Point>,
    /// A time, a day, or an interval of them, with `..` for an open end; 366 days at most; the last 24 hours
    /// if it is missing.
    #[param(example = "2026-11-25T00:00:00Z/..")]
    datetime: Option<Interval>,
    /// Only these quantities, by commas.
    #[serde(rename = "parameter-name")]
    #[param(inline, style = Form, explode = false)]
    parameter_name: Option<Names>,
    /// The same, as OWSLib writes it.
    #[param(inline, style = Form, explode = false)]
    parameter_names: Option<Names>,
    /// The source; the first in use if it is missing.
    #[param(inline, example = "openweathermap")]
    source: Option<Source>,
    /// The coordinate reference system: there is one.
    crs: Option<Crs>,
    /// The form; CoverageJSON if it is missing. It outweighs Accept.
    #[param(inline)]
    f: Option<DataForm>,
}

impl PositionQuery {
    /// The point, and the rest.
    fn split(self) -> Result<(Point, SeriesQuery), Problem> {
        let Self { coords, datetime, parameter_name, parameter_names, source, crs, f } = self;
        let point = coords.ok_or_else(Point::is_missing)?;
        Ok((point, SeriesQuery { datetime, parameter_name, parameter_names, source, crs, f }))
    }
}

/// Shows the time series of the site that is nearest to a point, if one is within 25 km.
///
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
    Query(query): Query<PositionQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let (point, mut query) = query.split()?;
    let selected = query.fill(&reader)?;
    let format = Form::negotiate(query.f.as_ref(), &headers)?;
    let parameters = (&base, point, query);
    let query =
        EndpointQuery::new(&answering, "edr-position", &parameters, format, Until::Run).await?;
    let make = async {
        let sites = reader.store.list_sites().await?;
        let Some((site, stays)) = find(&sites, point.0, selected.span)? else {
            return Ok(Content::Nothing);
        };
        let reading = Reading { reader: &reader, memory: &answering.memory };
        reading.series(site, &stays, &selected, Written { base: &base, format }).await
    };
    query.answer(&headers, make).await
}

/// The site that was the nearest in that time, if it was near enough, and its stays that were.
fn find(
    sites: &[SiteRow],
    point: Coordinates,
    span: Span,
) -> Result<Option<(&SiteRow, Vec<Stay>)>, StoreError> {
    let distance_km = |stay: &Stay| stay.locality.coordinates.distance_km(point);
    let mut nearest: Option<(f64, &SiteRow, Vec<Stay>)> = None;
    for site in sites.iter().filter(|site| site.deactivated_at.is_none()) {
        let mut stays = site.stays()?;
        if !is_active(site, &stays, span) {
            continue;
        }
        stays.retain(|stay| {
            stay.within((span.from, span.to)).is_some() && distance_km(stay) <= MAX_KM
        });
        let Some(own_km) = stays.iter().map(distance_km).reduce(f64::min) else { continue };
        if nearest.as_ref().is_none_or(|(least_km, ..)| own_km < *least_km) {
            nearest = Some((own_km, site, stays));
        }
    }
    Ok(nearest.map(|(_, site, stays)| (site, stays)))
}

fn is_active(site: &SiteRow, stays: &[Stay], span: Span) -> bool {
    let is_between = |first, last, time| {
        let stay = stays.iter().rev().find(|stay| stay.from <= time);
        stay.is_some_and(|stay| is_between(stay.locality.timezone, first, last, time))
    };
    is_between(site.active_from, None, span.to) && is_between(None, site.active_until, span.from)
}
