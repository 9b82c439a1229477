//! What keeps the answers of a run: each is a line, and has its name at once; the lines of a batch are put
//! into the vault before the batch is committed. So a crash leaves an object too many, and never a row
//! whose answer is missing.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::Job;
use super::load::Loadable;
use crate::domain::raw_ref::BatchName;
use crate::domain::{RawRef, SiteId, ValueKind};
use crate::http::recorder::Body;
use crate::http::{Exchange, recorded};
use crate::store::Run;
use crate::vault::{Line, Vault, VaultError};

/// Bytes of lines that wait for their batch at most; then it is closed.
const MAX_WAITING_BYTES: usize = 8 * 1024 * 1024;

/// How long a batch waits for the vault: its run must beat, and its rows must be stored.
const PATIENCE: Duration = Duration::from_secs(20);

/// The same once the job is asked to end: what is to be stored comes first.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// How long nothing is put after a put that failed: else each batch would wait for a vault that is away.
const REST: Duration = Duration::from_secs(60);

/// What an answer was asked for.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// The sites, in the order in which they are asked for.
    pub site_ids: Vec<&'a SiteId>,
    /// The slot, of a call that is made when it is due.
    pub slot_time: Option<DateTime<Utc>>,
    /// Whether it is.
    pub kind: ValueKind,
}

/// Keeps the answers of a run; without a vault none.
pub struct Keeper<'a> {
    job: Job<'a>,
    run_id: Uuid,
    /// The source that is asked, and the one whose slots are filled.
    sources: (&'static str, &'static str),
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Batch>,
    /// The number of the next object.
    next: u32,
    /// Objects that could not be put.
    lost: BTreeSet<u32>,
    /// Answers that are not kept.
    missed: u64,
    /// It was said that answers held the key, and whether as a warning.
    told_of_key: Option<bool>,
    rests_until: Option<Instant>,
}

/// Lines of an object that is not put yet.
struct Batch {
    name: BatchName,
    text: Vec<u8>,
    lines: usize,
}

impl<'a> Keeper<'a> {
    /// For a run that asks the first of these sources for slots of the second.
    #[must_use]
    pub fn new(job: Job<'a>, run: &Run, sources: (&'static str, &'static str)) -> Self {
        Self { job, run_id: run.run_id, sources, state: Mutex::default() }
    }

    /// Whether answers are kept.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.job.vault.is_some()
    }

    /// Makes an attempt and keeps what comes of it. Returns the name of the last answer beside the result.
    pub async fn around<T>(
        &self,
        about: &About<'_>,
        attempt: u32,
        call: impl Future<Output = T>,
    ) -> (T, Option<RawRef>) {
        if !self.is_on() {
            return (call.await, None);
        }
        let asked_at = self.job.clock.now();
        let (result, exchanges) = recorded(call).await;
        let times = (asked_at, self.job.clock.now());
        let names = exchanges.into_iter().map(|each| self.keep(each, (about, attempt), times));
        (result, names.last().flatten())
    }

    fn keep(
        &self,
        exchange: Exchange,
        (about, attempt): (&About<'_>, u32),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Option<RawRef> {
        let is_blanked = matches!(exchange.body, Body::Blanked { .. } | Body::Withheld { .. });
        let is_expected = exchange.http_status == Some(200);
        let mut state = self.state();
        if is_blanked && state.told_of_key.is_none_or(|was_warned| !was_warned && !is_expected) {
            state.told_of_key = Some(!is_expected);
            self.tell_of_key(&exchange.endpoint, is_expected);
        }
        let batch = state.batch_of(times.0.date_naive(), self.sources.0, self.run_id);
        let raw_ref = batch.name.line(batch.lines);
        let (source, own) = self.sources;
        let line = Line {
            slot_source: (source != own).then(|| own.to_owned()),
            kind: about.kind,
            site_ids: about.site_ids.iter().map(|id| id.to_string()).collect(),
            slot_time: about.slot_time,
            attempt,
            ..Line::of(exchange, (raw_ref.clone(), self.run_id, source), times)
        };
        let text = line.to_text().ok()?;
        batch.text.extend_from_slice(&text);
        batch.lines += 1;
        Some(raw_ref)
    }

    /// One line a run. A good answer may hold it: One Call 4.0 names the addresses of other pages.
    fn tell_of_key(&self, endpoint: &str, is_expected: bool) {
        let source = self.sources.0;
        if is_expected {
            tracing::info!(source, endpoint, "answers hold the key: they are kept without it");
        } else {
            tracing::warn!(source, endpoint, "an answer held the key: it is kept without it");
        }
    }

    /// Whether so much waits that the batch is to be closed.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let waiting: usize = self.state().waiting.iter().map(|batch| batch.text.len()).sum();
        waiting >= MAX_WAITING_BYTES
    }

    /// Answers that are not kept.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.state().missed
    }

    /// Puts what waits, then takes from `results` the names of answers that could not be kept.
    ///
    /// # Errors
    /// When an answer cannot be kept, and has to be.
    pub async fn put(&self, results: &mut [impl Loadable]) -> Result<(), VaultError> {
        let Some(vault) = self.job.vault else { return Ok(()) };
        let waiting = std::mem::take(&mut self.state().waiting);
        for batch in waiting {
            let (number, lines) = (batch.name.number, batch.lines as u64);
            if let Err(error) = self.put_batch(vault, batch).await {
                if vault.is_required() {
                    return Err(error);
                }
                self.note_missed(number, lines, &error);
            }
        }
        let state = self.state();
        if !state.lost.is_empty() {
            let is_lost = |raw_ref: &RawRef| {
                raw_ref.parts().is_none_or(|(batch, _)| state.lost.contains(&batch.number))
            };
            results.iter_mut().for_each(|result| {
                let raw_ref = result.raw_ref_mut();
                *raw_ref = raw_ref.take().filter(|raw_ref| !is_lost(raw_ref));
            });
        }
        Ok(())
    }

    async fn put_batch(
        &self,
        vault: &Vault,
        Batch { name, text, .. }: Batch,
    ) -> Result<(), VaultError> {
        let patience = if self.job.shutdown.is_cancelled() { LAST_PATIENCE } else { PATIENCE };
        let slow = VaultError::Slow { seconds: patience.as_secs() };
        if self.state().rests_until.is_some_and(|until| Instant::now() < until) {
            return Err(slow);
        }
        tracing::debug!(phase = "vault", object = %name, "keeping");
        let hurried = async {
            self.job.shutdown.cancelled().await;
            let _ = timeout(LAST_PATIENCE, std::future::pending::<()>()).await;
        };
        tokio::select! {
            put = timeout(patience, vault.put(&name, text)) => put.map_err(|_| slow)?,
            () = hurried => Err(VaultError::Slow { seconds: LAST_PATIENCE.as_secs() }),
        }
    }

    fn note_missed(&self, number: u32, lines: u64, error: &VaultError) {
        let mut state = self.state();
        if state.missed == 0 {
            tracing::warn!(
                error_kind = error.kind(),
                hint = error.hint(),
                "answers are not kept, and collecting goes on: {}",
                in_words(error)
            );
        }
        state.missed += lines;
        state.lost.insert(number);
        if state.rests_until.is_none_or(|until| Instant::now() >= until) {
            state.rests_until = Some(Instant::now() + REST);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The object that a line of this day belongs to.
    fn batch_of(&mut self, day: NaiveDate, source: &str, run_id: Uuid) -> &mut Batch {
        let position = self.waiting.iter().position(|batch| batch.name.day == day);
        let position = position.unwrap_or_else(|| {
            let (source, number) = (source.to_owned(), self.next);
            self.next += 1;
            let name = BatchName { source, day, run_id, number };
            self.waiting.push(Batch { name, text: Vec::new(), lines: 0 });
            self.waiting.len() - 1
        });
        &mut self.waiting[position]
    }
}

/// An error with its causes.
fn in_words(error: &VaultError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text
}
