//! `status`: is every site fresh, and if not, why?

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::runs::Run;
use crate::serve::answer::form::StatusForm;
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::Query;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::Refusals;
use crate::serve::answer::rows::{self, rows};
use crate::status;
use crate::views::freshness;

/// Runs that are shown.
const RUNS: u32 = 5;

rows! {
    /// How a site and source stands.
    #[derive(Serialize, ToSchema)]
    struct SiteStatus {
        /// The site.
        site_id: String,
        /// The source.
        source: String,
        /// The site's name.
        name: String,
        /// Whether its latest observation is at most two hours or two intervals old.
        fresh: bool,
        /// The source's time of the latest observation.
        #[schema(required = true)]
        last_observation_time: Option<DateTime<Utc>>,
        /// How old that is, seconds; 0 at least.
        #[schema(required = true)]
        age_s: Option<i64>,
        /// Slots tried in the last 24 hours.
        slots_tried_24h: i64,
        /// Slots collected in the last 24 hours.
        slots_collected_24h: i64,
        /// First failed slot since the latest collected one.
        #[schema(required = true)]
        failing_since: Option<DateTime<Utc>>,
        /// Kind of the latest failure, if the site is failing.
        #[schema(required = true)]
        error_kind: Option<String>,
        /// HTTP status of the latest failure, if there was one.
        #[schema(required = true)]
        http_status: Option<i64>,
        /// Message of the latest failure.
        #[schema(required = true)]
        error_message: Option<String>,
    }
}

impl From<freshness::SiteStatus> for SiteStatus {
    fn from(site: freshness::SiteStatus) -> Self {
        Self {
            site_id: site.site_id,
            source: site.source,
            name: site.name,
            fresh: site.fresh,
            last_observation_time: site.last_observation_time,
            age_s: site.age_s,
            slots_tried_24h: site.slots_tried_24h,
            slots_collected_24h: site.slots_collected_24h,
            failing_since: site.failing_since,
            error_kind: site.error_kind,
            http_status: site.http_status,
            error_message: site.error_message,
        }
    }
}

/// How the collecting stands.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    /// The one sentence that an operator reads first.
    #[schema(examples("19 of 20 sites fresh; lon-city: not_found (404) since 2026-11-25 14:00"))]
    headline: String,
    /// How many sites and sources of `sites` are fresh.
    fresh: usize,
    /// How many sites are fresh: of each of its sources.
    fresh_sites: usize,
    /// How many sites there are.
    total_sites: usize,
    /// Until when a source's account is blocked, if it is.
    #[schema(required = true)]
    paused_until: Option<DateTime<Utc>>,
    /// Every site of each source in use that is within its days.
    sites: Vec<SiteStatus>,
    /// The latest runs, the newest first.
    runs: Vec<Run>,
}

/// Shows whether every site is fresh, and if not, why.
///
/// Of this moment: a sentence for an operator, each site and source, and the latest runs. As comma-separated values it is the list of sites and sources.
#[utoipa::path(
    get, path = "/api/v1/status", tag = "status", operation_id = "showStatus",
    params(StatusForm),
    responses(
        (status = 200, description = "How the collecting stands at this moment.", content(
            (Status = "application/json"), (String = "text/csv"))),
        Refusals,
    )
)]
pub(super) async fn show(
    Query(form): Query<StatusForm>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let chosen = form.choose(&headers)?;
    let status = status::read(&reader.store, reader.sources, reader.now(), RUNS).await?;
    if chosen.format != Format::Json {
        let sites: Vec<_> = status.sites.into_iter().map(SiteStatus::from).collect();
        let (rows, file_name) =
            (rows::whole("sites", &sites, chosen)?, chosen.file_name(&["status"]));
        return answering.momentary(rows, chosen, file_name.as_deref());
    }
    let answer = answer(&status, status.sites.clone());
    answering.momentary(Content::json(&answer)?, chosen, None)
}

/// The answer as a document, also of the command line: the sentence and the counts are of the whole status,
/// `sites` what is shown of it.
pub fn document(status: &status::Status, sites: Vec<freshness::SiteStatus>) -> impl Serialize {
    answer(status, sites)
}

fn answer(status: &status::Status, sites: Vec<freshness::SiteStatus>) -> Status {
    let counts = status.counts();
    Status {
        headline: status.headline(None),
        fresh: counts.fresh_series,
        fresh_sites: counts.fresh_sites,
        total_sites: counts.sites,
        paused_until: status.paused_until,
        sites: sites.into_iter().map(SiteStatus::from).collect(),
        runs: status.runs.iter().cloned().map(Run::from).collect(),
    }
}
