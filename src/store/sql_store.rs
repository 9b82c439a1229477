//! The store in an SQL database: the job protocol, each operation carried out by statements that stand
//! once and are worded by the database's dialect.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::pool::Pool;
use super::{
    Archiving, Bounds, OpenRun, Reads, Reserved, Run, RunEnd, RunStart, Settled, Start, Store,
    StoreError, TriedSlot, Wanted, budget, forecasts, load, mysql, protocol, runs, sites, sqlite,
};
use crate::domain::forecast::{ForecastResult, Kept};
use crate::domain::{BudgetWindow, Move, Site, SlotResult};

/// The store in MySQL ([`mysql::connect`]) or an SQLite file ([`sqlite::open`]).
pub struct SqlStore {
    pool: Pool,
}

impl SqlStore {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// What only reads, by the same connections.
    #[must_use]
    pub fn reads(&self, bounds: Bounds) -> Reads {
        Reads::new(self.pool.clone(), bounds)
    }

    /// What the archive does with it, by the same connections.
    #[must_use]
    pub fn archiving(&self, bounds: Bounds) -> Archiving {
        Archiving::new(self.pool.clone(), bounds)
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn migrate(&self) -> Result<Vec<i64>, StoreError> {
        match &self.pool {
            Pool::MySql(pool) => mysql::migrate(pool).await,
            Pool::Sqlite(pool) => sqlite::migrate(pool).await,
        }
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        match &self.pool {
            Pool::MySql(pool) => mysql::check_schema(pool).await,
            Pool::Sqlite(pool) => sqlite::check_schema(pool).await,
        }
    }

    async fn check_privileges(&self) -> Result<(), StoreError> {
        match &self.pool {
            Pool::MySql(pool) => mysql::check_privileges(pool).await,
            Pool::Sqlite(pool) => sqlite::check_privileges(pool).await,
        }
    }

    async fn start_run(&self, start: &RunStart) -> Result<Start, StoreError> {
        runs::start(&self.pool, start).await
    }

    async fn beat(&self, run: &Run) -> Result<(), StoreError> {
        runs::beat(&self.pool, run).await
    }

    async fn load(
        &self,
        run: &Run,
        batch: &[SlotResult],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        load::load(&self.pool, run, batch, now).await
    }

    async fn load_forecasts(
        &self,
        run: &Run,
        batch: &[ForecastResult],
        now: DateTime<Utc>,
    ) -> Result<Vec<Option<Kept>>, StoreError> {
        forecasts::load(&self.pool, run, batch, now).await
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
        protocol::list_tried(&self.pool, source, slot_times).await
    }

    async fn list_tried_forecasts(
        &self,
        product: &str,
        model: &str,
        slot_time: DateTime<Utc>,
    ) -> Result<Vec<TriedSlot>, StoreError> {
        forecasts::list_tried(&self.pool, (product, model), slot_time).await
    }

    async fn paused_until(&self, source: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        protocol::paused_until(&self.pool, source).await
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
        protocol::end_of_ended_runs(&self.pool).await
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
