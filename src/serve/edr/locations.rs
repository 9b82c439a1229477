//! `locations`: the sites, and the time series of one.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::bbox::Bbox;
use super::extent::interval;
use super::links::{Base, Link};
use super::names::{self, ParameterName};
use super::schema::{BboxText, Crs, Interval, Point, Series, SeriesFeatures};
use super::series::{self, Asked};
use super::{PLACES, form};
use crate::domain::{Coordinates, Stay, source_time};
use crate::serve::App;
use crate::serve::answer::parameters::{Parameters, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Content, Question};
use crate::serve::answer::refusals::{Refusals, RefusalsOfOne};
use crate::serve::api::sites::{self, whole};
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

/// Lists the sites.
#[utoipa::path(
    get, path = "/edr/collections/observations/locations", tag = "edr", operation_id = "listEdrLocations",
    params(
        ("bbox" = Option<BboxText>, Query, description = "Only those that are in this box now: west,south,east,north in degrees; one that begins east of where it ends goes over the date line.", example = "-10,35,5,45"),
        ("source" = Option<String>, Query, description = "The source that `datetime` is of; the first in use if it is missing.", pattern = "^[a-z0-9_-]{1,32}$", example = "openweathermap"),
        ("f" = Option<String>, Query, description = "The form; GeoJSON if it is missing.", pattern = "^(GeoJSON|JSON)$"),
    ),
    responses(
        (status = 200, description = "The sites.", content((Places = "application/geo+json"), (Places = "application/json"))),
        (status = 304, description = "The client has it."),
        Refusals,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(uri.query(), &["bbox", "source", "f"])?;
    let format = form::asked(&parameters, &headers, PLACES)?;
    let bbox = Bbox::asked(&parameters)?;
    let source = series::source(&app, &parameters)?;
    let base = Base::of(&headers, &uri);
    let box_text = bbox.map(|bbox| bbox.to_string()).unwrap_or_default();
    let text =
        written("edr-locations", &[("base", &base), ("bbox", &box_text), ("source", &source)]);
    let now = app.clock.now();
    let question = Question::ask_in_hour(&app, text, format, now).await?;
    question.answer(&app, &headers, places(&app, &base, bbox, (&source, now))).await
}

async fn places(
    app: &App,
    base: &Base,
    bbox: Option<Bbox>,
    (source, now): (&str, DateTime<Utc>),
) -> Result<Content, Problem> {
    let spans = app.store.list_observed_spans(source, source_time::last_believed(now)).await?;
    let spans: BTreeMap<_, _> = spans.iter().map(|span| (&*span.site_id, span)).collect();
    let mut sites = app.store.list_sites().await?;
    sites.retain(|site| bbox.is_none_or(|bbox| place(site).is_some_and(|at| bbox.contains(at))));
    let features = sites.into_iter().map(|site| {
        let span = spans.get(&*site.site_id).copied();
        feature(base, site, span)
    });
    let features = features.collect::<Result<Vec<_>, _>>()?;
    whole(&Places {
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
pub(super) fn place(site: &SiteRow) -> Option<Coordinates> {
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
            parameter_name: names::all().collect(),
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
    params(
        ("site_id" = String, Path, description = "The site.", pattern = "^[a-z0-9][a-z0-9_-]{0,63}$", example = "mad-retiro"),
        ("datetime" = Option<Interval>, Query, description = "A time, a day, or an interval of them, with `..` for an open end; 366 days at most; the last 24 hours if it is missing.", example = "2026-11-25T00:00:00Z/.."),
        ("parameter-name" = Option<Vec<ParameterName>>, Query, description = "Only these quantities, by commas."),
        ("parameter_names" = Option<Vec<ParameterName>>, Query, description = "The same, as OWSLib writes it."),
        ("source" = Option<String>, Query, description = "The source; the first in use if it is missing.", pattern = "^[a-z0-9_-]{1,32}$", example = "openweathermap"),
        ("crs" = Option<Crs>, Query, description = "The coordinate reference system: there is one."),
        ("f" = Option<String>, Query, description = "The form; CoverageJSON if it is missing. It outweighs Accept.", pattern = "^(CoverageJSON|GeoJSON)$"),
    ),
    responses(
        (status = 200, description = "The time series.", content(
            (Series = "application/prs.coverage+json"), (Series = "application/vnd.cov+json"), (SeriesFeatures = "application/geo+json"))),
        (status = 204, description = "There is no observation in that time."),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site_id = sites::site_id(path)?;
    let parameters = Parameters::parse(uri.query(), &series::KNOWN)?;
    let asked = Asked::parse(&app, &parameters, &uri, &headers)?;
    let question = asked.question(&app, "edr-location", site_id.as_str()).await?;
    let make = async {
        let site = sites::find(&app, &site_id).await?;
        series::read(&app, &site, &site.stays()?, &asked).await
    };
    question.answer(&app, &headers, make).await
}
