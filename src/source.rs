//! Sources: weather services that we extract from.
//!
//! A source makes one call for one site and gives an observation or an error; it does not try
//! again, keep a pace or remember. Trying again is `retry`, the pace and the pause are the job's
//! (`etl`), so that each source is written without them and none can forget them. See
//! `docs/ADDING-A-SOURCE.md`.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::{ErrorKind, Observation, Site};
use crate::retry::Transient;

mod fault;
pub mod forecast;
pub mod history;
mod object;
pub mod open_meteo;
pub mod openweathermap;
mod reading;
mod setup;
mod wire;

pub use fault::Fault;
pub use forecast::{Forecast, Forecaster};
pub use history::History;
pub use setup::{SIMULATED_KEY, SetupError};

/// A weather service.
#[async_trait]
pub trait Source: Send + Sync {
    /// The value of the `source` column: lower case, at most 32 characters.
    fn name(&self) -> &'static str;

    /// How many calls may be in flight at once, whatever number is set: at least 1.
    fn calls_at_once(&self) -> usize {
        usize::MAX
    }

    /// Asks once for the current weather of `site`; our clock shows `now`.
    ///
    /// The observation carries the site's own id, whatever place the service says it answered for.
    /// Every value is within its physical range, and its time within the bounds of
    /// [`source_time`](crate::domain::source_time). Its texts are printable.
    ///
    /// # Errors
    /// Says by its kind what to do next: see [`SourceError`]. Neither message nor cause holds the
    /// key.
    async fn observe(&self, site: &Site, now: DateTime<Utc>) -> Result<Answer, SourceError>;
}

/// A call that went well.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What the source said.
    pub observation: Observation,
    /// HTTP status of the answer.
    pub http_status: u16,
}

/// A call that did not.
///
/// What to do follows from the kind: transient ones are tried again; `rate_limited` concerns the
/// account, and so may `unauthorized`, if call after call is refused; the others are the site's own.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What kind of error.
    pub kind: ErrorKind,
    /// What happened, in one line, without the key.
    pub message: String,
    /// HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// How long the source asked us to wait, if it said so.
    pub retry_after: Option<Duration>,
}

/// What a service says where nothing is wrong but that too many calls are in flight.
const CROWDED: &str = "too many concurrent requests";

/// True when a service says so in its own words.
fn says_crowded(said: &str) -> bool {
    said.to_ascii_lowercase().contains(CROWDED)
}

impl Transient for SourceError {
    fn is_transient(&self) -> bool {
        self.kind.is_transient() || self.is_crowded()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The account is not blocked then.
    fn is_crowded(&self) -> bool {
        self.kind == ErrorKind::RateLimited && says_crowded(&self.message)
    }
}
