//! `/runs`: what each run did.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Frame, whole, words};
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::Query;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::values::RunNumber;
use crate::store::RunRow;

/// Runs of a page.
const RUNS: u32 = 50;

#[derive(Template)]
#[template(path = "runs.html")]
struct Runs {
    frame: Frame,
    rows: Vec<Row>,
    /// Where the next page begins.
    before: Option<i64>,
    is_first: bool,
}

/// A run.
struct Row {
    run: RunRow,
    /// A word for how it ended, or that it goes on.
    outcome: String,
    duration: String,
    errors: Vec<String>,
}

impl From<RunRow> for Row {
    fn from(run: RunRow) -> Self {
        let counts = run.errors_by_kind.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let counts: BTreeMap<String, u64> = counts.unwrap_or_default();
        let error = |(kind, count): (&String, &u64)| format!("{count} × {}", words::error(kind));
        let outcome = match (run.outcome.as_deref(), run.status.as_str()) {
            (_, "open") => "at work",
            (Some(outcome), _) => outcome,
            (None, status) => status,
        };
        Self {
            outcome: outcome.to_owned(),
            duration: run.finished_at.map(|end| duration(end - run.started_at)).unwrap_or_default(),
            errors: counts.iter().map(error).collect(),
            run,
        }
    }
}

fn duration(span: chrono::TimeDelta) -> String {
    match span.num_milliseconds() {
        milliseconds @ ..1000 => format!("{milliseconds} ms"),
        _ => words::span(span),
    }
}

/// What the page can be asked with.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunsQuery {
    /// Only runs with a number below this one.
    before: Option<RunNumber>,
}

pub(super) async fn show(
    Query(query): Query<RunsQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let before = query.before.map(RunNumber::get);
    let until = Until::Run;
    let query = EndpointQuery::new(&answering, "page-runs", &query, Format::Html, until).await?;
    query.answer(&headers, async { whole(&read(&reader, before).await?) }).await
}

async fn read(reader: &Reader, before: Option<i64>) -> Result<Runs, Problem> {
    let runs = match before {
        Some(run_seq) => reader.store.list_runs_before(run_seq, RUNS).await?,
        None => reader.store.list_runs(RUNS).await?,
    };
    let is_full = runs.len() == RUNS as usize;
    let before_next = runs.last().map(|run| run.run_seq).filter(|run_seq| is_full && *run_seq > 1);
    Ok(Runs {
        frame: Frame::of("runs"),
        rows: runs.into_iter().map(Row::from).collect(),
        before: before_next,
        is_first: before.is_none(),
    })
}
