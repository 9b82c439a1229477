//! What the job is given to work with.

use crate::domain::Budget;
use crate::job::{Job, JobSettings, Progress};
use crate::source::Source;

/// The parts that the job works with.
#[derive(Clone, Copy)]
pub struct Etl<'a> {
    /// What opens its runs, and where it loads to.
    pub job: Job<'a>,
    /// Where it extracts from.
    pub source: &'a dyn Source,
    /// How it works.
    pub settings: &'a JobSettings,
    /// Calls per minute of the account, all tasks together; 0 is no limit.
    pub calls_per_minute: f64,
    /// What the account may do: calls are reserved before they are sent.
    pub budget: &'a Budget,
    /// Notified of each slot that is done.
    pub progress: &'a dyn Progress,
}
