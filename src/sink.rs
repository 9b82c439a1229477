//! The sink: where the store is mirrored for BI people (BigQuery, a lake). There may be several, each with its
//! own position.
//!
//! The sink keeps the [`State`] of each store itself, in the transaction that writes the rows, so that
//! rows and positions cannot disagree. Every writer reads the **epoch** of the state before it reads the
//! rows, and writes only if the epoch is still that: two writers at once cannot both insert. A write
//! whose answer was lost is looked up by its epoch and positions, never guessed.
//!
//! Every implementation passes the contract suite (`tests/it/sink_contract.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::clock::SystemClock;
use crate::domain::proofs::Proofs;
use crate::domain::tables::Table;
use crate::domain::{Day, DaySums, Days};
use crate::retry::{RetryPolicy, Transient, retry};

pub mod bigquery;
mod billed;
mod error;
pub mod lake;
pub mod settings;
mod state;

pub use billed::Billed;
pub use error::{Obstacle, SinkError};
pub use settings::{LakeSettings, SinkKind, SinkSettings};
pub use state::{Progress, Rebase, RolledUp, State};

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

/// So often what reads before it writes begins again, where another writer was faster each time.
pub const ROUNDS: u32 = 10;

/// An error that knows whether another writer was faster.
pub trait Fenced {
    /// True when nothing is wrong but that.
    fn is_fenced(&self) -> bool;
}

/// Carries out an operation that reads before it writes, and begins again where another writer was faster.
///
/// # Errors
/// That others were faster in each of [`ROUNDS`] rounds, and any other error of `operation`.
pub async fn beside_writers<T, E: Fenced>(
    mut operation: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    for _ in 1..ROUNDS {
        match operation().await {
            Err(error) if error.is_fenced() => {
                tracing::info!("another writer was faster: beginning again");
            }
            done => return done,
        }
    }
    operation().await
}

/// The sink. Its futures stay on their thread: who tries again takes async closures, which cannot say
/// that what they make may move.
#[async_trait(?Send)]
pub trait Sink: Send + Sync {
    /// Which one it is, as settings and the log name it.
    fn kind(&self) -> &'static str;

    /// What is written at once.
    fn limits(&self) -> Limits;

    /// Whether months that have left the store are read from here: such a day is never written anew from it.
    fn is_archive(&self) -> bool {
        false
    }

    /// Looks at everything that has to be there, creates what is missing and adds columns that are new.
    /// Nothing is ever dropped or emptied. It tries again itself ([`with_retries`]), thing by thing: of
    /// so many calls one always fails where one in ten does.
    ///
    /// A table that is missing though a store has a position in it was dropped, or its time was
    /// over: **before** it is made anew, every such store's state of it is set before the first row,
    /// so that a start that is killed in between leaves no position in an empty table.
    ///
    /// # Errors
    /// [`SinkError::Altered`] when a table is not as we made it: nothing was written then.
    async fn prepare(&self) -> Result<Prepared, SinkError>;

    /// Whether everything was found prepared, by the definitions of this program, less than a day ago.
    fn is_prepared(&self, state: &State) -> bool;

    /// Makes the views, which read what a sync has filled by now, and notes in the state that all is
    /// prepared. Tries again itself.
    async fn finish_preparing(&self, store_id: &str) -> Result<Prepared, SinkError>;

    /// What [`prepare`](Self::prepare) would do, and whether it might; nothing is written.
    ///
    /// # Errors
    /// As those of `prepare`.
    async fn check(&self) -> Result<Prepared, SinkError>;

    /// The fingerprint of the definition of the roll-ups ([`RolledUp::definition`]); `None`: it has none.
    fn roll_up_definition(&self) -> Option<String>;

    /// Where everything stands for this store, by one call; `None` if it was never synced from it.
    async fn find_state(&self, store_id: &str) -> Result<Option<State>, SinkError>;

    /// Other stores that were synced to here.
    async fn list_other_stores(&self, store_id: &str) -> Result<Vec<String>, SinkError>;

    /// Makes the state of a store, every table before its first row; one that is there stays.
    async fn create_state(&self, store_id: &str) -> Result<(), SinkError>;

    /// Puts `state` in the place of the store's state; its epoch is one above that of `state`. What was
    /// proved, and what was prepared, is left as it is.
    ///
    /// # Errors
    /// [`SinkError::Fenced`] when the epoch is no longer that of `state`: nothing was written then.
    async fn set_state(&self, store_id: &str, state: &State) -> Result<(), SinkError>;

    /// Notes what was proved; the epoch stays.
    ///
    /// # Errors
    /// [`SinkError::Fenced`] when it is no longer `before` that is noted: nothing was written then.
    async fn set_proofs(
        &self,
        store_id: &str,
        before: &Proofs,
        after: &Proofs,
    ) -> Result<(), SinkError>;

    /// A new staging table by its name; it is made with the first rows that come into it.
    fn new_staging(&self, table: &'static Table, owner: &Owner<'_>, holds: Holds) -> Staging;

    /// Puts the rows of a chunk into a staging table, where a script finds them. Nobody sees them yet.
    /// Tries again itself.
    ///
    /// # Errors
    /// [`SinkError::InvalidRows`] when a row is at fault.
    async fn append(&self, staging: &Staging, chunk: &Chunk) -> Result<(), SinkError>;

    /// What a sync that was interrupted had staged of a table, as a copy: the other one may still be at
    /// work. `None`: nothing that can be used.
    async fn find_staged(
        &self,
        table: &'static Table,
        owner: &Owner<'_>,
    ) -> Result<Option<Staged>, SinkError>;

    /// Writes the staged rows of all parts, the roll-ups of the days that they touch and the state, all
    /// or nothing, and drops what was staged. The rows are durably written when it returns.
    ///
    /// # Errors
    /// [`SinkError::Fenced`] when the epoch is no longer that of `group.state`, [`SinkError::NotStaged`]
    /// when the staged rows are not those of the group, [`SinkError::NotEmpty`] when a table that was to
    /// be filled has rows: nothing was written then. After any other error only the state shows what was written.
    async fn write(&self, store_id: &str, group: &Group) -> Result<(), SinkError>;

    /// What the rows of each of some days come to, computed from the values that are there; no other day
    /// is read.
    async fn sum_days(&self, table: &'static Table, days: &[Days]) -> Result<DaySums, SinkError>;

    /// Where the staged rows and the table's rows of these days differ, value by value; some of each
    /// day.
    async fn list_differences(
        &self,
        table: &'static Table,
        days: Days,
        staging: &Staging,
    ) -> Result<Vec<Difference>, SinkError>;

    /// Puts rows in the place of all that the table has of a day, all or nothing; the positions stay.
    ///
    /// # Errors
    /// [`SinkError::Fenced`] as for [`write`](Self::write), [`SinkError::WouldDelete`] when a key
    /// would go and `rewrite` does not allow it; nothing was written then.
    async fn rewrite(
        &self,
        store_id: &str,
        rewrite: Rewrite<'_>,
        state: &State,
    ) -> Result<(), SinkError>;

    /// The bytes that were billed since the sink was opened, of every job that has ended.
    fn bytes_billed(&self) -> u64;

    /// Where the roll-ups are not what their definition says, in any column, of these days up to the moment
    /// that `state` notes; of all days, [`Days::ALL`], a roll-up without days is compared too. Nothing where
    /// none were computed.
    async fn list_roll_up_differences(
        &self,
        state: &State,
        days: Days,
    ) -> Result<Vec<RollUpDay>, SinkError>;

    /// Computes the roll-ups of such days anew, all or nothing, up to the moment that `state` notes.
    ///
    /// # Errors
    /// [`SinkError::Fenced`] as for [`write`](Self::write).
    async fn roll_up_again(
        &self,
        store_id: &str,
        days: &[RollUpDay],
        state: &State,
    ) -> Result<(), SinkError>;

    /// Drops what was staged; if that fails it goes by itself within some days.
    async fn drop_staging(&self, staging: &Staging);

    /// What the sink does for itself once a sync has written to it; says what was done.
    ///
    /// # Errors
    /// When it cannot; what was synced stays so.
    async fn end_sync(&self) -> Result<Vec<String>, SinkError>;
}

/// A sink that months leave the store for.
#[async_trait(?Send)]
pub trait ArchivedRows: Sink {
    /// Passes every row of a day to `each`.
    ///
    /// # Errors
    /// [`SinkError::Altered`] when a file is not as it was written; some rows were passed then.
    async fn read_day(
        &self,
        table: &'static Table,
        day: NaiveDate,
        each: &mut dyn FnMut(RecordBatch),
    ) -> Result<(), SinkError>;

    /// Downloads the files of some days, and says what each is.
    ///
    /// # Errors
    /// When one cannot be read; one that is not there is among no day's files.
    async fn hash_files(&self, table: &'static Table, days: Days)
    -> Result<HashedFiles, SinkError>;
}

/// The files of some days at a version of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashedFiles {
    /// The version.
    pub version: i64,
    /// The files of each day, by their paths.
    pub days: BTreeMap<NaiveDate, Vec<HashedFile>>,
}

/// A file, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashedFile {
    /// Where it is in the table's folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// What is written at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// All tables in one transaction: a group has chunks of each, and what runs that are still open have
    /// written.
    AllTables,
    /// A chunk of one table: each table has a position of its own, and runs come last.
    OneChunk,
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
    /// The days (UTC) whose hours they may change: of a slot also those between its observation's and
    /// its own.
    pub touched: BTreeSet<NaiveDate>,
    /// Where the table stands once they are written.
    pub progress: Progress,
}

/// For whom rows are staged.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The store.
    pub store_id: &'a str,
    /// The epoch that they are to be written at.
    pub epoch: i64,
}

/// Rows that are staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staging {
    /// The name of the staging table.
    pub name: String,
}

/// What is staged of a table.
#[derive(Debug)]
pub struct Staged {
    /// Where.
    pub staging: Staging,
    /// How many rows.
    pub rows: u64,
    /// The days (UTC) they are of.
    pub days: BTreeSet<NaiveDate>,
    /// The days (UTC) whose hours they may change.
    pub touched: BTreeSet<NaiveDate>,
    /// The last row, in the order of sync.
    pub progress: Progress,
}

/// Rows of one table, staged, to be written with others.
#[derive(Debug)]
pub struct Part {
    /// Their table. Of two parts of one table the later one counts.
    pub table: &'static Table,
    /// Where they are staged.
    pub staging: Staging,
    /// How many they are.
    pub rows: u64,
    /// The days (UTC) they are of; none for a table without days.
    pub days: BTreeSet<NaiveDate>,
    /// Whether the table is known to have no row: then nothing is matched.
    pub fills: bool,
}

/// What is written by one script.
#[derive(Debug)]
pub struct Group {
    /// The staged rows, in the order in which they are written.
    pub parts: Vec<Part>,
    /// The state that the rows were read for, with the positions and all else as it is to be; its epoch
    /// is the one before.
    pub state: State,
    /// What of the roll-ups is computed anew.
    pub roll_up: RollUp,
}

/// A day of a roll-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RollUpDay {
    /// The roll-up.
    pub table: &'static str,
    /// The day, UTC of hours and local of days; `None` for a roll-up without days.
    pub day: Day,
}

/// What of the roll-ups is computed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollUp {
    /// Nothing: a later group does it.
    Nothing,
    /// The hours of some days and the local days around them, and the local days since a time.
    Days {
        /// The days (UTC).
        touched: BTreeSet<NaiveDate>,
        /// Up to when the roll-ups were computed before.
        since: Option<DateTime<Utc>>,
    },
    /// Everything.
    Everything,
}

/// What a staging table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The rows of a table past its position, in the order of sync, from the first on: a start that finds
    /// them goes on after the last.
    RowsInOrder,
    /// Some rows: of runs that are still open, or of a day. No other start may take them for all.
    SomeRows,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_others_are_faster_at_begins_again_ten_times_and_no_more() {
        for (faster, expected) in [(0, 1), (3, 4), (9, 10), (10, 10), (99, 10)] {
            let mut rounds = 0;
            let done = beside_writers(async || {
                rounds += 1;
                if rounds <= faster { Err(SinkError::Fenced) } else { Ok(()) }
            });
            assert_eq!(done.await.is_ok(), faster < 10, "{faster}");
            assert_eq!(rounds, expected, "{faster}");
        }
    }
}
