//! `/edr`: OGC API – Environmental Data Retrieval 1.1, the convention for this kind of data.
//!
//! Clients that know the standard and nothing of us find their way by links from the landing page to
//! the one collection, `observations`, its places (`locations`, the sites) and their time series.
//! The standard: <https://docs.ogc.org/is/19-086r6/19-086r6.html>.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::App;
use crate::serve::answer::format::Format;

mod bbox;
mod collection;
mod coverage;
mod extent;
mod features;
mod form;
pub(crate) mod landing;
mod links;
mod locations;
mod names;
mod position;
mod schema;
mod series;
mod span;

pub(crate) use schema::of_parameters;

/// Where the landing page is.
const ROOT: &str = "/edr";
const COLLECTION: &str = "/edr/collections/observations";

/// The coordinates of all places: longitude, latitude.
const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// The names that `f` knows, for data, for places and for the rest; the first is meant without it.
const DATA: &[(&str, Format)] = &[
    ("CoverageJSON", Format::Coverage),
    ("CoverageJSON", Format::RegisteredCoverage),
    ("GeoJSON", Format::GeoJson),
];
const PLACES: &[(&str, Format)] = &[("GeoJSON", Format::GeoJson), ("JSON", Format::Json)];
const PAGES: &[(&str, Format)] = &[("JSON", Format::Json)];

/// The routes, with their documentation.
pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(landing::show))
        .routes(routes!(landing::conformance))
        .routes(routes!(landing::document))
        .routes(routes!(collection::list))
        .routes(routes!(collection::one))
        .routes(routes!(locations::list))
        .routes(routes!(locations::one))
        .routes(routes!(position::nearest))
}
