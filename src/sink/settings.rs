//! Which sink, and how it is reached.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use url::Url;

use super::bigquery::BigQuery;
use super::lake::Lake;
use super::{Sink, SinkError};
use crate::clock::SystemClock;
use crate::http;
use crate::objects::{Objects, ObjectsUrl};

/// The sinks that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SinkKind {
    /// BigQuery.
    #[value(name = "bigquery")]
    BigQuery,
    /// Delta tables in a folder or a bucket.
    Lake,
}

impl SinkKind {
    /// Every one, in the order in which they are served.
    pub const ALL: [Self; 2] = [Self::BigQuery, Self::Lake];

    /// Its name in flags, reports and the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BigQuery => "bigquery",
            Self::Lake => "lake",
        }
    }
}

/// Where the lake is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Lake")]
pub struct LakeSettings {
    /// Folder or bucket that the store is mirrored to as Delta tables: file:./lake, s3://bucket/prefix or
    /// gs://bucket/prefix. Unset: no lake
    #[arg(long, value_name = "URL", env = "LAKE_URL", hide_env_values = true)]
    pub lake_url: Option<ObjectsUrl>,

    /// A stand-in's address, or that of a service which speaks as S3 does; plain http on this machine only
    #[arg(long, value_name = "URL", env = "LAKE_ENDPOINT", hide_env_values = true, value_parser = http::parse_base_url)]
    pub lake_endpoint: Option<Url>,
}

impl LakeSettings {
    /// The lake, if one is set; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`SinkError::Objects`] when it cannot be opened.
    pub fn open(&self) -> Result<Option<Lake>, SinkError> {
        let Some(url) = &self.lake_url else { return Ok(None) };
        let objects = Objects::open(url, self.lake_endpoint.as_ref())?;
        Ok(Some(Lake::new(objects, Arc::new(SystemClock))))
    }
}

/// A sink that is set, opened or not.
pub struct Opened {
    /// Which.
    pub kind: SinkKind,
    /// The sink, or why it cannot be opened; nothing was asked of it yet.
    pub sink: Result<Box<dyn Sink>, SinkError>,
}

/// Settings of the sinks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "BigQuery")]
pub struct SinkSettings {
    /// Project that holds the dataset and runs the jobs
    #[arg(long, value_name = "ID", env = "BIGQUERY_PROJECT")]
    pub bigquery_project: Option<String>,

    /// Dataset that the store is mirrored to; staging and state go to `<dataset>_internal`. Unset: no
    /// sync
    #[arg(long, value_name = "NAME", env = "BIGQUERY_DATASET")]
    pub bigquery_dataset: Option<String>,

    /// Where the datasets are, or are made, such as EU or europe-west1
    #[arg(long, value_name = "PLACE", env = "BIGQUERY_LOCATION")]
    pub bigquery_location: Option<String>,

    /// An emulator's address; then no credentials are asked for
    #[arg(long, value_name = "URL", env = "BIGQUERY_BASE_URL", hide_env_values = true, value_parser = http::parse_base_url)]
    pub bigquery_base_url: Option<Url>,

    /// Set to false to leave the sync out though a dataset is set
    #[arg(
        long,
        value_name = "BOOL",
        env = "SYNC_ENABLED",
        default_value_t = true,
        action = clap::ArgAction::Set
    )]
    pub sync_enabled: bool,

    /// The lake.
    #[command(flatten)]
    pub lake: LakeSettings,
}

impl SinkSettings {
    /// Every sink that is set, or `only` one of them. One that cannot be opened keeps no other from it.
    pub async fn open(&self, only: Option<SinkKind>) -> Vec<Opened> {
        let mut all = Vec::new();
        for kind in SinkKind::ALL {
            if only.is_some_and(|only| only != kind) {
                continue;
            }
            match self.open_one(kind).await {
                Ok(None) => {}
                Ok(Some(sink)) => all.push(Opened { kind, sink: Ok(sink) }),
                Err(error) => all.push(Opened { kind, sink: Err(error) }),
            }
        }
        all
    }

    async fn open_one(&self, kind: SinkKind) -> Result<Option<Box<dyn Sink>>, SinkError> {
        match kind {
            SinkKind::BigQuery => self.open_bigquery().await,
            SinkKind::Lake if !self.sync_enabled => Ok(None),
            SinkKind::Lake => Ok(self.lake.open()?.map(|lake| Box::new(lake) as Box<dyn Sink>)),
        }
    }

    async fn open_bigquery(&self) -> Result<Option<Box<dyn Sink>>, SinkError> {
        let Some((project, dataset)) = self.named()? else { return Ok(None) };
        let location = filled(&self.bigquery_location);
        let base_url = self.bigquery_base_url.as_ref();
        Ok(Some(Box::new(BigQuery::open(project, dataset, location, base_url).await?)))
    }

    /// Passes settings that name sinks, or none; credentials are not looked for.
    ///
    /// # Errors
    /// [`SinkError::Settings`], which [`open`](Self::open) would end with.
    pub fn check(&self) -> Result<(), SinkError> {
        if let Some(endpoint) = &self.lake.lake_endpoint {
            Objects::check_endpoint(endpoint)?;
        }
        self.named()?.map_or(Ok(()), |(project, dataset)| BigQuery::check_names(project, dataset))
    }

    /// Project and dataset, if they are set.
    fn named(&self) -> Result<Option<(&str, &str)>, SinkError> {
        if !self.sync_enabled {
            return Ok(None);
        }
        match (filled(&self.bigquery_project), filled(&self.bigquery_dataset)) {
            (Some(project), Some(dataset)) => Ok(Some((project, dataset))),
            (None, Some(_)) => Err(SinkError::Settings(
                "BIGQUERY_DATASET is set, and BIGQUERY_PROJECT is not".into(),
            )),
            (_, None) => Ok(None),
        }
    }
}

/// An empty setting is none.
fn filled(setting: &Option<String>) -> Option<&str> {
    setting.as_deref().map(str::trim).filter(|text| !text.is_empty())
}
