//! What the simulator does, in numbers and faults.

use std::time::Duration;

use super::faults::FaultRule;

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
    /// Keep every call in memory, for [`Simulator::calls`](super::Simulator::calls).
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
