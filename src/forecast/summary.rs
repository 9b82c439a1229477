//! The figures of a run under the names that `docs/LOGGING.md` gives them: for the log and for programs.

use serde::Serialize;

use super::report::Report;
use crate::job::stop::Stopped;

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields of forecast_summary, see docs/LOGGING.md")]
pub struct Figures {
    pub sites: u64,
    pub collected: u64,
    pub unchanged: u64,
    pub failed: u64,
    pub skipped: u64,
    pub left: u64,
    pub values_loaded: u64,
    pub calls: u64,
    pub retries: u64,
}

/// `forecast_summary`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields of forecast_summary, see docs/LOGGING.md")]
pub struct Summary {
    pub event: &'static str,
    pub source: &'static str,
    pub product: &'static str,
    pub model: String,
    pub run_id: String,
    pub run_seq: i64,
    pub outcome: &'static str,
    pub duration_ms: i64,
    #[serde(flatten)]
    pub figures: Figures,
    /// Why it stopped short, if it did; the log has this in a line of its own.
    #[serde(flatten)]
    pub stopped: Option<Stopped>,
}

impl Summary {
    /// Of a run that has ended.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let counts = &report.counts;
        Self {
            event: "forecast_summary",
            source: report.source,
            product: report.product,
            model: report.model.clone(),
            run_id: report.run_id.to_string(),
            run_seq: report.run_seq,
            outcome: report.outcome().as_str(),
            duration_ms: (report.finished_at - report.started_at).num_milliseconds(),
            figures: Figures {
                sites: counts.sites,
                collected: counts.collected,
                unchanged: report.unchanged,
                failed: counts.failed,
                skipped: counts.skipped,
                left: report.left(),
                values_loaded: counts.rows_loaded,
                calls: counts.calls,
                retries: counts.retries,
            },
            stopped: report.stop.as_ref().map(Stopped::of),
        }
    }

    pub(super) fn log(&self) {
        let Self { figures, .. } = self;
        tracing::info!(
            labels.run_id = %self.run_id,
            event = self.event,
            run_seq = self.run_seq,
            source = self.source,
            product = self.product,
            model = self.model,
            outcome = self.outcome,
            duration_ms = self.duration_ms,
            sites = figures.sites,
            collected = figures.collected,
            unchanged = figures.unchanged,
            failed = figures.failed,
            skipped = figures.skipped,
            left = figures.left,
            values_loaded = figures.values_loaded,
            calls = figures.calls,
            retries = figures.retries,
            "forecast_summary"
        );
    }
}
