//! `ingestion_runs`, the audit trail.

use super::table::{Column, Kind, Table, backfilled, optional, required};

/// One row per run that has ended.
pub const INGESTION_RUNS: Table = Table {
    name: "ingestion_runs",
    description: "The audit trail: one row per run of the collecting job that has ended, with what it counted.",
    key: &["run_seq"],
    day_of: Some("started_at"),
    order_in_run: &[],
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    required(
        "run_seq",
        Kind::Integer,
        "The run's number; runs are numbered in the order of their commits.",
    ),
    required("run_id", Kind::Text, "The run's id (UUIDv7)."),
    required(
        "kind",
        Kind::Text,
        "The job: etl (collects), forecast (collects forecasts), heal (fills from history), replay (reads kept answers anew) or migration.",
    ),
    required("shard", Kind::Text, "Its part of the sites, as index/count."),
    required("status", Kind::Text, "closed, or abandoned: it fell silent and was set aside."),
    optional("outcome", Kind::Text, "succeeded, partial, failed or interrupted."),
    required("started_at", Kind::Time, "When it started, UTC."),
    optional("finished_at", Kind::Time, "When it ended or was set aside, UTC."),
    required("sites", Kind::Integer, "How many sites were its to collect."),
    required("collected", Kind::Integer, "How many slots it collected."),
    required("failed", Kind::Integer, "How many slots failed."),
    required("skipped", Kind::Integer, "How many slots were settled already."),
    required("rows_loaded", Kind::Integer, "How many observations it wrote."),
    required("calls", Kind::Integer, "How many calls it made, retries included."),
    required("retries", Kind::Integer, "How many of the calls were retries."),
    optional("latency_mean_ms", Kind::Integer, "Mean latency of a slot, milliseconds."),
    optional("latency_p95_ms", Kind::Integer, "95th percentile of the latency, milliseconds."),
    optional("latency_max_ms", Kind::Integer, "Longest latency, milliseconds."),
    optional("errors_by_kind", Kind::Text, "How many slots failed of each kind, as a JSON object."),
    optional("error_message", Kind::Text, "Why it stopped short, if it did."),
    required("program_version", Kind::Text, "Version of the program."),
    optional("execution", Kind::Text, "Execution of the Cloud Run job."),
    optional("task", Kind::Text, "Task of that execution."),
    required("host", Kind::Text, "Where it ran."),
    backfilled("source", Kind::Text, "Whose slots it filled."),
    backfilled(
        "stop_kind",
        Kind::Text,
        "Why it stopped short, if it did: account_blocked, key_refused, budget_spent, not_subscribed, source_fails, store, vault, interrupted or set_aside.",
    ),
];
