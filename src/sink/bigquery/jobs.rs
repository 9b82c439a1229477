//! Jobs: sent, waited for, and judged by their own status: an answer of 200 says only that the job
//! is known.

use std::time::Duration;

use gcp_bigquery_client::model::error_proto::ErrorProto;
use gcp_bigquery_client::model::get_query_results_parameters::GetQueryResultsParameters;
use gcp_bigquery_client::model::job::Job;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_query::JobConfigurationQuery;
use gcp_bigquery_client::model::job_reference::JobReference;
use gcp_bigquery_client::model::query_request::QueryRequest;
use gcp_bigquery_client::model::table_row::TableRow;
use uuid::Uuid;

use super::BigQuery;
use super::calls::Refusal;
use crate::clock::{Clock as _, SystemClock};
use crate::sink::SinkError;

/// Waits between looks at a job.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

impl BigQuery {
    /// A job's own name: one that is asked for twice is one job.
    pub(super) fn job_reference(&self, name: &str) -> JobReference {
        JobReference {
            job_id: Some(format!("weather_{name}_{}", Uuid::now_v7().simple())),
            location: self.location.clone(),
            project_id: Some(self.names.project.clone()),
        }
    }

    /// Runs a script about `what` to its end; `name` is part of the job's.
    pub(super) async fn run_script(
        &self,
        name: &str,
        what: &str,
        script: String,
    ) -> Result<(), SinkError> {
        self.run(name, what, script).await.map(drop)
    }

    /// The rows that a query about `what` gives, every cell as text.
    pub(super) async fn query(
        &self,
        name: &str,
        what: &str,
        sql: String,
    ) -> Result<Vec<Vec<Option<String>>>, SinkError> {
        let reference = self.run(name, what, sql).await?.job_reference.unwrap_or_default();
        let job_id = reference.job_id.unwrap_or_default();
        let project = &self.names.project;
        let mut rows = Vec::new();
        let mut page_token = None;
        loop {
            let parameters = GetQueryResultsParameters {
                location: reference.location.clone().or_else(|| self.location.clone()),
                page_token,
                ..GetQueryResultsParameters::default()
            };
            let page = self.client.job().get_query_results(project, &job_id, parameters);
            let page = self.call(what, page).await?;
            let page = page.map_err(|refusal| self.refused(what, refusal))?;
            rows.extend(page.rows.into_iter().flatten().map(texts));
            page_token = page.page_token;
            if page_token.is_none() {
                return Ok(rows);
            }
        }
    }

    /// Whether a statement might be carried out.
    pub(super) async fn dry_run(&self, what: &str, sql: &str) -> Result<(), SinkError> {
        let mut request = QueryRequest::new(sql);
        request.dry_run = Some(true);
        request.location.clone_from(&self.location);
        let asked = self.client.job().query(&self.names.project, request);
        self.call(what, asked).await?.map(drop).map_err(|refusal| self.refused(what, refusal))
    }

    async fn run(&self, name: &str, what: &str, sql: String) -> Result<Job, SinkError> {
        let query = JobConfigurationQuery {
            query: sql,
            use_legacy_sql: Some(false),
            ..JobConfigurationQuery::default()
        };
        let configuration = JobConfiguration { query: Some(query), ..JobConfiguration::default() };
        let job = Job {
            configuration: Some(configuration),
            job_reference: Some(self.job_reference(name)),
            ..Job::default()
        };
        let project = &self.names.project;
        let sent = self.call(what, self.client.job().insert(project, job)).await?;
        let job = sent.map_err(|refusal| self.refused(what, refusal))?;
        self.wait_for(what, job).await
    }

    /// The job once it is done.
    ///
    /// # Errors
    /// What made it fail.
    pub(super) async fn wait_for(&self, what: &str, mut job: Job) -> Result<Job, SinkError> {
        let mut wait = FIRST_WAIT;
        loop {
            let status = job.status.clone().unwrap_or_default();
            if let Some(error) = status.error_result {
                return Err(self.job_error(what, error));
            }
            if status.state.as_deref() == Some("DONE") {
                return Ok(job);
            }
            SystemClock.sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
            let reference = job.job_reference.unwrap_or_default();
            let job_id = reference.job_id.unwrap_or_default();
            let location = reference.location.as_deref().or(self.location.as_deref());
            let project = &self.names.project;
            let look = self.client.job().get_job(project, &job_id, location);
            job = self.call(what, look).await?.map_err(|refusal| self.refused(what, refusal))?;
        }
    }

    fn job_error(&self, what: &str, error: ErrorProto) -> SinkError {
        let message = error.message.unwrap_or_default();
        let reason = error.reason.unwrap_or_default();
        self.refused(what, Refusal { status: 400, reason, message })
    }
}

fn texts(row: TableRow) -> Vec<Option<String>> {
    let cells = row.columns.unwrap_or_default();
    cells.into_iter().map(|cell| Some(cell.value?.as_str()?.to_owned())).collect()
}
