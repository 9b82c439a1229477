//! What the two databases say otherwise, in the statements that they share.
//!
//! A statement stands once, beside its function, and takes the words that differ from here. MySQL's are in
//! `mysql/dialect.rs`, SQLite's in `sqlite/dialect.rs`.

/// How a database says it.
pub(super) struct Dialect {
    /// The words after a table's name that have it read along the index of that name: statistics of a
    /// table that has just been filled mislead MySQL, and SQLite would rather keep the order of a group.
    pub(super) use_index: fn(&str) -> String,
    /// The words after a table's name that have it read along its primary key, where they are needed.
    pub(super) use_primary_key: &'static str,
    /// For how long a run has been silent by the database's clock, in milliseconds, from `heartbeat_at`.
    pub(super) silent_ms: &'static str,
    /// The sources that were asked for a site and the first slot of each, by name. Binds: site.
    pub(super) asked_sources: &'static str,
    /// The sources that have an observation of a site, by name. Binds: site.
    pub(super) observed_sources: &'static str,
    /// How it finds the newest observations.
    pub(super) latest: Latest,
    /// The present by the database's clock, as `heartbeat_at` has it.
    pub(super) now: &'static str,
    /// What follows a `select` that holds its row's lock until the end of the transaction.
    pub(super) for_update: &'static str,
    /// What follows a `select` that lets others read its row and lets nobody change it until the end of the
    /// transaction.
    pub(super) for_share: &'static str,
    /// The last of a JSON array, in a path.
    pub(super) last_of_array: &'static str,
    /// What becomes of a pause that is set already: the later one stays.
    pub(super) upsert_pause: &'static str,
    /// What becomes of the row of a budget's lane: it is locked, and taken over where it counts an older
    /// window.
    pub(super) upsert_windows: &'static str,
    /// What becomes of a site that is there.
    pub(super) upsert_sites: &'static str,
    /// What becomes of a slot that is there. A slot once collected stays so, and one that cannot be filled
    /// does not become failed.
    pub(super) upsert_slots: &'static str,
    /// The same of a forecast slot.
    pub(super) upsert_forecast_slots: fn() -> &'static str,
    /// What becomes of a series that has left before: it reaches as far as both.
    pub(super) upsert_series: &'static str,
    /// What becomes of a row with this key that is put back though it is there: it stays.
    pub(super) keep_old: fn(&[&str]) -> String,
    /// Deletes so many rows of a table whose time lies between two. Binds: from, to.
    pub(super) delete_some: fn(&str, &str, u32) -> String,
    /// What becomes of an observation that is there. Every value is written, absent ones as NULL: an upsert
    /// that keeps the former value where the new one is absent shows yesterday's rain for ever. What is
    /// healed takes the place of nothing that was collected live. Values that stay the same were here before.
    pub(super) upsert_observations: fn() -> &'static str,
    /// How many rows a statement takes at most.
    pub(super) rows_per_statement: RowsPerStatement,
}

/// How many rows a statement takes at most.
pub(super) struct RowsPerStatement {
    pub(super) observations: usize,
    pub(super) slots: usize,
    pub(super) sites: usize,
    pub(super) forecast_values: usize,
    pub(super) forecast_slots: usize,
}

/// What follows `select … from weather_observations` for the newest of each site and source.
pub(super) struct Latest {
    /// Of every site in the file. Binds: until.
    pub(super) of_all: &'static str,
    /// Of one site. Binds: site, until.
    pub(super) of_site: &'static str,
}
