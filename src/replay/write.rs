//! Writes what has changed, by a run of its own.

use tokio::time::Instant;

use super::Report;
use crate::domain::{Outcome, RawRef, RunCounts, SiteId, Slot, SlotOutcome, SlotResult, ValueKind};
use crate::job::Job;
use crate::store::{KeptSlot, Run};
use crate::vault::Line;

/// Rows of a transaction at most.
const BATCH_ROWS: usize = 500;

/// The open run of a replay.
pub(super) struct Writer<'a> {
    job: Job<'a>,
    run: Run,
    batch: Vec<SlotResult>,
    last_beat: Instant,
    counts: RunCounts,
    /// Rows whose answer fails today, when the run began.
    failing_before: u64,
}

impl<'a> Writer<'a> {
    /// Of a run that was opened.
    pub(super) fn new(job: Job<'a>, run: Run, report: &mut Report) -> Self {
        report.runs += 1;
        let (batch, last_beat) = (Vec::new(), Instant::now());
        let (counts, failing_before) = (RunCounts::default(), report.newly_failing);
        Self { job, run, batch, last_beat, counts, failing_before }
    }

    /// Takes what an answer says of a slot today.
    pub(super) fn push(
        &mut self,
        source: &'static str,
        slot: &KeptSlot,
        line: &Line,
        outcome: SlotOutcome,
    ) {
        let Some(site_id) = SiteId::parse(&slot.site_id) else { return };
        let is_row = slot.row.row_hash.is_some();
        let is_backfill = slot.row.value_kind.as_deref() == Some("backfill");
        let value_kind = match (is_row, is_backfill) {
            (false, _) => line.kind,
            (true, true) => ValueKind::Backfill,
            (true, false) => ValueKind::Live,
        };
        self.batch.push(SlotResult {
            slot: Slot { site_id, slot_time: slot.slot_time },
            source,
            attempts: u32::try_from(slot.attempts).unwrap_or_default(),
            http_status: slot.http_status.and_then(|status| u16::try_from(status).ok()),
            latency_ms: u32::try_from(slot.latency_ms).unwrap_or_default(),
            value_kind,
            outcome,
            raw_ref: slot.raw_ref.as_deref().and_then(RawRef::parse),
        });
    }

    /// Whether so much waits that it is to be written.
    pub(super) fn is_full(&self) -> bool {
        self.batch.len() >= BATCH_ROWS || self.last_beat.elapsed() >= self.job.lease / 8
    }

    /// Writes what waits, and beats.
    pub(super) async fn flush(&mut self, report: &mut Report) -> anyhow::Result<()> {
        self.last_beat = Instant::now();
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(self.job.store.beat(&self.run).await?);
        }
        for mut rows in chunks(batch) {
            rows.sort_by(|a, b| a.slot.site_id.cmp(&b.slot.site_id));
            self.job.store.load(&self.run, &rows, self.job.clock.now()).await?;
            self.counts.collected += rows.len() as u64;
            report.written += rows.len() as u64;
        }
        Ok(())
    }

    /// Writes what is left, and closes the run.
    pub(super) async fn close(
        mut self,
        report: &mut Report,
        has_failed: bool,
    ) -> anyhow::Result<()> {
        if !has_failed {
            self.flush(report).await?;
        }
        self.counts.failed = report.newly_failing - self.failing_before;
        self.counts.rows_loaded = self.counts.collected;
        let outcome = match (self.job.shutdown.is_cancelled(), has_failed) {
            (true, _) => Outcome::Interrupted,
            (_, true) => Outcome::Failed,
            _ if self.counts.failed > 0 || !report.faults.is_empty() => Outcome::Partial,
            _ => Outcome::Succeeded,
        };
        Ok(self.job.close(&self.run, outcome, &self.counts, None).await?)
    }
}

fn chunks(mut batch: Vec<SlotResult>) -> impl Iterator<Item = Vec<SlotResult>> {
    std::iter::from_fn(move || {
        let rest = batch.split_off(batch.len().min(BATCH_ROWS));
        let rows = std::mem::replace(&mut batch, rest);
        (!rows.is_empty()).then_some(rows)
    })
}
