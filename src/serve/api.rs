//! `/api/v1`: what can be asked, each endpoint in a file of its own.
//!
//! A path is served only if it is documented: routes and the OpenAPI document are made of the same
//! list.

use utoipa::ToSchema;
use utoipa::openapi::info::LicenseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, OpenApi, RefOr, Schema, SecurityRequirement, Tag};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::answer::problem::Problem;
use super::answer::values::Moment;

mod cursor;
mod daily;
pub(super) mod documentation;
pub(super) mod events;
mod gaps;
mod gauges;
mod hourly;
mod latest;
mod observations;
mod runs;
mod schema;
mod series;
mod sites;
pub(super) mod status;

/// The routes, and the document that describes them.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document())
        .routes(routes!(sites::list))
        .routes(routes!(sites::one))
        .routes(routes!(latest::all))
        .routes(routes!(latest::of_site))
        .routes(routes!(observations::all))
        .routes(routes!(hourly::all))
        .routes(routes!(daily::all))
        .routes(routes!(observations::list))
        .routes(routes!(hourly::list))
        .routes(routes!(daily::list))
        .routes(routes!(gaps::list))
        .routes(routes!(runs::list))
        .routes(routes!(runs::one))
        .routes(routes!(status::show))
        .routes(routes!(events::listen))
        .routes(routes!(gauges::show))
}

fn document() -> OpenApi {
    let info = utoipa::openapi::InfoBuilder::new()
        .title("weather")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The weather of a company's sites, as collected: read-only. Times are UTC; a name ends \
             with its unit; what a source did not say is null, never 0.",
        ))
        .license(Some(license()));
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of API_TOKENS_FILE, where the server has one."))
        .build();
    let mut components = Components::new();
    // Of parameters and shared refusals the macros keep no schema.
    components.schemas.extend([schema_of::<Problem>(), schema_of::<Moment>()]);
    components.add_security_scheme("token", SecurityScheme::Http(scheme));
    utoipa::openapi::OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .tags(Some(TAGS.map(tag)))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>("token", [])]))
        .build()
}

/// What the operations are about, in the order of the document.
const TAGS: [(&str, &str); 7] = [
    ("sites", "The places that are observed."),
    (
        "observations",
        "What was said of the sites: the newest, over a time, by hours and by local days.",
    ),
    ("gaps", "Which slots are missing, and why."),
    ("runs", "What each run of the jobs did, and messages when one has ended."),
    ("status", "Whether every site is fresh, and if not, why."),
    ("metrics", "The weather now, for Prometheus."),
    (
        "edr",
        "The same observations by OGC API - Environmental Data Retrieval 1.1, for clients of that standard.",
    ),
];

fn tag((name, description): (&str, &str)) -> Tag {
    TagBuilder::new().name(name).description(Some(description)).build()
}

/// The licence of the program, as Cargo.toml has it: OpenAPI 3.1 knows it by its SPDX name.
fn license() -> utoipa::openapi::License {
    let name = env!("CARGO_PKG_LICENSE");
    LicenseBuilder::new().name(name).identifier(Some(name)).build()
}

fn schema_of<T: ToSchema>() -> (String, RefOr<Schema>) {
    (T::name().into_owned(), T::schema())
}
