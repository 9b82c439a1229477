//! What the two databases say otherwise, in the statements that they share.
//!
//! A statement stands once, beside its function, and asks here for the words that differ. MySQL's are in
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
}

/// What follows `select … from weather_observations` for the newest of each site and source.
pub(super) struct Latest {
    /// Of every site in the file. Binds: until.
    pub(super) of_all: &'static str,
    /// Of one site. Binds: site, until.
    pub(super) of_site: &'static str,
}
