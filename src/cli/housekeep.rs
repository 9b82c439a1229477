//! `weather housekeep`: the daily job that tidies, with an account that may delete.

use anyhow::Context as _;
use chrono::TimeDelta;

use super::archive::{ArchiveGrace, Sinks};
use super::error;
use super::exit::Exit;
use super::output::{self, grouped};
use super::parts::StorePart;
use super::platform::Platform;
use super::shutdown::Shutdown;
use super::vault::compact_all;
use crate::archive::{self, Archive};
use crate::sink::lake::Lake;
use crate::sink::{LakeSettings, SinkSettings};
use crate::store::StoreSettings;
use crate::vault::VaultSettings;

/// Days that a data file of the lake is kept for those who still read an older version.
const KEPT_DAYS: i64 = 7;

/// Tidy up the lake and the kept answers, and delete what that made superfluous
///
/// For once a day, with an account of its own: no other job deletes. The lake is compacted, gets its
/// checkpoint, and loses data files that no version of the last 7 days has; the kept answers of a day become
/// one object. With ARCHIVE_KEEP_DAYS months leave the store that the lake is proved to hold. Each step says in a line what it did; one that fails stops no other, and the worst exit code
/// counts.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather housekeep\n  \
    VAULT_URL=gs://acme-weather/vault weather housekeep")]
pub(super) struct Args {
    /// Also let months leave the store, as `weather archive` does, so many days after their last. Unset: none does
    #[arg(
        long, value_name = "N", env = "ARCHIVE_KEEP_DAYS",
        value_parser = clap::value_parser!(u32).range(35..=3650)
    )]
    archive_keep_days: Option<u32>,

    #[command(flatten)]
    grace: ArchiveGrace,
    #[command(flatten)]
    sink: SinkSettings,
    #[command(flatten)]
    store: StoreSettings,
    #[command(flatten)]
    vault: VaultSettings,
}

/// What a step did, in a line, and how it ended.
type Done = anyhow::Result<(String, Exit)>;

pub(super) async fn run(args: Args, platform: &Platform, is_json: bool) -> anyhow::Result<Exit> {
    let mut steps = lake(&args.sink.lake).await;
    steps.push(archive(&args, platform).await);
    steps.push(vault(&args.vault).await);
    steps.into_iter().try_fold(Exit::Done, |exit, done| Ok(exit.worse(end(done, is_json)?)))
}

/// Says what a step did, or why it failed.
fn end(done: Done, is_json: bool) -> anyhow::Result<Exit> {
    match done {
        Ok((line, exit)) => output::line(&line).map(|()| exit),
        Err(error) => Ok(error::show(&error, is_json)),
    }
}

async fn lake(settings: &LakeSettings) -> Vec<Done> {
    match settings.open() {
        Ok(None) => vec![Ok(("lake: none (LAKE_URL is not set)".to_owned(), Exit::Done))],
        Ok(Some(lake)) => vec![
            said("lake compact", lake.compact().await.map_err(Into::into)),
            said("lake checkpoint", lake.checkpoint().await.map_err(Into::into)),
            vacuum(&lake).await,
        ],
        Err(error) => vec![Err(error.into())],
    }
}

/// Lets months leave the store.
async fn archive(args: &Args, platform: &Platform) -> Done {
    let Some(keep_days) = args.archive_keep_days else {
        return Ok(("archive: none (ARCHIVE_KEEP_DAYS is not set)".to_owned(), Exit::Done));
    };
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let sinks = Sinks::open(&args.sink, platform).await?;
    let store = StorePart::of(&args.store);
    let opened = (store.ready().await?, store.lease());
    let parts = args.grace.apply(sinks.parts(opened, &shutdown));
    let report = archive::run(Archive { keep_days, ..parts }).await;
    let exit = if report.has_differences() { Exit::TooManyFailed } else { Exit::Done };
    let months: Vec<_> = report.months.iter().map(ToString::to_string).collect();
    let words = if months.is_empty() { "nothing is due".to_owned() } else { months.join("; ") };
    match report.error {
        Some(error) => Err(error),
        None if report.is_interrupted => Ok((format!("archive: {words}"), shutdown.exit())),
        None => Ok((format!("archive: {words}"), exit)),
    }
}

/// The lines of a step as one.
fn said(step: &str, done: anyhow::Result<Vec<String>>) -> Done {
    let done = done?;
    let words = if done.is_empty() { "nothing to do".to_owned() } else { done.join("; ") };
    Ok((format!("{step}: {words}"), Exit::Done))
}

async fn vacuum(lake: &Lake) -> Done {
    let swept = lake.vacuum(TimeDelta::days(KEPT_DAYS), false).await?;
    let files: usize = swept.iter().map(|(_, swept)| swept.files).sum();
    let bytes: u64 = swept.iter().map(|(_, swept)| swept.bytes).sum();
    let commits: usize = swept.iter().map(|(_, swept)| swept.commits).sum();
    let bytes = grouped(bytes);
    let line = format!("lake vacuum: {files} data files ({bytes} B) and {commits} commits deleted");
    Ok((line, Exit::Done))
}

async fn vault(settings: &VaultSettings) -> Done {
    match settings.open()? {
        Some(vault) => compact_all(&vault).await,
        None => Ok(("vault: none (VAULT_URL is not set)".to_owned(), Exit::Done)),
    }
}
