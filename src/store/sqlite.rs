//! The store in an SQLite file, for trying out: no server, one writer at a time.

use std::time::Duration;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use sqlx::migrate::Migrator;
use sqlx::{Row as _, SqlitePool};

use super::rows::{Dialect, Rows, stream_rows};
use super::{
    AskedSource, Backlog, CallCount, FailureCount, LedgerSlot, ObservedSpan, OpenRun, Reserved,
    Run, RunEnd, RunRow, RunStart, RunVersion, Settled, SiteRow, SiteState, Start, StoppedRun,
    Store, StoreError, StoreFacts, StoreSettings, Temperature, ToldSlot, TriedSlot, Wanted,
};
use crate::domain::tables::Table;
use crate::domain::{BudgetWindow, Life, Move, Site, SlotResult};

mod access;
mod budget;
mod error;
mod load;
mod open;
mod query;
mod read;
mod runs;
mod sites;

use error::store_error;

static MIGRATOR: Migrator = sqlx::migrate!("migrations/sqlite");

/// How rows are asked for here.
const DIALECT: Dialect =
    Dialect { use_index: |index| format!(" indexed by {index}"), latest: query::LATEST };

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
}

#[async_trait]
impl Store for SqliteStore {
    async fn migrate(&self) -> Result<Vec<i64>, StoreError> {
        access::migrate(&self.pool, &MIGRATOR).await
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        access::check_schema(&self.pool, &MIGRATOR).await
    }

    async fn check_privileges(&self) -> Result<(), StoreError> {
        access::check_privileges(&self.pool).await
    }

    async fn facts(&self) -> Result<StoreFacts, StoreError> {
        access::facts(&self.pool).await
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
        read::tried(&self.pool, source, slot_times).await
    }

    async fn paused_until(&self, source: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        read::paused_until(&self.pool, source).await
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

    async fn list_call_counts(
        &self,
        account: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<CallCount>, StoreError> {
        budget::call_counts(&self.pool, account, since).await
    }

    async fn is_run_at_work(&self, kind: &str, lease: Duration) -> Result<bool, StoreError> {
        runs::is_at_work(&self.pool, kind, lease).await
    }

    async fn list_site_states(
        &self,
        source: &str,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<SiteState>, StoreError> {
        query::site_states(&self.pool, source, times).await
    }

    async fn list_failures(
        &self,
        source: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<FailureCount>, StoreError> {
        read::failures(&self.pool, source, since).await
    }

    async fn list_lives(&self) -> Result<Vec<Life>, StoreError> {
        read::lives(&self.pool).await
    }

    async fn list_asked_sources(&self, site_id: &str) -> Result<Vec<AskedSource>, StoreError> {
        query::asked_sources(&self.pool, site_id).await
    }

    async fn list_stopped_runs(
        &self,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<StoppedRun>, StoreError> {
        read::stopped_runs(&self.pool, times).await
    }

    fn read_ledger<'a>(
        &'a self,
        site_and_source: (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<LedgerSlot, StoreError>> {
        read::ledger(&self.pool, site_and_source, times)
    }

    fn read_told<'a>(
        &'a self,
        site_and_source: (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<ToldSlot, StoreError>> {
        query::told(&self.pool, site_and_source, times)
    }

    async fn oldest_told(
        &self,
        site_and_source: (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        query::oldest_told(&self.pool, site_and_source, times).await
    }

    async fn list_runs(&self, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        read::runs(&self.pool, limit).await
    }

    async fn list_runs_before(&self, run_seq: i64, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        query::runs_before(&self.pool, run_seq, limit).await
    }

    async fn run_version(&self) -> Result<RunVersion, StoreError> {
        query::run_version(&self.pool).await
    }

    async fn list_sites(&self) -> Result<Vec<SiteRow>, StoreError> {
        query::sites(&self.pool).await
    }

    async fn find_site(&self, site_id: &str) -> Result<Option<SiteRow>, StoreError> {
        query::site(&self.pool, site_id).await
    }

    async fn list_observed_sources(&self, site_id: &str) -> Result<Vec<String>, StoreError> {
        query::observed_sources(&self.pool, site_id).await
    }

    async fn list_temperatures(
        &self,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<Temperature>, StoreError> {
        query::temperatures(&self.pool, times).await
    }

    async fn list_observed_spans(
        &self,
        source: &str,
        until: DateTime<Utc>,
    ) -> Result<Vec<ObservedSpan>, StoreError> {
        query::observed_spans(&self.pool, source, until).await
    }

    async fn find_run(&self, id: &str) -> Result<Option<RunRow>, StoreError> {
        read::run(&self.pool, id).await
    }

    async fn end_of_ended_runs(&self) -> Result<i64, StoreError> {
        read::end_of_ended_runs(&self.pool).await
    }

    async fn list_open_runs(&self) -> Result<Vec<OpenRun>, StoreError> {
        runs::list_open(&self.pool).await
    }

    async fn set_aside_silent_runs(
        &self,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Vec<OpenRun>, StoreError> {
        runs::set_aside_silent(&self.pool, lease, now).await
    }

    async fn backlog(&self, run_seq: i64, end_run_seq: i64) -> Result<Backlog, StoreError> {
        read::backlog(&self.pool, run_seq, end_run_seq).await
    }

    async fn newest_observation_time(
        &self,
        until: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        query::newest_observation_time(&self.pool, until).await
    }

    async fn last_run_seq(&self) -> Result<i64, StoreError> {
        runs::last_run_seq(&self.pool).await
    }

    async fn raise_run_seq(&self, run_seq: i64) -> Result<(), StoreError> {
        runs::raise_run_seq(&self.pool, run_seq).await
    }

    fn read_rows<'a>(
        &'a self,
        table: &'static Table,
        rows: &Rows,
    ) -> BoxStream<'a, Result<RecordBatch, StoreError>> {
        stream_rows!(&self.pool, table, rows, &DIALECT, store_error)
    }
}
