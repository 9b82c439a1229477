//! `forecast_issues`, `forecast_values` and `forecast_slots`: what was said of the future, and the ledger of asking.

use super::table::{Column, Kind, Table, optional, required};
use crate::domain::forecast::FORECAST_COLUMNS;

/// What one source said of one site at one time: the heads.
pub const FORECAST_ISSUES: Table = Table {
    name: "forecast_issues",
    description: "Forecasts as they were issued: one row for what one source and model said of one \
        site at one time. Rows are only added, never changed; an answer that says nothing new has no row.",
    key: &["site_id", "source", "model", "product", "available_at"],
    day_of: Some("available_at"),
    order_in_run: &["available_at", "site_id", "source"],
    columns: ISSUE_COLUMNS,
};

/// What the issues say, time by time.
pub const FORECAST_VALUES: Table = Table {
    name: "forecast_values",
    description: "What a forecast said of one time. One row per issue and valid_at; rows are only added, never \
        changed. What the source did not say is NULL, never 0.",
    key: &["site_id", "source", "model", "product", "available_at", "valid_at"],
    day_of: Some("available_at"),
    order_in_run: &["available_at", "site_id", "source"],
    columns: &VALUE_COLUMNS,
};

/// The ledger: which issue was asked for when, and what came of it.
pub const FORECAST_SLOTS: Table = Table {
    name: "forecast_slots",
    description: "The ledger of collecting forecasts: one row per site, source, model, product and interval \
        that was tried, and why there is no issue where there is none. What has no row was never tried.",
    key: &["site_id", "source", "model", "product", "slot_time"],
    day_of: Some("slot_time"),
    order_in_run: &["slot_time", "site_id", "source"],
    columns: SLOT_COLUMNS,
};

const SITE_ID: Column = required("site_id", Kind::Text, "The site, as in `sites`.");
const SOURCE: Column =
    required("source", Kind::Text, "The weather service that said it, such as openweathermap.");
const MODEL: Column =
    required("model", Kind::Text, "The weather model; empty: the source's own blend of models.");
const PRODUCT: Column =
    required("product", Kind::Text, "The kind of answer: owm-3h, owm-onecall-1h or om-hourly.");
const AVAILABLE_AT: Column = required(
    "available_at",
    Kind::Time,
    "When we first had the issue, UTC, whole seconds: leads count from here.",
);
const RUN_SEQ: Column = required(
    "run_seq",
    Kind::Integer,
    "The number of the run that wrote it, as in `ingestion_runs`.",
);
const RUN_ID: Column =
    required("ingestion_run_id", Kind::Text, "The run that wrote it, as in `ingestion_runs`.");

const ISSUE_COLUMNS: &[Column] = &[
    SITE_ID,
    SOURCE,
    MODEL,
    PRODUCT,
    AVAILABLE_AT,
    required(
        "issue_id",
        Kind::Text,
        "Name of the issue: 32 hexadecimal digits over its key and values.",
    ),
    optional(
        "issued_at",
        Kind::Time,
        "When the model was started, UTC, only where it is proven; NULL: nobody says.",
    ),
    required(
        "issued_by",
        Kind::Text,
        "By what issued_at is proven: meta (the model's own description, equal before and after the call), run-parameter, own, or unknown.",
    ),
    required("first_valid_at", Kind::Time, "The first time that it is for, UTC."),
    required("last_valid_at", Kind::Time, "The last time that it is for, UTC."),
    optional(
        "step_minutes",
        Kind::Integer,
        "The commonest step between two times, minutes; NULL: it is for one time.",
    ),
    required("value_count", Kind::Integer, "How many times it is for: rows of `forecast_values`."),
    optional(
        "answered_latitude",
        Kind::Real { decimals: 4 },
        "Latitude of the place that the source answered for, degrees north.",
    ),
    optional(
        "answered_longitude",
        Kind::Real { decimals: 4 },
        "Longitude of the place that the source answered for, degrees east.",
    ),
    optional(
        "answered_elevation_m",
        Kind::Real { decimals: 1 },
        "Height of that place above mean sea level, metres.",
    ),
    required(
        "values_hash",
        Kind::Integer,
        "Fingerprint of all its values, without when they were said: equal when two issues say the same.",
    ),
    required(
        "value_kind",
        Kind::Text,
        "live (asked for when it was due) or backfill (asked for later).",
    ),
    RUN_ID,
    RUN_SEQ,
    required("created_at", Kind::Time, "When it was written, UTC."),
];

const VALUE_HEAD: [Column; 8] = [
    SITE_ID,
    SOURCE,
    MODEL,
    PRODUCT,
    AVAILABLE_AT,
    required("valid_at", Kind::Time, "The time that the values are for, UTC."),
    required(
        "lead_minutes",
        Kind::Integer,
        "Minutes from available_at to valid_at, rounded up; 0 and less: it was over, and is not scored.",
    ),
    required(
        "window_minutes",
        Kind::Integer,
        "Length of the window that rain, snow and precipitation are of, minutes; it ends at valid_at.",
    ),
];

const VALUE_TAIL: [Column; 3] = [
    required(
        "row_hash",
        Kind::Integer,
        "Fingerprint of key and values without available_at: equal when two issues say the same of that time.",
    ),
    RUN_ID,
    RUN_SEQ,
];

const VALUE_COUNT: usize = VALUE_HEAD.len() + FORECAST_COLUMNS.len() + VALUE_TAIL.len();

const VALUE_COLUMNS: [Column; VALUE_COUNT] = {
    let mut columns = [SITE_ID; VALUE_COUNT];
    let mut index = 0;
    while index < VALUE_COUNT {
        let value = VALUE_HEAD.len();
        let tail = value + FORECAST_COLUMNS.len();
        columns[index] = if index < value {
            VALUE_HEAD[index]
        } else if index < tail {
            FORECAST_COLUMNS[index - value]
        } else {
            VALUE_TAIL[index - tail]
        };
        index += 1;
    }
    columns
};

const SLOT_COLUMNS: &[Column] = &[
    SITE_ID,
    SOURCE,
    MODEL,
    PRODUCT,
    required(
        "slot_time",
        Kind::Time,
        "Start of the interval, UTC; intervals are counted from 1970-01-01 00:00 UTC.",
    ),
    required(
        "status",
        Kind::Text,
        "collected, failed, or unfillable: no source has the issue any more.",
    ),
    optional(
        "issue_key",
        Kind::Time,
        "available_at of the issue that answers the slot, UTC; of an unchanged answer that of the issue before.",
    ),
    required(
        "unchanged",
        Kind::Integer,
        "1 when the answer said nothing new: no issue was written.",
    ),
    optional(
        "null_fields",
        Kind::Text,
        "Fields that were NULL at every time, as a JSON list; NULL: none.",
    ),
    required("attempts", Kind::Integer, "How many calls were made for the slot in its last run."),
    optional("http_status", Kind::Integer, "Status of the last answer; NULL: there was none."),
    required(
        "latency_ms",
        Kind::Integer,
        "Milliseconds from the first call to the final answer, retries included.",
    ),
    optional("error_kind", Kind::Text, "Why it failed, as in `collection_slots`."),
    optional(
        "error_message",
        Kind::Text,
        "Why it failed or cannot be filled, in words; of a collected slot what is odd about its issue.",
    ),
    RUN_ID,
    RUN_SEQ,
    required("updated_at", Kind::Time, "When the row was last written, UTC."),
    optional(
        "raw_ref",
        Kind::Text,
        "Where the vault keeps the answer of the slot's last attempt: <source>/<day>/<run_id>-<n>#<line>. NULL: not kept.",
    ),
];
