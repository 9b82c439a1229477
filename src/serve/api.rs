//! `/api/v1`: what can be asked, each endpoint in a file of its own.
//!
//! A path is served only if it is documented: routes and the OpenAPI document are made of the same
//! list.

use utoipa::ToSchema;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, RefOr, Schema, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::answer::problem::Problem;
use super::answer::values::{Field, Moment};

mod cursor;
mod daily;
pub(super) mod documentation;
pub(super) mod events;
mod gaps;
mod hourly;
mod latest;
mod observations;
mod runs;
mod schema;
mod series;
mod sites;
mod status;

/// The routes, and the document that describes them.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document())
        .routes(routes!(sites::list))
        .routes(routes!(sites::one))
        .routes(routes!(latest::all))
        .routes(routes!(latest::of_site))
        .routes(routes!(observations::list))
        .routes(routes!(hourly::list))
        .routes(routes!(daily::list))
        .routes(routes!(gaps::list))
        .routes(routes!(runs::list))
        .routes(routes!(runs::one))
        .routes(routes!(status::show))
        .routes(routes!(events::listen))
}

fn document() -> OpenApi {
    let info = utoipa::openapi::InfoBuilder::new()
        .title("weather")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The weather of a company's sites, as collected: read-only. Times are UTC; a name ends \
             with its unit; what a source did not say is null, never 0.",
        ));
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of API_TOKENS_FILE, where the server has one."))
        .build();
    let mut components = Components::new();
    // Of parameters and shared refusals the macros keep no schema.
    components.schemas.extend([
        schema_of::<Problem>(),
        schema_of::<Field>(),
        schema_of::<Moment>(),
    ]);
    components.add_security_scheme("token", SecurityScheme::Http(scheme));
    utoipa::openapi::OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>("token", [])]))
        .build()
}

fn schema_of<T: ToSchema>() -> (String, RefOr<Schema>) {
    (T::name().into_owned(), T::schema())
}
