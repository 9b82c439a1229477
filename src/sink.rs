//! The sink: where the store is mirrored for BI people (BigQuery).
//!
//! The sink keeps the **position** of each table itself, in the transaction that writes the rows,
//! so that rows and position cannot disagree. Every writer reads the **epoch** of the table before
//! it reads the rows, and writes only if the epoch is still that: two writers at once cannot both
//! insert. A write whose answer was lost is looked up by its position, never guessed.
//!
//! Every implementation passes the contract suite (`tests/it/sink_contract.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::clock::SystemClock;
use crate::domain::position::Position;
use crate::domain::tables::Table;
use crate::domain::{Day, DaySums, Days};
use crate::retry::{RetryPolicy, Transient, retry};

pub mod bigquery;
mod error;
pub mod settings;

pub use error::{Obstacle, SinkError};
pub use settings::SinkSettings;

/// How passing troubles of store and sink are met: a minute in all.
const RETRY: RetryPolicy = RetryPolicy {
    max_attempts: 7,
    first_wait: Duration::from_millis(500),
    longest_wait: Duration::from_secs(20),
};

/// Carries out an operation of the store or the sink, and repeats it where its error is transient.
///
/// # Errors
/// The last error of `operation`.
pub async fn with_retries<T, E: Transient>(
    operation: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    retry(&SystemClock, RETRY, operation).await
}

/// The sink. Its futures stay on their thread: who tries again takes async closures, which cannot say
/// that what they make may move.
#[async_trait(?Send)]
pub trait Sink: Send + Sync {
    /// Creates what is missing and adds columns that are new. Nothing is ever dropped or
    /// emptied. It tries again itself ([`with_retries`]), thing by thing: of so many calls one always
    /// fails where one in ten does.
    ///
    /// A table that is missing though a store has a position in it was dropped, or its time was
    /// over: **before** it is made anew, every such store's state of it is set before the first row,
    /// so that a start that is killed in between leaves no position in an empty table.
    ///
    /// # Errors
    /// [`SinkError::Altered`] when a table is not as we made it: nothing was written then.
    async fn prepare(&self) -> Result<Prepared, SinkError>;

    /// What [`prepare`](Self::prepare) would do, and whether it might; nothing is written.
    ///
    /// # Errors
    /// As those of `prepare`.
    async fn check(&self) -> Result<Prepared, SinkError>;

    /// Where each table stands for this store; `None` if it was never synced from it.
    async fn find_states(&self, store_id: &str) -> Result<Option<States>, SinkError>;

    /// Other stores that were synced to here.
    async fn list_other_stores(&self, store_id: &str) -> Result<Vec<String>, SinkError>;

    /// Makes the states of a store, every table before its first row; those that are there stay.
    async fn create_states(&self, store_id: &str) -> Result<(), SinkError>;

    /// Sets every table of a store before its first row, and notes that a rebase is under way:
    /// [`State::rebase_run_seq`].
    async fn begin_rebase(&self, store_id: &str, run_seq: i64) -> Result<(), SinkError>;

    /// Notes that it is over.
    async fn end_rebase(&self, store_id: &str) -> Result<(), SinkError>;

    /// Makes the positions of a store those of no run of its own, of every table, since the store `by`
    /// takes its place: it is refused from then on, as a restored store is.
    async fn supersede_states(&self, store_id: &str, by: &str) -> Result<(), SinkError>;

    /// Puts the rows of a chunk where [`merge`](Self::merge) finds them. Nobody sees them yet.
    ///
    /// # Errors
    /// [`SinkError::InvalidRows`] when a row is at fault.
    async fn stage(&self, chunk: &Chunk) -> Result<Staging, SinkError>;

    /// Writes the staged rows and moves the table's state to `chunk.progress`, all or nothing. The
    /// rows are durably written when it returns.
    ///
    /// # Errors
    /// [`SinkError::Fenced`] when the epoch is no longer `epoch`: nothing was written then. After
    /// any other error only the state tells.
    async fn merge(
        &self,
        store_id: &str,
        chunk: &Chunk,
        staging: &Staging,
        epoch: i64,
    ) -> Result<(), SinkError>;

    /// What the rows of each day come to, computed from the values that are there.
    async fn sum_days(&self, table: &'static Table, days: Days) -> Result<DaySums, SinkError>;

    /// Where the staged rows and the table's rows of these days differ, value by value; some of each
    /// day.
    async fn list_differences(
        &self,
        table: &'static Table,
        days: Days,
        staging: &Staging,
    ) -> Result<Vec<Difference>, SinkError>;

    /// Puts rows in the place of all that the table has of a day, all or nothing; the position stays.
    ///
    /// # Errors
    /// [`SinkError::Fenced`] as for [`merge`](Self::merge), [`SinkError::WouldDelete`] when a key
    /// would go and `rewrite` does not allow it; nothing was written then.
    async fn rewrite(
        &self,
        store_id: &str,
        rewrite: Rewrite<'_>,
        epoch: i64,
    ) -> Result<(), SinkError>;

    /// Notes through which day each of these tables was found equal.
    async fn set_verified_through(
        &self,
        store_id: &str,
        days: &BTreeMap<&'static str, Day>,
    ) -> Result<(), SinkError>;

    /// Drops what was staged; if that fails it goes by itself within a day.
    async fn drop_staging(&self, staging: Staging);
}

/// What was made, or would be, and what people should know.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Prepared {
    /// What was made, in words.
    pub made: Vec<String>,
    /// What may lose rows, or has lost them.
    pub warnings: Vec<Warning>,
}

/// What people should know of the sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// How it is.
    pub found: String,
    /// What to do about it.
    pub remedy: String,
}

/// The states of all tables, by name.
pub type States = BTreeMap<String, State>;

/// Where a table stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Goes up with each write.
    pub epoch: i64,
    /// What has been written; `None`: nothing.
    pub progress: Option<Progress>,
    /// Every day up to here was found equal when it was last looked at.
    pub verified_through: Day,
    /// The run number that a rebase began with which is under way: a copy of the store from before
    /// has not given it out.
    pub rebase_run_seq: Option<i64>,
}

/// How much of a table has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Every row up to here.
    To(Position),
    /// The whole table when its rows had this fingerprint.
    Whole(i64),
}

/// Rows on their way.
#[derive(Debug)]
pub struct Chunk {
    /// Their table.
    pub table: &'static Table,
    /// The rows, as a Parquet file.
    pub parquet: Vec<u8>,
    /// How many they are.
    pub rows: u64,
    /// The days (UTC) they are of; none for a table without days.
    pub days: BTreeSet<NaiveDate>,
    /// Where the table stands once they are written.
    pub progress: Progress,
}

/// Rows that are staged.
#[derive(Debug)]
pub struct Staging {
    /// The name of the staging table.
    pub name: String,
}

/// What is put in the place of a day's rows.
#[derive(Debug, Clone, Copy)]
pub struct Rewrite<'a> {
    /// The table.
    pub table: &'static Table,
    /// The day; `None` for a table without days.
    pub day: Day,
    /// The rows; `None`: the store has none.
    pub staging: Option<&'a Staging>,
    /// How many they are.
    pub rows: u64,
    /// Whether keys may go that are not among the rows.
    pub may_delete: bool,
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its day.
    pub day: Day,
    /// Its key, the columns with a blank between.
    pub key: String,
    /// Which columns differ, or that one side lacks the row.
    pub what: String,
}
