//! What a replay says at its end.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Compared;
use crate::store::{Holder, KeptSlot};

/// Slots that fail today, or have become good, that a report names.
const MAX_NAMED: usize = 20;

/// What a replay found and did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// When it began.
    #[serde(skip)]
    pub started_at: DateTime<Utc>,
    /// When it ended.
    #[serde(skip)]
    pub finished_at: DateTime<Utc>,
    /// Slots of the ledger.
    pub slots: u64,
    /// Those whose answer says the same today.
    pub equal: u64,
    /// Those whose row would be, or is, another one.
    pub changed: u64,
    /// Those whose answer gave nothing, and gives an observation today.
    pub newly_good: u64,
    /// Those whose answer gave an observation, and gives none today; their rows stay.
    pub newly_failing: u64,
    /// Those whose answer is not kept.
    pub no_body: u64,
    /// Rows that were written.
    pub written: u64,
    /// Runs that were opened.
    pub runs: u64,
    /// How many rows differ in each column.
    pub fields: BTreeMap<&'static str, u64>,
    /// Some of the slots that fail today, each with the reason.
    pub failing: Vec<String>,
    /// What is wrong with objects of the vault.
    pub faults: Vec<String>,
    /// Another replay that was at work on the slots of a source, which were left to it.
    #[serde(skip)]
    pub held: Option<Holder>,
    /// It was asked to end before it had read all.
    #[serde(skip)]
    pub is_interrupted: bool,
}

/// `replay_summary`: the figures of a report for programs.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    event: &'static str,
    #[serde(rename = "durationMs")]
    duration_ms: i64,
    #[serde(flatten)]
    report: &'a Report,
}

impl Report {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self {
            started_at: now,
            finished_at: now,
            slots: 0,
            equal: 0,
            changed: 0,
            newly_good: 0,
            newly_failing: 0,
            no_body: 0,
            written: 0,
            runs: 0,
            fields: BTreeMap::new(),
            failing: Vec::new(),
            faults: Vec::new(),
            held: None,
            is_interrupted: false,
        }
    }

    pub(super) fn count(&mut self, slot: &KeptSlot, compared: &Compared) {
        match compared {
            Compared::Equal => self.equal += 1,
            Compared::Changed(fields) => {
                self.changed += 1;
                for field in fields {
                    *self.fields.entry(field).or_default() += 1;
                }
            }
            Compared::NewlyGood => self.newly_good += 1,
            Compared::NewlyFailing(why) => {
                self.newly_failing += 1;
                if self.failing.len() < MAX_NAMED {
                    let slot_time = slot.slot_time.format("%F %H:%M");
                    self.failing.push(format!("{} {slot_time}: {why}", slot.site_id));
                }
            }
        }
    }

    pub(super) fn finish(&mut self, now: DateTime<Utc>) {
        self.finished_at = now;
    }

    /// Whether today's transform says anything else than what is there.
    #[must_use]
    pub fn has_differences(&self) -> bool {
        self.changed + self.newly_good + self.newly_failing > 0
    }

    /// Its figures for programs.
    #[must_use]
    pub fn summary(&self) -> Summary<'_> {
        let duration_ms = (self.finished_at - self.started_at).num_milliseconds();
        Summary { event: "replay_summary", duration_ms, report: self }
    }

    pub(super) fn log(&self) {
        let Self { slots, equal, changed, newly_good, newly_failing, no_body, written, .. } = self;
        for fault in &self.faults {
            tracing::error!(error_kind = "vault_broken", "{fault}");
        }
        tracing::info!(
            event = "replay_summary",
            slots,
            equal,
            changed,
            newly_good,
            newly_failing,
            no_body,
            written,
            runs = self.runs,
            "replay_summary"
        );
    }
}
