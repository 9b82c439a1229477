//! A store, each of whose operations ends in time, whatever the database does ([`Bounds`]).
//!
//! What stands below says what an operation is; here it says whether it reads or writes, and whether it
//! may be repeated. [`Reads`](super::Reads) does the same for what only reads.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::bounds::{Bounds, noting};
use super::{
    OpenRun, Reserved, Run, RunEnd, RunStart, Settled, Start, Store, StoreError, TriedSlot, Wanted,
};
use crate::domain::forecast::{ForecastResult, Kept};
use crate::domain::{BudgetWindow, Move, Site, SlotResult};

/// A store within bounds.
pub struct Bounded<S> {
    inner: S,
    bounds: Bounds,
}

impl<S: Store> Bounded<S> {
    /// `inner`, within these bounds.
    pub fn new(inner: S, bounds: Bounds) -> Self {
        Self { inner, bounds }
    }
}

#[async_trait]
impl<S: Store> Store for Bounded<S> {
    /// Where nothing is to be done this is a reading like any other.
    async fn migrate(&self) -> Result<Vec<i64>, StoreError> {
        match self.check_schema().await {
            Ok(()) => Ok(Vec::new()),
            Err(StoreError::SchemaTooOld { .. } | StoreError::SchemaHalfDone { .. }) => {
                noting(self.bounds.migration.repeat(|| self.inner.migrate())).await
            }
            Err(error) => Err(error),
        }
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        self.bounds.read.repeat(|| self.inner.check_schema()).await
    }

    async fn check_privileges(&self) -> Result<(), StoreError> {
        self.bounds.write.repeat(|| self.inner.check_privileges()).await
    }

    async fn start_run(&self, start: &RunStart) -> Result<Start, StoreError> {
        self.bounds.write.repeat(|| self.inner.start_run(start)).await
    }

    async fn beat(&self, run: &Run) -> Result<(), StoreError> {
        self.bounds.write.repeat(|| self.inner.beat(run)).await
    }

    async fn load(
        &self,
        run: &Run,
        batch: &[SlotResult],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.bounds.write.repeat(|| self.inner.load(run, batch, now)).await
    }

    async fn load_forecasts(
        &self,
        run: &Run,
        batch: &[ForecastResult],
        now: DateTime<Utc>,
    ) -> Result<Vec<Option<Kept>>, StoreError> {
        self.bounds.write.repeat(|| self.inner.load_forecasts(run, batch, now)).await
    }

    async fn close_run(&self, run: &Run, end: &RunEnd) -> Result<(), StoreError> {
        self.bounds.write.repeat(|| self.inner.close_run(run, end)).await
    }

    async fn take_in_sites(
        &self,
        sites: &[Site],
        now: DateTime<Utc>,
    ) -> Result<Vec<Move>, StoreError> {
        self.bounds.write.repeat(|| self.inner.take_in_sites(sites, now)).await
    }

    async fn list_tried(
        &self,
        source: &str,
        slot_times: &[DateTime<Utc>],
    ) -> Result<Vec<TriedSlot>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_tried(source, slot_times)).await
    }

    async fn list_tried_forecasts(
        &self,
        product: &str,
        model: &str,
        slot_time: DateTime<Utc>,
    ) -> Result<Vec<TriedSlot>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_tried_forecasts(product, model, slot_time)).await
    }

    async fn paused_until(&self, source: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.bounds.read.repeat(|| self.inner.paused_until(source)).await
    }

    async fn pause(&self, source: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
        self.bounds.write.repeat(|| self.inner.pause(source, until)).await
    }

    async fn reserve_calls(
        &self,
        account: &str,
        windows: &[BudgetWindow],
        wanted: Wanted,
    ) -> Result<Reserved, StoreError> {
        self.bounds.write.repeat(|| self.inner.reserve_calls(account, windows, wanted)).await
    }

    async fn settle_calls(
        &self,
        account: &str,
        windows: &[BudgetWindow],
        settled: Settled,
    ) -> Result<(), StoreError> {
        self.bounds.write.once(self.inner.settle_calls(account, windows, settled)).await
    }

    async fn end_of_ended_runs(&self) -> Result<i64, StoreError> {
        self.bounds.read.repeat(|| self.inner.end_of_ended_runs()).await
    }

    async fn set_aside_silent_runs(
        &self,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Vec<OpenRun>, StoreError> {
        self.bounds.write.repeat(|| self.inner.set_aside_silent_runs(lease, now)).await
    }

    async fn raise_run_seq(&self, run_seq: i64) -> Result<(), StoreError> {
        self.bounds.write.repeat(|| self.inner.raise_run_seq(run_seq)).await
    }
}
