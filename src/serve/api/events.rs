//! `events`: a message for each run that ends, for clients that would else ask again and again.
//!
//! One poller asks the store each second for all listeners.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver};
use tokio_util::sync::CancellationToken;

use super::runs::Run;
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{Nothing, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, BUFFERING, UNBUFFERED, json};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::Refusals;
use crate::store::{RunVersion, StoreError};

/// How often the store is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// Messages that wait for a slow listener; one that misses some sees the end of the stream,
/// and connects again.
const WAITING: usize = 64;

/// A run that has ended: its number, and itself as JSON.
#[derive(Clone)]
struct Ended {
    run_seq: i64,
    run: Arc<str>,
}

/// The runs that end from now on, until the program ends.
#[derive(Clone)]
pub(crate) struct Events {
    ended: broadcast::Sender<Ended>,
    shutdown: CancellationToken,
}

impl Events {
    pub(crate) fn new(shutdown: CancellationToken) -> Self {
        Self { ended: broadcast::channel(WAITING).0, shutdown }
    }
}

/// Listens to the runs that end.
///
/// Server-sent events: of each run that ends a message `run` with the run as JSON and its number as
/// id. What ended before is in `/api/v1/runs`.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "runs", operation_id = "listenToRuns",
    responses((status = 200, description = "Messages, until the client leaves.", body = String, content_type = "text/event-stream"), Refusals)
)]
pub(super) async fn listen(
    Query(Nothing {}): Query<Nothing>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(Events { ended, shutdown }): State<Events>,
) -> Result<Response, Problem> {
    Format::negotiate(&headers, Format::EVENTS)?;
    let permit = answering.memory.listener()?;
    let events = stream(ended.subscribe()).map(move |event| {
        let _held = &permit;
        Ok::<_, Infallible>(event)
    });
    let events = events.take_until(shutdown.cancelled_owned());
    let mut response = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, UNBUFFERED);
    Ok(response)
}

fn stream(receiver: Receiver<Ended>) -> impl Stream<Item = Event> {
    let messages = stream::unfold(receiver, |mut receiver| async move {
        match receiver.recv().await {
            Ok(ended) => {
                let id = ended.run_seq.to_string();
                Some((Event::default().event("run").id(id).data(&*ended.run), receiver))
            }
            Err(RecvError::Lagged(_) | RecvError::Closed) => None,
        }
    });
    // The first bytes at once, for the client to know that it is listening.
    stream::iter([Event::default().comment("listening")]).chain(messages)
}

/// Asks the store each second, and sends the listeners which runs have ended; until the program ends.
pub(crate) async fn poll(reader: Reader, events: Events) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seen = None;
    while events.shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        // The next request gets the error, and logs it.
        let Ok(now) = reader.store.run_version().await else { continue };
        if let Some(seen) = seen.filter(|seen| *seen != now) {
            let _ = tell(&reader, &events, &seen, &now).await;
        }
        seen = Some(now);
    }
}

/// Tells of the runs that were open, or were not there, and have ended since.
async fn tell(
    reader: &Reader,
    events: &Events,
    seen: &RunVersion,
    now: &RunVersion,
) -> Result<(), StoreError> {
    let new = (seen.latest + 1)..=now.latest;
    let open = seen.open.iter().map(|(run_seq, _)| *run_seq);
    for run_seq in open.chain(new).filter(|run_seq| now.has_ended(*run_seq)) {
        let found = reader.store.find_run(&run_seq.to_string()).await?;
        let Some(run) = found.filter(|run| run.run_seq == run_seq) else { continue };
        if let Ok(Ok(run)) = json(&Run::from(run)).map(String::from_utf8) {
            // Nobody may be listening.
            let _ = events.ended.send(Ended { run_seq, run: run.into() });
        }
    }
    Ok(())
}
