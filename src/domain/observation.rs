//! Observations: what one source said of one site at one time.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::site::SiteId;
pub use super::values::Values;

/// One row of `weather_observations`: its key and its values. `None` means that the source did not
/// say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observation {
    /// The site that was asked for.
    pub site_id: SiteId,
    /// The source that answered.
    pub source: &'static str,
    /// The source's own time, whole seconds.
    pub observation_time: DateTime<Utc>,
    /// The values.
    #[serde(flatten)]
    pub values: Values,
}

/// The version of the transforms that make values of an answer. It is raised by hand when the same answer
/// may give other values than before; `tests/it/transform_version.rs` fails where that was forgotten.
pub const TRANSFORM_VERSION: u16 = 1;

/// What a text column of an observation holds at most.
pub const MAX_TEXT_CHARS: usize = 255;
