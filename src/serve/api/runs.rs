//! `runs`: the audit trail.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::HeaderMap;
use axum::http::request::Parts as Head;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::serve::answer::form::RowsForm;
use crate::serve::answer::format::Format;
use crate::serve::answer::pages::{self, Paging, Parts, Written};
use crate::serve::answer::parameters::{Nothing, Queries, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::{Refusals, RefusalsOfOne};
use crate::serve::answer::rows::rows;
use crate::serve::answer::values::{Fields, Limit, RunNumber};
use crate::store::{RunRow, StoreError};

/// Runs that are listed if no other number is asked for, and at most.
const DEFAULT_LIMIT: RunLimit = Limit::of(20);
type RunLimit = Limit<1000>;

rows! {
    /// An execution of the collecting job.
    #[derive(Serialize, ToSchema)]
    pub(super) struct Run {
        /// Its number; runs are numbered in the order of their commits.
        run_seq: i64,
        /// Its id (UUIDv7).
        run_id: String,
        /// The job: etl (collects), heal (fills from history) or migration.
        #[schema(examples("etl"))]
        kind: String,
        /// Whose slots it fills; null: of no source in particular.
        #[schema(required = true, examples("openweathermap"))]
        source: Option<String>,
        /// Its part of the sites, as index/count.
        shard: String,
        /// open, closed, or abandoned: it fell silent and was set aside.
        #[schema(examples("closed"))]
        status: String,
        /// succeeded, partial, failed or interrupted; null: it has not ended.
        #[schema(required = true)]
        outcome: Option<String>,
        /// When it started.
        started_at: DateTime<Utc>,
        /// When it last showed that it was alive.
        heartbeat_at: DateTime<Utc>,
        /// When it ended or was set aside.
        #[schema(required = true)]
        finished_at: Option<DateTime<Utc>>,
        /// How many sites were its to collect.
        sites: i64,
        /// How many slots it collected.
        collected: i64,
        /// How many slots failed.
        failed: i64,
        /// How many slots needed no call.
        skipped: i64,
        /// How many observations it wrote.
        rows_loaded: i64,
        /// How many calls it made, retries included.
        calls: i64,
        /// How many of the calls were retries.
        retries: i64,
        /// Mean latency of a slot, milliseconds.
        #[schema(required = true)]
        latency_mean_ms: Option<i64>,
        /// 95th percentile of the latency, milliseconds.
        #[schema(required = true)]
        latency_p95_ms: Option<i64>,
        /// Longest latency, milliseconds.
        #[schema(required = true)]
        latency_max_ms: Option<i64>,
        /// How many slots failed of each kind.
        errors_by_kind: BTreeMap<String, u64>,
        /// Why it stopped short, in a word: account_blocked, key_refused, budget_spent, not_subscribed,
        /// source_fails, store, vault, interrupted or set_aside; null: it did not.
        #[schema(required = true, examples("account_blocked"))]
        stop_kind: Option<String>,
        /// The same in a sentence.
        #[schema(required = true)]
        error_message: Option<String>,
        /// Version of the program.
        program_version: String,
    }
}

/// Host, execution and task stay inside: a caller that asks for the weather has no use for them.
impl From<RunRow> for Run {
    fn from(row: RunRow) -> Self {
        let errors = row.errors_by_kind.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self {
            run_seq: row.run_seq,
            run_id: row.run_id,
            kind: row.kind,
            source: row.source,
            shard: row.shard,
            status: row.status,
            outcome: row.outcome,
            started_at: row.started_at,
            heartbeat_at: row.heartbeat_at,
            finished_at: row.finished_at,
            sites: row.sites,
            collected: row.collected,
            failed: row.failed,
            skipped: row.skipped,
            rows_loaded: row.rows_loaded,
            calls: row.calls,
            retries: row.retries,
            latency_mean_ms: row.latency_mean_ms,
            latency_p95_ms: row.latency_p95_ms,
            latency_max_ms: row.latency_max_ms,
            errors_by_kind: errors.unwrap_or_default(),
            stop_kind: row.stop_kind,
            error_message: row.error_message,
            program_version: row.program_version,
        }
    }
}

/// A page of runs.
#[derive(Serialize, ToSchema)]
pub(super) struct Runs {
    /// The newest first.
    runs: Vec<Run>,
    /// `before` of the next page; null: this is the last.
    #[schema(required = true)]
    next_before: Option<i64>,
}

/// What the runs can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RunsQuery {
    /// Only runs with a number below this one.
    #[param(inline)]
    before: Option<RunNumber>,
    /// So many at most; JSON has 20 a page if it is missing.
    #[param(inline)]
    limit: Option<RunLimit>,
}

/// Lists the runs, the newest first.
///
/// Each start of a job is a run: when it was, how it ended, and what it counted. JSON comes in pages; lines of JSON, comma-separated values and Parquet come whole, unless `limit` says how
/// many.
#[utoipa::path(
    get, path = "/api/v1/runs", tag = "runs", operation_id = "listRuns",
    params(RunsQuery, RowsForm),
    responses(
        (status = 200, description = "The runs.", content(
            (Runs = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        Refusals,
    )
)]
pub(super) async fn list(
    Queries((mut query, form)): Queries<(RunsQuery, RowsForm)>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let chosen = form.choose(&headers)?;
    if chosen.format == Format::Json {
        query.limit.get_or_insert(DEFAULT_LIMIT);
    }
    let before = query.before.map_or(i64::MAX, RunNumber::get);
    let limit = query.limit.map(RunLimit::get);
    let parameters = (&query, &form);
    let query = EndpointQuery::new(&answering, "runs", &parameters, chosen, Until::Run).await?;
    let query = query.named(chosen.file_name(&["runs"]));
    if let (Format::Json, Some(limit)) = (chosen.format, limit) {
        return query.answer(&headers, page(&reader, before, limit)).await;
    }
    let make = async {
        let runs = AllRuns { reader: reader.clone(), before: Some(before) };
        let paging = Paging { limit, cursor: |run: &Run| run.run_seq.to_string() };
        let written = Written::new(runs, chosen, &Fields::default(), Some(paging))?;
        pages::content(&answering.memory, written, None).await
    };
    query.answer(&headers, make).await
}

/// One more is read than is shown, to know whether there are more.
async fn page(reader: &Reader, before: i64, limit: u32) -> Result<Content, Problem> {
    let mut rows = reader.store.list_runs_before(before, limit + 1).await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_before = rows.last().map(|run| run.run_seq).filter(|_| has_more);
    Content::json(&Runs { runs: rows.into_iter().map(Run::from).collect(), next_before })
}

/// Runs of a part.
const PART: u32 = 200;

/// Every run before another, the newest first; `None`: the first was there.
struct AllRuns {
    reader: Reader,
    before: Option<i64>,
}

impl Parts for AllRuns {
    type Row = Run;

    const LIST: &str = "runs";

    async fn part(&mut self) -> Result<Option<Vec<Run>>, StoreError> {
        let Some(before) = self.before else { return Ok(None) };
        let rows = self.reader.store.list_runs_before(before, PART).await?;
        let is_last = rows.len() < PART as usize;
        self.before = rows.last().map(|run| run.run_seq).filter(|_| !is_last);
        Ok(Some(rows.into_iter().map(Run::from).collect()))
    }
}

/// The run that a path names.
#[derive(Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfRun {
    /// Its number or its id.
    #[param(value_type = String, example = "42")]
    id: Id,
}

impl<S: Send + Sync> FromRequestParts<S> for OfRun {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Head, state: &S) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(of_run)| of_run).map_err(|_| unknown())
    }
}

/// Shows a run.
///
/// By its number or its id, with all that it counted.
#[utoipa::path(
    get, path = "/api/v1/runs/{id}", tag = "runs", operation_id = "showRun",
    params(OfRun),
    responses((status = 200, description = "The run.", body = Run), (status = 304, description = "The client has it."), RefusalsOfOne)
)]
pub(super) async fn one(
    of: OfRun,
    Query(query): Query<Nothing>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(&headers, Format::OBJECT)?;
    let parameters = (&of, query);
    let query = EndpointQuery::new(&answering, "run", &parameters, format, Until::Run).await?;
    let make = async {
        let run = reader.store.find_run(&of.id.text()).await?.filter(|run| of.id.is_of(run));
        Content::json(&Run::from(run.ok_or_else(unknown)?))
    };
    query.answer(&headers, make).await
}

fn unknown() -> Problem {
    Problem::unknown("run", "id", "the number or the whole id of a run in /api/v1/runs")
}

/// What a run is known by. The store also finds one by the beginning of its id, which another run may
/// share tomorrow.
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
enum Id {
    Number(i64),
    Name(uuid::Uuid),
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.text()
    }
}

impl TryFrom<String> for Id {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text).ok_or("is no id of a run")
    }
}

impl Id {
    fn parse(text: &str) -> Option<Self> {
        let number = text.parse().ok().filter(|number| *number > 0).map(Self::Number);
        let id = number.or_else(|| uuid::Uuid::try_parse(text).ok().map(Self::Name));
        // One run has one path for its number and one for its id.
        id.filter(|id| id.text() == text)
    }

    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Name(name) => name.hyphenated().to_string(),
        }
    }

    fn is_of(&self, run: &RunRow) -> bool {
        match self {
            Self::Number(number) => run.run_seq == *number,
            Self::Name(_) => run.run_id == self.text(),
        }
    }
}
