//! `locations`: the sites, and the time series of one.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::places::{Place, Places, times};
use super::query::SeriesQuery;
use super::schema::{Series, SeriesFeatures};
use super::series::{Reading, Written};
use super::standing::Standing;
use super::values::{Bbox, Form, Interval, PlaceForm};
use crate::domain::{Coordinates, source_time};
use crate::serve::answer::parameters::{OfSite, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::public::Base;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::{Refusals, RefusalsOfOne};
use crate::serve::answer::values::{Limit, Source};
use crate::store::{ObservedSpan, SiteRow};

type PlaceLimit = Limit<10_000>;

/// What the sites can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LocationsQuery {
    /// Only those that are in this box now: west,south,east,north in degrees; one that begins east of where it
    /// ends goes over the date line.
    #[param(example = "-10,35,5,45")]
    bbox: Option<Bbox>,
    /// Only those of which there are observations in this time: a time, a day, or an interval of them, with `..` for
    /// an open end.
    #[param(example = "2026-11-25T00:00:00Z/..")]
    datetime: Option<Interval>,
    /// So many at most; all if it is missing.
    #[param(inline)]
    limit: Option<PlaceLimit>,
    /// The source that `datetime` is of; the first in use if it is missing.
    #[param(inline, example = "openweathermap")]
    source: Option<Source>,
    /// The form; GeoJSON if it is missing.
    #[param(inline)]
    f: Option<PlaceForm>,
}

/// Lists the sites.
///
/// As GeoJSON, by id; those that have left the sites file too.
#[utoipa::path(
    get, path = "/edr/collections/observations/locations", tag = "edr", operation_id = "listEdrLocations",
    params(LocationsQuery),
    responses(
        (status = 200, description = "The sites.", content((Places = "application/geo+json"), (Places = "application/json"))),
        (status = 304, description = "The client has it."),
        Refusals,
    )
)]
pub(super) async fn list(
    Query(mut query): Query<LocationsQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Form::negotiate(query.f.as_ref(), &headers)?;
    let (now, source) = (reader.now(), reader.source(&mut query.source));
    let (until, parameters) = (Until::Hour(now), (&base, &query));
    let endpoint =
        EndpointQuery::new(&answering, "edr-locations", &parameters, format, until).await?;
    endpoint.answer(&headers, places(&reader, &base, &query, (&source, now))).await
}

async fn places(
    reader: &Reader,
    base: &Base,
    query: &LocationsQuery,
    (source, now): (&str, DateTime<Utc>),
) -> Result<Content, Problem> {
    let spans = reader.store.list_observed_spans(source, source_time::last_believed(now)).await?;
    let spans: BTreeMap<_, _> = spans.iter().map(|span| (&*span.site_id, span)).collect();
    let mut sites = reader.store.list_sites().await?;
    sites.retain(|site| query.is_meant(site, spans.get(&*site.site_id).copied()));
    let number_matched = sites.len();
    let limit = query.limit.map_or(usize::MAX, |limit| limit.get() as usize);
    let features = sites.into_iter().take(limit).map(|site| {
        let span = spans.get(&*site.site_id).copied();
        Place::of(base, site, span)
    });
    Content::json(&Places::of(base, features.collect::<Result<_, _>>()?, number_matched))
}

impl LocationsQuery {
    /// Whether a site with observations over this time is asked for.
    fn is_meant(&self, site: &SiteRow, span: Option<&ObservedSpan>) -> bool {
        let is_in = |bbox: Bbox| place(site).is_some_and(|at| bbox.contains(at));
        let meets = |time: Interval| span.and_then(times).is_some_and(|times| time.meets(times));
        self.bbox.is_none_or(is_in) && self.datetime.is_none_or(meets)
    }
}

/// Where a site is.
fn place(site: &SiteRow) -> Option<Coordinates> {
    Coordinates::parse(site.latitude, site.longitude)
}

/// Shows the time series of a site, of one source.
///
/// A coverage for each place in which it stood; at most 10000 observations and 4 MiB.
#[utoipa::path(
    get, path = "/edr/collections/observations/locations/{site_id}", tag = "edr", operation_id = "showEdrLocation",
    params(OfSite, SeriesQuery),
    responses(
        (status = 200, description = "The time series.", content(
            (Series = "application/prs.coverage+json"), (Series = "application/vnd.cov+json"), (SeriesFeatures = "application/geo+json"))),
        (status = 204, description = "There is no observation in that time."),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn one(
    site: OfSite,
    Query(mut query): Query<SeriesQuery>,
    base: Base,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let selected = query.fill(&reader)?;
    let format = Form::negotiate(query.f.as_ref(), &headers)?;
    let parameters = (&base, &site, query);
    let query =
        EndpointQuery::new(&answering, "edr-location", &parameters, format, Until::Run).await?;
    let make = async {
        let site = reader.site(site.id()).await?;
        let standing = Standing { site: &site, stays: site.stays()? };
        let reading = Reading { reader: &reader, memory: &answering.memory };
        let written = Written { base: &base, format, are_several: false };
        reading.series(&[standing], &selected, written).await
    };
    query.answer(&headers, make).await
}
