//! `sites`: the places that are observed.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::SiteId;
use crate::serve::App;
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{Parameters, unknown_site, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Content, Question};
use crate::serve::answer::refusals::{Refusals, RefusalsOfOne};
use crate::store::{SiteRow, StoreError};

/// A place that is observed.
#[derive(Serialize, ToSchema)]
pub(super) struct Site {
    /// Its id.
    #[schema(examples("mad-retiro"))]
    site_id: String,
    /// Its name for people.
    name: String,
    /// Degrees north, -90 to 90.
    latitude: f64,
    /// Degrees east, -180 to 180.
    longitude: f64,
    /// IANA time zone, by which its local days go.
    #[schema(examples("Europe/Madrid"))]
    timezone: String,
    /// Country, two letters of ISO 3166-1.
    #[schema(required = true)]
    country: Option<String>,
    /// Height above mean sea level, metres.
    #[schema(required = true)]
    elevation_m: Option<f64>,
    /// How often it is observed, minutes.
    #[schema(examples(60))]
    interval_minutes: i64,
    /// First local day on which it is observed; null: always.
    #[schema(required = true)]
    active_from: Option<NaiveDate>,
    /// Last local day on which it is observed; null: for ever.
    #[schema(required = true)]
    active_until: Option<NaiveDate>,
    /// Its tags.
    tags: Vec<String>,
    /// Whether it is in the sites file; one that has left it is observed no more.
    in_file: bool,
}

impl TryFrom<SiteRow> for Site {
    type Error = StoreError;

    fn try_from(row: SiteRow) -> Result<Self, StoreError> {
        Ok(Self {
            tags: row.tags()?,
            in_file: row.deactivated_at.is_none(),
            site_id: row.site_id,
            name: row.name,
            latitude: row.latitude,
            longitude: row.longitude,
            timezone: row.timezone,
            country: row.country,
            elevation_m: row.elevation_m,
            interval_minutes: row.interval_minutes,
            active_from: row.active_from,
            active_until: row.active_until,
        })
    }
}

/// The places that are observed.
#[derive(Serialize, ToSchema)]
pub(super) struct Sites {
    /// By id; those that have left the sites file too.
    sites: Vec<Site>,
}

/// Lists the sites.
#[utoipa::path(
    get, path = "/api/v1/sites", tag = "sites", operation_id = "listSites",
    responses((status = 200, description = "The sites.", body = Sites), (status = 304, description = "The client has it."), Refusals)
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Parameters::none(uri.query())?;
    let format = Format::negotiate(&headers, Format::OBJECT)?;
    let question = Question::ask(&app, written("sites", &[]), format).await?;
    let make = async {
        let rows = app.store.list_sites().await?;
        let sites = rows.into_iter().map(Site::try_from).collect::<Result<_, _>>()?;
        whole(&Sites { sites })
    };
    question.answer(&app, &headers, make).await
}

/// Shows a site.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}", tag = "sites", operation_id = "showSite",
    params(("site_id" = String, Path, description = "The site.", pattern = "^[a-z0-9][a-z0-9_-]{0,63}$", example = "mad-retiro")),
    responses((status = 200, description = "The site.", body = Site), (status = 304, description = "The client has it."), RefusalsOfOne)
)]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site_id = site_id(path)?;
    Parameters::none(uri.query())?;
    let format = Format::negotiate(&headers, Format::OBJECT)?;
    let text = written("site", &[("site", &site_id)]);
    let question = Question::ask(&app, text, format).await?;
    let make = async { whole(&Site::try_from(find(&app, &site_id).await?)?) };
    question.answer(&app, &headers, make).await
}

/// The site that a path names. What is no id is one that no site has.
pub(crate) fn site_id(path: Result<Path<String>, PathRejection>) -> Result<SiteId, Problem> {
    path.ok().and_then(|Path(text)| SiteId::parse(&text)).ok_or_else(unknown_site)
}

/// The site of this id.
pub(crate) async fn find(app: &App, site_id: &SiteId) -> Result<SiteRow, Problem> {
    app.store.find_site(site_id.as_str()).await?.ok_or_else(unknown_site)
}

/// All of an answer, as JSON.
pub(crate) fn whole(answer: &impl Serialize) -> Result<Content, Problem> {
    Ok(Content::Whole(json(answer)?))
}

/// As JSON.
pub(super) fn json(answer: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(answer).map_err(|error| {
        tracing::error!(error_kind = "answer", "an answer cannot be written: {error}");
        Problem::of(axum::http::StatusCode::INTERNAL_SERVER_ERROR)
    })
}
