//! Our stand-in for OpenWeatherMap and Open-Meteo: their wire formats, their errors, and faults
//! on demand.
//!
//! Written from the vendors' documentation (<https://openweathermap.org/current>,
//! <https://openweathermap.org/api/one-call-3>, <https://openweathermap.org/api/one-call-4>,
//! <https://openweathermap.org/faq>, <https://open-meteo.com/en/docs>) and from recorded answers, and sharing no types with the
//! clients: if both came from one reading, both would err alike. The weather is a deterministic
//! climate, so that two runs at the same time get the same answers.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::clock::Clock;

mod answer;
mod climate;
mod endpoint;
mod faults;
mod open_meteo;
mod place;
mod quota;
mod sun;
#[cfg(test)]
mod tests;
mod timeline;

pub use faults::{FaultKind, FaultRule};
use place::Site;
pub use quota::QuotaWindow;
use quota::{Accounts, Charge};

/// What the simulator does.
#[derive(Debug, Clone)]
pub struct SimulatorConfig {
    /// Keys that are good; empty: every key is.
    pub api_keys: Vec<String>,
    /// Calls per minute until the account (the key) is blocked for the rest of it, at each service
    /// by itself; `None`: no limit.
    pub calls_per_minute: Option<u32>,
    /// The same of a UTC day; One Call has a day of its own.
    pub calls_per_day: Option<u32>,
    /// The same of a month.
    pub calls_per_month: Option<u32>,
    /// Calls per UTC day of One Call.
    pub one_call_calls_per_day: Option<u32>,
    /// How long an account over a limit is blocked, if not until the window ends.
    pub block_for: Option<Duration>,
    /// OpenWeatherMap's account has the subscription of One Call, of every version.
    pub has_one_call: bool,
    /// Faults on demand.
    pub faults: Vec<FaultRule>,
    /// Changes the climate and who a share of the sites hits.
    pub seed: u64,
    /// What `Retry-After` says where a fault says so.
    pub retry_after: Duration,
    /// How long a slow answer takes.
    pub slow_for: Duration,
    /// How long each answer of Open-Meteo takes; `None`: none at all.
    pub answers_after: Option<Duration>,
    /// Calls that Open-Meteo takes at once; it refuses those beyond. `None`: any number.
    pub calls_at_once: Option<u32>,
    /// Keep every call in memory, for [`Simulator::calls`].
    pub keeps_calls: bool,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            api_keys: Vec::new(),
            calls_per_minute: None,
            calls_per_day: None,
            calls_per_month: None,
            one_call_calls_per_day: None,
            block_for: None,
            has_one_call: true,
            faults: Vec::new(),
            seed: 0,
            retry_after: Duration::from_secs(30),
            slow_for: Duration::from_secs(30),
            answers_after: None,
            calls_at_once: None,
            keeps_calls: false,
        }
    }
}

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

/// Is told of every call.
pub type Watcher = Arc<dyn Fn(&Call) + Send + Sync>;

/// A simulated service. Clones share its state.
#[derive(Clone)]
pub struct Simulator {
    state: Arc<State>,
}

struct State {
    config: SimulatorConfig,
    clock: Arc<dyn Clock>,
    watcher: Option<Watcher>,
    call_count: AtomicU64,
    in_flight: AtomicU32,
    most_in_flight: AtomicU32,
    memory: Mutex<Memory>,
}

/// A call that is in flight, until it is dropped.
struct InFlight {
    state: Arc<State>,
    /// How many were, this one included, when it came.
    count: u32,
}

impl InFlight {
    fn is_over(&self, limit: Option<u32>) -> bool {
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

    /// A service that goes by `clock` and tells `watcher` of every call.
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
    fn enter(&self) -> InFlight {
        let count = self.state.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.state.most_in_flight.fetch_max(count, Ordering::SeqCst);
        InFlight { state: self.state.clone(), count }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.state.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, call: Call) {
        self.state.call_count.fetch_add(1, Ordering::Relaxed);
        if let Some(watcher) = &self.state.watcher {
            watcher(&call);
        }
        if self.state.config.keeps_calls {
            self.memory().calls.push(call);
        }
    }

    /// How often this site has been called, this time included. Only counted where a rule asks.
    fn count_site(&self, site: Site) -> u32 {
        if !self.state.config.faults.iter().any(FaultRule::counts_calls) {
            return 1;
        }
        let mut memory = self.memory();
        let calls = memory.calls_by_site.entry(site).or_default();
        *calls += 1;
        *calls
    }

    /// Counts a call; the window whose limit its account is over, if it is.
    fn count_call(&self, charge: Charge<'_>, now: DateTime<Utc>) -> Option<QuotaWindow> {
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

/// A service that can be played.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// What it calls itself.
    pub name: &'static str,
    routes: fn(Router<Simulator>) -> Router<Simulator>,
}

/// OpenWeatherMap: current weather, One Call 3.0 and 4.0.
pub const OPENWEATHERMAP: Service = Service {
    name: "OpenWeatherMap",
    routes: |router| {
        router
            .route("/data/2.5/weather", get(endpoint::weather))
            .route("/data/3.0/onecall/timemachine", get(endpoint::timemachine))
            .route(timeline::PATH, get(timeline::hourly))
    },
};

/// Open-Meteo: forecast and archive.
pub const OPEN_METEO: Service = Service {
    name: "Open-Meteo",
    routes: |router| {
        router
            .route("/v1/forecast", get(open_meteo::forecast))
            .route("/v1/archive", get(open_meteo::archive))
    },
};

/// Plays `services` until `shutdown` is done; the caller brings the listener and the end.
///
/// # Errors
/// When the listener fails.
pub async fn run(
    listener: TcpListener,
    services: &[Service],
    simulator: Simulator,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = services.iter().fold(Router::new(), |router, service| (service.routes)(router));
    let router = router
        .route("/healthz", get(|| async { "ok" }))
        .fallback(endpoint::unknown)
        .with_state(simulator);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}
