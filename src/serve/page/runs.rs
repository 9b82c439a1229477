//! `/runs`: what each run did.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::{Frame, whole, words};
use crate::serve::App;
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{Parameters, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Question;
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

pub(super) async fn show(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(uri.query(), &["before"])?;
    let before = parameters.number("before", 1..=i64::MAX)?;
    let text = written("page-runs", &[("before", &before.unwrap_or_default())]);
    let question = Question::ask(&app, text, Format::Html).await?;
    question.answer(&app, &headers, async { whole(&read(&app, before).await?) }).await
}

async fn read(app: &App, before: Option<i64>) -> Result<Runs, Problem> {
    let runs = match before {
        Some(run_seq) => app.store.list_runs_before(run_seq, RUNS).await?,
        None => app.store.list_runs(RUNS).await?,
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
