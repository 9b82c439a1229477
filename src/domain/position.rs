//! How far a table has been synced.

use chrono::{DateTime, Utc};

/// Everything of a table up to here, in the order of sync, is durably in the sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The run of the last row.
    pub run_seq: i64,
    /// The id of that run, by which another store is known.
    pub run_id: String,
    /// The last row within the run, for a table of which a run has many.
    pub key: Option<RowKey>,
}

/// A row of a table that has sites, sources and a time; in the order of sync.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// `observation_time` or `slot_time`.
    pub time: DateTime<Utc>,
    /// The site.
    pub site_id: String,
    /// The source.
    pub source: String,
}
