//! The store in an SQLite file, for trying out: no server, one writer at a time.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::SqlitePool;
use sqlx::migrate::Migrator;

use super::pool::Pool;
use super::{
    Bounds, OpenRun, Reads, Reserved, Run, RunEnd, RunStart, Settled, Start, Store, StoreError,
    StoreSettings, TriedSlot, Wanted, protocol,
};
use crate::domain::{BudgetWindow, Move, Site, SlotResult};

mod access;
mod budget;
mod dialect;
mod error;
mod load;
mod open;
mod runs;
mod sites;

pub(super) use access::facts;
pub(super) use dialect::DIALECT;
pub(super) use error::store_error;

static MIGRATOR: Migrator = sqlx::migrate!("migrations/sqlite");

/// Fails unless the schema is this program's.
pub(super) async fn check_schema(pool: &SqlitePool) -> Result<(), StoreError> {
    access::check_schema(pool, &MIGRATOR).await
}

/// The store in an SQLite file.
pub struct SqliteStore {
    pool: SqlitePool,
}

impl SqliteStore {
    /// Opens the file at `url`, which is made if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Settings`] when the URL cannot be used, else why the file cannot be opened.
    pub async fn open(url: &str, settings: &StoreSettings) -> Result<Self, StoreError> {
        Ok(Self { pool: open::open(url, settings).await? })
    }

    /// What only reads, by the same connections.
    #[must_use]
    pub fn reads(&self, bounds: Bounds) -> Reads {
        Reads::new(self.shared(), bounds)
    }

    fn shared(&self) -> Pool {
        Pool::Sqlite(self.pool.clone())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn migrate(&self) -> Result<Vec<i64>, StoreError> {
        access::migrate(&self.pool, &MIGRATOR).await
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        check_schema(&self.pool).await
    }

    async fn check_privileges(&self) -> Result<(), StoreError> {
        access::check_privileges(&self.pool).await
    }

    async fn start_run(&self, start: &RunStart) -> Result<Start, StoreError> {
        runs::start(&self.pool, start).await
    }

    async fn beat(&self, run: &Run) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await.map_err(store_error)?;
        runs::beat(&mut connection, run).await
    }

    async fn load(
        &self,
        run: &Run,
        batch: &[SlotResult],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        load::load(&self.pool, run, batch, now).await
    }

    async fn close_run(&self, run: &Run, end: &RunEnd) -> Result<(), StoreError> {
        runs::close(&self.pool, run, end).await
    }

    async fn take_in_sites(
        &self,
        sites: &[Site],
        now: DateTime<Utc>,
    ) -> Result<Vec<Move>, StoreError> {
        sites::take_in(&self.pool, sites, now).await
    }

    async fn list_tried(
        &self,
        source: &str,
        slot_times: &[DateTime<Utc>],
    ) -> Result<Vec<TriedSlot>, StoreError> {
        protocol::list_tried(&self.shared(), source, slot_times).await
    }

    async fn paused_until(&self, source: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        protocol::paused_until(&self.shared(), source).await
    }

    async fn pause(&self, source: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
        runs::pause(&self.pool, source, until).await
    }

    async fn reserve_calls(
        &self,
        account: &str,
        windows: &[BudgetWindow],
        wanted: Wanted,
    ) -> Result<Reserved, StoreError> {
        budget::reserve(&self.pool, account, windows, wanted).await
    }

    async fn settle_calls(
        &self,
        account: &str,
        windows: &[BudgetWindow],
        settled: Settled,
    ) -> Result<(), StoreError> {
        budget::settle(&self.pool, account, windows, settled).await
    }

    async fn end_of_ended_runs(&self) -> Result<i64, StoreError> {
        protocol::end_of_ended_runs(&self.shared()).await
    }

    async fn set_aside_silent_runs(
        &self,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Vec<OpenRun>, StoreError> {
        runs::set_aside_silent(&self.pool, lease, now).await
    }

    async fn raise_run_seq(&self, run_seq: i64) -> Result<(), StoreError> {
        runs::raise_run_seq(&self.pool, run_seq).await
    }
}
