//! The calls of a dry run, as rows.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::cli::output::Row;

/// A call that would be made.
#[derive(Serialize)]
pub(super) struct PlannedCall {
    pub(super) source: &'static str,
    pub(super) from_source: &'static str,
    pub(super) sites: usize,
    pub(super) first_hour: DateTime<Utc>,
    pub(super) last_hour: DateTime<Utc>,
    pub(super) slots: usize,
    pub(super) calls: u32,
}

impl Row for PlannedCall {
    const HEADS: &[&str] =
        &["source", "from", "sites", "first hour", "last hour", "slots", "charged calls"];

    fn cells(&self) -> Vec<String> {
        let time = |time: DateTime<Utc>| time.format("%F %H:%M").to_string();
        vec![
            self.source.into(),
            self.from_source.into(),
            self.sites.to_string(),
            time(self.first_hour),
            time(self.last_hour),
            self.slots.to_string(),
            self.calls.to_string(),
        ]
    }
}
