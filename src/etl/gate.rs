//! What every call passes: stop, pause, pace. One gate per run, so that what one call learns of
//! the account holds for all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::Etl;
use super::rate_limit::RateLimit;
use super::stop::Stop;
use crate::clock::Clock;

/// A pause that ends within this is waited out; a longer one ends the run.
const WORTH_WAITING: TimeDelta = TimeDelta::minutes(1);

pub(super) struct Gate<'a> {
    clock: &'a dyn Clock,
    source: &'static str,
    pace: RateLimit,
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
}

/// The run is coming to its end: no further call.
#[derive(Debug)]
pub(super) struct Stopped;

impl<'a> Gate<'a> {
    pub(super) fn new(parts: Etl<'a>, paused_until: Option<DateTime<Utc>>) -> Self {
        let gate = Self {
            clock: parts.clock,
            source: parts.source.name(),
            pace: RateLimit::per_minute(parts.calls_per_minute / f64::from(parts.shard.count())),
            stopping: CancellationToken::new(),
            state: Mutex::default(),
            calls: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            passed_slots: AtomicU64::new(0),
        };
        if let Some(until) = paused_until {
            gate.pause(until);
        }
        gate
    }

    /// Waits until a call may be made.
    pub(super) async fn pass(&self) -> Result<(), Stopped> {
        self.stopping.run_until_cancelled(self.turn()).await.ok_or(Stopped)
    }

    async fn turn(&self) {
        loop {
            self.pace.turn().await;
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
    pub(super) fn pause(&self, until: DateTime<Utc>) -> bool {
        let now = self.clock.now();
        if until > now + WORTH_WAITING {
            self.stop(Stop::AccountBlocked { source: self.source, until });
            return false;
        }
        let mut state = self.state();
        state.paused_until = state.paused_until.max(Some(until));
        true
    }

    /// Ends the run: no further call. The first reason stands.
    pub(super) fn stop(&self, stop: Stop) {
        self.state().stop.get_or_insert(stop);
        self.stopping.cancel();
    }

    /// No further call, for a reason that is told elsewhere.
    pub(super) fn stop_calls(&self) {
        self.stopping.cancel();
    }

    pub(super) fn into_stop(self) -> Option<Stop> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).stop
    }

    pub(super) fn count_call(&self, attempt: u32) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if attempt > 1 {
            self.retries.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn count_passed_slot(&self) {
        self.passed_slots.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    pub(super) fn passed_slots(&self) -> u64 {
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
