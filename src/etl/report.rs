//! What a run says at its end: to the audit trail, the log and the terminal.

use chrono::{DateTime, Utc};
use hdrhistogram::Histogram;
use uuid::Uuid;

use super::due::Due;
use super::failure::Faults;
use super::parts::Etl;
use super::summary::Summary;
use crate::domain::run::ETL;
use crate::domain::{ErrorKind, Outcome, RunCounts, Shard, SlotOutcome, SlotResult};
use crate::job::Stop;
use crate::job::gate::Gate;
use crate::job::keep::Keeper;
use crate::store::Run;

/// What a run did.
#[derive(Debug)]
pub struct Report {
    /// The run's number.
    pub run_seq: i64,
    /// The run's name.
    pub run_id: Uuid,
    /// The kind of run.
    pub kind: &'static str,
    /// The source that it collected from.
    pub source: &'static str,
    /// Its part of the sites.
    pub shard: Shard,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// What it counted.
    pub counts: RunCounts,
    /// Slots that were collected before it.
    pub collected_before: u64,
    /// Slots that had failed for good before it.
    pub failed_before: u64,
    /// Slots that were over before their first call.
    pub passed: u64,
    /// Answers that could not be kept.
    pub vault_missed: u64,
    /// The source's own time of the newest observation in the store, if there is one.
    pub newest_observation_time: Option<DateTime<Utc>>,
    /// Why it stopped short, if it did.
    pub stop: Option<Stop>,
    /// What went wrong with those that failed.
    pub faults: Faults,
    latencies_ms: Histogram<u64>,
}

impl Report {
    pub(super) fn new(parts: Etl<'_>, run: &Run) -> Self {
        let now = parts.job.clock.now();
        Self {
            run_seq: run.run_seq,
            run_id: run.run_id,
            kind: ETL,
            source: parts.source.name(),
            shard: parts.job.shard,
            started_at: now,
            finished_at: now,
            counts: RunCounts::default(),
            collected_before: 0,
            failed_before: 0,
            passed: 0,
            vault_missed: 0,
            newest_observation_time: None,
            stop: None,
            faults: Faults::default(),
            latencies_ms: latencies(),
        }
    }

    pub(super) fn plan(&mut self, due: &Due<'_>) {
        self.counts.sites = due.sites as u64;
        self.collected_before = due.collected_before as u64;
        self.failed_before = due.failed_before as u64;
        self.counts.skipped = self.collected_before + self.failed_before;
    }

    /// Counts a slot that is in the store.
    pub(super) fn count(&mut self, result: &SlotResult) {
        self.latencies_ms.saturating_record(u64::from(result.latency_ms));
        match &result.outcome {
            SlotOutcome::Collected(_) => {
                self.counts.collected += 1;
                self.counts.rows_loaded += 1;
            }
            SlotOutcome::Failed { kind, message } => {
                let kind = *kind;
                self.counts.failed += 1;
                *self.counts.errors.entry(kind).or_default() += 1;
                self.faults.count(result.slot.site_id.as_str(), kind, message);
            }
            // Of past slots only, which this job does not call for.
            SlotOutcome::Unfillable { .. } => {}
        }
    }

    pub(super) fn take_counts(&mut self, gate: &Gate<'_>, keeper: &Keeper<'_>) {
        self.vault_missed = keeper.missed();
        self.counts.calls = gate.calls();
        self.counts.retries = gate.retries();
        self.passed = gate.passed_slots();
        self.counts.skipped += self.passed;
    }

    /// The key is refused where nothing was collected, and every site that failed was refused: of a few
    /// sites no more than that can be seen.
    pub(super) fn only_refusals(&self) -> Option<Stop> {
        let refused = self.counts.errors.get(&ErrorKind::Unauthorized).copied().unwrap_or_default();
        let is_all = refused == self.counts.failed && self.counts.collected == 0;
        let first = self.faults.first().filter(|_| is_all && self.collected_before == 0)?;
        Some(Stop::KeyRefused { source: self.source, message: first.message.clone() })
    }

    /// The first reason stands.
    pub(super) fn stop_for(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the mean of 32-bit numbers, none negative"
    )]
    pub(super) fn finish(&mut self, now: DateTime<Utc>) {
        self.finished_at = now;
        self.counts.latency_mean_ms = self.latencies_ms.mean().round() as u64;
        self.counts.latency_p95_ms = self.latencies_ms.value_at_quantile(0.95);
        self.counts.latency_max_ms = self.latencies_ms.max();
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.stop {
            Some(ref stop) => stop.outcome(),
            None if self.counts.failed == 0 && self.passed == 0 => Outcome::Succeeded,
            None if self.counts.collected == 0 && self.collected_before == 0 => Outcome::Failed,
            None => Outcome::Partial,
        }
    }

    /// Due slots that no call was made for: they stay due.
    #[must_use]
    pub fn left(&self) -> u64 {
        let RunCounts { sites, collected, failed, skipped, .. } = self.counts;
        sites.saturating_sub(collected + failed + skipped)
    }

    /// Sites that have no observation for their slot though they had their turn: failed now,
    /// failed for good before, or too late.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.counts.failed + self.failed_before + self.passed
    }

    /// The same, of a thousand sites.
    #[must_use]
    pub fn failed_permille(&self) -> u64 {
        (self.missing() * 1000).checked_div(self.counts.sites).unwrap_or_default()
    }

    /// How old the newest observation of the store was when the run ended, in seconds.
    pub(super) fn newest_observation_age_s(&self) -> Option<i64> {
        self.newest_observation_time.map(|time| (self.finished_at - time).num_seconds().max(0))
    }

    /// The one line with a run's figures, for log-based metrics; `docs/LOGGING.md` describes each.
    pub(super) fn log(&self) {
        self.warn_of_passed_slots();
        Summary::of(self).log();
    }

    fn warn_of_passed_slots(&self) {
        if self.passed > 0 {
            tracing::warn!(
                labels.run_id = %self.run_id,
                slots = self.passed,
                "slots were over before their turn came: allow more calls per minute, or observe less"
            );
        }
    }
}

/// Three significant digits up to an hour, whatever the number of slots.
fn latencies() -> Histogram<u64> {
    #[expect(clippy::expect_used, reason = "the bounds are constants")]
    Histogram::new_with_bounds(1, 3_600_000, 3).expect("valid bounds")
}
