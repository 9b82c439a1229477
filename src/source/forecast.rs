//! Forecasts: what a source says of the hours to come.
//!
//! A trait of its own beside [`Source`](super::Source), an implementation for each product. One call for one
//! site gives one issue or an error; the pace, the pause and trying again are the job's, as of observations.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::SourceError;
use crate::domain::Site;
use crate::domain::budget::Counts;
use crate::domain::forecast::{Issue, Product};

mod checked;
mod reading;

pub(super) use checked::Checked;
pub(super) use reading::Draft;

/// A source that knows the future, as one product.
#[async_trait]
pub trait Forecaster: Send + Sync {
    /// The kind of answer; its source is the value of the `source` column.
    fn product(&self) -> Product;

    /// The model that is asked for; empty: the source's own blend.
    fn model(&self) -> &str;

    /// How many calls the account is charged for one site, at least 1.
    fn charge(&self) -> u32;

    /// Beside the limits of all calls, which ones count these.
    fn counts(&self) -> Counts;

    /// Under which name a pause of its account is written down: not the source's own where its calls have
    /// a limit of their own, so that a pause delays no observation.
    fn pause_name(&self) -> &'static str;

    /// How many calls may be in flight at once, whatever number is set: at least 1.
    fn calls_at_once(&self) -> usize {
        usize::MAX
    }

    /// Asks once for the forecast of `site`; our clock shows `now`, which becomes the issue's
    /// `available_at` until the job sets the moment of the answer.
    ///
    /// # Errors
    /// By its kind as for [`Source::observe`](super::Source::observe). Neither message nor cause holds
    /// the key.
    async fn forecast(&self, site: &Site, now: DateTime<Utc>) -> Result<Forecast, SourceError>;
}

/// A call that went well.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// What the source said.
    pub issue: Issue,
    /// HTTP status of the answer.
    pub http_status: u16,
}
