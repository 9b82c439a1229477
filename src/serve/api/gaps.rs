//! `gaps`: which slots are missing, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::{Days, Life, SiteId};
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::Query;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::values::{Day, Limit, Site, Source};
use crate::views::gaps::{self, GapRow, Selection};

/// The most days that are answered for, of one site and of all.
const MAX_DAYS_OF_SITE: i64 = 366;
const MAX_DAYS: i64 = 31;

/// Ranges that are listed if no other number is asked for, and at most.
const DEFAULT_LIMIT: GapLimit = Limit::of(200);
type GapLimit = Limit<1000>;

/// Missing slots that follow one another and are missing for the same reason.
#[derive(Serialize, ToSchema)]
struct Gap {
    /// The site.
    site_id: String,
    /// The source; null: none was ever asked.
    #[schema(required = true)]
    source: Option<String>,
    /// Start of the first missing slot.
    first_slot: DateTime<Utc>,
    /// Start of the last.
    last_slot: DateTime<Utc>,
    /// Their length.
    interval_minutes: u32,
    /// How many.
    slots: u64,
    /// Why they are missing.
    #[schema(examples("never_tried", "paused", "failed", "quarantined", "unfillable"))]
    reason: &'static str,
    /// What kind of error, if they failed.
    #[schema(required = true)]
    error_kind: Option<String>,
    /// What the ledger says of the last.
    #[schema(required = true)]
    error_message: Option<String>,
}

impl From<GapRow> for Gap {
    fn from(row: GapRow) -> Self {
        Self {
            site_id: row.site_id,
            source: row.source,
            first_slot: row.first_slot,
            last_slot: row.last_slot,
            interval_minutes: row.interval_minutes,
            slots: row.slots,
            reason: row.reason,
            error_kind: row.error_kind,
            error_message: row.error_message,
        }
    }
}

/// The slots that are missing.
#[derive(Serialize, ToSchema)]
pub(super) struct Gaps {
    /// Missing slots.
    slots: u64,
    /// Sites that have any.
    sites: u64,
    /// The first of them.
    #[schema(required = true)]
    oldest: Option<DateTime<Utc>>,
    /// Missing slots by reason; of failures by kind of error.
    slots_by_reason: BTreeMap<String, u64>,
    /// By site, source and time.
    gaps: Vec<Gap>,
    /// How many more gaps there are than `limit` lets be listed.
    more: usize,
}

/// What the gaps can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GapsQuery {
    /// Only this site.
    #[param(inline)]
    site: Option<Site>,
    /// Only of this source, whether it was ever asked or not.
    #[param(inline)]
    source: Option<Source>,
    /// The first day (UTC); 30 days before `to` if it is missing.
    #[param(inline)]
    from: Option<Day>,
    /// The last day (UTC), at most 31 days in all, 366 if a site is named; if it is missing, as many days as
    /// there may be, up to today.
    #[param(inline)]
    to: Option<Day>,
    /// So many ranges at most; 200 if it is missing.
    #[param(inline)]
    limit: Option<GapLimit>,
}

/// Lists the slots that are missing, as ranges, each with its reason.
#[utoipa::path(
    get, path = "/api/v1/gaps", tag = "gaps", operation_id = "listGaps",
    params(GapsQuery),
    responses((status = 200, description = "The gaps.", body = Gaps), (status = 304, description = "The client has it."), RefusalsOfOne)
)]
pub(super) async fn list(
    Query(mut query): Query<GapsQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(&headers, Format::OBJECT)?;
    let now = reader.now();
    let days = query.fill_days(now)?;
    let limit = query.limit.get_or_insert(DEFAULT_LIMIT).get() as usize;
    let until = Until::Minute(now);
    let endpoint = EndpointQuery::new(&answering, "gaps", &query, format, until).await?;
    let selection = Selection { source: query.source.as_ref().map(Source::as_str), days, now };
    let site_id = query.site.as_ref().map(|site| &site.0);
    endpoint.answer(&headers, make(&reader, site_id, selection, limit)).await
}

async fn make(
    reader: &Reader,
    site_id: Option<&SiteId>,
    selection: Selection<'_>,
    limit: usize,
) -> Result<Content, Problem> {
    let mut lives = reader.store.list_lives().await?;
    lives.retain(|life: &Life| site_id.is_none_or(|site_id| *site_id == life.site_id));
    if site_id.is_some() && lives.is_empty() {
        return Err(Problem::unknown_site());
    }
    let (mut listed, mut more) = (Vec::new(), 0);
    let each = |gap| {
        if listed.len() < limit {
            listed.push(Gap::from(GapRow::from(gap)));
        } else {
            more += 1;
        }
        Ok(())
    };
    let summary = gaps::list(&reader.store, &lives, selection, each).await.map_err(failed)?;
    Content::json(&Gaps {
        slots: summary.slots,
        sites: summary.sites,
        oldest: summary.oldest,
        slots_by_reason: summary.by_reason,
        gaps: listed,
        more,
    })
}

/// Nothing but the store can fail there.
fn failed(error: anyhow::Error) -> Problem {
    match error.downcast::<crate::store::StoreError>() {
        Ok(error) => error.into(),
        Err(error) => {
            tracing::error!("gaps cannot be listed: {error:#}");
            Problem::store_away()
        }
    }
}

impl GapsQuery {
    /// Fills the first and the last day, and gives them.
    fn fill_days(&mut self, now: DateTime<Utc>) -> Result<Days, Problem> {
        let most = if self.site.is_some() { MAX_DAYS_OF_SITE } else { MAX_DAYS };
        let longest = TimeDelta::days(most - 1);
        let (from, to) = (self.from.map(|day| day.0), self.to.map(|day| day.0));
        let today = now.date_naive();
        let to = to.unwrap_or_else(|| from.map_or(today, |from| today.clamp(from, from + longest)));
        let from = from.unwrap_or(to - TimeDelta::days(MAX_DAYS - 1));
        if to < from {
            return Err(Problem::parameter("to", "is before `from`", format!("{from} or later")));
        }
        if to - from > longest {
            let problem = format!("makes more than {most} days");
            return Err(Problem::parameter("to", problem, format!("{from} to {}", from + longest)));
        }
        // Nothing is expected before.
        let first = DateTime::UNIX_EPOCH.date_naive();
        let (from, to) = (from.max(first), to.max(first));
        (self.from, self.to) = (Some(Day(from)), Some(Day(to)));
        Ok(Days { from: Some(from), to: Some(to) })
    }
}
