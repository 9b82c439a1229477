//! `gaps`: which slots are missing, and why.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::{Days, Life};
use crate::serve::answer::form::RowsForm;
use crate::serve::answer::format::Format;
use crate::serve::answer::pages::{self, Paging, Parts, Written};
use crate::serve::answer::parameters::Queries;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::rows::rows;
use crate::serve::answer::selection::{Listed, Selection};
use crate::serve::answer::values::{Day, Fields, Limit, Source};
use crate::store::{SiteRow, StoreError};
use crate::views::gaps::{self, GapRow};

/// The most days that are answered for, of one site and of all.
const MAX_DAYS_OF_SITE: i64 = 366;
const MAX_DAYS: i64 = 31;

/// Ranges that are listed if no other number is asked for, and at most.
const DEFAULT_LIMIT: GapLimit = Limit::of(200);
type GapLimit = Limit<1000>;

rows! {
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
    /// Only of this source, whether it was ever asked or not.
    #[param(inline)]
    source: Option<Source>,
    /// The first day (UTC); 30 days before `to` if it is missing.
    #[param(inline)]
    from: Option<Day>,
    /// The last day (UTC), at most 31 days in all, 366 if one site is named; if it is missing, as many days as
    /// there may be, up to today.
    #[param(inline)]
    to: Option<Day>,
    /// So many ranges at most; JSON has 200 if it is missing.
    #[param(inline)]
    limit: Option<GapLimit>,
}

/// Lists the slots that are missing, as ranges, each with its reason.
///
/// Of every site that is expected to be observed, and every source that was ever asked for it. With how many slots are missing
/// in all, and why. Lines of JSON, comma-separated values and Parquet have every range, unless `limit` says how many, and no
/// summary.
#[utoipa::path(
    get, path = "/api/v1/gaps", tag = "gaps", operation_id = "listGaps",
    params(Selection, GapsQuery, RowsForm),
    responses(
        (status = 200, description = "The gaps.", content(
            (Gaps = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn list(
    Queries((selection, mut query, form)): Queries<(Selection, GapsQuery, RowsForm)>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let (chosen, now) = (form.choose(&headers)?, reader.now());
    let days = query.fill_days(selection.only_site().is_some(), now)?;
    if chosen.format == Format::Json {
        query.limit.get_or_insert(DEFAULT_LIMIT);
    }
    let (parameters, until) = ((&selection, &query, &form), Until::Minute(now));
    let endpoint = EndpointQuery::new(&answering, "gaps", &parameters, chosen, until).await?;
    let endpoint = endpoint.named(chosen.file_name(&names(days).each_ref().map(String::as_str)));
    let limit = query.limit.map(Limit::get);
    let make = async {
        let lives = lives(&reader, &selection).await?;
        let asked = Asked { source: query.source, days, now };
        if let (Format::Json, Some(limit)) = (chosen.format, limit) {
            return whole(&reader, &lives, &asked, limit as usize).await;
        }
        let reserved = answering.memory.bulk().await?;
        let gaps = GapsOfSites { reader: reader.clone(), lives: lives.into(), asked };
        let paging = Paging { limit, cursor: |_: &Gap| String::new() };
        let written = Written::new(gaps, chosen, &Fields::default(), Some(paging))?;
        pages::content(&answering.memory, written, Some(reserved)).await
    };
    endpoint.answer(&headers, make).await
}

/// What the name of a file says.
fn names(days: Days) -> [String; 3] {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    ["gaps".into(), day(days.from), day(days.to)]
}

/// What decides which slots of the sites that are meant are expected, by id.
async fn lives(reader: &Reader, selection: &Selection) -> Result<Vec<Life>, Problem> {
    let sites = selection.sites(reader, Listed::All).await?;
    Ok(sites.iter().map(SiteRow::life).collect::<Result<_, _>>()?)
}

/// What is asked of each site.
struct Asked {
    source: Option<Source>,
    days: Days,
    now: DateTime<Utc>,
}

impl Asked {
    fn selection(&self) -> gaps::Selection<'_> {
        let source = self.source.as_ref().map(Source::as_str);
        gaps::Selection { source, days: self.days, now: self.now }
    }
}

async fn whole(
    reader: &Reader,
    lives: &[Life],
    asked: &Asked,
    limit: usize,
) -> Result<Content, Problem> {
    let (mut listed, mut more) = (Vec::new(), 0);
    let each = |gap| {
        if listed.len() < limit {
            listed.push(Gap::from(GapRow::from(gap)));
        } else {
            more += 1;
        }
        Ok::<_, StoreError>(())
    };
    let summary = gaps::list(&reader.store, lives, asked.selection(), each).await?;
    Content::json(&Gaps {
        slots: summary.slots,
        sites: summary.sites,
        oldest: summary.oldest,
        slots_by_reason: summary.by_reason,
        gaps: listed,
        more,
    })
}

/// Sites of a part.
const PART: usize = 20;

/// The gaps of several sites, some sites at a time.
struct GapsOfSites {
    reader: Reader,
    /// Those that are left.
    lives: VecDeque<Life>,
    asked: Asked,
}

impl Parts for GapsOfSites {
    type Row = Gap;

    const LIST: &str = "gaps";

    async fn part(&mut self) -> Result<Option<Vec<Gap>>, StoreError> {
        let lives: Vec<_> = self.lives.drain(..PART.min(self.lives.len())).collect();
        if lives.is_empty() {
            return Ok(None);
        }
        let mut rows = Vec::new();
        let each = |gap| {
            rows.push(Gap::from(GapRow::from(gap)));
            Ok::<_, StoreError>(())
        };
        gaps::list(&self.reader.store, &lives, self.asked.selection(), each).await?;
        Ok(Some(rows))
    }
}

impl GapsQuery {
    /// Fills the first and the last day, and gives them.
    fn fill_days(&mut self, is_of_one: bool, now: DateTime<Utc>) -> Result<Days, Problem> {
        let most = if is_of_one { MAX_DAYS_OF_SITE } else { MAX_DAYS };
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
