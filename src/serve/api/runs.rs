//! `runs`: the audit trail.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::sites::whole;
use crate::serve::App;
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{Parameters, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Content, Question};
use crate::serve::answer::refusals::{Refusals, RefusalsOfOne};
use crate::store::RunRow;

/// Runs that are listed if no other number is asked for, and at most.
const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 1000;

/// An execution of the collecting job.
#[derive(Serialize, ToSchema)]
pub(super) struct Run {
    /// Its number; runs are numbered in the order of their commits.
    run_seq: i64,
    /// Its id (UUIDv7).
    run_id: String,
    /// The job, such as etl.
    kind: String,
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
    /// Why it stopped short, if it did.
    #[schema(required = true)]
    error_message: Option<String>,
    /// Version of the program.
    program_version: String,
}

/// Host, execution and task stay inside: they are of no use to who asks for the weather.
impl From<RunRow> for Run {
    fn from(row: RunRow) -> Self {
        let errors = row.errors_by_kind.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self {
            run_seq: row.run_seq,
            run_id: row.run_id,
            kind: row.kind,
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

/// Lists the runs, the newest first.
#[utoipa::path(
    get, path = "/api/v1/runs", tag = "runs", operation_id = "listRuns",
    params(
        ("before" = Option<i64>, Query, description = "Only runs with a number below this one.", minimum = 1),
        ("limit" = Option<u32>, Query, description = "So many at most; 20 if it is missing.", minimum = 1, maximum = 1000),
    ),
    responses((status = 200, description = "The runs.", body = Runs), (status = 304, description = "The client has it."), Refusals)
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(uri.query(), &["before", "limit"])?;
    let format = Format::negotiate(&headers, Format::OBJECT)?;
    let before = parameters.number("before", 1..=i64::MAX)?.unwrap_or(i64::MAX);
    let limit = parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let text = written("runs", &[("before", &before), ("limit", &limit)]);
    let question = Question::ask(&app, text, format).await?;
    question.answer(&app, &headers, page(&app, before, limit)).await
}

/// One more is read than is shown, to know whether there are more.
async fn page(app: &App, before: i64, limit: u32) -> Result<Content, Problem> {
    let mut rows = app.store.list_runs_before(before, limit + 1).await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_before = rows.last().map(|run| run.run_seq).filter(|_| has_more);
    whole(&Runs { runs: rows.into_iter().map(Run::from).collect(), next_before })
}

/// Shows a run.
#[utoipa::path(
    get, path = "/api/v1/runs/{id}", tag = "runs", operation_id = "showRun",
    params(("id" = String, Path, description = "Its number or its id.", example = "42")),
    responses((status = 200, description = "The run.", body = Run), (status = 304, description = "The client has it."), RefusalsOfOne)
)]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = path.ok().and_then(|Path(id)| Id::parse(&id)).ok_or_else(unknown)?;
    Parameters::none(uri.query())?;
    let format = Format::negotiate(&headers, Format::OBJECT)?;
    let text = written("run", &[("id", &id.text())]);
    let question = Question::ask(&app, text, format).await?;
    let make = async {
        let run = app.store.find_run(&id.text()).await?.filter(|run| id.is_of(run));
        whole(&Run::from(run.ok_or_else(unknown)?))
    };
    question.answer(&app, &headers, make).await
}

fn unknown() -> Problem {
    Problem::unknown("run", "id", "the number or the whole id of a run in /api/v1/runs")
}

/// What a run is known by. The store also finds one by the beginning of its id, which another run may
/// share tomorrow.
enum Id {
    Number(i64),
    Name(uuid::Uuid),
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
