//! What a heal says at its end.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::parts::Heal;
use super::summary::Summary;
use super::wanted::Survey;
use crate::domain::run::StopReason;
use crate::domain::{ErrorKind, Outcome, RunCounts, SlotOutcome, SlotResult};
use crate::job::Stop;
use crate::source::SourceError;

/// Failures that a report shows in full.
const MAX_FAILURES: usize = 20;

/// A call that failed for good.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The first hour that it asked for.
    pub first: DateTime<Utc>,
    /// The last hour that it asked for.
    pub last: DateTime<Utc>,
    /// How many missing slots it was for: they stay missing.
    pub slots: usize,
    /// Why.
    pub error: SourceError,
}

/// What was done for a site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteReport {
    /// Slots that have an observation now.
    pub healed: u64,
    /// Slots that cannot be filled.
    pub unfillable: u64,
}

/// What a heal did.
#[derive(Debug)]
pub struct Report {
    /// Whose slots it filled.
    pub source: &'static str,
    /// What it filled them from.
    pub history: &'static str,
    /// Slots that were missing, and due to be filled or found unfillable.
    pub missing: u64,
    /// Those of them that were given up before.
    pub again: u64,
    /// Slots that it filled.
    pub healed: u64,
    /// Slots that it found to be unfillable.
    pub unfillable: u64,
    /// Slots whose calls failed: they stay missing.
    pub failed: u64,
    /// Missing slots of months that are being archived or have left the store: nothing is written there.
    pub archived: u64,
    /// Slots that the history has later.
    pub later: u64,
    /// From when on it has the first of them.
    pub known_from: Option<DateTime<Utc>>,
    /// Calls sent.
    pub calls: u64,
    /// Calls as the source charges them.
    pub charged: u64,
    /// Answers that could not be kept.
    pub vault_missed: u64,
    /// Runs that were opened.
    pub runs: u64,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// True when it ended since it may spend no more calls.
    pub is_spent: bool,
    /// Why it stopped short, if it did.
    pub stop: Option<Stop>,
    /// What was done, by site.
    pub sites: BTreeMap<String, SiteReport>,
    /// The first failures.
    pub failures: Vec<Failure>,
}

impl Report {
    pub(super) fn new(parts: Heal<'_>, survey: &Survey) -> Self {
        let now = parts.job.clock.now();
        Self {
            source: parts.source,
            history: parts.history_name(),
            missing: survey.slots,
            again: survey.again,
            healed: 0,
            unfillable: 0,
            failed: 0,
            archived: survey.archived,
            later: survey.later,
            known_from: survey.known_from,
            calls: 0,
            charged: 0,
            vault_missed: 0,
            runs: 0,
            started_at: now,
            finished_at: now,
            is_spent: false,
            stop: None,
            sites: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, run: RunReport) {
        self.runs += 1;
        self.vault_missed += run.vault_missed;
        self.calls += run.made.calls;
        self.charged += run.made.charged;
        for (site_id, site) in run.sites {
            self.healed += site.healed;
            self.unfillable += site.unfillable;
            let all = self.sites.entry(site_id).or_default();
            all.healed += site.healed;
            all.unfillable += site.unfillable;
        }
        self.failed += run.made.failures.iter().map(|failure| failure.slots as u64).sum::<u64>();
        let room = MAX_FAILURES.saturating_sub(self.failures.len());
        self.failures.extend(run.made.failures.into_iter().take(room));
    }

    /// The key is refused where no call went well, and every one that failed was refused: of a few calls
    /// no more than that can be seen.
    pub(super) fn only_refusals(&self) -> Option<Stop> {
        let is_refused = |failure: &Failure| failure.error.kind == ErrorKind::Unauthorized;
        let is_all = self.failures.iter().all(is_refused);
        let first = self.failures.first().filter(|_| is_all)?;
        let message = first.error.message.clone();
        Some(Stop::KeyRefused { source: self.history, message })
    }

    /// The first reason stands.
    pub(super) fn stop_for(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
    }

    pub(super) fn finish(&mut self, now: DateTime<Utc>, is_spent: bool) {
        self.finished_at = now;
        self.is_spent = is_spent;
    }

    /// Slots that it did not come to, or that the source may know more of later: they stay missing.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.missing.saturating_sub(self.healed + self.unfillable + self.failed)
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.stop {
            Some(ref stop) => stop.outcome(),
            None if self.failed == 0 => Outcome::Succeeded,
            None => Outcome::Partial,
        }
    }

    /// The one line with a heal's figures; `docs/LOGGING.md` describes each.
    pub(super) fn log(&self) {
        Summary::of(self).log();
    }
}

/// The calls of one run.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) calls: u64,
    pub(super) charged: u64,
    pub(super) retries: u64,
    pub(super) latencies_ms: Vec<u32>,
    pub(super) failures: Vec<Failure>,
}

impl Made {
    pub(super) fn count(&mut self, charge: u32, attempt: u32) {
        self.calls += 1;
        self.charged += u64::from(charge);
        self.retries += u64::from(attempt > 1);
    }
}

/// What one run did.
#[derive(Debug, Default)]
pub(super) struct RunReport {
    sites: BTreeMap<String, SiteReport>,
    made: Made,
    vault_missed: u64,
}

impl RunReport {
    /// Counts a slot that is in the store.
    pub(super) fn count(&mut self, result: &SlotResult) {
        let site = self.sites.entry(result.slot.site_id.to_string()).or_default();
        match result.outcome {
            SlotOutcome::Collected(_) => site.healed += 1,
            SlotOutcome::Unfillable { .. } => site.unfillable += 1,
            SlotOutcome::Failed { .. } => {}
        }
    }

    pub(super) fn take(&mut self, made: Made, vault_missed: u64) {
        self.made = made;
        self.vault_missed = vault_missed;
    }

    /// How the run ended, and why it stopped short.
    pub(super) fn outcome(
        &self,
        stopped: Option<(Outcome, StopReason)>,
    ) -> (Outcome, Option<StopReason>) {
        match stopped {
            Some((outcome, stopped)) => (outcome, Some(stopped)),
            None if self.made.failures.is_empty() => (Outcome::Succeeded, None),
            None => (Outcome::Partial, None),
        }
    }

    pub(super) fn counts(&self) -> RunCounts {
        let mut latencies: Vec<u64> =
            self.made.latencies_ms.iter().map(|latency| u64::from(*latency)).collect();
        latencies.sort_unstable();
        let count = latencies.len();
        let healed = self.sites.values().map(|site| site.healed).sum();
        let mut errors = BTreeMap::new();
        for failure in &self.made.failures {
            *errors.entry(failure.error.kind).or_default() += failure.slots as u64;
        }
        RunCounts {
            sites: self.sites.len() as u64,
            collected: healed,
            failed: errors.values().sum(),
            skipped: 0,
            rows_loaded: healed,
            calls: self.made.calls,
            retries: self.made.retries,
            latency_mean_ms: latencies.iter().sum::<u64>().checked_div(count as u64).unwrap_or(0),
            latency_p95_ms: latencies
                .get((count * 95).div_ceil(100).saturating_sub(1))
                .copied()
                .unwrap_or(0),
            latency_max_ms: latencies.last().copied().unwrap_or(0),
            errors,
        }
    }
}
