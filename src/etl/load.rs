//! The one loader of a run: results into batches, batches into the store, and the heartbeat.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Etl;
use super::gate::Gate;
use super::report::Report;
use crate::domain::SlotResult;
use crate::store::{Run, StoreError};

/// How long a row waits for its batch to fill up at most.
const BATCH_PERIOD: Duration = Duration::from_secs(1);

pub(super) struct Loader<'a> {
    parts: Etl<'a>,
    run: &'a Run,
    gate: &'a Gate<'a>,
    report: &'a mut Report,
    batch: Vec<SlotResult>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(
        parts: Etl<'a>,
        run: &'a Run,
        gate: &'a Gate<'a>,
        report: &'a mut Report,
    ) -> Self {
        Self { parts, run, gate, report, batch: Vec::new() }
    }

    /// Loads until the last result is in. On an error no further call is made, and what was not
    /// committed stays due.
    pub(super) async fn load(
        mut self,
        results: mpsc::Receiver<SlotResult>,
    ) -> Result<(), StoreError> {
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
        let mut flush = ticks(BATCH_PERIOD);
        let mut beat = ticks(self.parts.lease / 8);
        loop {
            tokio::select! {
                result = results.recv() => match result {
                    Some(result) => self.push(result).await?,
                    None => return self.flush().await,
                },
                _ = flush.tick() => {
                    self.flush().await?;
                    self.heed_pause().await?;
                }
                _ = beat.tick() => self.beat().await?,
            }
        }
    }

    async fn push(&mut self, result: SlotResult) -> Result<(), StoreError> {
        self.batch.push(result);
        if self.batch.len() < self.parts.settings.batch_rows as usize {
            Ok(())
        } else {
            self.flush().await
        }
    }

    /// Writes the batch. On a passing error it is repeated whole: a deadlock has ended its
    /// transaction, and a statement sent after it would commit by itself.
    async fn flush(&mut self) -> Result<(), StoreError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        // In key order, batches of several tasks lock rows in one order.
        self.batch.sort_unstable_by(|a, b| a.slot.site_id.cmp(&b.slot.site_id));
        let Etl { store, clock, .. } = self.parts;
        let now = clock.now();
        tracing::debug!(phase = "batch", rows = self.batch.len(), "loading");
        self.parts.insist(async || store.load(self.run, &self.batch, now).await).await?;
        for result in self.batch.drain(..) {
            self.report.count(&result);
            self.parts.progress.done(&result);
        }
        tracing::debug!(phase = "between_batches", "loaded");
        Ok(())
    }

    async fn beat(&self) -> Result<(), StoreError> {
        self.parts.insist(async || self.parts.store.beat(self.run).await).await
    }

    /// Another task may have found the account blocked.
    async fn heed_pause(&self) -> Result<(), StoreError> {
        let Etl { store, source, .. } = self.parts;
        let paused = self.parts.insist(async || store.paused_until(source.name()).await).await?;
        if let Some(until) = paused {
            self.gate.pause(until);
        }
        Ok(())
    }
}

fn ticks(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
