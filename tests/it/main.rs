//! The integration tests, in one binary. They need a MySQL server: `scripts/test` brings one up
//! and sets `DATABASE_URL`; without it they fail.

mod etl;
mod floors;
mod store_contract;
mod support;
