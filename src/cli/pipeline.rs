//! `weather pipeline`: collects, heals a little, then mirrors. What the scheduler starts.

use anyhow::Context as _;

use super::exit::Exit;
use super::parts::Parts;
use super::platform::Platform;
use super::shutdown::Shutdown;
use super::sync::SyncSettings;
use super::{error, etl, heal, sync};
use crate::sink::{SinkError, SinkSettings};

/// Collect what is due now, then mirror the store into BigQuery
///
/// What the scheduler starts. With HEAL_CALLS it also fills missing slots of the past, within so many
/// calls. The sync runs even where collecting failed (a refused key must not
/// hold up what is stored already), and only if BIGQUERY_DATASET is set. The exit code is the
/// higher one of the two.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather pipeline\n  \
    BIGQUERY_PROJECT=acme BIGQUERY_DATASET=weather weather pipeline\n  \
    weather pipeline --heal-calls 100       # and fills holes of the past, within 100 calls\n  \
    SYNC_ENABLED=false weather pipeline     # collects only")]
#[group(skip)]
pub(super) struct Args {
    #[command(flatten)]
    etl: etl::Args,

    /// Calls to spend on filling missing slots from history, after the live ones; see `weather heal`
    #[arg(
        long,
        value_name = "N",
        env = "HEAL_CALLS",
        default_value_t = 0,
        help_heading = "Healing"
    )]
    heal_calls: u64,

    #[command(flatten)]
    from_source: heal::FromSource,
    #[command(flatten)]
    sync: SyncSettings,
    #[command(flatten)]
    sink: SinkSettings,
}

pub(super) async fn run(args: Args, platform: &Platform, is_json: bool) -> anyhow::Result<Exit> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let sink = args.sink.open().await;
    if let Err(error @ SinkError::Settings(_)) = sink {
        return Err(error.into()); // known before a call is spent
    }
    let parts = Parts::of(&args.etl.parts, platform, &shutdown);
    let collected = etl::collect(&args.etl, &parts).await;
    let mut collected = collected.unwrap_or_else(|error| error::show(&error, is_json));
    if args.etl.dry_run || shutdown.token().is_cancelled() {
        return Ok(collected);
    }
    if args.heal_calls > 0 && collected.code() < Exit::Usage.code() {
        let healed = heal::heal_all(&parts, &args.etl.settings, args.from_source, args.heal_calls);
        let healed = healed.await.unwrap_or_else(|error| error::show(&error, is_json));
        collected = collected.worse(healed);
    }
    if shutdown.token().is_cancelled() {
        return Ok(collected);
    }
    let synced = async {
        let Some(sink) = sink? else { return Ok(Exit::Done) };
        let opened = parts.store.ready().await?;
        let lease = parts.store.lease();
        sync::mirror(args.sync.parts((opened, lease), &*sink, &shutdown), &shutdown).await
    };
    let synced = synced.await.unwrap_or_else(|error| error::show(&error, is_json));
    Ok(collected.worse(synced))
}
