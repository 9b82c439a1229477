//! `/runs/{id}`: all that a run counted, and the slots that it called for without success.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::line::{Ran, machine, utc};
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::OfPath;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::page::view::{Asked, View};
use crate::serve::page::{Frame, cut, whole};
use crate::store::{FailedSlot, RunRow};

/// Failed slots that are listed at most.
const SLOTS: u32 = 500;

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    t: View,
    ran: Ran,
    /// Name in the language files, and what it is.
    facts: Vec<(&'static str, String)>,
    slots: Vec<Slot>,
    /// Whether there are more than are listed.
    has_more: bool,
}

/// A slot that was called for without success.
struct Slot {
    slot: FailedSlot,
    time: String,
    machine_time: String,
    words: String,
    own: Option<String>,
}

/// What the page can be asked with: nothing of its own.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::serve::page) struct RunQuery {}

pub(in crate::serve::page) async fn show(
    OfPath(id): OfPath<String>,
    asked: Asked<RunQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let Asked { query: _, view, here } = asked;
    let key = (&id, &view);
    let until = Until::Run;
    let endpoint = EndpointQuery::new(&answering, "page-run", &key, Format::Html, until).await?;
    let frame = Frame::of(&answering.public, "runs", &here);
    let make = async {
        let unknown = || Problem::unknown("run", "run", "a number of /api/v1/runs");
        let run = reader.store.find_run(&id).await?.ok_or_else(unknown)?;
        whole(&read(&reader, (frame, view), run).await?)
    };
    endpoint.answer(&headers, make).await
}

async fn read(reader: &Reader, (frame, t): (Frame, View), run: RunRow) -> Result<RunPage, Problem> {
    let mut slots = reader.store.list_failed_slots_of_run(run.run_seq, SLOTS + 1).await?;
    let has_more = slots.len() > SLOTS as usize;
    slots.truncate(SLOTS as usize);
    let slots = slots.into_iter().map(|slot| Slot::of(slot, &t)).collect();
    let facts = facts(&run, &t);
    Ok(RunPage { frame, t, ran: Ran::of(run, &t), facts, slots, has_more })
}

impl Slot {
    fn of(slot: FailedSlot, view: &View) -> Self {
        let kind = slot.error_kind.as_deref();
        let words = kind.map(|kind| view.language().error(kind));
        let status = slot.http_status.filter(|status| *status != 200);
        let status = status.map(|status| format!(" ({status})")).unwrap_or_default();
        Self {
            time: view.language().moment(slot.slot_time, utc(view)),
            machine_time: machine(slot.slot_time),
            words: words.unwrap_or_else(|| view.language().reason_word(&slot.status)) + &status,
            own: slot.error_message.as_deref().map(cut),
            slot,
        }
    }
}

/// What is known of a run, where there is something.
fn facts(run: &RunRow, view: &View) -> Vec<(&'static str, String)> {
    #[expect(clippy::cast_precision_loss, reason = "counts of a run")]
    let number = |count: i64| view.number(count as f64, 0);
    let moment = |time| view.language().moment(time, utc(view));
    let latency = [run.latency_mean_ms, run.latency_p95_ms, run.latency_max_ms];
    let latency = latency.into_iter().collect::<Option<Vec<_>>>();
    let latency = latency.map(|all| all.into_iter().map(number).collect::<Vec<_>>().join(" / "));
    let place = [Some(run.host.clone()), run.execution.clone(), run.task.clone()];
    let place: Vec<_> = place.into_iter().flatten().collect();
    let all = [
        ("run-kind", Some(run.kind.clone())),
        ("run-source", run.source.clone()),
        ("run-shard", (run.shard != "0/1").then(|| run.shard.clone())),
        ("run-started", Some(moment(run.started_at))),
        ("run-finished", run.finished_at.map(moment)),
        ("run-heartbeat", run.finished_at.is_none().then(|| moment(run.heartbeat_at))),
        ("run-sites", Some(number(run.sites))),
        ("run-collected", Some(number(run.collected))),
        ("run-failed", Some(number(run.failed))),
        ("run-skipped", Some(number(run.skipped))),
        ("run-rows", Some(number(run.rows_loaded))),
        ("run-calls", Some(number(run.calls))),
        ("run-retries", Some(number(run.retries))),
        ("run-latency", latency),
        ("run-stop", run.stop_kind.clone()),
        ("run-host", Some(place.join(" · "))),
        ("run-version", Some(run.program_version.clone())),
        ("run-id", Some(run.run_id.clone())),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}
