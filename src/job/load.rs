//! The one loader of a run: results into batches, batches into the store, and the heartbeat.
//!
//! What is loaded is a [`Loadable`]: observations with their slots, or forecasts with theirs.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::gate::Gate;
use super::keep::Keeper;
use super::{Job, Stop};
use crate::domain::forecast::ForecastResult;
use crate::domain::{RawRef, SiteId, SlotResult};
use crate::store::{Run, Store, StoreError};

/// How long a row waits for its batch to fill up at most.
const BATCH_PERIOD: Duration = Duration::from_secs(1);

/// The same where its answer is kept: an object of a few answers costs as much as one of many.
const KEPT_BATCH_PERIOD: Duration = Duration::from_secs(10);

/// How often it is looked whether another task has paused the source.
const LOOK_PERIOD: Duration = Duration::from_secs(1);

/// What a run loads.
#[async_trait]
pub trait Loadable: Send + Sync + Sized {
    /// The site that it is of: batches are loaded in this order.
    fn site_id(&self) -> &SiteId;

    /// Where its answer is kept.
    fn raw_ref_mut(&mut self) -> &mut Option<RawRef>;

    /// Writes a batch in one transaction; noted in it is what became of it.
    ///
    /// # Errors
    /// When the store fails; nothing was written then.
    async fn load(
        store: &dyn Store,
        run: &Run,
        batch: &mut [Self],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}

#[async_trait]
impl Loadable for SlotResult {
    fn site_id(&self) -> &SiteId {
        &self.slot.site_id
    }

    fn raw_ref_mut(&mut self) -> &mut Option<RawRef> {
        &mut self.raw_ref
    }

    async fn load(
        store: &dyn Store,
        run: &Run,
        batch: &mut [Self],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        store.load(run, batch, now).await
    }
}

#[async_trait]
impl Loadable for ForecastResult {
    fn site_id(&self) -> &SiteId {
        &self.series.site_id
    }

    fn raw_ref_mut(&mut self) -> &mut Option<RawRef> {
        &mut self.raw_ref
    }

    async fn load(
        store: &dyn Store,
        run: &Run,
        batch: &mut [Self],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let kept = store.load_forecasts(run, batch, now).await?;
        batch.iter_mut().zip(kept).for_each(|(result, kept)| result.kept = kept);
        Ok(())
    }
}

/// The loader of one run.
pub struct Loader<'a, R> {
    /// Whose run it is.
    pub job: Job<'a>,
    /// The run.
    pub run: &'a Run,
    /// What its calls pass.
    pub gate: &'a Gate<'a>,
    /// Whose pause, set by another task, ends or delays the calls.
    pub pauses: &'a [&'a str],
    /// What keeps their answers.
    pub keeper: &'a Keeper<'a>,
    /// Rows of a batch at most.
    pub batch_rows: usize,
    /// Called with each result that is in the store.
    pub loaded: &'a mut (dyn FnMut(&R) + Send),
}

impl<R: Loadable> Loader<'_, R> {
    /// Loads until the last result is in. On an error no further call is made, and what was not
    /// committed stays due.
    ///
    /// # Errors
    /// When the store fails, or an answer cannot be kept and has to be.
    pub async fn load(mut self, results: mpsc::Receiver<R>) -> Result<(), Stop> {
        let loaded = self.load_all(results).await;
        if loaded.is_err() {
            self.gate.stop_calls();
        }
        loaded
    }

    async fn load_all(&mut self, mut results: mpsc::Receiver<R>) -> Result<(), Stop> {
        let mut batch = Vec::new();
        let period = if self.keeper.is_on() { KEPT_BATCH_PERIOD } else { BATCH_PERIOD };
        let mut flush = ticks(period);
        let mut look = ticks(LOOK_PERIOD);
        let mut beat = ticks(self.job.lease / 8);
        loop {
            tokio::select! {
                result = results.recv() => match result {
                    Some(result) => {
                        batch.push(result);
                        if batch.len() >= self.batch_rows || self.keeper.is_full() {
                            self.flush(&mut batch).await?;
                        }
                    }
                    None => return self.flush(&mut batch).await,
                },
                _ = flush.tick() => self.flush(&mut batch).await?,
                _ = look.tick() => self.respect_pauses().await?,
                _ = beat.tick() => self.beat().await?,
            }
        }
    }

    /// Puts the answers, then writes the batch. On a passing error it is repeated whole: a deadlock has ended its
    /// transaction, and a statement sent after it would commit by itself.
    async fn flush(&mut self, batch: &mut Vec<R>) -> Result<(), Stop> {
        self.keeper.put(batch).await?;
        if batch.is_empty() {
            return Ok(());
        }
        // In key order, batches of several tasks lock rows in one order.
        batch.sort_by(|a, b| a.site_id().cmp(b.site_id()));
        let Job { store, clock, .. } = self.job;
        let now = clock.now();
        tracing::debug!(phase = "batch", rows = batch.len(), "loading");
        R::load(store, self.run, batch, now).await?;
        for result in batch.drain(..) {
            (self.loaded)(&result);
        }
        tracing::debug!(phase = "between_batches", "loaded");
        Ok(())
    }

    async fn beat(&self) -> Result<(), StoreError> {
        self.job.store.beat(self.run).await
    }

    /// Another task may have found the account blocked.
    async fn respect_pauses(&self) -> Result<(), StoreError> {
        self.gate.respect_pauses(self.job, self.pauses).await
    }
}

/// The first when a period is over: the run has just been opened, and its pauses were just looked at.
fn ticks(period: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
