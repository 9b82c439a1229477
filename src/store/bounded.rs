//! A store, each of whose operations ends in time, whatever the database does ([`Bounds`]).
//!
//! The one place that repeats an operation, and the one that gives one up. What stands below says what an
//! operation is; here it says whether it reads or writes, and whether it may be repeated.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::time::timeout;

use super::bounds::{Bound, Bounds, noting, panicked, silent};
use super::{
    AskedSource, Backlog, CallCount, FailureCount, LedgerSlot, ObservedSpan, OpenRun, Reserved,
    Rows, Run, RunEnd, RunRow, RunStart, RunVersion, Settled, SiteRow, SiteState, Start,
    StoppedRun, Store, StoreError, StoreFacts, Temperature, ToldSlot, TriedSlot, Wanted,
};
use crate::domain::tables::Table;
use crate::domain::{BudgetWindow, Life, Move, Site, SlotResult};

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

/// Rows, each of which comes within the bound. A stream that fails before its first row is begun again as
/// any operation is; one that fails later ends with the error, since its first rows are taken already.
fn rows<'a, T: Send + 'a>(
    bound: Bound,
    begin: impl Fn() -> BoxStream<'a, Result<T, StoreError>> + Send + Sync + 'a,
) -> BoxStream<'a, Result<T, StoreError>> {
    let begun = async move {
        let first = bound.repeat(|| {
            let mut rows = begin();
            async move {
                let first = rows.next().await.transpose()?;
                Ok(first.map(|row| (row, rows)))
            }
            .boxed()
        });
        match first.await {
            Ok(Some((row, rows))) => {
                stream::iter([Ok(row)]).chain(further_rows(bound.each, rows)).boxed()
            }
            Ok(None) => stream::empty().boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    };
    begun.flatten_stream().boxed()
}

/// The rows after the first. One that does not come ends the stream, and its connection with it.
fn further_rows<'a, T: Send + 'a>(
    limit: Duration,
    rows: BoxStream<'a, Result<T, StoreError>>,
) -> BoxStream<'a, Result<T, StoreError>> {
    let rows = AssertUnwindSafe(rows).catch_unwind();
    stream::unfold(Some(rows), move |rows| async move {
        let mut rows = rows?;
        match timeout(limit, rows.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(row))) => Some((row, Some(rows))),
            Ok(Some(Err(panic))) => Some((Err(panicked(&*panic)), None)),
            Err(_) => Some((Err(silent(limit)), None)),
        }
    })
    .boxed()
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

    async fn facts(&self) -> Result<StoreFacts, StoreError> {
        self.bounds.read.repeat(|| self.inner.facts()).await
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

    async fn list_call_counts(
        &self,
        account: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<CallCount>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_call_counts(account, since)).await
    }

    async fn is_run_at_work(&self, kind: &str, lease: Duration) -> Result<bool, StoreError> {
        self.bounds.read.repeat(|| self.inner.is_run_at_work(kind, lease)).await
    }

    async fn list_site_states(
        &self,
        source: &str,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<SiteState>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_site_states(source, times)).await
    }

    async fn list_failures(
        &self,
        source: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<FailureCount>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_failures(source, since)).await
    }

    async fn list_lives(&self) -> Result<Vec<Life>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_lives()).await
    }

    async fn list_asked_sources(&self, site_id: &str) -> Result<Vec<AskedSource>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_asked_sources(site_id)).await
    }

    async fn list_stopped_runs(
        &self,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<StoppedRun>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_stopped_runs(times)).await
    }

    async fn oldest_told(
        &self,
        site_and_source: (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.bounds.read.repeat(|| self.inner.oldest_told(site_and_source, times)).await
    }

    async fn list_runs(&self, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_runs(limit)).await
    }

    async fn list_runs_before(&self, run_seq: i64, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_runs_before(run_seq, limit)).await
    }

    async fn run_version(&self) -> Result<RunVersion, StoreError> {
        self.bounds.read.repeat(|| self.inner.run_version()).await
    }

    async fn list_sites(&self) -> Result<Vec<SiteRow>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_sites()).await
    }

    async fn find_site(&self, site_id: &str) -> Result<Option<SiteRow>, StoreError> {
        self.bounds.read.repeat(|| self.inner.find_site(site_id)).await
    }

    async fn list_observed_sources(&self, site_id: &str) -> Result<Vec<String>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_observed_sources(site_id)).await
    }

    async fn list_temperatures(
        &self,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<Temperature>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_temperatures(times)).await
    }

    async fn list_observed_spans(
        &self,
        source: &str,
        until: DateTime<Utc>,
    ) -> Result<Vec<ObservedSpan>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_observed_spans(source, until)).await
    }

    async fn find_run(&self, id: &str) -> Result<Option<RunRow>, StoreError> {
        self.bounds.read.repeat(|| self.inner.find_run(id)).await
    }

    async fn end_of_ended_runs(&self) -> Result<i64, StoreError> {
        self.bounds.read.repeat(|| self.inner.end_of_ended_runs()).await
    }

    async fn list_open_runs(&self) -> Result<Vec<OpenRun>, StoreError> {
        self.bounds.read.repeat(|| self.inner.list_open_runs()).await
    }

    async fn set_aside_silent_runs(
        &self,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Vec<OpenRun>, StoreError> {
        self.bounds.write.repeat(|| self.inner.set_aside_silent_runs(lease, now)).await
    }

    async fn backlog(&self, run_seq: i64, end_run_seq: i64) -> Result<Backlog, StoreError> {
        self.bounds.read.repeat(|| self.inner.backlog(run_seq, end_run_seq)).await
    }

    async fn newest_observation_time(
        &self,
        until: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.bounds.read.repeat(|| self.inner.newest_observation_time(until)).await
    }

    async fn last_run_seq(&self) -> Result<i64, StoreError> {
        self.bounds.read.repeat(|| self.inner.last_run_seq()).await
    }

    async fn raise_run_seq(&self, run_seq: i64) -> Result<(), StoreError> {
        self.bounds.write.repeat(|| self.inner.raise_run_seq(run_seq)).await
    }

    fn read_ledger<'a>(
        &'a self,
        (site_id, source): (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<LedgerSlot, StoreError>> {
        let (site_id, source) = (site_id.to_owned(), source.to_owned());
        rows(self.bounds.read, move || self.inner.read_ledger((&site_id, &source), times))
    }

    fn read_told<'a>(
        &'a self,
        (site_id, source): (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<ToldSlot, StoreError>> {
        let (site_id, source) = (site_id.to_owned(), source.to_owned());
        rows(self.bounds.read, move || self.inner.read_told((&site_id, &source), times))
    }

    fn read_rows<'a>(
        &'a self,
        table: &'static Table,
        which: &Rows,
    ) -> BoxStream<'a, Result<RecordBatch, StoreError>> {
        let which = which.clone();
        rows(self.bounds.read, move || self.inner.read_rows(table, &which))
    }
}
