//! `/api/v1` and `/edr`: what can be asked, each question in a file of its own.
//!
//! A path is served only if it is documented: routes and the OpenAPI document are made of the same
//! list.

use std::sync::Arc;

use utoipa::ToSchema;
use utoipa::openapi::path::ParameterStyle;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, Schema, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::answer::problem::Problem;

mod cursor;
mod daily;
pub(super) mod documentation;
pub(super) mod events;
mod gaps;
mod hourly;
mod latest;
mod observations;
mod runs;
pub(super) mod schema;
mod series;
pub(super) mod sites;
mod status;

use schema::{Field, Moment};

/// The parameters that are lists, and the schema of their items.
const LISTS: [(&str, &str); 3] = [
    ("fields", "Field"),
    ("parameter-name", "ParameterName"),
    ("parameter_names", "ParameterName"),
];

/// The routes, and the document that describes them.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    let mut routes = listed();
    for path in routes.get_openapi_mut().paths.paths.values_mut() {
        let parameters = path.get.iter_mut().flat_map(|get| &mut get.parameters).flatten();
        for parameter in parameters {
            // A list is one value with commas here, not a value for each.
            if let RefOr::T(list) = parameter
                && let Some((_, item)) = LISTS.iter().find(|(name, _)| *name == list.name)
            {
                list.style = Some(ParameterStyle::Form);
                list.explode = Some(false);
                list.schema = Some(items(item).into());
            }
        }
    }
    routes
}

fn listed() -> OpenApiRouter<Arc<App>> {
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
        .merge(super::edr::routes())
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
    components.schemas.extend(super::edr::of_parameters());
    components.add_security_scheme("token", SecurityScheme::Http(scheme));
    utoipa::openapi::OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>("token", [])]))
        .build()
}

/// One item at least: none is no list.
fn items(schema: &str) -> Schema {
    let item = Ref::from_schema_name(schema);
    ArrayBuilder::new().items(item).min_items(Some(1)).build().into()
}

fn schema_of<T: ToSchema>() -> (String, RefOr<Schema>) {
    (T::name().into_owned(), T::schema())
}
