//! How the collecting stands: is every site fresh, and what is missing?

use super::columns::{
    LOCAL_DATE, LOCAL_TIME, SITE_ID, SITE_NAME, SOURCE, SOURCE_ASKED, TIMEZONE, TIMEZONE_THEN,
};
use super::view::{Kind, View, optional, required};
use crate::domain::freshness;

/// Whether every active site is being collected.
pub const SITE_FRESHNESS: View = View {
    name: "site_freshness",
    description: "Is every active site being collected? Sites before their first day or after their last are left out. Age of its last observation (none that is more than 15 minutes ahead), success of 24 hours, last error within 7 days.",
    key: &["site_id", "source"],
    columns: &[
        SITE_ID,
        SOURCE,
        SITE_NAME,
        TIMEZONE,
        required("interval_minutes", Kind::Integer, "How often the site is observed, minutes."),
        optional(
            "last_observation_time",
            Kind::Time,
            "The source's time of the last observation, UTC.",
        ),
        optional("age_minutes", Kind::Integer, "Age of the last observation, minutes; 0 at least."),
        required("is_fresh", Kind::Boolean, freshness::IN_WORDS),
        required(
            "slots_tried_24h",
            Kind::Integer,
            "How many slots of the last 24 hours were tried.",
        ),
        required("slots_collected_24h", Kind::Integer, "How many of them were collected."),
        optional("success_rate_24h_pct", Kind::Real, "Share of them that was collected, percent."),
        optional("last_failure_time", Kind::Time, "Start of the last interval that failed, UTC."),
        optional("last_error_kind", Kind::Text, "Why that one failed, as a kind."),
        optional("last_error_message", Kind::Text, "Why that one failed, in words."),
    ],
    served_too: &[],
};

/// Every slot that has no value, and why.
pub const MISSING_HOURS: View = View {
    name: "missing_hours",
    description: "Every slot of a site's life up to now that has no value, and why: it was never tried, paused (the account was blocked, the key refused or the call budget spent), failed, or cannot be filled. Counted at the interval that the site had then, from active_from or, without it, from when the site was taken in. `weather gaps` lists the same. It reads every partition of the ledger, whatever days are asked for: missing_hours_between(from_time, to_time) reads those of its slots only.",
    key: &["site_id", "source", "slot_time"],
    columns: &[
        SITE_ID,
        SOURCE_ASKED,
        required("slot_time", Kind::Time, "Start of the interval, UTC."),
        LOCAL_TIME,
        LOCAL_DATE,
        SITE_NAME,
        TIMEZONE_THEN,
        required(
            "status",
            Kind::Text,
            "never_tried, paused, failed, quarantined (the answer held a value out of its physical range) or unfillable.",
        ),
        optional("error_kind", Kind::Text, "Why it failed, as a kind."),
        optional("error_message", Kind::Text, "Why it failed or cannot be filled, in words."),
    ],
    served_too: &[],
};
