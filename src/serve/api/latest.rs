//! `latest`: the newest observation of each site and source.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;

use super::schema::{Field, Observations};
use super::sites;
use crate::domain::tables::WEATHER_OBSERVATIONS;
use crate::domain::{SiteId, source_time};
use crate::serve::App;
use crate::serve::answer::format::Format;
use crate::serve::answer::pages::unwritable;
use crate::serve::answer::parameters::{Parameters, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Content, Question};
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::rows::{Fields, Writer};
use crate::store::Rows;

/// Lists the newest observation of each site and source.
///
/// Sites that have left the sites file are left out, and observations whose time is more than 15 minutes
/// ahead.
#[utoipa::path(
    get, path = "/api/v1/latest", tag = "observations", operation_id = "listLatest",
    params(
        ("site" = Option<String>, Query, description = "Only this site.", pattern = "^[a-z0-9][a-z0-9_-]{0,63}$"),
        ("fields" = Option<Vec<Field>>, Query, description = "Only these columns, by commas, beside site_id, source and observation_time."),
    ),
    responses(
        (status = 200, description = "The observations.", content(
            (Observations = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn all(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(uri.query(), &["site", "fields"])?;
    answer(&app, &headers, parameters.site("site")?, &parameters).await
}

/// Lists the newest observation of each source of a site.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/latest", tag = "observations", operation_id = "listLatestOfSite",
    params(
        ("site_id" = String, Path, description = "The site.", pattern = "^[a-z0-9][a-z0-9_-]{0,63}$", example = "mad-retiro"),
        ("fields" = Option<Vec<Field>>, Query, description = "Only these columns, by commas, beside site_id, source and observation_time."),
    ),
    responses(
        (status = 200, description = "The observations.", content(
            (Observations = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn of_site(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site_id = sites::site_id(path)?;
    let parameters = Parameters::parse(uri.query(), &["fields"])?;
    answer(&app, &headers, Some(site_id), &parameters).await
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    site_id: Option<SiteId>,
    parameters: &Parameters,
) -> Result<Response, Problem> {
    let fields = Fields::parse(parameters.list("fields").as_deref())?;
    let format = Format::negotiate(headers, Format::ROWS)?;
    let site = site_id.as_ref().map(SiteId::as_str).unwrap_or_default();
    let text = written("latest", &[("site", &site), ("fields", &fields)]);
    let now = app.clock.now();
    let question = Question::ask_in_hour(app, text, format, now).await?;
    let make = make(app, site_id.as_ref(), now, Writer::begin(format, fields));
    question.answer(app, headers, make).await
}

/// As many as there are sites and sources, and so held whole.
async fn make(
    app: &App,
    site_id: Option<&SiteId>,
    now: DateTime<Utc>,
    mut writer: Writer,
) -> Result<Content, Problem> {
    if let Some(site_id) = site_id {
        sites::find(app, site_id).await?;
    }
    let until = source_time::last_believed(now);
    let rows = Rows::Latest { site_id: site_id.map(ToString::to_string), until };
    let mut batches = app.store.read_rows(&WEATHER_OBSERVATIONS, &rows);
    while let Some(batch) = batches.try_next().await? {
        writer.rows(&batch).map_err(|error| unwritable(&error))?;
    }
    writer.end(None).map_err(|error| unwritable(&error))?;
    Ok(Content::Whole(writer.take()))
}
