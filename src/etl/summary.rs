//! The figures of a run under the names that `docs/LOGGING.md` gives them: for the log and for programs.

use std::ops::AddAssign;

use serde::Serialize;

use super::report::Report;
use crate::domain::{ErrorKind, RunCounts};
use crate::job::{Stop, stop::Stopped};

/// What was counted; of several sources it can be added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Active sites of this shard that are selected.
    pub sites: u64,
    /// Slots that were collected.
    pub collected: u64,
    /// Slots that were tried and not collected.
    pub failed: u64,
    /// Slots that had failed for good before.
    pub failed_before: u64,
    /// Slots that were not called for.
    pub skipped: u64,
    /// Those of them that were over before their turn came.
    pub passed: u64,
    /// Slots that are due and have no result.
    pub left: u64,
    /// Observations written.
    pub rows_loaded: u64,
    /// Calls sent, retries included.
    pub calls: u64,
    /// Calls beyond the first of their slot.
    pub retries: u64,
    /// Answers that could not be kept.
    pub vault_missed: u64,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.sites += other.sites;
        self.collected += other.collected;
        self.failed += other.failed;
        self.failed_before += other.failed_before;
        self.skipped += other.skipped;
        self.passed += other.passed;
        self.left += other.left;
        self.rows_loaded += other.rows_loaded;
        self.calls += other.calls;
        self.retries += other.retries;
        self.vault_missed += other.vault_missed;
    }
}

/// `run_summary`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields of run_summary, see docs/LOGGING.md")]
pub struct Summary {
    pub event: &'static str,
    pub kind: &'static str,
    pub source: &'static str,
    pub run_id: String,
    pub run_seq: i64,
    pub shard: String,
    pub outcome: &'static str,
    pub duration_ms: i64,
    #[serde(flatten)]
    pub figures: Figures,
    pub failed_permille: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_observation_age_s: Option<i64>,
    pub latency_mean_ms: u64,
    pub latency_p95_ms: u64,
    pub latency_max_ms: u64,
    pub errors_timeout: u64,
    pub errors_connection: u64,
    pub errors_server_error: u64,
    pub errors_rate_limited: u64,
    pub errors_unauthorized: u64,
    pub errors_bad_request: u64,
    pub errors_not_found: u64,
    pub errors_malformed: u64,
    pub errors_out_of_range: u64,
    pub account_blocked: u64,
    /// Why it stopped short, if it did; the log has this in a line of its own.
    #[serde(flatten)]
    pub stopped: Option<Stopped>,
}

impl Summary {
    /// Of a run that has ended.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let counts = &report.counts;
        let errors = |kind| counts.errors.get(&kind).copied().unwrap_or_default();
        Self {
            event: "run_summary",
            kind: report.kind,
            source: report.source,
            run_id: report.run_id.to_string(),
            run_seq: report.run_seq,
            shard: report.shard.to_string(),
            outcome: report.outcome().as_str(),
            duration_ms: (report.finished_at - report.started_at).num_milliseconds(),
            figures: figures(report),
            failed_permille: report.failed_permille(),
            newest_observation_age_s: report.newest_observation_age_s(),
            latency_mean_ms: counts.latency_mean_ms,
            latency_p95_ms: counts.latency_p95_ms,
            latency_max_ms: counts.latency_max_ms,
            errors_timeout: errors(ErrorKind::Timeout),
            errors_connection: errors(ErrorKind::Connection),
            errors_server_error: errors(ErrorKind::ServerError),
            errors_rate_limited: errors(ErrorKind::RateLimited),
            errors_unauthorized: errors(ErrorKind::Unauthorized),
            errors_bad_request: errors(ErrorKind::BadRequest),
            errors_not_found: errors(ErrorKind::NotFound),
            errors_malformed: errors(ErrorKind::Malformed),
            errors_out_of_range: errors(ErrorKind::OutOfRange),
            account_blocked: u64::from(matches!(report.stop, Some(Stop::AccountBlocked { .. }))),
            stopped: report.stop.as_ref().map(Stopped::of),
        }
    }

    /// The one line with a run's figures, for log-based metrics.
    pub(super) fn log(&self) {
        let Figures { sites, collected, failed, failed_before, skipped, .. } = self.figures;
        let Figures { passed, left, rows_loaded, calls, retries, vault_missed, .. } = self.figures;
        tracing::info!(
            labels.run_id = self.run_id,
            event = self.event,
            kind = self.kind,
            source = self.source,
            run_id = self.run_id,
            run_seq = self.run_seq,
            shard = self.shard,
            outcome = self.outcome,
            duration_ms = self.duration_ms,
            sites,
            collected,
            failed,
            failed_before,
            failed_permille = self.failed_permille,
            skipped,
            passed,
            left,
            rows_loaded,
            newest_observation_age_s = self.newest_observation_age_s,
            calls,
            retries,
            vault_missed,
            latency_mean_ms = self.latency_mean_ms,
            latency_p95_ms = self.latency_p95_ms,
            latency_max_ms = self.latency_max_ms,
            errors_timeout = self.errors_timeout,
            errors_connection = self.errors_connection,
            errors_server_error = self.errors_server_error,
            errors_rate_limited = self.errors_rate_limited,
            errors_unauthorized = self.errors_unauthorized,
            errors_bad_request = self.errors_bad_request,
            errors_not_found = self.errors_not_found,
            errors_malformed = self.errors_malformed,
            errors_out_of_range = self.errors_out_of_range,
            account_blocked = self.account_blocked,
            "run_summary"
        );
    }
}

fn figures(report: &Report) -> Figures {
    let RunCounts { sites, collected, failed, skipped, rows_loaded, calls, retries, .. } =
        report.counts;
    Figures {
        sites,
        collected,
        failed,
        failed_before: report.failed_before,
        skipped,
        passed: report.passed,
        left: report.left(),
        rows_loaded,
        calls,
        retries,
        vault_missed: report.vault_missed,
    }
}
