//! The parts that the commands work with: store, sites, sources and sink.
//!
//! Each is made where it is first needed, once, and handed on: `pipeline` collects, heals and mirrors with
//! one store, one reading of the sites file and one client of each source. A part that cannot be made is the
//! error of the command that needs it; the next command tries again.

use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::OnceCell;

use super::error::UsageError;
use super::platform::Platform;
use super::shutdown::Shutdown;
use super::sites::SitesSettings;
use super::sources::{Ready, SOURCES, SourceName, SourcesSettings};
use crate::clock::SystemClock;
use crate::domain::{Shard, Site};
use crate::job::Job;
use crate::sink::{Sink, SinkSettings};
use crate::store::{Opened, RunHost, StoreError, StoreSettings};

/// Which sources, which store and which sites.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PartsSettings {
    #[command(flatten)]
    pub(super) sources: SourcesSettings,
    #[command(flatten)]
    pub(super) store: StoreSettings,
    #[command(flatten)]
    pub(super) sites_file: SitesSettings,
}

/// The parts of the commands that call sources.
pub(super) struct Parts<'a> {
    pub(super) platform: &'a Platform,
    pub(super) settings: &'a PartsSettings,
    pub(super) store: StorePart<'a>,
    pub(super) shutdown: &'a Shutdown,
    host: RunHost,
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
            sites: OnceCell::new(),
            sources: SOURCES.map(|_| OnceCell::new()),
        }
    }

    /// The sites of the file.
    pub(super) async fn sites(&self) -> anyhow::Result<&[Site]> {
        let read = async || self.settings.sites_file.read();
        Ok(self.sites.get_or_try_init(read).await?)
    }

    /// The source of this entry, ready to be called.
    pub(super) async fn source(&self, entry: SourceName) -> anyhow::Result<&Ready> {
        let build = async || self.settings.sources.build(entry);
        let number = SOURCES.iter().position(|known| *known == entry);
        let number =
            number.with_context(|| format!("the source {} is not in the table", entry.name))?;
        self.sources[number].get_or_try_init(build).await
    }

    /// The sources to collect from, ready to be called.
    pub(super) async fn sources(&self) -> anyhow::Result<Vec<&Ready>> {
        let mut ready = Vec::new();
        for entry in self.settings.sources.names() {
            ready.push(self.source(entry).await?);
        }
        Ok(ready)
    }

    /// What opens runs in the open store.
    pub(super) fn job<'j>(&'j self, opened: &'j Opened, shard: Shard) -> Job<'j> {
        Job {
            store: &*opened.store,
            reads: &opened.reads,
            clock: &SystemClock,
            shard,
            lease: self.store.lease(),
            host: &self.host,
            shutdown: self.shutdown.token(),
        }
    }
}

/// The store, which is opened once.
pub(super) struct StorePart<'a> {
    settings: &'a StoreSettings,
    opened: OnceCell<Opened>,
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
    pub(super) async fn writable(&self) -> Result<&Opened, StoreError> {
        let opened = self.open().await?;
        opened.store.migrate().await?;
        opened.store.check_privileges().await?;
        Ok(opened)
    }

    /// The store for what makes no call: its schema has to be this program's.
    pub(super) async fn ready(&self) -> Result<&Opened, StoreError> {
        let opened = self.open().await?;
        opened.reads.check_schema().await?;
        Ok(opened)
    }

    async fn open(&self) -> Result<&Opened, StoreError> {
        self.opened.get_or_try_init(|| self.settings.open()).await
    }
}

/// The sink, without which the command has nothing to do.
pub(super) async fn open_sink(settings: &SinkSettings) -> anyhow::Result<Box<dyn Sink>> {
    if let Some(sink) = settings.open().await? {
        return Ok(sink);
    }
    if !settings.sync_enabled {
        return Err(UsageError::new("the sync is turned off: SYNC_ENABLED is false").into());
    }
    Err(UsageError::new("no sink: BIGQUERY_DATASET is not set")
        .hint("set BIGQUERY_PROJECT and BIGQUERY_DATASET; the dataset is made if it is not there")
        .into())
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
