//! `latest`: the newest observation of each site and source, and where the site stood then.

use std::sync::Arc;

use arrow_array::RecordBatch;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::schema::LatestObservations;
use crate::domain::source_time;
use crate::domain::tables::WEATHER_OBSERVATIONS;
use crate::serve::answer::form::{Form, PointsForm};
use crate::serve::answer::parameters::{OfSite, Queries};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::rows::{Latest, LatestObservation, Observation, Writer};
use crate::serve::answer::selection::{Listed, Selection};
use crate::serve::answer::values::Fields;
use crate::store::{Rows, SiteRow, StoreError};

/// Up to so many sites are asked for one by one; of more, the newest of all are read.
const FEW_SITES: usize = 200;

/// Which columns of a row.
type LatestFields = Fields<Latest>;

/// What the newest observations can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LatestQuery {
    /// Only these columns, by commas, beside site_id, source and observation_time.
    #[serde(default)]
    #[param(inline, style = Form, explode = false)]
    fields: LatestFields,
}

/// Lists the newest observation of each site and source, or of the sites that are selected.
///
/// With the site's name and place, so that a map needs nothing else; with `format=geojson` as a FeatureCollection
/// (application/geo+json). Sites that have left the sites file are
/// left out, and observations whose time is more than 15 minutes ahead.
#[utoipa::path(
    get, path = "/api/v1/latest", tag = "observations", operation_id = "listLatest",
    params(Selection, LatestQuery, PointsForm),
    responses(
        (status = 200, description = "The observations.", content(
            (LatestObservations = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn all(
    Queries((selection, query, form)): Queries<(Selection, LatestQuery, PointsForm)>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let (chosen, now) = (form.choose(&headers)?, reader.now());
    let (parameters, until) = ((&selection, &query, &form), Until::Hour(now));
    let endpoint = EndpointQuery::new(&answering, "latest", &parameters, chosen, until).await?;
    let make = async {
        let sites = selection.sites(&reader, Listed::InFile).await?;
        write(newest(&reader, &sites, now).await?, &sites, chosen, &query.fields)
    };
    endpoint.named(chosen.file_name(&["latest"])).answer(&headers, make).await
}

/// Lists the newest observation of each source of a site, and where it stood then.
///
/// Also of a site that has left the sites file. Observations whose time is more than 15 minutes ahead are left out.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/latest", tag = "observations", operation_id = "listLatestOfSite",
    params(OfSite, LatestQuery, PointsForm),
    responses(
        (status = 200, description = "The observations.", content(
            (LatestObservations = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn of_site(
    site: OfSite,
    Queries((query, form)): Queries<(LatestQuery, PointsForm)>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let (chosen, now) = (form.choose(&headers)?, reader.now());
    let (parameters, until) = ((&site, &query, &form), Until::Hour(now));
    let endpoint =
        EndpointQuery::new(&answering, "latest-of-site", &parameters, chosen, until).await?;
    let make = async {
        let sites = [reader.site(site.id()).await?];
        write(newest(&reader, &sites, now).await?, &sites, chosen, &query.fields)
    };
    let file_name = chosen.file_name(&["latest", site.id().as_str()]);
    endpoint.named(file_name).answer(&headers, make).await
}

/// The newest observations of these sites, and perhaps of others.
async fn newest(
    reader: &Reader,
    sites: &[SiteRow],
    now: DateTime<Utc>,
) -> Result<Vec<Observation>, StoreError> {
    let until = source_time::last_believed(now);
    let is_apart = |site: &&SiteRow| sites.len() <= FEW_SITES || site.deactivated_at.is_some();
    let apart = sites.iter().filter(is_apart).map(|site| Some(site.site_id.clone()));
    // Those in the sites file are read at once.
    let together = (sites.len() > FEW_SITES).then_some(None);
    let mut batches: Vec<RecordBatch> = Vec::new();
    for site_id in apart.chain(together) {
        let rows = Rows::Latest { site_id, until };
        let mut read = reader.store.read_rows(&WEATHER_OBSERVATIONS, &rows);
        while let Some(batch) = read.try_next().await? {
            batches.push(batch);
        }
    }
    let mut all: Vec<_> = batches.into_iter().flat_map(Observation::all).collect();
    let key = |one: &Observation| (one.text("site_id").to_owned(), one.text("source").to_owned());
    all.sort_by_cached_key(key);
    Ok(all)
}

/// As many as there are sites and sources, and so held whole. The sites come by id.
fn write(
    observations: Vec<Observation>,
    sites: &[SiteRow],
    form: Form,
    fields: &Fields<Latest>,
) -> Result<Content, Problem> {
    let written = || {
        let mut writer = Writer::begin(form, "observations", fields)?;
        for observation in observations {
            let id = observation.text("site_id");
            let Ok(index) = sites.binary_search_by(|site| site.site_id.as_str().cmp(id)) else {
                continue;
            };
            let row = LatestObservation::of(observation, &sites[index]);
            writer.row(&row.map_err(std::io::Error::other)?)?;
        }
        writer.end()?;
        Ok::<_, std::io::Error>(writer.take())
    };
    written().map(Content::Whole).map_err(|error| Problem::unwritable(&error))
}
