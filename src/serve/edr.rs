//! `/edr`: OGC API – Environmental Data Retrieval 1.1, the convention for this kind of data.
//!
//! Clients that know the standard and nothing of this program find their way by links from the landing page to
//! the one collection, `observations`, its places (`locations`, the sites) and their time series.
//! The standard: <https://docs.ogc.org/is/19-086r6/19-086r6.html>.

use axum::routing::get;
use utoipa::ToSchema;
use utoipa::openapi::{Components, OpenApi, OpenApiBuilder, RefOr, Schema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;

mod area;
mod collection;
mod coverage;
mod extent;
mod faults;
mod features;
mod landing;
mod links;
mod locations;
mod parameter;
mod places;
mod position;
mod query;
mod schema;
mod series;
mod standing;
mod terms;
mod values;

pub(super) use faults::present;
use values::{Area, Bbox, Crs, Interval, ParameterName, Point, Points, Units, Within};

/// The routes, with their documentation.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document())
        .routes(routes!(landing::show))
        .routes(routes!(landing::conformance))
        .routes(routes!(landing::document))
        .routes(routes!(collection::list))
        .routes(routes!(collection::one))
        .routes(routes!(locations::list))
        .routes(routes!(locations::one))
        .routes(routes!(position::nearest))
        .routes(routes!(area::area))
        .routes(routes!(area::radius))
        // Where the standard looks for the landing page.
        .route("/edr/", get(landing::show))
}

/// The schemas of parameters, of which the macros keep none.
fn document() -> OpenApi {
    fn schema_of<T: ToSchema>() -> (String, RefOr<Schema>) {
        (T::name().into_owned(), T::schema())
    }
    let mut components = Components::new();
    components.schemas.extend([
        schema_of::<Interval>(),
        schema_of::<Bbox>(),
        schema_of::<Point>(),
        schema_of::<Points>(),
        schema_of::<Area>(),
        schema_of::<Within>(),
        schema_of::<Units>(),
        schema_of::<Crs>(),
        schema_of::<ParameterName>(),
    ]);
    OpenApiBuilder::new().components(Some(components)).build()
}
