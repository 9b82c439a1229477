//! The sink in BigQuery.
//!
//! Rows go as Parquet in load jobs (free of charge) to staging tables, and from there, those of all
//! tables by one script in a transaction, which is where the fence is. What is only looked at is read
//! by REST without a statement: a store with nothing new costs nothing.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use url::Url;

use super::{
    Chunk, Difference, Group, Holds, Limits, Obstacle, Owner, Part, Prepared, Rewrite, RollUp,
    RollUpDay, RolledUp, Sink, SinkError, Staged, Staging, State,
};
use crate::domain::proofs::Proofs;
use crate::domain::tables::{SITES, TABLES, Table};
use crate::domain::{DaySums, Days};

mod auth;
mod calls;
mod compare;
mod expiry;
mod functions;
mod jobs;
mod old_state;
mod prepare;
mod prepared;
mod reference;
mod refusal;
mod rollups;
mod script;
mod stage;
mod state;
mod views;

use auth::Credentials;
pub use calls::Bounds;
pub use reference::reference;
pub use rollups::Span;

/// The sink in BigQuery.
pub struct BigQuery {
    http: reqwest::Client,
    credentials: Credentials,
    names: Names,
    location: Option<String>,
    base_url: String,
    upload_url: Url,
    bounds: Bounds,
    /// Of every job that has ended.
    bytes_billed: AtomicU64,
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
        Self::check_names(project, dataset)?;
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
        let bytes_billed = AtomicU64::new(0);
        Ok(Self { http, credentials, names, location, base_url, upload_url, bounds, bytes_billed })
    }

    /// Passes names that a project and a dataset may have.
    ///
    /// # Errors
    /// [`SinkError::Settings`].
    pub fn check_names(project: &str, dataset: &str) -> Result<(), SinkError> {
        let is_name = |text: &str, more: &str| {
            text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        if is_name(project, "-_.:") && is_name(dataset, "_") {
            return Ok(());
        }
        Err(SinkError::Settings(format!(
            "BIGQUERY_PROJECT {project:?} or BIGQUERY_DATASET {dataset:?} is no name: letters, digits and _"
        )))
    }

    /// The same, waiting for other times.
    #[must_use]
    pub fn with_bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Runs a script that writes, and is expected to read so many bytes. Where it would read more than
    /// the ceiling that follows, what is there has grown since that was last looked at: it is looked at.
    async fn run_write(
        &self,
        (step, table): (&str, &str),
        script: &str,
        expected_bytes: u64,
    ) -> Result<(), SinkError> {
        let what = self.public_dataset();
        let written = self.run_script((step, table), &what, script.into(), expected_bytes).await;
        match written {
            Err(SinkError::Blocked { obstacle: Obstacle::TooLarge, .. }) => {
                let expected_bytes = self.dry_run(&what, script).await?;
                self.run_script((step, table), &what, script.into(), expected_bytes).await
            }
            written => written,
        }
    }

    /// The dataset for BI people, as people name it.
    fn public_dataset(&self) -> String {
        format!("dataset {}.{}", self.names.project, self.names.dataset)
    }

    /// What of the roll-ups a script computes anew, which the state after it notes.
    async fn span(
        &self,
        roll_up: &RollUp,
        state: &State,
        parts: &[Part],
    ) -> Result<Option<Span>, SinkError> {
        let Some(RolledUp { at: as_of, .. }) = state.rolled_up else { return Ok(None) };
        let span = match roll_up {
            RollUp::Nothing => return Ok(None),
            RollUp::Everything => Span { touched: None, since: None, as_of, sites: Vec::new() },
            RollUp::Days { touched, since } => {
                let sites = parts.iter().find(|part| part.table.name == SITES.name);
                let sites = match sites {
                    Some(part) => self.moved_sites(&part.staging).await?,
                    None => Vec::new(),
                };
                Span { touched: Some(touched.clone()), since: *since, as_of, sites }
            }
        };
        Ok(Some(span))
    }

    /// What a script that writes is expected to read: of each table the days that it touches, and those
    /// around them that the roll-ups are computed from.
    async fn expected_bytes(
        &self,
        state: &State,
        span: Option<&Span>,
        days: usize,
        rows: u64,
    ) -> Result<u64, SinkError> {
        const AROUND: usize = 6;
        let rows = rows.saturating_mul(ROW_BYTES);
        if span.is_some_and(|span| span.touched.is_none() || !span.sites.is_empty()) {
            return Ok(rows.saturating_add(self.bytes_of_all().await?));
        }
        let days = u64::try_from(days + AROUND).unwrap_or(u64::MAX);
        let of_days = state.day_bytes.values().sum::<u64>().saturating_mul(days);
        Ok(rows.saturating_add(of_days))
    }

    /// What it is to read every row.
    async fn bytes_of_all(&self) -> Result<u64, SinkError> {
        let mut all = 0_u64;
        for table in TABLES {
            let what = self.names.public_table(table.name);
            let condition = script::of_days(table, Days::ALL);
            let bytes = self.bytes_of(&what, &self.names.public(table.name), &condition).await?;
            all = all.saturating_add(bytes);
        }
        Ok(all)
    }
}

#[async_trait(?Send)]
impl Sink for BigQuery {
    fn kind(&self) -> &'static str {
        "bigquery"
    }

    fn limits(&self) -> Limits {
        Limits::AllTables
    }

    async fn prepare(&self) -> Result<Prepared, SinkError> {
        self.prepare_all().await
    }

    fn is_prepared(&self, state: &State) -> bool {
        self.was_prepared(state)
    }

    async fn finish_preparing(&self, store_id: &str) -> Result<Prepared, SinkError> {
        self.note_prepared(store_id).await
    }

    async fn check(&self) -> Result<Prepared, SinkError> {
        self.check_all().await
    }

    fn roll_up_definition(&self) -> Option<String> {
        Some(rollups::definition())
    }

    async fn find_state(&self, store_id: &str) -> Result<Option<State>, SinkError> {
        self.read_state(store_id).await
    }

    async fn list_other_stores(&self, store_id: &str) -> Result<Vec<String>, SinkError> {
        self.other_stores(store_id).await
    }

    async fn create_state(&self, store_id: &str) -> Result<(), SinkError> {
        self.make_state(store_id, &State::default()).await
    }

    async fn set_state(&self, store_id: &str, state: &State) -> Result<(), SinkError> {
        self.put_state(store_id, state).await
    }

    async fn set_proofs(
        &self,
        store_id: &str,
        before: &Proofs,
        after: &Proofs,
    ) -> Result<(), SinkError> {
        self.put_proofs(store_id, before, after).await
    }

    fn new_staging(&self, table: &'static Table, owner: &Owner<'_>, holds: Holds) -> Staging {
        stage::new(table, owner, holds)
    }

    async fn append(&self, staging: &Staging, chunk: &Chunk) -> Result<(), SinkError> {
        self.append_chunk(staging, chunk).await
    }

    async fn find_staged(
        &self,
        table: &'static Table,
        owner: &Owner<'_>,
    ) -> Result<Option<Staged>, SinkError> {
        self.copy_staged(table, owner).await
    }

    async fn write(&self, store_id: &str, group: &Group) -> Result<(), SinkError> {
        let Group { parts, state, roll_up } = group;
        let span = self.span(roll_up, state, parts).await?;
        let script = script::write(&self.names, store_id, group, span.as_ref());
        let days: BTreeSet<_> = parts.iter().flat_map(|part| &part.days).collect();
        let rows = parts.iter().map(|part| part.rows).sum();
        let expected = self.expected_bytes(state, span.as_ref(), days.len(), rows).await?;
        self.run_write(("write", "all"), &script, expected).await.map_err(script::stopped)
    }

    async fn sum_days(&self, table: &'static Table, days: &[Days]) -> Result<DaySums, SinkError> {
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
        state: &State,
    ) -> Result<(), SinkError> {
        let Rewrite { table, day, rows, .. } = rewrite;
        let touched = day.into_iter().collect();
        let roll_up = match state.rolled_up {
            Some(_) => RollUp::Days { touched, since: None },
            None => RollUp::Nothing,
        };
        let mut span = self.span(&roll_up, state, &[]).await?;
        if let (Some(span), Some(staging), "sites") = (&mut span, rewrite.staging, table.name) {
            span.sites = self.moved_sites(staging).await?;
        }
        let script = script::rewrite(&self.names, store_id, rewrite, state, span.as_ref());
        let what = self.names.public_table(table.name);
        let of_day = script::of_days(table, Days::of(day));
        let there = self.bytes_of(&what, &self.names.public(table.name), &of_day).await?;
        let expected = self.expected_bytes(state, span.as_ref(), 1, rows).await?;
        let expected = expected.saturating_add(there);
        let written = self.run_write(("rewrite", table.name), &script, expected).await;
        written.map_err(|error| script::rewrite_stopped(table.name, error))
    }

    fn bytes_billed(&self) -> u64 {
        self.bytes_billed.load(Ordering::Relaxed)
    }

    async fn list_roll_up_differences(
        &self,
        state: &State,
        days: Days,
    ) -> Result<Vec<RollUpDay>, SinkError> {
        match &state.rolled_up {
            Some(rolled_up) => self.roll_up_differences(rolled_up.at, days).await,
            None => Ok(Vec::new()),
        }
    }

    async fn roll_up_again(
        &self,
        store_id: &str,
        days: &[RollUpDay],
        state: &State,
    ) -> Result<(), SinkError> {
        let Some(RolledUp { at: as_of, .. }) = state.rolled_up else { return Ok(()) };
        // One without days has no partition to be put right: everything is computed.
        let touched = days.iter().map(|of| of.day).collect();
        let span = Span { touched, since: None, as_of, sites: Vec::new() };
        self.roll_up(store_id, state, &span).await
    }

    async fn drop_staging(&self, staging: &Staging) {
        self.drop_table(&staging.name).await;
    }

    async fn end_sync(&self) -> Result<Vec<String>, SinkError> {
        Ok(Vec::new())
    }
}
