//! `weather restore`: brings a month back into the store.

use anyhow::Context as _;

use super::archive::Sinks;
use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, grouped};
use super::parts::StorePart;
use super::platform::Platform;
use super::shutdown::Shutdown;
use crate::archive::restore::{self, RestoreError};
use crate::domain::Month;
use crate::sink::SinkSettings;
use crate::store::StoreSettings;

/// Bring a month back into the store that has left it
///
/// Its files in the lake have to be those that were proved, by their SHA-256. Every row comes back as it was, so
/// that a sync sends nothing, and the month may be written to again: `weather heal` fills its holes. It leaves
/// once more by `weather archive --month`. Ends with exit code 1 when the lake does not hold what was archived.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  weather restore --month 2026-09")]
pub(super) struct Args {
    /// The month
    #[arg(long, value_name = "YYYY-MM", value_parser = Month::parse)]
    month: Month,

    #[command(flatten)]
    sink: SinkSettings,
    #[command(flatten)]
    store: StoreSettings,
}

pub(super) async fn run(args: Args, platform: &Platform) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let sinks = Sinks::open(&args.sink, platform).await?;
    let store = StorePart::of(&args.store);
    let opened = (store.ready().await?, store.lease());
    let parts = sinks.parts(opened, &shutdown);
    let restored = shutdown.token().run_until_cancelled(restore::run(parts, args.month)).await;
    let Some(restored) = restored else { return Ok(shutdown.exit()) };
    let rows = match restored {
        Ok(rows) => rows,
        Err(error) => return refused(error),
    };
    output::line(&format!("{}: {} rows are back", args.month, grouped(rows)))?;
    Ok(Exit::Done)
}

/// What the month is not brought back for.
fn refused(error: anyhow::Error) -> anyhow::Result<Exit> {
    match error.downcast_ref::<RestoreError>() {
        Some(RestoreError::NotArchived { .. }) => Err(UsageError::new(error.to_string())
            .hint("`weather status` says through which month the store is archived")
            .into()),
        Some(RestoreError::Different { .. }) => {
            output::line(&format!("nothing is restored: {error}"))?;
            Ok(Exit::TooManyFailed)
        }
        None => Err(error),
    }
}
