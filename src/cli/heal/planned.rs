//! The calls of a dry run, as rows.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::cli::output::{Column, Row, relative};

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
    const COLUMNS: &[Column] = &[
        Column::text("source").leaves(2),
        Column::text("from").leaves(1),
        Column::number("sites"),
        Column::number("first hour"),
        Column::number("last hour"),
        Column::number("slots"),
        Column::number("charged"),
    ];

    fn cells(&self, now: DateTime<Utc>) -> Vec<String> {
        vec![
            self.source.into(),
            self.from_source.into(),
            self.sites.to_string(),
            relative(self.first_hour, now),
            relative(self.last_hour, now),
            self.slots.to_string(),
            self.calls.to_string(),
        ]
    }
}
