//! The store: where observations, slots and runs live (MySQL; SQLite for trying out).
//!
//! The unit of change is the **run**. A run gets its sequence number under a lock, so sequence
//! order is commit order; every batch of it is one transaction that begins by proving that the run
//! is still open, so a run that was set aside can commit nothing more; and the open run is the
//! lock for its kind of job and shard. Timestamps cannot do this: a transaction that commits late
//! carries an early time, and a reader that remembers the latest time it saw loses it.
//!
//! Two ways in: the trait [`Store`] is what a job does, the struct [`Reads`] is everything that only
//! reads. Both pass the same contract suite on both databases (`tests/it/store_contract.rs`), and both
//! give up what takes too long and repeat what may pass ([`Bounds`]): [`Bounded`] does it around a store.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::forecast::{ForecastResult, Kept};
use crate::domain::{BudgetWindow, Move, Site, SlotResult};

mod archiving;
pub mod bounded;
pub mod bounds;
pub mod budget;
mod columns;
mod dialect;
mod error;
mod forecasts;
pub mod left;
mod load;
mod months;
pub mod mysql;
mod pool;
mod protocol;
pub mod reads;
mod run;
mod runs;
mod schema;
pub mod settings;
mod site_changes;
mod sites;
mod sql_store;
pub mod sqlite;

pub use archiving::{Archiving, ProvedMonth};
pub use bounded::Bounded;
pub use bounds::{Bound, Bounds};
pub use budget::{CallCount, Reserved, Settled, Wanted};
pub use error::StoreError;
pub use left::{LeftError, LeftRows};
pub use protocol::TriedSlot;
pub use reads::archive::{ArchivedDay, MonthRow};
pub use reads::filled::FilledSlot;
pub use reads::forecasts::{IssueRow, SaidValue};
pub use reads::kept::{KeptRow, KeptSlot};
pub use reads::ledger::{AskedSource, FailedSlot, FailureCount, LedgerSlot, StoppedRun};
pub use reads::observations::{NewestObservation, ObservedSpan, Temperature};
pub use reads::rows::Rows;
pub use reads::runs::{Backlog, RunRow, RunVersion};
pub use reads::sites::SiteRow;
pub use reads::skill::{ObservedValue, ScoredValue};
pub use reads::states::SiteState;
pub use reads::{Reads, StoreFacts};
pub use run::{Holder, OpenRun, Run, RunEnd, RunHost, RunStart, Start};
pub use settings::{Opened, StoreSettings};
pub use sql_store::SqlStore;

/// What the job protocol does with the store: schema, runs, slots, pauses and the call budget. What only
/// reads is in [`Reads`].
#[async_trait]
pub trait Store: Send + Sync {
    /// Brings the schema up to this program's and returns the versions it applied, in order;
    /// none when it was up to date, in which case nothing is written.
    async fn migrate(&self) -> Result<Vec<i64>, StoreError>;

    /// Fails unless the schema is this program's.
    async fn check_schema(&self) -> Result<(), StoreError>;

    /// Fails unless every table may be read and written.
    async fn check_privileges(&self) -> Result<(), StoreError>;

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
    /// [`StoreError::Fenced`] when the run is no longer open, [`StoreError::ArchivedMonth`] when a row is of
    /// a month that is being archived or has left; nothing was written then.
    async fn load(
        &self,
        run: &Run,
        batch: &[SlotResult],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Writes a batch of forecasts in one transaction: issues, values and slots, or nothing; in the order of
    /// sites, those of one series in the order of time. Returns what became of each issue, `None` where
    /// there was none. May be repeated, as [`load`](Self::load). Issues and values are only added.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the run is no longer open, [`StoreError::IssueChanged`] when an issue is
    /// there with other values; nothing was written then.
    async fn load_forecasts(
        &self,
        run: &Run,
        batch: &[ForecastResult],
        now: DateTime<Utc>,
    ) -> Result<Vec<Option<Kept>>, StoreError>;

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

    /// The forecast slots of a product and model with this time that were called for.
    async fn list_tried_forecasts(
        &self,
        product: &str,
        model: &str,
        slot_time: DateTime<Utc>,
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

    /// The first `run_seq` that is not to be synced: below it every run has ended, and nothing can
    /// appear there any more.
    async fn end_of_ended_runs(&self) -> Result<i64, StoreError>;

    /// Sets every open run aside, of whatever kind, whose lease is over by the database's clock and
    /// that has not beaten meanwhile, and returns those. None of them can commit anything from then
    /// on. Nothing is written where there is none.
    async fn set_aside_silent_runs(
        &self,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Vec<OpenRun>, StoreError>;

    /// Makes the next run's number larger than `run_seq`, if it is not.
    async fn raise_run_seq(&self, run_seq: i64) -> Result<(), StoreError>;
}
