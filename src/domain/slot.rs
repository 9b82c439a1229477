//! Slots: which observation is expected when, and what became of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error_kind::ErrorKind;
use super::observation::Observation;
use super::raw_ref::RawRef;
use super::site::{Interval, Site, SiteId};
use super::text::printable;

/// One site × interval start for which an observation is expected.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The site.
    pub site_id: SiteId,
    /// Start of the interval, whole seconds, a multiple of the interval since the Unix epoch.
    pub slot_time: DateTime<Utc>,
}

impl Slot {
    /// The slot of `site` that contains `now`.
    #[must_use]
    pub fn containing(now: DateTime<Utc>, site: &Site) -> Self {
        Self { site_id: site.site_id.clone(), slot_time: slot_time(now, site.interval) }
    }
}

/// Start of the interval that contains `now`, counted from the Unix epoch.
#[must_use]
pub fn slot_time(now: DateTime<Utc>, interval: Interval) -> DateTime<Utc> {
    let past_start = now.timestamp().rem_euclid(interval.seconds());
    DateTime::from_timestamp(now.timestamp() - past_start, 0).unwrap_or(now)
}

/// What a run found out about one slot.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotResult {
    /// The slot.
    pub slot: Slot,
    /// The source whose slot it is.
    pub source: &'static str,
    /// Calls made for it by this run; 0 where none was needed to know that it cannot be filled.
    pub attempts: u32,
    /// HTTP status of the last answer; `None` when there was none.
    pub http_status: Option<u16>,
    /// From the first call to the final answer, retries included, the limiter's wait not.
    pub latency_ms: u32,
    /// How its values came.
    pub value_kind: ValueKind,
    /// The observation, or why there is none.
    pub outcome: SlotOutcome,
    /// Where the answer of the last attempt is kept; `None`: it is not.
    pub raw_ref: Option<RawRef>,
}

impl SlotResult {
    /// The source of the observation that fills the slot, where it is not the slot's own.
    #[must_use]
    pub fn observation_source(&self) -> Option<&'static str> {
        let source = self.outcome.observation()?.source;
        (source != self.source).then_some(source)
    }
}

/// How values came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueKind {
    /// Asked for when they were due.
    Live,
    /// Asked for later, of a history.
    Backfill,
}

impl ValueKind {
    /// The name in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Backfill => "backfill",
        }
    }
}

/// The observation of a slot, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum SlotOutcome {
    /// An observation fills the slot.
    Collected(Box<Observation>),
    /// No observation; the message names what to look at.
    Failed {
        /// What kind of error.
        kind: ErrorKind,
        /// The message, at most [`MAX_ERROR_MESSAGE_CHARS`] characters.
        message: String,
    },
    /// No observation, and no source can fill the slot any more: it is not asked for again.
    Unfillable {
        /// Why, at most [`MAX_ERROR_MESSAGE_CHARS`] characters.
        reason: String,
    },
}

/// What `collection_slots.error_message` holds at most.
pub const MAX_ERROR_MESSAGE_CHARS: usize = 500;

impl SlotOutcome {
    /// A failure; its message is made printable, and cut where it is too long for the ledger.
    #[must_use]
    pub fn failed(kind: ErrorKind, message: &str) -> Self {
        Self::Failed { kind, message: cut(message) }
    }

    /// A slot that no source can fill; its reason is made printable, and cut where it is too long for
    /// the ledger.
    #[must_use]
    pub fn unfillable(reason: &str) -> Self {
        Self::Unfillable { reason: cut(reason) }
    }

    /// The status in the ledger.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Collected(_) => "collected",
            Self::Failed { .. } => "failed",
            Self::Unfillable { .. } => "unfillable",
        }
    }

    /// The observation, if the slot was collected.
    #[must_use]
    pub fn observation(&self) -> Option<&Observation> {
        match self {
            Self::Collected(observation) => Some(observation),
            Self::Failed { .. } | Self::Unfillable { .. } => None,
        }
    }

    /// Kind and message, if the slot failed.
    #[must_use]
    pub fn failure(&self) -> Option<(ErrorKind, &str)> {
        match self {
            Self::Collected(_) | Self::Unfillable { .. } => None,
            Self::Failed { kind, message } => Some((*kind, message)),
        }
    }

    /// What the ledger says in words.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Collected(_) => None,
            Self::Failed { message, .. } => Some(message),
            Self::Unfillable { reason } => Some(reason),
        }
    }
}

pub(super) fn cut(message: &str) -> String {
    printable(message).chars().take(MAX_ERROR_MESSAGE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_starts_at_a_multiple_of_its_interval_since_the_epoch() {
        let now: DateTime<Utc> = "2026-11-25T07:49:59.9Z".parse().unwrap();
        let start = |minutes| slot_time(now, Interval::parse(minutes).unwrap()).to_rfc3339();
        assert_eq!(start(60), "2026-11-25T07:00:00+00:00");
        assert_eq!(start(30), "2026-11-25T07:30:00+00:00");
        assert_eq!(start(180), "2026-11-25T06:00:00+00:00");
        assert_eq!(start(1440), "2026-11-25T00:00:00+00:00");
    }

    #[test]
    fn a_slot_before_1970_starts_before_its_time_too() {
        let now = DateTime::from_timestamp(-1, 0).unwrap();
        assert_eq!(slot_time(now, Interval::parse(60).unwrap()).timestamp(), -3600);
    }

    #[test]
    fn a_message_too_long_for_the_ledger_is_cut_at_a_character() {
        let outcome = SlotOutcome::failed(ErrorKind::Malformed, &"é".repeat(600));
        assert_eq!(outcome.failure().unwrap().1.chars().count(), MAX_ERROR_MESSAGE_CHARS);
    }

    #[test]
    fn a_message_of_the_ledger_acts_on_no_terminal() {
        let message = "\u{1b}[31mbad\u{202e}\u{0} gate\r\nway";
        let failed = SlotOutcome::failed(ErrorKind::ServerError, message);
        assert_eq!(failed.message(), Some("[31mbad gate way"));
        assert_eq!(SlotOutcome::unfillable(message).message(), Some("[31mbad gate way"));
    }
}
