//! How the jobs that call a source work.

use std::time::Duration;

use clap::Args;

use crate::retry::RetryPolicy;

/// Rows of a batch at most: large enough that a transaction's cost is shared, small enough that a
/// crash repeats few calls.
const BATCH_ROWS: u32 = 500;

/// Settings of the jobs that call a source.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Collection")]
pub struct JobSettings {
    /// Calls at once at most; of Open-Meteo never more than 4, with a key 2
    #[arg(
        long, value_name = "N", env = "MAX_WORKERS", default_value_t = 16,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub max_workers: u32,

    /// Calls for one slot at most, when errors may pass
    #[arg(
        long, value_name = "N", env = "MAX_ATTEMPTS", default_value_t = 4,
        value_parser = clap::value_parser!(u32).range(1..=20)
    )]
    pub max_attempts: u32,

    /// Rows of a batch at most, for tests
    #[arg(
        long, env = "WEATHER_BATCH_ROWS", hide = true, default_value_t = BATCH_ROWS,
        value_parser = clap::value_parser!(u32).range(1..=500)
    )]
    pub batch_rows: u32,
}

impl JobSettings {
    /// How the passing errors of a call are met.
    #[must_use]
    pub fn call_retry(&self) -> RetryPolicy {
        RetryPolicy {
            max_attempts: self.max_attempts,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
        }
    }
}

impl Default for JobSettings {
    fn default() -> Self {
        Self { max_workers: 16, max_attempts: 4, batch_rows: BATCH_ROWS }
    }
}
