//! `weather serve`: what it answers, held against the tables, on each database.

mod access;
mod answers;
mod areas;
mod bad_input;
mod broken_off;
mod bulk;
mod bulk_size;
mod cache_key;
mod document;
mod edr;
mod edr_input;
mod errors_in_gzip;
mod fresh;
mod hostile;
mod newest;
mod nginx;
mod outside;
mod owslib;
mod page;
mod shared_cache;
mod slow;
mod weather;

pub(crate) use bulk::fill as fill_world;
use chrono::TimeDelta;
use weather_data_product::domain::{ErrorKind, RunCounts};
use weather_data_product::store::Store;

use crate::support::samples::{
    collected, failed, full_values, hour, of_source, open_run, run_end, sites,
};

/// Three sites, of which two have so many hours of observations up to the tests' hour and one has
/// failed in each; one has observations of a second source too.
async fn fill(store: &dyn Store, hours: u16) {
    let run = open_run(store).await;
    store.take_in_sites(&sites(3), hour()).await.unwrap();
    for ago in (0..i64::from(hours)).rev() {
        let slot = hour() - TimeDelta::hours(ago);
        let mut values = full_values();
        values.temperature_c = Some(f64::from(u16::try_from(ago % 500).unwrap()) / 10.0);
        values.rain_1h_mm = (ago % 3 == 0).then_some(0.5);
        values.condition_description = Some(format!("\"{ago}\", déjà vu\n"));
        let batch = [
            collected(0, slot, values.clone()),
            of_source("open-meteo", collected(0, slot, values.clone())),
            collected(1, slot, values),
            failed(2, slot, ErrorKind::NotFound),
        ];
        store.load(&run, &batch, hour()).await.unwrap();
    }
    store.close_run(&run, &run_end(RunCounts { failed: 1, ..RunCounts::default() })).await.unwrap();
}
