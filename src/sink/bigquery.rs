//! The sink in BigQuery.
//!
//! Rows go as Parquet in a load job (free of charge) to a staging table made for it, and from there
//! by one script in a transaction, which is where the fence is. What is only looked at is read by
//! REST without a statement: a store with nothing new costs nothing.

use std::collections::BTreeMap;

use async_trait::async_trait;
use url::Url;

use super::{Chunk, Difference, Prepared, Rewrite, Sink, SinkError, Staging, States};
use crate::domain::tables::Table;
use crate::domain::{Day, DaySums, Days};

mod auth;
mod calls;
mod compare;
mod expiry;
mod jobs;
mod prepare;
mod reference;
mod refusal;
mod script;
mod stage;
mod state;
mod views;

use auth::Credentials;
pub use calls::Bounds;
pub use reference::reference;

/// The sink in BigQuery.
pub struct BigQuery {
    http: reqwest::Client,
    credentials: Credentials,
    names: Names,
    location: Option<String>,
    base_url: String,
    upload_url: Url,
    bounds: Bounds,
}

/// What a staged row is billed as at most.
const ROW_BYTES: u64 = 1024;

/// What things are called.
#[derive(Debug, Clone)]
struct Names {
    project: String,
    dataset: String,
    /// Holds staging and state.
    internal: String,
}

impl Names {
    /// A table for BI people, as SQL names it.
    fn public(&self, table: &str) -> String {
        format!("`{}.{}.{table}`", self.project, self.dataset)
    }

    /// A table for BI people, as people name it.
    fn public_table(&self, table: &str) -> String {
        format!("table {}.{}.{table}", self.project, self.dataset)
    }

    /// The dataset of our own, as people name it.
    fn internal_dataset(&self) -> String {
        format!("dataset {}.{}", self.project, self.internal)
    }

    /// A table of our own, as SQL names it.
    fn internal(&self, table: &str) -> String {
        format!("`{}.{}.{table}`", self.project, self.internal)
    }
}

impl BigQuery {
    /// The dataset of a project, at Google or, with `base_url`, at an emulator.
    ///
    /// # Errors
    /// [`SinkError::Settings`] when a name cannot be, [`SinkError::Credentials`] when there are
    /// none.
    pub async fn open(
        project: &str,
        dataset: &str,
        location: Option<&str>,
        base_url: Option<&Url>,
    ) -> Result<Self, SinkError> {
        let is_name = |text: &str, more: &str| {
            text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        if !is_name(project, "-_.:") || !is_name(dataset, "_") {
            return Err(SinkError::Settings(format!(
                "BIGQUERY_PROJECT {project:?} or BIGQUERY_DATASET {dataset:?} is no name: letters, digits and _"
            )));
        }
        let credentials = Credentials::find(base_url.is_some())?;
        let names = Names {
            project: project.into(),
            dataset: dataset.into(),
            internal: format!("{dataset}_internal"),
        };
        let location = location.map(str::to_owned);
        let base_url = calls::base_url(base_url);
        let upload_url = calls::upload_url(&base_url, project)?;
        let http = calls::http(&upload_url)?;
        let bounds = Bounds::default();
        Ok(Self { http, credentials, names, location, base_url, upload_url, bounds })
    }

    /// The same, waiting for other times.
    #[must_use]
    pub fn with_bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Runs a script that writes rows of a table, where it reads the rows `of_days`.
    async fn write(
        &self,
        step: &str,
        table: &'static Table,
        of_days: &str,
        rows: u64,
        script: String,
    ) -> Result<(), SinkError> {
        let what = self.names.public_table(table.name);
        let there = self.bytes_of(&what, &self.names.public(table.name), of_days).await?;
        let expected_bytes = there.saturating_add(rows * ROW_BYTES);
        let written = self.run_script(step, &what, script, expected_bytes).await;
        written.map_err(|error| script::stopped(table.name, error))
    }
}

#[async_trait(?Send)]
impl Sink for BigQuery {
    async fn prepare(&self) -> Result<Prepared, SinkError> {
        self.prepare_all().await
    }

    async fn check(&self) -> Result<Prepared, SinkError> {
        self.check_all().await
    }

    async fn find_states(&self, store_id: &str) -> Result<Option<States>, SinkError> {
        self.read_states(store_id).await
    }

    async fn list_other_stores(&self, store_id: &str) -> Result<Vec<String>, SinkError> {
        self.other_stores(store_id).await
    }

    async fn create_states(&self, store_id: &str) -> Result<(), SinkError> {
        self.change_states(state::create(&self.names, store_id)).await?;
        self.keep(&self.names.internal, &state::table_name(store_id), None).await
    }

    async fn begin_rebase(&self, store_id: &str, run_seq: i64) -> Result<(), SinkError> {
        self.change_states(state::begin_rebase(&self.names, store_id, run_seq)).await
    }

    async fn end_rebase(&self, store_id: &str) -> Result<(), SinkError> {
        self.change_states(state::end_rebase(&self.names, store_id)).await
    }

    async fn supersede_states(&self, store_id: &str, by: &str) -> Result<(), SinkError> {
        self.change_states(state::supersede(&self.names, store_id, by)).await
    }

    async fn stage(&self, chunk: &Chunk) -> Result<Staging, SinkError> {
        self.load(chunk).await
    }

    async fn merge(
        &self,
        store_id: &str,
        chunk: &Chunk,
        staging: &Staging,
        epoch: i64,
    ) -> Result<(), SinkError> {
        let script = script::merge(&self.names, store_id, chunk, &staging.name, epoch);
        let of_days = script::touched(chunk.table, &chunk.days);
        self.write("merge", chunk.table, &of_days, chunk.rows, script).await
    }

    async fn sum_days(&self, table: &'static Table, days: Days) -> Result<DaySums, SinkError> {
        self.day_sums(table, days).await
    }

    async fn list_differences(
        &self,
        table: &'static Table,
        days: Days,
        staging: &Staging,
    ) -> Result<Vec<Difference>, SinkError> {
        self.differences(table, days, staging).await
    }

    async fn rewrite(
        &self,
        store_id: &str,
        rewrite: Rewrite<'_>,
        epoch: i64,
    ) -> Result<(), SinkError> {
        let script = script::rewrite(&self.names, store_id, rewrite, epoch);
        let of_day = script::of_days(rewrite.table, Days::of(rewrite.day));
        self.write("rewrite", rewrite.table, &of_day, rewrite.rows, script).await
    }

    async fn set_verified_through(
        &self,
        store_id: &str,
        days: &BTreeMap<&'static str, Day>,
    ) -> Result<(), SinkError> {
        self.change_states(state::verify(&self.names, store_id, days)).await
    }

    async fn drop_staging(&self, staging: Staging) {
        self.drop_table(&staging.name).await;
    }
}
