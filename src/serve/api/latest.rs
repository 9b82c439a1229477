//! `latest`: the newest observation of each site and source.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::schema::Observations;
use crate::columnar::Row;
use crate::domain::tables::WEATHER_OBSERVATIONS as OBSERVATIONS;
use crate::domain::{SiteId, source_time};
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{OfSite, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::rows::{Observation, Writer};
use crate::serve::answer::values::{Fields, Site};
use crate::store::Rows;

/// What the newest observations can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LatestQuery {
    /// Only this site.
    #[param(inline)]
    site: Option<Site>,
    /// Only these columns, by commas, beside site_id, source and observation_time.
    #[serde(default)]
    #[param(inline, style = Form, explode = false)]
    fields: Fields,
}

/// Lists the newest observation of each site and source.
///
/// Sites that have left the sites file are left out, and observations whose time is more than 15 minutes
/// ahead.
#[utoipa::path(
    get, path = "/api/v1/latest", tag = "observations", operation_id = "listLatest",
    params(LatestQuery),
    responses(
        (status = 200, description = "The observations.", content(
            (Observations = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn all(
    Query(query): Query<LatestQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(&headers, Format::ROWS)?;
    let (now, site_id) = (reader.now(), query.site.as_ref().map(|site| &site.0));
    let until = Until::Hour(now);
    let endpoint = EndpointQuery::new(&answering, "latest", &query, format, until).await?;
    endpoint.answer(&headers, make(&reader, site_id, now, format, &query.fields)).await
}

/// What the newest observations of a site can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LatestOfSiteQuery {
    /// Only these columns, by commas, beside site_id, source and observation_time.
    #[serde(default)]
    #[param(inline, style = Form, explode = false)]
    fields: Fields,
}

/// Lists the newest observation of each source of a site.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/latest", tag = "observations", operation_id = "listLatestOfSite",
    params(OfSite, LatestOfSiteQuery),
    responses(
        (status = 200, description = "The observations.", content(
            (Observations = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn of_site(
    site: OfSite,
    Query(query): Query<LatestOfSiteQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(&headers, Format::ROWS)?;
    let (now, parameters) = (reader.now(), (&site, &query));
    let until = Until::Hour(now);
    let endpoint =
        EndpointQuery::new(&answering, "latest-of-site", &parameters, format, until).await?;
    endpoint.answer(&headers, make(&reader, Some(site.id()), now, format, &query.fields)).await
}

/// As many as there are sites and sources, and so held whole.
async fn make(
    reader: &Reader,
    site_id: Option<&SiteId>,
    now: DateTime<Utc>,
    format: Format,
    fields: &Fields,
) -> Result<Content, Problem> {
    if let Some(site_id) = site_id {
        reader.site(site_id).await?;
    }
    let mut writer = Writer::begin(format, "observations", fields.names());
    let until = source_time::last_believed(now);
    let rows = Rows::Latest { site_id: site_id.map(ToString::to_string), until };
    let mut batches = reader.store.read_rows(&OBSERVATIONS, &rows);
    while let Some(batch) = batches.try_next().await? {
        for row in Row::all(&OBSERVATIONS, &batch) {
            let written = writer.row(&Observation { row, fields });
            written.map_err(|error| Problem::unwritable(&error))?;
        }
    }
    writer.end();
    Ok(Content::Whole(writer.take()))
}
