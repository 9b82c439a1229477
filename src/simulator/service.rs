//! A simulated service: its clock, its calls, its accounts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::config::SimulatorConfig;
use super::faults::{FaultKind, FaultRule};
use super::place::Site;
use super::quota::{Accounts, Charge, QuotaWindow};
use crate::clock::Clock;

/// A call that came in. The key is not part of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// When, by the simulator's clock.
    pub time: DateTime<Utc>,
    /// What was called.
    pub path: &'static str,
    /// The latitude asked for, as it was written; of several places, a list.
    pub latitude: String,
    /// The longitude asked for, as it was written.
    pub longitude: String,
    /// The past that was asked for, as it was written: a time, days as `from/to`, or hours as
    /// `start/cnt`.
    pub past: Option<String>,
    /// The status answered; `None` when the connection was dropped, or the answer came late.
    pub status: Option<u16>,
    /// The fault that was played.
    pub fault: Option<FaultKind>,
}

/// Gets every call.
pub type Watcher = Arc<dyn Fn(&Call) + Send + Sync>;

/// A simulated service. Clones share its state.
#[derive(Clone)]
pub struct Simulator {
    pub(super) state: Arc<State>,
}

pub(super) struct State {
    pub(super) config: SimulatorConfig,
    pub(super) clock: Arc<dyn Clock>,
    watcher: Option<Watcher>,
    call_count: AtomicU64,
    in_flight: AtomicU32,
    most_in_flight: AtomicU32,
    memory: Mutex<Memory>,
}

/// A call that is in flight, until it is dropped.
pub(super) struct InFlight {
    state: Arc<State>,
    /// How many were, this one included, when it came.
    count: u32,
}

impl InFlight {
    pub(super) fn is_over(&self, limit: Option<u32>) -> bool {
        limit.is_some_and(|limit| self.count > limit)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.state.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Default)]
struct Memory {
    calls: Vec<Call>,
    calls_by_site: HashMap<Site, u32>,
    accounts: Accounts,
}

impl Simulator {
    /// A service that goes by `clock`.
    #[must_use]
    pub fn new(config: SimulatorConfig, clock: Arc<dyn Clock>) -> Self {
        Self::watched(config, clock, None)
    }

    /// A service that goes by `clock` and hands `watcher` every call.
    #[must_use]
    pub fn watched(
        config: SimulatorConfig,
        clock: Arc<dyn Clock>,
        watcher: Option<Watcher>,
    ) -> Self {
        let state = State {
            config,
            clock,
            watcher,
            call_count: AtomicU64::new(0),
            in_flight: AtomicU32::new(0),
            most_in_flight: AtomicU32::new(0),
            memory: Mutex::default(),
        };
        Self { state: Arc::new(state) }
    }

    /// The calls that came in so far, in order, if they are kept.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.memory().calls.clone()
    }

    /// How many calls came in so far.
    #[must_use]
    pub fn call_count(&self) -> u64 {
        self.state.call_count.load(Ordering::Relaxed)
    }

    /// How many calls of Open-Meteo were in flight at once so far, at most.
    #[must_use]
    pub fn most_in_flight(&self) -> u32 {
        self.state.most_in_flight.load(Ordering::SeqCst)
    }

    /// A call of Open-Meteo has come.
    pub(super) fn enter(&self) -> InFlight {
        let count = self.state.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.state.most_in_flight.fetch_max(count, Ordering::SeqCst);
        InFlight { state: self.state.clone(), count }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.state.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, call: Call) {
        self.state.call_count.fetch_add(1, Ordering::Relaxed);
        if let Some(watcher) = &self.state.watcher {
            watcher(&call);
        }
        if self.state.config.keeps_calls {
            self.memory().calls.push(call);
        }
    }

    /// How often this site has been called, this time included. Only counted where a rule asks.
    pub(super) fn count_site(&self, site: Site) -> u32 {
        if !self.state.config.faults.iter().any(FaultRule::counts_calls) {
            return 1;
        }
        let mut memory = self.memory();
        let calls = memory.calls_by_site.entry(site).or_default();
        *calls += 1;
        *calls
    }

    /// Counts a call; the window whose limit its account is over, if it is.
    pub(super) fn count_call(&self, charge: Charge<'_>, now: DateTime<Utc>) -> Option<QuotaWindow> {
        let block_for = self.state.config.block_for.and_then(|time| TimeDelta::from_std(time).ok());
        self.memory().accounts.count(charge, now, block_for)
    }

    /// The most calls that one account made in one such window so far, those refused for it too:
    /// `openweathermap` (in a minute with One Call, in a day and month without),
    /// `openweathermap:onecall` (in a day), `open-meteo` (as it counts them, rounded up).
    #[must_use]
    pub fn most_calls(&self, service: &str, window: QuotaWindow) -> u64 {
        self.memory().accounts.most_calls(service, window)
    }
}
