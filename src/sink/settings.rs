//! Which sink, and how it is reached.

use clap::Args;
use url::Url;

use super::bigquery::BigQuery;
use super::{Sink, SinkError};
use crate::http;

/// Settings of the sink.
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
}

impl SinkSettings {
    /// The sink, if one is set; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`SinkError::Settings`] when only a part is set, [`SinkError::Credentials`] when there are
    /// none.
    pub async fn open(&self) -> Result<Option<Box<dyn Sink>>, SinkError> {
        if !self.sync_enabled {
            return Ok(None);
        }
        match (filled(&self.bigquery_project), filled(&self.bigquery_dataset)) {
            (Some(project), Some(dataset)) => {
                let location = filled(&self.bigquery_location);
                let base_url = self.bigquery_base_url.as_ref();
                let sink = BigQuery::open(project, dataset, location, base_url).await?;
                Ok(Some(Box::new(sink)))
            }
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
