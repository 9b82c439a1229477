//! The sites as `GeoJSON`, where they are and where they were.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::links::Link;
use super::schema::Point;
use super::terms::interval;
use super::values::all_names;
use crate::domain::Stay;
use crate::serve::answer::public::Base;
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
    /// How many are here: all, or as many as `limit` says.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
}

/// A site as `GeoJSON`.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrPlace)]
pub(super) struct Place {
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

impl Places {
    /// These, of so many that there are.
    pub(super) fn of(base: &Base, features: Vec<Place>, number_matched: usize) -> Self {
        let path = "/collections/observations/locations";
        Self {
            kind: "FeatureCollection",
            links: vec![base.link(path, "self", "application/geo+json", "The sites")],
            number_matched,
            number_returned: features.len(),
            features,
        }
    }
}

impl Place {
    /// A site, with the time over which there are observations of it.
    pub(super) fn of(
        base: &Base,
        site: SiteRow,
        span: Option<&ObservedSpan>,
    ) -> Result<Self, StoreError> {
        let times = span.and_then(times);
        let stays = site.stays()?;
        let former = stays.split_last().map_or(&[][..], |(_, former)| former);
        Ok(Self {
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
}

/// The first and the newest observation.
pub(super) fn times(span: &ObservedSpan) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    span.first_time.zip(span.last_time)
}
