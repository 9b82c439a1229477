//! `locations`: the sites, and the time series of one.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::links::{Base, Link};
use super::schema::{Point, Series, SeriesFeatures};
use super::series::{Reading, SeriesQuery, Written};
use super::terms::interval;
use super::values::{Bbox, Form, PlaceForm, all_names};
use crate::domain::{Coordinates, Stay, source_time};
use crate::serve::answer::parameters::{OfSite, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::{Refusals, RefusalsOfOne};
use crate::serve::answer::values::Source;
use crate::store::{ObservedSpan, SiteRow, StoreError};

/// The sites as `GeoJSON`.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrPlaces)]
pub(super) struct Places {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// By id; those that have left the sites file too.
    features: Vec<Place>,
    /// Where to go on.
    links: Vec<Link>,
    /// How many there are.
    #[serde(rename = "numberMatched")]
    number_matched: usize,
    /// The same: all are here.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
}

/// A site as `GeoJSON`.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrPlace)]
struct Place {
    /// `Feature`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The id of the site, which `locations/{site_id}` takes.
    id: String,
    /// Where it is now.
    geometry: Point,
    /// What else is known of it.
    properties: PlaceProperties,
}

/// What is known of a site.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrPlaceProperties)]
struct PlaceProperties {
    /// First and newest observation of the source, an interval of ISO 8601; null: there is none.
    #[schema(required = true)]
    datetime: Option<String>,
    /// Its quantities.
    #[serde(rename = "parameter-name")]
    parameter_name: Vec<&'static str>,
    /// Its name for people.
    label: String,
    /// Where its time series is.
    edrqueryendpoint: String,
    /// IANA time zone.
    timezone: String,
    /// Country, two letters of ISO 3166-1.
    #[schema(required = true)]
    country: Option<String>,
    /// Height above mean sea level, metres.
    #[schema(required = true)]
    elevation_m: Option<f64>,
    /// Whether it is in the sites file; one that has left it is observed no more.
    in_file: bool,
    /// Where it stood before it moved, in order; its observations up to then are of these places.
    former_places: Vec<FormerPlace>,
}

/// Where a site stood before it moved.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrFormerPlace)]
struct FormerPlace {
    /// When that ended, exclusive.
    until: DateTime<Utc>,
    /// Degrees east.
    longitude: f64,
    /// Degrees north.
    latitude: f64,
    /// IANA time zone.
    timezone: &'static str,
    /// Country, two letters of ISO 3166-1.
    #[schema(required = true)]
    country: Option<String>,
    /// Height above mean sea level, metres.
    #[schema(required = true)]
    elevation_m: Option<f64>,
}

impl From<&Stay> for FormerPlace {
    fn from(Stay { until, locality, .. }: &Stay) -> Self {
        Self {
            until: *until,
            longitude: locality.coordinates.longitude(),
            latitude: locality.coordinates.latitude(),
            timezone: locality.timezone.name(),
            country: locality.country.clone(),
            elevation_m: locality.elevation_m,
        }
    }
}

/// What the sites can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LocationsQuery {
    /// Only those that are in this box now: west,south,east,north in degrees; one that begins east of where it
    /// ends goes over the date line.
    #[param(example = "-10,35,5,45")]
    bbox: Option<Bbox>,
    /// The source that `datetime` is of; the first in use if it is missing.
    #[param(inline, example = "openweathermap")]
    source: Option<Source>,
    /// The form; GeoJSON if it is missing.
    #[param(inline)]
    f: Option<PlaceForm>,
}

/// Lists the sites.
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
    let (now, source, bbox) = (reader.now(), reader.source(&mut query.source), query.bbox);
    let (until, parameters) = (Until::Hour(now), (&base, query));
    let query = EndpointQuery::new(&answering, "edr-locations", &parameters, format, until).await?;
    query.answer(&headers, places(&reader, &base, bbox, (&source, now))).await
}

async fn places(
    reader: &Reader,
    base: &Base,
    bbox: Option<Bbox>,
    (source, now): (&str, DateTime<Utc>),
) -> Result<Content, Problem> {
    let spans = reader.store.list_observed_spans(source, source_time::last_believed(now)).await?;
    let spans: BTreeMap<_, _> = spans.iter().map(|span| (&*span.site_id, span)).collect();
    let mut sites = reader.store.list_sites().await?;
    sites.retain(|site| bbox.is_none_or(|bbox| place(site).is_some_and(|at| bbox.contains(at))));
    let features = sites.into_iter().map(|site| {
        let span = spans.get(&*site.site_id).copied();
        feature(base, site, span)
    });
    let features = features.collect::<Result<Vec<_>, _>>()?;
    Content::json(&Places {
        kind: "FeatureCollection",
        links: vec![base.link(
            "/collections/observations/locations",
            "self",
            "application/geo+json",
            "The sites",
        )],
        number_matched: features.len(),
        number_returned: features.len(),
        features,
    })
}

/// Where a site is.
fn place(site: &SiteRow) -> Option<Coordinates> {
    Coordinates::parse(site.latitude, site.longitude)
}

fn feature(base: &Base, site: SiteRow, span: Option<&ObservedSpan>) -> Result<Place, StoreError> {
    let times = span.and_then(|span| span.first_time.zip(span.last_time));
    let stays = site.stays()?;
    let former = stays.split_last().map_or(&[][..], |(_, former)| former);
    Ok(Place {
        kind: "Feature",
        geometry: Point::at(site.longitude, site.latitude),
        properties: PlaceProperties {
            datetime: times.map(|(first, last)| interval(first, last)),
            parameter_name: all_names().collect(),
            label: site.name,
            edrqueryendpoint: base.site(&site.site_id),
            timezone: site.timezone,
            country: site.country,
            elevation_m: site.elevation_m,
            in_file: site.deactivated_at.is_none(),
            former_places: former.iter().map(FormerPlace::from).collect(),
        },
        id: site.site_id,
    })
}

/// Shows the time series of a site, of one source.
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
        let reading = Reading { reader: &reader, memory: &answering.memory };
        reading.series(&site, &site.stays()?, &selected, Written { base: &base, format }).await
    };
    query.answer(&headers, make).await
}
