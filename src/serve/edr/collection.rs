//! The one collection, `observations`: what is in it, and what can be asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::extent::Extent;
use super::links::{Base, Link, Variables, output_formats};
use super::{COLLECTION, CRS84, PAGES, form, position};
use crate::domain::tables::WEATHER_OBSERVATIONS;
use crate::domain::{QUANTITIES, Quantity};
use crate::serve::App;
use crate::serve::answer::parameters::{Parameters, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Question;
use crate::serve::answer::refusals::Refusals;
use crate::serve::api::sites::whole;

/// The collections.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrCollections)]
pub(super) struct Collections {
    /// Where to go on.
    links: Vec<Link>,
    /// There is one.
    collections: [Collection; 1],
}

/// The observations.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrCollection)]
pub(super) struct Collection {
    /// Its id.
    id: &'static str,
    /// What it is.
    title: &'static str,
    /// The same in sentences.
    description: &'static str,
    /// What it is about.
    keywords: [&'static str; 3],
    /// Where to go on.
    links: Vec<Link>,
    /// Where and when there are observations.
    extent: Extent,
    /// What can be asked, by query.
    data_queries: BTreeMap<&'static str, DataQuery>,
    /// Its coordinate reference systems.
    crs: [&'static str; 1],
    /// The forms that its data comes in.
    output_formats: Vec<&'static str>,
    /// Its quantities, by name.
    parameter_names: BTreeMap<&'static str, Parameter>,
}

/// A query.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrDataQuery)]
struct DataQuery {
    /// Where it is asked.
    link: Link,
}

/// A quantity.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrParameter)]
pub(super) struct Parameter {
    /// `Parameter`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its name.
    id: &'static str,
    /// Its name for people.
    label: &'static str,
    /// What it says, with unit and range.
    description: &'static str,
    /// `float` or `integer`.
    #[serde(rename = "data-type")]
    data_type: &'static str,
    /// The unit of its values.
    unit: Unit,
    /// What is observed.
    #[serde(rename = "observedProperty")]
    observed_property: ObservedProperty,
    /// Over how long, if it is a total.
    #[serde(rename = "measurementType", skip_serializing_if = "Option::is_none")]
    measurement_type: Option<MeasurementType>,
}

/// A unit of measure.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrUnit)]
struct Unit {
    /// Its name.
    label: &'static str,
    /// Its code.
    symbol: Symbol,
}

/// The code of a unit.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrSymbol)]
struct Symbol {
    /// The UCUM code.
    #[schema(examples("Cel", "hPa"))]
    value: &'static str,
    /// That it is one.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// What is observed.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrObservedProperty)]
struct ObservedProperty {
    /// The address of its CF standard name.
    id: String,
    /// The CF standard name.
    label: &'static str,
}

/// How a value is made of others.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrMeasurementType)]
struct MeasurementType {
    /// `sum`.
    method: &'static str,
    /// Over how long before the time (ISO 8601).
    #[schema(examples("-PT1H"))]
    duration: String,
}

/// Says that a unit's code is one of UCUM.
pub(super) const UCUM: &str = "http://www.opengis.net/def/uom/UCUM/";

impl From<&Quantity> for Parameter {
    fn from(quantity: &Quantity) -> Self {
        let hours = quantity.total_hours;
        Self {
            kind: "Parameter",
            id: quantity.name(),
            label: quantity.label,
            description: quantity.column().map_or("", |column| column.description),
            data_type: super::coverage::data_type(quantity),
            unit: Unit {
                label: quantity.unit.label,
                symbol: Symbol { value: quantity.unit.code, kind: UCUM },
            },
            observed_property: ObservedProperty {
                id: quantity.standard_name_uri(),
                label: quantity.standard_name,
            },
            measurement_type: hours
                .map(|hours| MeasurementType { method: "sum", duration: format!("-PT{hours}H") }),
        }
    }
}

/// Lists the collections; there is one.
#[utoipa::path(
    get, path = "/edr/collections", tag = "edr", operation_id = "listEdrCollections",
    params(("f" = Option<String>, Query, description = "The form; JSON if it is missing.", pattern = "^JSON$")),
    responses((status = 200, description = "The collections.", body = Collections), (status = 304, description = "The client has it."), Refusals)
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (question, base) = asked(&app, "edr-collections", &uri, &headers).await?;
    let make = async {
        let links = vec![base.link("/collections", "self", "application/json", "The collections")];
        whole(&Collections { links, collections: [read(&app, &base).await?] })
    };
    question.answer(&app, &headers, make).await
}

/// Shows the collection of observations: extent, quantities with their units, queries.
#[utoipa::path(
    get, path = "/edr/collections/observations", tag = "edr", operation_id = "showEdrCollection",
    params(("f" = Option<String>, Query, description = "The form; JSON if it is missing.", pattern = "^JSON$")),
    responses((status = 200, description = "The collection.", body = Collection), (status = 304, description = "The client has it."), Refusals)
)]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (question, base) = asked(&app, "edr-collection", &uri, &headers).await?;
    let make = async { whole(&read(&app, &base).await?) };
    question.answer(&app, &headers, make).await
}

async fn asked(
    app: &App,
    name: &str,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(Question, Base), Problem> {
    let parameters = Parameters::parse(uri.query(), &["f"])?;
    let format = form::asked(&parameters, headers, PAGES)?;
    let base = Base::of(headers, uri);
    let text = written(name, &[("base", &base)]);
    let question = Question::ask_in_hour(app, text, format, app.clock.now()).await?;
    Ok((question, base))
}

async fn read(app: &App, base: &Base) -> Result<Collection, Problem> {
    let parameters = QUANTITIES.iter().map(|quantity| (quantity.name(), quantity.into()));
    Ok(Collection {
        id: "observations",
        title: "Observations",
        description: WEATHER_OBSERVATIONS.description,
        keywords: ["weather", "observations", "time series"],
        links: links(base),
        extent: Extent::read(app, app.clock.now()).await?,
        data_queries: queries(base),
        crs: [CRS84],
        output_formats: output_formats(),
        parameter_names: parameters.collect(),
    })
}

fn links(base: &Base) -> Vec<Link> {
    let places = format!("{COLLECTION}/locations");
    vec![
        base.to(COLLECTION, "self", "application/json", "This collection"),
        base.to(&places, "data", "application/geo+json", "The sites"),
    ]
}

fn queries(base: &Base) -> BTreeMap<&'static str, DataQuery> {
    let query = |kind, path, media_type, title| {
        let link = base.to(&format!("{COLLECTION}/{path}"), "data", media_type, title);
        (kind, DataQuery { link: link.query(Variables::new(kind, title)) })
    };
    let covjson = "application/prs.coverage+json";
    BTreeMap::from([
        query("locations", "locations", "application/geo+json", "The sites; a site's time series"),
        query("position", "position?coords={coords}", covjson, position::TITLE),
    ])
}
