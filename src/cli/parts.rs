//! The parts that the commands work with: store, sites, sources and sink.
//!
//! Each is made where it is first needed, once, and handed on: `pipeline` collects, heals and mirrors with
//! one store, one reading of the sites file and one client of each source. A part that cannot be made is the
//! error of the command that needs it; the next command tries again.

use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::OnceCell;

use super::error::{self, UsageError};
use super::exit::Exit;
use super::platform::Platform;
use super::shutdown::Shutdown;
use super::sites::SitesSettings;
use super::sources::{Ready, SOURCES, SourceName, SourcesSettings};
use crate::clock::SystemClock;
use crate::domain::{Shard, Site};
use crate::job::Job;
use crate::sink::settings::Opened;
use crate::sink::{Sink, SinkError, SinkKind, SinkSettings};
use crate::store::{self, RunHost, StoreError, StoreSettings};
use crate::vault::{Vault, VaultSettings};

/// Which sources, which store and which sites.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PartsSettings {
    #[command(flatten)]
    pub(super) sources: SourcesSettings,
    #[command(flatten)]
    pub(super) store: StoreSettings,
    #[command(flatten)]
    pub(super) sites_file: SitesSettings,
    #[command(flatten)]
    pub(super) vault: VaultSettings,
}

/// The parts of the commands that call sources.
pub(super) struct Parts<'a> {
    pub(super) platform: &'a Platform,
    pub(super) settings: &'a PartsSettings,
    pub(super) store: StorePart<'a>,
    pub(super) shutdown: &'a Shutdown,
    host: RunHost,
    vault: OnceCell<Option<Vault>>,
    sites: OnceCell<Vec<Site>>,
    sources: [OnceCell<Ready>; SOURCES.len()],
}

impl<'a> Parts<'a> {
    /// The parts that these settings describe, none of which is made yet.
    pub(super) fn of(
        settings: &'a PartsSettings,
        platform: &'a Platform,
        shutdown: &'a Shutdown,
    ) -> Self {
        Self {
            platform,
            settings,
            store: StorePart::of(&settings.store),
            shutdown,
            host: platform.host(),
            vault: OnceCell::new(),
            sites: OnceCell::new(),
            sources: SOURCES.map(|_| OnceCell::new()),
        }
    }

    /// The sites of the file.
    pub(super) async fn sites(&self) -> anyhow::Result<&[Site]> {
        let read = async || {
            let file = self.settings.sites_file.clone();
            // A file that does not answer must not keep a signal from being heard.
            tokio::task::spawn_blocking(move || file.read()).await?
        };
        Ok(self.sites.get_or_try_init(read).await?)
    }

    /// The source of this entry, ready to be called.
    pub(super) async fn source(&self, entry: SourceName) -> anyhow::Result<&Ready> {
        let build = async || {
            let settings = self.settings.sources.clone();
            tokio::task::spawn_blocking(move || settings.build(entry)).await?
        };
        let number = SOURCES.iter().position(|known| *known == entry);
        let number =
            number.with_context(|| format!("the source {} is not in the table", entry.name))?;
        self.sources[number].get_or_try_init(build).await
    }

    /// The sources to collect from, ready to be called.
    pub(super) async fn sources(&self) -> anyhow::Result<Vec<&Ready>> {
        let entries = self.settings.sources.names().into_iter();
        futures::future::try_join_all(entries.map(|entry| self.source(entry))).await
    }

    /// The sources to collect from and the store to write to, made side by side. What is set wrong with a
    /// source is known before the store is touched.
    pub(super) async fn sources_and_store(&self) -> anyhow::Result<(Vec<&Ready>, &store::Opened)> {
        self.settings.sources.check()?;
        self.ready_vault().await?;
        let (sources, opened) = tokio::join!(self.sources(), self.store.writable());
        Ok((sources?, opened?))
    }

    /// The vault, ready before a call is spent; `None` where no answer is kept.
    pub(super) async fn ready_vault(&self) -> anyhow::Result<Option<&Vault>> {
        let open = async || open_vault(&self.settings.vault, self.platform).await;
        Ok(self.vault.get_or_try_init(open).await?.as_ref())
    }

    /// What opens runs in the open store.
    pub(super) fn job<'j>(&'j self, opened: &'j store::Opened, shard: Shard) -> Job<'j> {
        Job {
            store: &*opened.store,
            reads: &opened.reads,
            clock: &SystemClock,
            shard,
            lease: self.store.lease(),
            host: &self.host,
            shutdown: self.shutdown.token(),
            vault: self.vault.get().and_then(Option::as_ref),
        }
    }
}

/// The store, which is opened once.
pub(super) struct StorePart<'a> {
    settings: &'a StoreSettings,
    opened: OnceCell<store::Opened>,
}

impl<'a> StorePart<'a> {
    /// The store of these settings, not open yet.
    pub(super) fn of(settings: &'a StoreSettings) -> Self {
        Self { settings, opened: OnceCell::new() }
    }

    /// How long an open run may stay silent.
    pub(super) fn lease(&self) -> Duration {
        self.settings.lease()
    }

    /// The store for a job that calls: its schema is brought up to date and its privileges are proven, before
    /// any call is spent.
    pub(super) async fn writable(&self) -> Result<&store::Opened, StoreError> {
        let opened = self.open().await?;
        opened.store.migrate().await?;
        opened.store.check_privileges().await?;
        Ok(opened)
    }

    /// The store for what makes no call: it has to be there, and its schema this program's.
    pub(super) async fn ready(&self) -> Result<&store::Opened, StoreError> {
        self.settings.check_there()?;
        let opened = self.open().await?;
        opened.reads.check_schema().await?;
        Ok(opened)
    }

    /// As [`ready`](Self::ready); `None` where it is a file that is still to be made.
    pub(super) async fn ready_if_there(&self) -> Result<Option<&store::Opened>, StoreError> {
        match self.ready().await {
            Err(StoreError::Absent { .. }) => Ok(None),
            ready => ready.map(Some),
        }
    }

    async fn open(&self) -> Result<&store::Opened, StoreError> {
        self.opened.get_or_try_init(|| self.settings.open()).await
    }
}

/// The vault that is set. One that has to be there is tried; one that is away is named by the run.
async fn open_vault(
    settings: &VaultSettings,
    platform: &Platform,
) -> anyhow::Result<Option<Vault>> {
    platform.check_vault(settings)?;
    let Some(vault) = settings.open()? else { return Ok(None) };
    if vault.is_required() {
        vault.check().await.context("no answer can be kept (VAULT_REQUIRED)")?;
    }
    Ok(Some(vault))
}

/// The vault, without which the command has nothing to do.
pub(super) fn needed_vault(settings: &VaultSettings) -> anyhow::Result<Vault> {
    let unset = || {
        UsageError::new("no vault: VAULT_URL is not set")
            .hint("set VAULT_URL, as in file:./vault, s3://bucket/prefix or gs://bucket/prefix")
    };
    Ok(settings.open()?.ok_or_else(unset)?)
}

/// The sinks, without which the command has nothing to do: all, or the one that is asked for.
pub(super) async fn open_sinks(
    settings: &SinkSettings,
    SinkChoice { sink: only }: SinkChoice,
) -> Result<Vec<Opened>, UsageError> {
    let sinks = settings.open(only).await;
    if !sinks.is_empty() {
        return Ok(sinks);
    }
    if !settings.sync_enabled {
        return Err(UsageError::new("the sync is turned off: SYNC_ENABLED is false"));
    }
    let bigquery =
        "set BIGQUERY_PROJECT and BIGQUERY_DATASET; the dataset is made if it is not there";
    let lake = "set LAKE_URL to file:./lake, s3://bucket/prefix or gs://bucket/prefix";
    Err(match only {
        None => UsageError::new("no sink: BIGQUERY_DATASET is not set, nor is LAKE_URL")
            .hint(format!("{bigquery}; or {lake}")),
        Some(SinkKind::BigQuery) => {
            UsageError::new("no sink: BIGQUERY_DATASET is not set").hint(bigquery)
        }
        Some(SinkKind::Lake) => UsageError::new("no sink: LAKE_URL is not set").hint(lake),
    })
}

/// Which sink.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct SinkChoice {
    /// Only this sink [default: every one that is set]
    #[arg(long, value_name = "SINK")]
    pub(super) sink: Option<SinkKind>,
}

/// What is done with each sink, one after the other. One that fails keeps no other from its turn: its error is
/// shown here, and the worst end counts.
pub(super) async fn with_each(
    sinks: Vec<Opened>,
    is_json: bool,
    shutdown: &Shutdown,
    mut work: impl AsyncFnMut(SinkKind, Result<Box<dyn Sink>, SinkError>) -> anyhow::Result<Exit>,
) -> Exit {
    let are_several = sinks.len() > 1;
    let mut exit = Exit::Done;
    for Opened { kind, sink } in sinks {
        if shutdown.token().is_cancelled() {
            return exit.worse(shutdown.exit());
        }
        exit = exit.worse(work(kind, sink).await.unwrap_or_else(|error| {
            let error = if are_several { error.context(kind.as_str()) } else { error };
            error::show(&error, is_json)
        }));
    }
    exit
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        parts: PartsSettings,
        #[command(flatten)]
        platform: Platform,
    }

    fn settings(folder: &std::path::Path) -> Settings {
        let store = format!("--database-url=sqlite://{}", folder.join("weather.db").display());
        let sites = format!("--sites-file={}", folder.join("sites.json").display());
        Settings::try_parse_from(["x", &store, &sites, "--openweather-api-key=k"]).unwrap()
    }

    #[tokio::test]
    async fn a_part_is_made_once_and_one_that_could_not_be_made_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let Settings { parts: settings, platform } = settings(folder.path());
        let shutdown = Shutdown::listen().unwrap();
        let parts = Parts::of(&settings, &platform, &shutdown);
        assert!(parts.sites().await.is_err(), "there is no file");
        let sample = include_str!("../../config/sites_sample.json");
        std::fs::write(folder.path().join("sites.json"), sample).unwrap();
        let sites = parts.sites().await.unwrap();
        std::fs::remove_file(folder.path().join("sites.json")).unwrap();
        assert!(std::ptr::eq(sites, parts.sites().await.unwrap()), "read once");

        assert!(parts.store.ready().await.is_err(), "there are no tables");
        let written = parts.store.writable().await.unwrap();
        assert!(std::ptr::eq(written, parts.store.ready().await.unwrap()), "opened once");

        let [first, second] = SOURCES;
        let source = parts.source(first).await.unwrap();
        assert!(std::ptr::eq(source, parts.sources().await.unwrap()[0]), "built once");
        assert_eq!(parts.source(second).await.unwrap().source.name(), second.name);
    }
}
