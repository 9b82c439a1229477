//! Reads every observation of the store of `DATABASE_URL` as `sync` does and throws it away:
//! `cargo bench --bench read`. `scripts/bench sync` sets it beside the sync.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::time::Instant;

use futures::TryStreamExt as _;
use weather_data_product::domain::Days;
use weather_data_product::domain::tables::WEATHER_OBSERVATIONS;
use weather_data_product::store::{Rows, StoreSettings};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a bench has no command line of its own")]
    let url = std::env::var("DATABASE_URL")?;
    let store = StoreSettings::at(&url).open().await?.reads;
    let started = Instant::now();
    let mut batches = store.read_rows(&WEATHER_OBSERVATIONS, &Rows::Of(Days::ALL));
    let mut rows = 0;
    while let Some(batch) = batches.try_next().await? {
        rows += batch.num_rows();
    }
    println!("{rows} {:.3}", started.elapsed().as_secs_f64());
    Ok(())
}
