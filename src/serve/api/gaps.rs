//! `gaps`: which slots are missing, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::sites::whole;
use crate::domain::{Days, Life, SiteId};
use crate::serve::App;
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{Parameters, unknown_site, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Content, Question};
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::views::gaps::{self, GapRow, Selection};

/// The most days that are answered for, of one site and of all.
const MAX_DAYS_OF_SITE: i64 = 366;
const MAX_DAYS: i64 = 31;

/// Ranges that are listed if no other number is asked for, and at most.
const DEFAULT_LIMIT: usize = 200;
const MAX_LIMIT: usize = 1000;

const KNOWN: [&str; 5] = ["site", "source", "from", "to", "limit"];

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

/// Lists the slots that are missing, as ranges, each with its reason.
#[utoipa::path(
    get, path = "/api/v1/gaps", tag = "gaps", operation_id = "listGaps",
    params(
        ("site" = Option<String>, Query, description = "Only this site.", pattern = "^[a-z0-9][a-z0-9_-]{0,63}$"),
        ("source" = Option<String>, Query, description = "Only of this source, whether it was ever asked or not.", pattern = "^[a-z0-9_-]{1,32}$"),
        ("from" = Option<NaiveDate>, Query, description = "The first day (UTC); 30 days before `to` if it is missing."),
        ("to" = Option<NaiveDate>, Query, description = "The last day (UTC), at most 31 days in all, 366 if a site is named; if it is missing, as many days as there may be, up to today."),
        ("limit" = Option<u32>, Query, description = "So many ranges at most; 200 if it is missing.", minimum = 1, maximum = 1000),
    ),
    responses((status = 200, description = "The gaps.", body = Gaps), (status = 304, description = "The client has it."), RefusalsOfOne)
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(uri.query(), &KNOWN)?;
    let format = Format::negotiate(&headers, Format::OBJECT)?;
    let site_id = parameters.site("site")?;
    let source = parameters.source("source")?;
    let limit = parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let now = app.clock.now();
    let days = days(&parameters, site_id.is_some(), now)?;
    let text = question(site_id.as_ref(), source, days, limit);
    let question = Question::ask_at(&app, text, format, now).await?;
    let selection = Selection { source, days, now };
    question.answer(&app, &headers, make(&app, site_id.as_ref(), selection, limit)).await
}

fn question(site_id: Option<&SiteId>, source: Option<&str>, days: Days, limit: usize) -> String {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let parts: [(&str, &dyn std::fmt::Display); 5] = [
        ("site", &site_id.map(SiteId::as_str).unwrap_or_default()),
        ("source", &source.unwrap_or_default()),
        ("from", &day(days.from)),
        ("to", &day(days.to)),
        ("limit", &limit),
    ];
    written("gaps", &parts)
}

async fn make(
    app: &App,
    site_id: Option<&SiteId>,
    selection: Selection<'_>,
    limit: usize,
) -> Result<Content, Problem> {
    let mut lives = app.store.list_lives().await?;
    lives.retain(|life: &Life| site_id.is_none_or(|site_id| *site_id == life.site_id));
    if site_id.is_some() && lives.is_empty() {
        return Err(unknown_site());
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
    let summary = gaps::list(&*app.store, &lives, selection, each).await.map_err(failed)?;
    whole(&Gaps {
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

fn days(parameters: &Parameters, is_one: bool, now: DateTime<Utc>) -> Result<Days, Problem> {
    let most = if is_one { MAX_DAYS_OF_SITE } else { MAX_DAYS };
    let longest = TimeDelta::days(most - 1);
    let (from, to, today) = (parameters.day("from")?, parameters.day("to")?, now.date_naive());
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
    Ok(Days { from: Some(from.max(first)), to: Some(to.max(first)) })
}
