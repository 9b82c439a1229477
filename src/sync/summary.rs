//! The figures of a sync under the names that `docs/LOGGING.md` gives them: for the log and for programs.

use serde::Serialize;

use super::Stop;
use super::report::{Report, TableReport};

/// `sync_summary`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields of sync_summary, see docs/LOGGING.md")]
pub struct Summary {
    pub event: &'static str,
    pub sink: &'static str,
    pub outcome: &'static str,
    pub rows_synced: u64,
    pub chunks: u64,
    pub groups: u64,
    pub bytes_sent: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_s: Option<i64>,
    pub bytes_billed: u64,
    pub cost_micro_usd: u64,
    pub duration_ms: u64,
}

impl Summary {
    /// Of a sync that has ended.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let sum = |of: fn(&TableReport) -> u64| report.tables.iter().map(of).sum::<u64>();
        Self {
            event: "sync_summary",
            sink: report.sink,
            outcome: match &report.stop {
                None => "succeeded",
                Some(Stop::Interrupted) => "interrupted",
                Some(_) => "failed",
            },
            rows_synced: report.rows(),
            chunks: sum(|table| table.chunks),
            groups: report.groups,
            bytes_sent: sum(|table| table.bytes),
            lag_s: report.lag_s,
            bytes_billed: report.billed.bytes,
            cost_micro_usd: report.billed.micro_usd(),
            duration_ms: u64::try_from(report.duration.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The one line of the sync.
    pub(super) fn log(&self) {
        tracing::info!(
            event = self.event,
            sink = self.sink,
            outcome = self.outcome,
            rows_synced = self.rows_synced,
            chunks = self.chunks,
            groups = self.groups,
            bytes_sent = self.bytes_sent,
            lag_s = self.lag_s,
            bytes_billed = self.bytes_billed,
            cost_micro_usd = self.cost_micro_usd,
            duration_ms = self.duration_ms,
            "sync_summary"
        );
    }
}
