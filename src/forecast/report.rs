//! What a run says at its end: to the audit trail, the log and the terminal.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::summary::Summary;
use super::{Collecting, Due};
use crate::domain::forecast::{ForecastOutcome, ForecastResult, Kept};
use crate::domain::{Outcome, RunCounts};
use crate::job::Stop;
use crate::job::gate::Gate;
use crate::store::Run;

/// Different faults that a report keeps; all failed slots are in the ledger.
const MAX_FAULTS: usize = 20;

/// What a run did.
#[derive(Debug)]
pub struct Report {
    /// The run's number.
    pub run_seq: i64,
    /// The run's name.
    pub run_id: Uuid,
    /// The source that it asked.
    pub source: &'static str,
    /// The kind of answer.
    pub product: &'static str,
    /// The model that was asked for.
    pub model: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// What it counted; rows are values.
    pub counts: RunCounts,
    /// Of those collected, the answers that said nothing new.
    pub unchanged: u64,
    /// Slots that were over before their first call.
    pub passed: u64,
    /// What went wrong in the same words, for how many sites and the first of them.
    pub faults: BTreeMap<String, (u64, String)>,
    /// Why it stopped short, if it did.
    pub stop: Option<Stop>,
}

impl Report {
    pub(super) fn new(parts: Collecting<'_>, run: &Run) -> Self {
        let now = parts.job.clock.now();
        Self {
            run_seq: run.run_seq,
            run_id: run.run_id,
            source: parts.source(),
            product: parts.forecaster.product().as_str(),
            model: parts.forecaster.model().to_owned(),
            started_at: now,
            finished_at: now,
            counts: RunCounts::default(),
            unchanged: 0,
            passed: 0,
            faults: BTreeMap::new(),
            stop: None,
        }
    }

    pub(super) fn plan(&mut self, due: &Due<'_>) {
        self.counts.sites = due.all as u64;
        self.counts.skipped = (due.all - due.sites.len()) as u64;
    }

    /// Counts a slot that is in the store.
    pub(super) fn count(&mut self, result: &ForecastResult) {
        let counts = &mut self.counts;
        match &result.outcome {
            ForecastOutcome::Collected(_) => counts.collected += 1,
            ForecastOutcome::Failed { kind, message } => {
                counts.failed += 1;
                *counts.errors.entry(*kind).or_default() += 1;
                let is_known = self.faults.contains_key(message);
                if is_known || self.faults.len() < MAX_FAULTS {
                    let first = || (0, result.series.site_id.to_string());
                    self.faults.entry(message.clone()).or_insert_with(first).0 += 1;
                }
            }
            ForecastOutcome::Unfillable { .. } => {}
        }
        match result.kept {
            Some(Kept::New(values)) => counts.rows_loaded += values,
            Some(Kept::Unchanged(_)) => self.unchanged += 1,
            None => {}
        }
        let longest = counts.latency_max_ms.max(result.latency_ms.into());
        counts.latency_max_ms = longest;
    }

    pub(super) fn take_counts(&mut self, gate: &Gate<'_>) {
        self.counts.calls = gate.calls();
        self.counts.retries = gate.retries();
        self.passed = gate.passed_slots();
        self.counts.skipped += self.passed;
    }

    /// The first reason stands.
    pub(super) fn stop_for(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.stop {
            Some(ref stop) => stop.outcome(),
            None if self.counts.failed == 0 && self.passed == 0 => Outcome::Succeeded,
            None if self.counts.collected == 0 => Outcome::Failed,
            None => Outcome::Partial,
        }
    }

    /// Due slots that no call was made for: they stay due.
    #[must_use]
    pub fn left(&self) -> u64 {
        let RunCounts { sites, collected, failed, skipped, .. } = self.counts;
        sites.saturating_sub(collected + failed + skipped)
    }

    /// The one line with a run's figures; `docs/LOGGING.md` describes each.
    pub(super) fn log(&self) {
        Summary::of(self).log();
    }
}
