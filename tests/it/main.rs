//! The integration tests, in one binary. They need a MySQL server and BigQuery emulators:
//! `scripts/test` brings them up and sets `DATABASE_URL` and `BIGQUERY_BASE_URL`; without them they
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
mod archive;
mod attempts;
mod bigquery_answers;
mod bigquery_docs;
mod bigquery_statements;
mod budget;
mod building;
mod cli;
mod doctor;
mod etl;
mod etl_start;
mod export;
mod failing_store;
mod fetch;
mod floors;
mod forecast;
mod gaps;
mod heal;
mod heal_under_fire;
mod init;
mod kits;
mod lake;
mod languages;
mod live;
mod main_job;
mod migrations;
mod moves;
mod mysql_only;
mod objects;
mod old_store;
mod pages;
mod reads;
mod replay;
mod serve;
mod sessions;
mod silent_store;
mod sink_contract;
mod sites_forms;
mod skill;
mod sources;
mod stop_kinds;
mod store_contract;
mod store_faults;
mod support;
mod sync;
mod sync_refused;
mod sync_requests;
mod sync_stuck;
mod sync_under_fire;
mod terminal;
mod tls;
mod transform_version;
mod under_fire;
mod units;
mod vault;
mod verify;
mod views;
