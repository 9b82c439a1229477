//! The store: where observations, slots and runs live (MySQL; SQLite for trying out).
//!
//! The unit of change is the **run**. A run gets its sequence number under a lock, so sequence
//! order is commit order; every batch of it is one transaction that begins by proving that the run
//! is still open, so a run that was set aside can commit nothing more; and the open run is the
//! lock for its kind of job and shard. Timestamps cannot do this: a transaction that commits late
//! carries an early time, and a reader that remembers the latest time it saw loses it.
//!
//! Both implementations pass the same contract suite (`tests/it/store_contract.rs`). Around either stands
//! [`Bounded`]: it gives up what takes too long and repeats what may pass.

use std::time::Duration;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use uuid::Uuid;

use crate::domain::tables::Table;
use crate::domain::{BudgetWindow, Life, Move, Outcome, RunCounts, Shard, Site, SlotResult};

pub mod bounded;
pub mod bounds;
pub mod budget;
mod columns;
mod error;
pub mod mysql;
mod query;
mod read;
pub mod rows;
mod schema;
pub mod settings;
mod site_changes;
mod site_states;
pub mod sqlite;
mod told;

pub use bounded::Bounded;
pub use bounds::{Bound, Bounds};
pub use budget::{CallCount, Reserved, Settled, Wanted};
pub use error::StoreError;
pub use query::{ObservedSpan, RunVersion, SiteRow, Temperature};
pub use read::{AskedSource, FailureCount, LedgerSlot, RunRow, StoppedRun, TriedSlot};
pub use rows::Rows;
pub use settings::StoreSettings;
pub use site_states::SiteState;
pub use told::ToldSlot;

/// The store.
#[async_trait]
pub trait Store: Send + Sync {
    /// Brings the schema up to this program's and returns the versions it applied, in order;
    /// none when it was up to date, in which case nothing is written.
    async fn migrate(&self) -> Result<Vec<i64>, StoreError>;

    /// Fails unless the schema is this program's.
    async fn check_schema(&self) -> Result<(), StoreError>;

    /// Fails unless every table may be read and written.
    async fn check_privileges(&self) -> Result<(), StoreError>;

    /// What can be said of the database itself.
    async fn facts(&self) -> Result<StoreFacts, StoreError>;

    /// Opens a run, or says who holds the lock. An open run whose lease is over, by the database's
    /// clock, is set aside first; it cannot commit anything from then on.
    async fn start_run(&self, start: &RunStart) -> Result<Start, StoreError>;

    /// Extends the lease of a run.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the run is no longer open.
    async fn beat(&self, run: &Run) -> Result<(), StoreError>;

    /// Writes a batch in one transaction: its observations and its slots, or nothing. May be
    /// repeated: the same batch written twice leaves what it left the first time. A slot once
    /// collected stays so, and one that cannot be filled does not become failed.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the run is no longer open; nothing was written then.
    async fn load(
        &self,
        run: &Run,
        batch: &[SlotResult],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Closes a run with its report.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the run is no longer open.
    async fn close_run(&self, run: &Run, end: &RunEnd) -> Result<(), StoreError>;

    /// Makes the `sites` table follow `sites`: new ones are added, changed ones changed, those
    /// that are gone deactivated; nothing is deleted. When a site was in the file, at which interval
    /// and where is kept. Returns the sites that have moved.
    async fn take_in_sites(
        &self,
        sites: &[Site],
        now: DateTime<Utc>,
    ) -> Result<Vec<Move>, StoreError>;

    /// The slots with one of these times that were called for.
    async fn list_tried(
        &self,
        source: &str,
        slot_times: &[DateTime<Utc>],
    ) -> Result<Vec<TriedSlot>, StoreError>;

    /// Until when no call may be made to `source`, if it is paused; may lie in the past.
    async fn paused_until(&self, source: &str) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Pauses `source`; a pause already set that ends later stays.
    async fn pause(&self, source: &str, until: DateTime<Utc>) -> Result<(), StoreError>;

    /// Reserves calls of `account` in all of these windows, or in none, up to the least that one of
    /// them has left of its cap. However many reserve at once, no window ever holds more than its
    /// cap. Windows come sorted by scope, window and start, each once. Repeated after a lost
    /// answer it reserves again, which wastes calls and exceeds nothing.
    async fn reserve_calls(
        &self,
        account: &str,
        windows: &[BudgetWindow],
        wanted: Wanted,
    ) -> Result<Reserved, StoreError>;

    /// Says what became of calls that were reserved in these windows; what was not sent may be
    /// reserved again. Must not be repeated unless it was certainly not carried out
    /// ([`StoreError::Conflict`]): calls given back twice would let the cap be exceeded.
    async fn settle_calls(
        &self,
        account: &str,
        windows: &[BudgetWindow],
        settled: Settled,
    ) -> Result<(), StoreError>;

    /// What `account` has reserved and used in the windows that begin at `since` or later.
    async fn list_call_counts(
        &self,
        account: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<CallCount>, StoreError>;

    /// True when a run of this kind is open, of whatever shard, and was not silent for a lease by the
    /// database's clock.
    async fn is_run_at_work(&self, kind: &str, lease: Duration) -> Result<bool, StoreError>;

    /// Every active site with what is known of it; counts are of slots since the first of these times,
    /// and observations of after the second do not count.
    async fn list_site_states(
        &self,
        source: &str,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<SiteState>, StoreError>;

    /// The failed slots since `since`, counted by site and kind, most first.
    async fn list_failures(
        &self,
        source: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<FailureCount>, StoreError>;

    /// What decides which slots of a site are expected, of every site, those that have left the file
    /// too, by id.
    async fn list_lives(&self) -> Result<Vec<Life>, StoreError>;

    /// The sources that were ever asked for a site, by name.
    async fn list_asked_sources(&self, site_id: &str) -> Result<Vec<AskedSource>, StoreError>;

    /// The runs that started from one time to another, both included, and stopped since a source
    /// had blocked the account or refused the key, or its budget was spent; oldest first.
    async fn list_stopped_runs(
        &self,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<StoppedRun>, StoreError>;

    /// What the ledger says of the slots of a site and source from one time to another, both
    /// included, streamed in order.
    fn read_ledger<'a>(
        &'a self,
        site_and_source: (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<LedgerSlot, StoreError>>;

    /// The slots of a site and source from one time up to another, which is left out, each with the
    /// observation that fills it, streamed in order.
    fn read_told<'a>(
        &'a self,
        site_and_source: (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<ToldSlot, StoreError>>;

    /// The time of the oldest observation that fills one of these slots.
    async fn oldest_told(
        &self,
        site_and_source: (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// The latest runs, newest first.
    async fn list_runs(&self, limit: u32) -> Result<Vec<RunRow>, StoreError>;

    /// The runs with numbers below this one, newest first.
    async fn list_runs_before(&self, run_seq: i64, limit: u32) -> Result<Vec<RunRow>, StoreError>;

    /// Which runs there are and which of them are open: changes with whatever a run commits.
    async fn run_version(&self) -> Result<RunVersion, StoreError>;

    /// Every site by id, those that have left the file too.
    async fn list_sites(&self) -> Result<Vec<SiteRow>, StoreError>;

    /// The site with this id.
    async fn find_site(&self, site_id: &str) -> Result<Option<SiteRow>, StoreError>;

    /// The sources that have said anything of a site, by name.
    async fn list_observed_sources(&self, site_id: &str) -> Result<Vec<String>, StoreError>;

    /// The slots since the first of these times that were collected, by site, source and slot, each with
    /// its temperature; observations of after the second time have none.
    async fn list_temperatures(
        &self,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<Temperature>, StoreError>;

    /// Every site by id, and from when to when a source has said anything of it; what is of after
    /// `until` does not count.
    async fn list_observed_spans(
        &self,
        source: &str,
        until: DateTime<Utc>,
    ) -> Result<Vec<ObservedSpan>, StoreError>;

    /// The run with this `run_seq`, or the one whose `run_id` starts so.
    async fn find_run(&self, id: &str) -> Result<Option<RunRow>, StoreError>;

    /// The first `run_seq` that is not to be synced: below it every run has ended, and nothing can
    /// appear there any more.
    async fn end_of_ended_runs(&self) -> Result<i64, StoreError>;

    /// The runs that are open, of whatever kind, in the order of their numbers.
    async fn list_open_runs(&self) -> Result<Vec<OpenRun>, StoreError>;

    /// Sets every open run aside, of whatever kind, whose lease is over by the database's clock and
    /// that has not beaten meanwhile, and returns those. None of them can commit anything from then
    /// on. Nothing is written where there is none.
    async fn set_aside_silent_runs(
        &self,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Vec<OpenRun>, StoreError>;

    /// The runs that have ended with a number beyond `run_seq` and below `end_run_seq`.
    async fn backlog(&self, run_seq: i64, end_run_seq: i64) -> Result<Backlog, StoreError>;

    /// The source's own time of the newest observation, if there is one; what is of after `until` does not
    /// count.
    async fn newest_observation_time(
        &self,
        until: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// The number that was given out last.
    async fn last_run_seq(&self) -> Result<i64, StoreError>;

    /// Makes the next run's number larger than `run_seq`, if it is not.
    async fn raise_run_seq(&self, run_seq: i64) -> Result<(), StoreError>;

    /// Rows of a mirrored table as of one moment, streamed in batches.
    fn read_rows<'a>(
        &'a self,
        table: &'static Table,
        rows: &Rows,
    ) -> BoxStream<'a, Result<RecordBatch, StoreError>>;
}

/// A run that is open and ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its place in the order of commits.
    pub run_seq: i64,
    /// Its name (UUIDv7).
    pub run_id: Uuid,
}

/// What a run starts with.
#[derive(Debug, Clone)]
pub struct RunStart {
    /// Its name (UUIDv7).
    pub run_id: Uuid,
    /// The job, such as `etl`.
    pub kind: &'static str,
    /// Its part of the sites.
    pub shard: Shard,
    /// How long an open run may stay silent before it is set aside.
    pub lease: Duration,
    /// By the injected clock.
    pub started_at: DateTime<Utc>,
    /// Who runs it.
    pub host: RunHost,
}

/// Who runs a run.
#[derive(Debug, Clone, Default)]
pub struct RunHost {
    /// Host name.
    pub host: String,
    /// Execution of the Cloud Run job, if that is where we are.
    pub execution: Option<String>,
    /// Task of that execution, if that is where we are.
    pub task: Option<String>,
}

/// The answer to a start.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// The run is open.
    Opened(Run),
    /// Another one is at it.
    Held(Holder),
}

/// The run that holds the lock.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Holder {
    /// Its name.
    pub run_id: String,
    /// Its part of the sites.
    pub shard: String,
    /// Where it runs.
    pub host: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// How long it has been silent, in milliseconds by the database's clock.
    pub silent_ms: i64,
}

/// A run that is open, of whatever kind.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct OpenRun {
    /// Its place in the order of commits.
    pub run_seq: i64,
    /// The job, such as `etl`.
    pub kind: String,
    /// What it holds the lock as.
    #[sqlx(flatten)]
    pub holder: Holder,
}

impl OpenRun {
    /// Whether it has been silent past its lease. A heartbeat that far in the future is from before
    /// the database's clock was set back: a run at work beats again by the new time, and one that is
    /// dead must not hold the lock until that time comes.
    #[must_use]
    pub fn is_silent(&self, lease: Duration) -> bool {
        u128::from(self.holder.silent_ms.unsigned_abs()) > lease.as_millis()
    }

    /// Whether it has been open for three leases: what ended after it waits for it, which somebody
    /// should know.
    #[must_use]
    pub fn is_open_for_long(&self, lease: Duration, now: DateTime<Utc>) -> bool {
        (now - self.holder.started_at).to_std().is_ok_and(|open| open >= lease * 3)
    }

    fn is_in_the_way_of(&self, start: &RunStart) -> bool {
        let shard = self.holder.shard.parse::<Shard>();
        self.kind == start.kind && shard.map_or(true, |own| own.conflicts_with(start.shard))
    }
}

/// What a run ends with.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// By the injected clock.
    pub finished_at: DateTime<Utc>,
    /// What it counted.
    pub counts: RunCounts,
    /// Why it stopped short, if it did.
    pub error_message: Option<String>,
}

/// Runs that have ended and are to be synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Backlog {
    /// How many.
    pub runs: i64,
    /// When the first of them ended, if there is one.
    pub oldest_finished_at: Option<DateTime<Utc>>,
}

/// What can be said of the database itself.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreFacts {
    /// Made at the first migration.
    pub store_id: String,
    /// Product and version.
    pub version: String,
    /// How the connection is protected: the TLS version, or why there is none.
    pub transport: String,
    /// The database's clock.
    pub now: DateTime<Utc>,
}
