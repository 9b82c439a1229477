//! `collection_slots`, the ledger.

use super::table::{Column, Kind, Table, optional, required};

/// The ledger: what was tried and what came of it.
pub const COLLECTION_SLOTS: Table = Table {
    name: "collection_slots",
    description: "The ledger of collecting: one row per site, source and interval that was tried, \
        collected, failed or unfillable and why. What has no row was never tried.",
    key: &["site_id", "source", "slot_time"],
    day_of: Some("slot_time"),
    order_in_run: &["slot_time", "site_id", "source"],
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    required("site_id", Kind::Text, "The site, as in `sites`."),
    required("source", Kind::Text, "The weather service that was asked."),
    required(
        "slot_time",
        Kind::Time,
        "Start of the interval, UTC; intervals are counted from 1970-01-01 00:00 UTC.",
    ),
    required(
        "status",
        Kind::Text,
        "collected, failed, or unfillable: no source can fill it any more, and it is not asked for again.",
    ),
    optional(
        "observation_time",
        Kind::Time,
        "Which observation fills the slot, UTC: the key of `weather_observations`. Two slots may point at one, when the source had nothing newer.",
    ),
    required("attempts", Kind::Integer, "How many calls were made for the slot in its last run."),
    optional("http_status", Kind::Integer, "Status of the last answer; NULL: there was none."),
    required(
        "latency_ms",
        Kind::Integer,
        "Milliseconds from the first call to the final answer, retries included.",
    ),
    optional(
        "error_kind",
        Kind::Text,
        "Why it failed: timeout, connection, server_error, rate_limited, unauthorized, bad_request, not_found, malformed or out_of_range.",
    ),
    optional("error_message", Kind::Text, "Why it failed or cannot be filled, in words."),
    required(
        "ingestion_run_id",
        Kind::Text,
        "The run that wrote the row last, as in `ingestion_runs`.",
    ),
    required("run_seq", Kind::Integer, "The number of that run."),
    required("updated_at", Kind::Time, "When the row was last written, UTC."),
    optional(
        "observation_source",
        Kind::Text,
        "The source of the observation that fills the slot, where it is not the slot's own: the hole was healed by another source. With `observation_time` the key of `weather_observations`.",
    ),
    optional(
        "raw_ref",
        Kind::Text,
        "Where the vault keeps the answer of the slot's last attempt: <source>/<day>/<run_id>-<n>#<line>. NULL: not kept.",
    ),
];
