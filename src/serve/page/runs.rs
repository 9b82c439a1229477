//! `/runs`: what each run did, as bars; starts that found nothing due take a line together.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::view::{Asked, View};
use super::{Frame, whole};
use crate::serve::answer::format::Format;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::values::RunNumber;
use crate::store::RunRow;

mod line;
pub(super) mod one;

use line::Line;

/// Runs of a page.
const RUNS: u32 = 50;

#[derive(Template)]
#[template(path = "runs.html")]
struct Runs {
    frame: Frame,
    t: View,
    lines: Vec<Line>,
    count: usize,
    /// Where the next page begins.
    before: Option<i64>,
    is_first: bool,
}

/// What the page can be asked with.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunsQuery {
    /// Only runs with a number below this one.
    before: Option<RunNumber>,
}

pub(super) async fn show(
    asked: Asked<RunsQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let Asked { query, view, here } = asked;
    let before = query.before.map(RunNumber::get);
    let (until, frame) = (Until::Run, Frame::of(&answering.public, "runs", &here));
    let key = (&query, &view);
    let query = EndpointQuery::new(&answering, "page-runs", &key, Format::Html, until).await?;
    query.answer(&headers, async { whole(&read(&reader, (frame, view), before).await?) }).await
}

async fn read(
    reader: &Reader,
    (frame, t): (Frame, View),
    before: Option<i64>,
) -> Result<Runs, Problem> {
    let runs = match before {
        Some(run_seq) => reader.store.list_runs_before(run_seq, RUNS).await?,
        None => reader.store.list_runs(RUNS).await?,
    };
    let count = runs.len();
    let is_full = count == RUNS as usize;
    let before_next = runs.last().map(|run| run.run_seq).filter(|run_seq| is_full && *run_seq > 1);
    let is_first = before.is_none();
    Ok(Runs { lines: line::lines(runs, &t), frame, t, count, before: before_next, is_first })
}

/// How a run ended, in a word of the language files: `at-work` while it goes on.
pub(super) fn outcome(run: &RunRow) -> &str {
    match (run.outcome.as_deref(), run.status.as_str()) {
        (_, "open") => "at-work",
        (Some(outcome), _) => outcome,
        (None, status) => status,
    }
}
