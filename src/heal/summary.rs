//! The figures of a heal under the names that `docs/LOGGING.md` gives them: for the log and for programs.

use std::ops::AddAssign;

use serde::Serialize;

use super::report::Report;
use crate::job::stop::Stopped;

/// What was counted; of several sources it can be added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields of heal_summary, see docs/LOGGING.md")]
pub struct Figures {
    pub missing: u64,
    pub healed: u64,
    pub unfillable: u64,
    pub failed: u64,
    pub left: u64,
    pub archived: u64,
    pub later: u64,
    pub calls: u64,
    pub charged: u64,
    pub runs: u64,
    pub vault_missed: u64,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.missing += other.missing;
        self.healed += other.healed;
        self.unfillable += other.unfillable;
        self.failed += other.failed;
        self.left += other.left;
        self.archived += other.archived;
        self.later += other.later;
        self.calls += other.calls;
        self.charged += other.charged;
        self.runs += other.runs;
        self.vault_missed += other.vault_missed;
    }
}

/// `heal_summary`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields of heal_summary, see docs/LOGGING.md")]
pub struct Summary {
    pub event: &'static str,
    pub source: &'static str,
    pub history: &'static str,
    pub outcome: &'static str,
    pub duration_ms: i64,
    #[serde(flatten)]
    pub figures: Figures,
    /// Why it stopped short, if it did; the log has this in a line of its own.
    #[serde(flatten)]
    pub stopped: Option<Stopped>,
}

impl Summary {
    /// Of a heal that has ended.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        Self {
            event: "heal_summary",
            source: report.source,
            history: report.history,
            outcome: report.outcome().as_str(),
            duration_ms: (report.finished_at - report.started_at).num_milliseconds(),
            figures: Figures {
                missing: report.missing,
                healed: report.healed,
                unfillable: report.unfillable,
                failed: report.failed,
                left: report.left(),
                archived: report.archived,
                later: report.later,
                calls: report.calls,
                charged: report.charged,
                runs: report.runs,
                vault_missed: report.vault_missed,
            },
            stopped: report.stop.as_ref().map(Stopped::of),
        }
    }

    /// The one line with a heal's figures.
    pub(super) fn log(&self) {
        let Figures { missing, healed, unfillable, failed, left, archived, later, .. } =
            self.figures;
        let Figures { calls, charged, runs, vault_missed, .. } = self.figures;
        tracing::info!(
            event = self.event,
            source = self.source,
            history = self.history,
            outcome = self.outcome,
            duration_ms = self.duration_ms,
            missing,
            healed,
            unfillable,
            failed,
            left,
            archived,
            later,
            calls,
            charged,
            runs,
            vault_missed,
            "heal_summary"
        );
    }
}
