//! The one loader of a run: results into batches, batches into the store, and the heartbeat.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Job;
use super::gate::Gate;
use crate::domain::SlotResult;
use crate::store::{Run, StoreError};

/// How long a row waits for its batch to fill up at most.
const BATCH_PERIOD: Duration = Duration::from_secs(1);

/// The loader of one run.
pub struct Loader<'a> {
    /// Whose run it is.
    pub job: Job<'a>,
    /// The run.
    pub run: &'a Run,
    /// What its calls pass.
    pub gate: &'a Gate<'a>,
    /// Whose pause, set by another task, ends or delays the calls.
    pub pauses: &'a [&'a str],
    /// Rows of a batch at most.
    pub batch_rows: usize,
    /// Called with each result that is in the store.
    pub loaded: &'a mut (dyn FnMut(&SlotResult) + Send),
}

impl Loader<'_> {
    /// Loads until the last result is in. On an error no further call is made, and what was not
    /// committed stays due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(mut self, results: mpsc::Receiver<SlotResult>) -> Result<(), StoreError> {
        let loaded = self.load_all(results).await;
        if loaded.is_err() {
            self.gate.stop_calls();
        }
        loaded
    }

    async fn load_all(
        &mut self,
        mut results: mpsc::Receiver<SlotResult>,
    ) -> Result<(), StoreError> {
        let mut batch = Vec::new();
        let mut flush = ticks(BATCH_PERIOD);
        let mut beat = ticks(self.job.lease / 8);
        loop {
            tokio::select! {
                result = results.recv() => match result {
                    Some(result) => {
                        batch.push(result);
                        if batch.len() >= self.batch_rows {
                            self.flush(&mut batch).await?;
                        }
                    }
                    None => return self.flush(&mut batch).await,
                },
                _ = flush.tick() => {
                    self.flush(&mut batch).await?;
                    self.respect_pauses().await?;
                }
                _ = beat.tick() => self.beat().await?,
            }
        }
    }

    /// Writes the batch. On a passing error it is repeated whole: a deadlock has ended its
    /// transaction, and a statement sent after it would commit by itself.
    async fn flush(&mut self, batch: &mut Vec<SlotResult>) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        // In key order, batches of several tasks lock rows in one order.
        batch.sort_by(|a, b| a.slot.site_id.cmp(&b.slot.site_id));
        let Job { store, clock, .. } = self.job;
        let now = clock.now();
        tracing::debug!(phase = "batch", rows = batch.len(), "loading");
        store.load(self.run, batch, now).await?;
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

fn ticks(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
