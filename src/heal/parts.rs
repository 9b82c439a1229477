//! What the job is given to work with.

use crate::domain::Allowance;
use crate::job::{Job, JobSettings, Progress};
use crate::source::History;

/// The parts that the job works with.
#[derive(Clone, Copy)]
pub struct Heal<'a> {
    /// What opens its runs, and where it loads to.
    pub job: Job<'a>,
    /// Whose slots are filled.
    pub source: &'static str,
    /// What they are filled from: histories of one source, the better ones first; at least one.
    pub histories: &'a [Box<dyn History>],
    /// How it works.
    pub settings: &'a JobSettings,
    /// Calls per minute of the account, all tasks together; 0 is no limit.
    pub calls_per_minute: f64,
    /// What the account may do beside the calls for its live slots: calls are reserved before they
    /// are sent.
    pub budget: Allowance<'a>,
    /// Calls that it may spend, as the source charges them; `None`: as many as it takes.
    pub max_calls: Option<u64>,
    /// Also slots that were given up as unfillable from this history.
    pub again: bool,
    /// Notified of each slot that is done.
    pub progress: &'a dyn Progress,
}

impl Heal<'_> {
    /// The source that the slots are filled from.
    #[must_use]
    pub fn history_name(&self) -> &'static str {
        self.histories.first().map_or(self.source, |history| history.source_name())
    }

    pub(super) fn batch_rows(&self) -> usize {
        self.settings.batch_rows as usize
    }

    /// Calls per minute of this task.
    pub(super) fn pace(&self) -> f64 {
        self.calls_per_minute / f64::from(self.job.shard.count())
    }

    /// Whose pauses it respects: those of its own calls, and those of the account.
    pub(super) fn pauses(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.histories.iter().map(|history| history.pause_name()).collect();
        names.push(self.history_name());
        names.dedup();
        names
    }
}
