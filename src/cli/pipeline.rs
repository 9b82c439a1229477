//! `weather pipeline`: collects, then mirrors. What the scheduler starts.

use anyhow::Context as _;

use super::cloud_run::CloudRun;
use super::exit::Exit;
use super::shutdown::Shutdown;
use super::sync::SyncSettings;
use super::{error, etl, sync};
use crate::sink::{SinkError, SinkSettings};
use crate::sync::Sync;

/// Collect what is due now, then mirror the store into BigQuery
///
/// What the scheduler starts. The sync runs whatever came of collecting (a refused key must not
/// hold up what is stored already), and only if BIGQUERY_DATASET is set. The exit code is the
/// higher one of the two.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather pipeline\n  \
    BIGQUERY_PROJECT=acme BIGQUERY_DATASET=weather weather pipeline\n  \
    SYNC_ENABLED=false weather pipeline     # collects only")]
#[group(skip)]
pub(super) struct Args {
    #[command(flatten)]
    etl: etl::Args,
    #[command(flatten)]
    sync: SyncSettings,
    #[command(flatten)]
    sink: SinkSettings,
}

pub(super) async fn run(args: Args, cloud_run: &CloudRun, is_json: bool) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let sink = args.sink.open().await;
    if let Err(error @ SinkError::Settings(_)) = sink {
        return Err(error.into()); // known before a call is spent
    }
    let (store, is_dry_run) = (args.etl.store.clone(), args.etl.dry_run);
    let collected = etl::collect(args.etl, cloud_run, &shutdown).await;
    let collected = collected.unwrap_or_else(|error| error::show(&error, is_json));
    if is_dry_run || shutdown.token().is_cancelled() {
        return Ok(collected);
    }
    let synced = async {
        let Some(sink) = sink? else { return Ok(Exit::Done) };
        let store = store.open_ready().await?;
        let parts = Sync {
            store: &*store,
            sink: &*sink,
            chunk_rows: args.sync.chunk_rows,
            rebase: false,
            shutdown: shutdown.token(),
        };
        sync::mirror(parts, &shutdown).await
    };
    let synced = synced.await.unwrap_or_else(|error| error::show(&error, is_json));
    Ok(collected.worse(synced))
}
