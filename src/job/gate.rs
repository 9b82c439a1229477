//! What every call passes: stop, pause, pace. One gate per job, so that what one call learns of
//! the account holds for all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::permits::{Permit, Permits, Refused};
use super::rate_limit::RateLimit;
use super::stop::{Stop, WORTH_WAITING};
use super::{GRACE, Job};
use crate::clock::Clock;
use crate::domain::Outcome;
use crate::domain::run::StopReason;
use crate::store::StoreError;

/// How long the account rests after a 429 that does not say: what the vendor asks for.
const DEFAULT_PAUSE: Duration = Duration::from_secs(600);

/// The longest rest, even if the source asks for a longer one: after a day one call may find out.
const MAX_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// So many refused calls in a row, and it is the key that is refused. Fewer may be the places': a
/// firewall answers 403 to an address that it dislikes, whatever the key.
const MAX_REFUSED_IN_A_ROW: u32 = 5;

/// The gate of one job.
pub struct Gate<'a> {
    clock: &'a dyn Clock,
    source: &'static str,
    pace: RateLimit,
    permits: Option<Permits<'a>>,
    stopping: CancellationToken,
    state: Mutex<State>,
    calls: AtomicU64,
    retries: AtomicU64,
    passed_slots: AtomicU64,
}

#[derive(Default)]
struct State {
    paused_until: Option<DateTime<Utc>>,
    stop: Option<Stop>,
    refused_in_a_row: u32,
    has_succeeded: bool,
}

/// What a call is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// As a live call for one site.
    Live,
    /// As so many calls.
    Calls(u32),
}

/// A call may be made, at once.
#[derive(Debug)]
pub struct Passed(Option<Permit>);

/// The run is coming to its end: no further call.
#[derive(Debug)]
pub struct Stopped;

impl<'a> Gate<'a> {
    /// A gate that lets so many calls of `source` pass in a minute; 0 is no limit.
    #[must_use]
    pub fn new(clock: &'a dyn Clock, source: &'static str, calls_per_minute: f64) -> Self {
        Self {
            clock,
            source,
            pace: RateLimit::per_minute(calls_per_minute),
            permits: None,
            stopping: CancellationToken::new(),
            state: Mutex::default(),
            calls: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            passed_slots: AtomicU64::new(0),
        }
    }

    /// The same gate, each of whose calls takes a permit.
    #[must_use]
    pub fn within(self, permits: Permits<'a>) -> Self {
        Self { permits: Some(permits), ..self }
    }

    /// Waits until a call of this charge may be made.
    ///
    /// # Errors
    /// When the job comes to its end instead.
    pub async fn pass(&self, charge: Charge) -> Result<Passed, Stopped> {
        let live_tenths = || self.permits.as_ref().map_or(0, Permits::live_tenths);
        match charge {
            Charge::Live => self.pass_turns(1, live_tenths()).await,
            Charge::Calls(calls) => self.pass_turns(calls, u64::from(calls) * 10).await,
        }
    }

    async fn pass_turns(&self, turns: u32, tenths: u64) -> Result<Passed, Stopped> {
        loop {
            self.stopping.run_until_cancelled(self.turns(turns)).await.ok_or(Stopped)?;
            let Some(permits) = &self.permits else { return Ok(Passed(None)) };
            // Not given up half-way: the calls of an answer that nobody waits for would be lost.
            match permits.take(tenths).await {
                Ok(permit) if self.stopping.is_cancelled() => {
                    permits.give_back(permit).await;
                    return Err(Stopped);
                }
                Ok(permit) => return Ok(Passed(Some(permit))),
                Err(Refused::Until(until)) => self.wait_until(until).await,
                Err(Refused::Stop(stop)) => self.stop(stop),
            }
        }
    }

    /// The largest charge of one call that may ever pass: a whole minute's calls.
    #[must_use]
    pub fn most_at_once(&self) -> u64 {
        self.permits.as_ref().map_or(u64::MAX, Permits::most_at_once)
    }

    /// The call that passed was not made after all.
    pub async fn give_back(&self, Passed(permit): Passed) {
        if let (Some(permits), Some(permit)) = (&self.permits, permit) {
            permits.give_back(permit).await;
        }
    }

    /// Gives back the calls that were reserved and not made: the job is at its end.
    pub async fn settle(&self) {
        if let Some(permits) = &self.permits {
            permits.settle().await;
        }
    }

    async fn wait_until(&self, until: DateTime<Utc>) {
        if let Ok(wait) = (until - self.clock.now()).to_std() {
            self.sleep(wait).await;
        }
    }

    async fn turns(&self, charge: u32) {
        loop {
            for _ in 0..charge {
                self.pace.turn().await;
            }
            match self.remaining_pause() {
                None => return,
                Some(pause) => self.clock.sleep(pause).await,
            }
        }
    }

    fn remaining_pause(&self) -> Option<Duration> {
        let until = self.state().paused_until?;
        (until - self.clock.now()).to_std().ok().filter(|pause| !pause.is_zero())
    }

    /// No call before `until`. True if the run waits for it, false if it ends for it.
    pub fn pause(&self, until: DateTime<Utc>) -> bool {
        let now = self.clock.now();
        if until > now + WORTH_WAITING {
            self.stop(Stop::AccountBlocked { source: self.source, until });
            return false;
        }
        let mut state = self.state();
        state.paused_until = state.paused_until.max(Some(until));
        true
    }

    /// The source has blocked the account: the pause goes into the store under `name`, for every task. True
    /// if this job waits for the pause's end, false if it ends for it. An account that blocks again
    /// after each short rest (`is_last`) gets a long one.
    pub async fn rest(
        &self,
        job: Job<'_>,
        name: &str,
        asked: Option<Duration>,
        is_last: bool,
    ) -> bool {
        let pause = match asked {
            Some(asked) if is_last => asked.max(DEFAULT_PAUSE),
            Some(asked) => asked,
            None => DEFAULT_PAUSE,
        };
        let pause = TimeDelta::from_std(pause.min(MAX_PAUSE)).unwrap_or_default();
        let until = self.clock.now() + pause;
        let waits = self.pause(until);
        if let Err(error) = job.store.pause(name, until).await {
            self.stop(Stop::Store(error));
        }
        waits
    }

    /// Respects the pauses under these names that any task has written down.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn respect_pauses(&self, job: Job<'_>, names: &[&str]) -> Result<(), StoreError> {
        for name in names {
            if let Some(until) = job.store.paused_until(name).await? {
                self.pause(until);
            }
        }
        Ok(())
    }

    /// The source has refused a call, and said `message`: several, without a success between, end the
    /// run. Calls in flight come to their end.
    pub fn note_refusal(&self, message: &str) {
        let refused = {
            let mut state = self.state();
            state.refused_in_a_row += 1;
            state.refused_in_a_row
        };
        if refused >= MAX_REFUSED_IN_A_ROW {
            self.stop(Stop::KeyRefused { source: self.source, message: message.to_owned() });
        }
    }

    /// A call went well: the key is good.
    pub fn note_success(&self) {
        let mut state = self.state();
        state.refused_in_a_row = 0;
        state.has_succeeded = true;
    }

    /// True when any call went well.
    pub fn has_succeeded(&self) -> bool {
        self.state().has_succeeded
    }

    /// Ends the run: no further call. The first reason stands.
    pub fn stop(&self, stop: Stop) {
        self.state().stop.get_or_insert(stop);
        self.stopping.cancel();
    }

    /// Returns when the job was asked to end and its grace is over; from the first moment on no further
    /// call is made.
    pub async fn grace_is_over(&self, shutdown: &CancellationToken) {
        shutdown.cancelled().await;
        self.stop(Stop::Interrupted);
        let _ = tokio::time::timeout(GRACE, std::future::pending::<()>()).await;
    }

    /// How a run ends that was stopped, and why.
    #[must_use]
    pub fn stopped(&self) -> Option<(Outcome, StopReason)> {
        self.state().stop.as_ref().map(|stop| (stop.outcome(), stop.reason()))
    }

    /// No further call, for a reason that is reported elsewhere.
    pub fn stop_calls(&self) {
        self.stopping.cancel();
    }

    /// Why no further call was made, if there is a reason.
    #[must_use]
    pub fn into_stop(self) -> Option<Stop> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).stop
    }

    /// A call is sent, for the so-many-th time.
    pub fn count_call(&self, attempt: u32) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if attempt > 1 {
            self.retries.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A slot was over before its turn came.
    pub fn count_passed_slot(&self) {
        self.passed_slots.fetch_add(1, Ordering::Relaxed);
    }

    /// Calls sent.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Calls sent beyond the first of their slot.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Slots that were over before their turn came.
    pub fn passed_slots(&self) -> u64 {
        self.passed_slots.load(Ordering::Relaxed)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The clock that calls wait by: no wait outlasts the run.
#[async_trait]
impl Clock for Gate<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.stopping.run_until_cancelled(self.clock.sleep(duration)).await;
    }
}
