//! A simulated service on loopback, and the job wired to it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;
use weather_data_product::clock::{Clock as _, SteppedClock};
use weather_data_product::domain::{Budget, Interval, Shard, Site};
use weather_data_product::etl::{self, Ended, Etl, Report, Selection};
use weather_data_product::forecast::{self, Collecting};
use weather_data_product::job::{self, JobSettings, Unwatched};
use weather_data_product::simulator::{self, FaultRule, Simulator, SimulatorConfig};
use weather_data_product::source::openweathermap::OpenWeatherMap;
use weather_data_product::source::{Forecaster, Source};
use weather_data_product::store::{Reads, RunHost, Store};
use weather_data_product::vault::Vault;

use super::HUNG;
use super::databases::TestDatabase;
use super::samples::{LONG_LEASE, hour};

pub(crate) const KEY: &str = "0123456789abcdef";

/// A simulated service, a client of it, and a clock that both go by.
pub(crate) struct Service {
    pub(crate) simulator: Simulator,
    pub(crate) source: OpenWeatherMap,
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) url: Url,
    end: CancellationToken,
}

impl Service {
    /// A service that plays these faults, at 7 minutes past the tests' hour.
    pub(crate) async fn with_faults(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|text| text.parse::<FaultRule>().unwrap()).collect();
        Self::start(SimulatorConfig { faults, ..SimulatorConfig::default() }).await
    }

    pub(crate) async fn start(config: SimulatorConfig) -> Self {
        let clock = Arc::new(SteppedClock::new(hour() + chrono::TimeDelta::minutes(7)));
        let config = SimulatorConfig { api_keys: vec![KEY.into()], keeps_calls: true, ..config };
        let simulator = Simulator::new(config, clock.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let end = CancellationToken::new();
        let ended = end.clone();
        let services = &[simulator::OPENWEATHERMAP, simulator::OPEN_METEO];
        let until_the_end = async move { ended.cancelled().await };
        tokio::spawn(simulator::run(listener, services, simulator.clone(), until_the_end));
        let source = client(&url, KEY);
        Self { simulator, source, clock, url, end }
    }

    pub(crate) fn clock_time(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn set_time(&self, now: DateTime<Utc>) {
        self.clock.set(now);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

pub(crate) fn client(url: &Url, key: &str) -> OpenWeatherMap {
    OpenWeatherMap::build(url, SecretString::from(key), HUNG).unwrap()
}

/// How the job is started; change what the test is about.
pub(crate) struct Job<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) reads: &'a Reads,
    pub(crate) source: &'a dyn Source,
    pub(crate) clock: &'a SteppedClock,
    pub(crate) settings: JobSettings,
    pub(crate) calls_per_minute: f64,
    pub(crate) budget: Budget,
    pub(crate) lease: Duration,
    pub(crate) shard: Shard,
    pub(crate) selection: Selection,
    pub(crate) shutdown: CancellationToken,
    pub(crate) vault: Option<Vault>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(database: &'a TestDatabase, service: &'a Service) -> Self {
        Self::of(&*database.store, &database.reads, service)
    }

    pub(crate) fn of(store: &'a dyn Store, reads: &'a Reads, service: &'a Service) -> Self {
        Self {
            store,
            reads,
            source: &service.source,
            clock: &service.clock,
            settings: JobSettings::default(),
            calls_per_minute: 0.0,
            budget: Budget::unlimited(String::new()),
            lease: LONG_LEASE,
            shard: Shard::WHOLE,
            selection: Selection::default(),
            shutdown: CancellationToken::new(),
            vault: None,
        }
    }

    pub(crate) async fn start(&self, sites: &[Site]) -> anyhow::Result<Ended> {
        let host = RunHost { host: "test".into(), ..RunHost::default() };
        let parts = Etl {
            job: job::Job {
                store: self.store,
                reads: self.reads,
                clock: self.clock,
                lease: self.lease,
                shard: self.shard,
                host: &host,
                shutdown: &self.shutdown,
                vault: self.vault.as_ref(),
            },
            source: self.source,
            settings: &self.settings,
            calls_per_minute: self.calls_per_minute,
            budget: &self.budget,
            progress: &Unwatched,
        };
        etl::run(parts, sites, &self.selection).await
    }

    /// Collects the forecasts that are due, and expects a run.
    pub(crate) async fn forecast(
        &self,
        forecaster: &dyn Forecaster,
        (sites, interval): (&[Site], Interval),
    ) -> forecast::Report {
        let host = RunHost { host: "test".into(), ..RunHost::default() };
        let collecting = Collecting {
            job: job::Job {
                store: self.store,
                reads: self.reads,
                clock: self.clock,
                lease: self.lease,
                shard: self.shard,
                host: &host,
                shutdown: &self.shutdown,
                vault: self.vault.as_ref(),
            },
            forecaster,
            settings: &self.settings,
            interval,
            calls_per_minute: self.calls_per_minute,
            budget: &self.budget,
            observed: sites,
        };
        match forecast::run(collecting, sites, &forecast::Selection::default()).await.unwrap() {
            forecast::Ended::Ran(report) => *report,
            other => panic!("no run: {other:?}"),
        }
    }

    /// Starts the job and expects a run.
    pub(crate) async fn run(&self, sites: &[Site]) -> Report {
        match self.start(sites).await.unwrap() {
            Ended::Ran(report) => *report,
            other => panic!("no run: {other:?}"),
        }
    }
}
