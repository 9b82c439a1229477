//! A store that fails at each step in turn, before or after it has done what it was asked.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use weather_data_product::domain::forecast::{ForecastResult, Kept};
use weather_data_product::domain::{BudgetWindow, Move, Outcome, Site, SlotResult};
use weather_data_product::store::{
    Bounded, OpenRun, Reserved, Run, RunEnd, RunStart, Settled, Start, Store, StoreError,
    StoreSettings, TriedSlot, Wanted,
};

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::samples::{calls_per_day, sites};
use crate::support::service::{Job, Service};

on_both_databases!(
    a_passing_failure_at_any_step_loses_nothing_and_writes_nothing_twice,
    a_store_that_stays_away_ends_the_run_and_the_next_start_collects_the_rest,
);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    StartRun,
    TakeInSites,
    ListTried,
    PausedUntil,
    ReserveCalls,
    SettleCalls,
    Load,
    CloseRun,
}

const STEPS: [Step; 8] = [
    Step::StartRun,
    Step::TakeInSites,
    Step::ListTried,
    Step::PausedUntil,
    Step::ReserveCalls,
    Step::SettleCalls,
    Step::Load,
    Step::CloseRun,
];

/// When the failure comes: the other side has carried it out, or not.
#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    Before,
    After,
}

struct Failing<'a> {
    inner: &'a dyn Store,
    step: Step,
    when: When,
    /// Calls of that step that go well first, then calls that fail.
    left: &'a Mutex<(u32, u32)>,
    error: fn() -> StoreError,
}

impl Failing<'_> {
    /// What a call of `step` should fail with, `before` or after it was carried out.
    fn failure(&self, step: Step, when: When) -> Result<(), StoreError> {
        if self.step != step || self.when != when {
            return Ok(());
        }
        let mut left = self.left.lock().unwrap();
        if left.0 > 0 {
            left.0 -= 1;
            return Ok(());
        }
        if left.1 == 0 {
            return Ok(());
        }
        left.1 -= 1;
        Err((self.error)())
    }
}

/// Fails as told around a call of the inner store.
macro_rules! around {
    ($self:ident, $step:expr, $call:expr) => {{
        $self.failure($step, When::Before)?;
        let done = $call.await?;
        $self.failure($step, When::After)?;
        Ok(done)
    }};
}

#[async_trait]
impl Store for Failing<'_> {
    async fn migrate(&self) -> Result<Vec<i64>, StoreError> {
        self.inner.migrate().await
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        self.inner.check_schema().await
    }

    async fn check_privileges(&self) -> Result<(), StoreError> {
        self.inner.check_privileges().await
    }

    async fn start_run(&self, start: &RunStart) -> Result<Start, StoreError> {
        around!(self, Step::StartRun, self.inner.start_run(start))
    }

    async fn beat(&self, run: &Run) -> Result<(), StoreError> {
        self.inner.beat(run).await
    }

    async fn load(
        &self,
        run: &Run,
        batch: &[SlotResult],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        around!(self, Step::Load, self.inner.load(run, batch, now))
    }

    async fn load_forecasts(
        &self,
        run: &Run,
        batch: &[ForecastResult],
        now: DateTime<Utc>,
    ) -> Result<Vec<Option<Kept>>, StoreError> {
        around!(self, Step::Load, self.inner.load_forecasts(run, batch, now))
    }

    async fn close_run(&self, run: &Run, end: &RunEnd) -> Result<(), StoreError> {
        around!(self, Step::CloseRun, self.inner.close_run(run, end))
    }

    async fn take_in_sites(
        &self,
        sites: &[Site],
        now: DateTime<Utc>,
    ) -> Result<Vec<Move>, StoreError> {
        around!(self, Step::TakeInSites, self.inner.take_in_sites(sites, now))
    }

    async fn list_tried(
        &self,
        source: &str,
        slot_times: &[DateTime<Utc>],
    ) -> Result<Vec<TriedSlot>, StoreError> {
        around!(self, Step::ListTried, self.inner.list_tried(source, slot_times))
    }

    async fn list_tried_forecasts(
        &self,
        product: &str,
        model: &str,
        slot_time: DateTime<Utc>,
    ) -> Result<Vec<TriedSlot>, StoreError> {
        self.inner.list_tried_forecasts(product, model, slot_time).await
    }

    async fn paused_until(&self, source: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        around!(self, Step::PausedUntil, self.inner.paused_until(source))
    }

    async fn pause(&self, source: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
        self.inner.pause(source, until).await
    }

    async fn reserve_calls(
        &self,
        account: &str,
        windows: &[BudgetWindow],
        wanted: Wanted,
    ) -> Result<Reserved, StoreError> {
        around!(self, Step::ReserveCalls, self.inner.reserve_calls(account, windows, wanted))
    }

    async fn settle_calls(
        &self,
        account: &str,
        windows: &[BudgetWindow],
        settled: Settled,
    ) -> Result<(), StoreError> {
        around!(self, Step::SettleCalls, self.inner.settle_calls(account, windows, settled))
    }

    async fn end_of_ended_runs(&self) -> Result<i64, StoreError> {
        self.inner.end_of_ended_runs().await
    }

    async fn set_aside_silent_runs(
        &self,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Vec<OpenRun>, StoreError> {
        self.inner.set_aside_silent_runs(lease, now).await
    }

    async fn raise_run_seq(&self, run_seq: i64) -> Result<(), StoreError> {
        self.inner.raise_run_seq(run_seq).await
    }
}

fn conflict() -> StoreError {
    StoreError::Conflict(sqlx::Error::WorkerCrashed)
}

fn connection_lost() -> StoreError {
    StoreError::Unreachable(sqlx::Error::WorkerCrashed)
}

const SITES: u16 = 23;

async fn a_passing_failure_at_any_step_loses_nothing_and_writes_nothing_twice(
    database: &TestDatabase,
) {
    let service = Service::with_faults(&[]).await;
    let mut run_seq = 0;
    for step in STEPS {
        for (when, error) in [
            (When::Before, conflict as fn() -> _),
            (When::Before, connection_lost),
            (When::After, connection_lost),
        ] {
            for table in ["weather_observations", "collection_slots"] {
                database.execute(&format!("delete from {table}")).await;
            }
            let good = if step == Step::Load { 2 } else { 0 };
            let left = Mutex::new((good, 2));
            let failing = Failing { inner: &*database.store, step, when, left: &left, error };
            // As a store is opened: the bounds repeat what may pass.
            let store = Bounded::new(failing, StoreSettings::at(&database.url).bounds());
            let mut job = Job::of(&store, &database.reads, &service);
            job.settings.batch_rows = 5;
            job.budget = calls_per_day(1_000_000);
            let report = job.run(&sites(SITES)).await;
            let context = format!("{step:?} {when:?}");
            assert_eq!(*left.lock().unwrap(), (0, 0), "{context}: it has failed");
            run_seq += 1;
            assert_eq!(
                (report.run_seq, report.outcome()),
                (run_seq, Outcome::Succeeded),
                "{context}"
            );
            assert_eq!((report.counts.calls, report.counts.collected), (23, 23), "{context}");
            let rows = "select count(*) from weather_observations";
            assert_eq!(database.count(rows).await, 23, "{context}");
            let runs =
                "select count(*) from ingestion_runs where status = 'closed' and collected = 23";
            assert_eq!(database.count(runs).await, run_seq, "{context}");
            assert_eq!(database.count("select count(*) from ingestion_runs").await, run_seq);
            let reserved = database.count("select reserved from call_budget").await;
            assert!(reserved >= 23 * run_seq, "{context}: a call was sent that was not reserved");
        }
    }
}

async fn a_store_that_stays_away_ends_the_run_and_the_next_start_collects_the_rest(
    database: &TestDatabase,
) {
    let service = Service::with_faults(&[]).await;
    let left = Mutex::new((2, u32::MAX));
    let failing = Failing {
        inner: &*database.store,
        step: Step::Load,
        when: When::Before,
        left: &left,
        error: || StoreError::Full(sqlx::Error::WorkerCrashed),
    };
    let store = Bounded::new(failing, StoreSettings::at(&database.url).bounds());
    let mut job = Job::of(&store, &database.reads, &service);
    job.settings.batch_rows = 5;
    job.settings.max_workers = 2;
    let report = job.run(&sites(100)).await;
    // Two batches went well; a batch has five rows at most, and fewer when its second is over.
    let collected = report.counts.collected;
    assert!(report.outcome() == Outcome::Failed && (2..=10).contains(&collected), "{collected}");
    assert!(report.counts.calls < 40, "no call goes on without a store: {:?}", report.counts);
    job.store = &*database.store;
    let rest = job.run(&sites(100)).await;
    assert_eq!((rest.counts.skipped, rest.counts.collected), (collected, 100 - collected));
}
