//! What EDR's answers share: addresses and names.

use chrono::{DateTime, Utc};

use crate::serve::answer::values::written;

/// Where the landing page is.
pub(super) const ROOT: &str = "/edr";
pub(super) const COLLECTION: &str = "/edr/collections/observations";

/// The coordinates of all places: longitude, latitude.
pub(super) const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// Says that a unit's code is one of UCUM.
pub(super) const UCUM: &str = "http://www.opengis.net/def/uom/UCUM/";

/// How far a site may be for its weather to stand for a point's. Beyond some tens of kilometres
/// two places differ in rain and wind more often than not.
pub(super) const MAX_KM: f64 = 25.0;

/// What the query of a point is called, which says how far.
pub(super) const POSITION: &str = "The time series of the nearest site within 25 km";

/// An interval as ISO 8601 writes it.
pub(super) fn interval(first: DateTime<Utc>, last: DateTime<Utc>) -> String {
    format!("{}/{}", written(first), written(last))
}
