//! The integration tests, in one binary. They need a MySQL server and a BigQuery emulator:
//! `scripts/test` brings both up and sets `DATABASE_URL` and `BIGQUERY_BASE_URL`; without them they
//! fail.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed; tests compare with the machine's own clock"
)]

mod alerts;
mod attempts;
mod bigquery_answers;
mod bigquery_docs;
mod bigquery_statements;
mod budget;
mod cli;
mod doctor;
mod etl;
mod failing_store;
mod fetch;
mod floors;
mod gaps;
mod heal;
mod heal_under_fire;
mod live;
mod main_job;
mod migrations;
mod moves;
mod mysql_only;
mod old_store;
mod pages;
mod reads;
mod serve;
mod sessions;
mod silent_store;
mod sink_contract;
mod sources;
mod stop_kinds;
mod store_contract;
mod store_faults;
mod support;
mod sync;
mod sync_refused;
mod sync_stuck;
mod sync_under_fire;
mod tls;
mod under_fire;
mod verify;
mod views;
