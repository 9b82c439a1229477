//! Jobs: sent, waited for, and judged by their own status: an answer of 200 says only that the job
//! is known. Every job has a time limit that BigQuery keeps, and the program waits no longer.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gcp_bigquery_client::model::job::Job;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_query::JobConfigurationQuery;
use gcp_bigquery_client::model::job_reference::JobReference;
use gcp_bigquery_client::model::query_request::QueryRequest;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::BigQuery;
use super::calls::{unavailable, unreadable};
use super::refusal::Refusal;
use crate::clock::{Clock as _, SystemClock};
use crate::sink::{Obstacle, SinkError};

/// So many looks in a row may fail: a job that was just made may be unknown, and a look be lost.
const MISSED_LOOKS: u32 = 5;

/// A statement may be billed so much more than it was expected to read.
const BILLED_MARGIN: u64 = 20;

/// What a statement may be billed at least: tables grow, and each one read counts 10 MB.
const LEAST_BILLED_BYTES: u64 = 1 << 30;

impl BigQuery {
    /// A job of that name for a step about a table. It ends when we no longer wait for it.
    pub(super) fn job(
        &self,
        job_id: &str,
        (step, table): (&str, &str),
        configuration: JobConfiguration,
    ) -> Value {
        let labels = [("app", "weather"), ("step", step), ("table", table)];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let configuration = JobConfiguration {
            labels: Some(labels.into()),
            job_timeout_ms: Some(self.bounds.job.as_millis().to_string()),
            ..configuration
        };
        let reference = JobReference {
            job_id: Some(job_id.into()),
            location: self.location.clone(),
            project_id: Some(self.names.project.clone()),
        };
        json!(Job {
            configuration: Some(configuration),
            job_reference: Some(reference),
            ..Job::default()
        })
    }

    /// Runs a script of a step about a table to its end. It is expected to read so many bytes.
    pub(super) async fn run_script(
        &self,
        step: (&str, &str),
        what: &str,
        script: String,
        expected_bytes: u64,
    ) -> Result<(), SinkError> {
        self.run(step, what, script, expected_bytes).await.map(drop)
    }

    /// The rows that a query about `what` gives, every cell as text. It is expected to read so many
    /// bytes.
    pub(super) async fn query(
        &self,
        step: (&str, &str),
        what: &str,
        sql: String,
        expected_bytes: u64,
    ) -> Result<Vec<Vec<Option<String>>>, SinkError> {
        let job = self.run(step, what, sql, expected_bytes).await?;
        let path = self.job_path("queries", &job, "");
        let rows = self.list(what, &path, "rows").await?;
        let rows = rows.map_err(|refusal| self.refused(what, refusal))?;
        rows.iter().map(|row| texts(what, row)).collect()
    }

    /// The job of that name, if there is one. One that was just made may be unknown for a moment.
    pub(super) async fn find_job(
        &self,
        what: &str,
        job_id: &str,
    ) -> Result<Option<Value>, SinkError> {
        let path = self.path_of_job("jobs", job_id, self.location.as_deref(), "");
        let mut looks = Looks::new(self, what, job_id);
        for _ in 0..MISSED_LOOKS {
            match self.rest(what, Method::GET, &path, None).await? {
                Ok(job) => return Ok(Some(job)),
                Err(refusal) if refusal.is(404) => looks.wait("not known").await?,
                Err(refusal) => return Err(self.refused(what, refusal)),
            }
        }
        Ok(None)
    }

    /// How many bytes it is to read the rows of a table (as SQL names it) that meet a condition.
    pub(super) async fn bytes_of(
        &self,
        what: &str,
        table: &str,
        condition: &str,
    ) -> Result<u64, SinkError> {
        self.dry_run(what, &format!("select * from {table} where {condition}")).await
    }

    /// How many bytes a statement would read that might be carried out; it is not.
    pub(super) async fn dry_run(&self, what: &str, sql: &str) -> Result<u64, SinkError> {
        let request = QueryRequest {
            dry_run: Some(true),
            location: self.location.clone(),
            ..QueryRequest::new(sql)
        };
        let asked = self.rest(what, Method::POST, "queries", Some(&json!(request))).await?;
        let answer = asked.map_err(|refusal| self.refused(what, refusal))?;
        let bytes = answer["totalBytesProcessed"].as_str();
        Ok(bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or_default())
    }

    async fn run(
        &self,
        step: (&str, &str),
        what: &str,
        sql: String,
        expected_bytes: u64,
    ) -> Result<Value, SinkError> {
        let billed = expected_bytes.saturating_mul(BILLED_MARGIN).max(LEAST_BILLED_BYTES);
        let query = JobConfigurationQuery {
            query: sql,
            use_legacy_sql: Some(false),
            maximum_bytes_billed: Some(billed.to_string()),
            ..JobConfigurationQuery::default()
        };
        let configuration = JobConfiguration { query: Some(query), ..JobConfiguration::default() };
        let job = self.job(&job_id(step.0), step, configuration);
        let sent = self.rest(what, Method::POST, "jobs", Some(&job)).await?;
        let job = sent.map_err(|refusal| self.refused(what, refusal))?;
        self.wait_for(what, job).await?.map_err(|refusal| self.refused(what, refusal))
    }

    /// The job once it is done, or what made it fail.
    ///
    /// # Errors
    /// When it cannot be looked at, and when it does not end.
    pub(super) async fn wait_for(
        &self,
        what: &str,
        job: Value,
    ) -> Result<Result<Value, Refusal>, SinkError> {
        let mut looks =
            Looks::new(self, what, job["jobReference"]["jobId"].as_str().unwrap_or("?"));
        let path = self.job_path("jobs", &job, "");
        let cancel = self.job_path("jobs", &job, "/cancel");
        let mut seen = Some(job);
        loop {
            if let Some(job) = &seen {
                let status = &job["status"];
                self.count_billed(job);
                if status["errorResult"].is_object() {
                    return Ok(Err(Refusal::of_job(&status["errorResult"])));
                }
                if status["state"] == "DONE" {
                    return Ok(Ok(seen.unwrap_or_default()));
                }
            }
            let state = seen.as_ref().and_then(|job| job["status"]["state"].as_str());
            if let Err(stuck) = looks.wait(state.unwrap_or("not known")).await {
                self.cancel(what, &cancel).await;
                return Err(stuck);
            }
            seen = looks.look(&path).await?;
        }
    }

    /// Counts what a job was billed that has ended: a query's bytes, of a script those of all its
    /// statements (`JobStatistics2.totalBytesBilled` in
    /// <https://cloud.google.com/bigquery/docs/reference/rest/v2/Job>). Loads are free.
    fn count_billed(&self, job: &Value) {
        if job["status"]["errorResult"].is_object() || job["status"]["state"] == "DONE" {
            let bytes = job["statistics"]["query"]["totalBytesBilled"].as_str();
            let bytes = bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or_default();
            self.bytes_billed.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Nobody waits for the job any more. That it does not write later is the fence's work.
    async fn cancel(&self, what: &str, path: &str) {
        let cancelled = self.rest(what, Method::POST, path, None).await;
        if !matches!(cancelled, Ok(Ok(_))) {
            tracing::debug!("{what}: a job could not be ended: it ends by its own limit");
        }
    }

    /// Where a job is found; jobs outside of the US and the EU are found by their place only.
    fn job_path(&self, collection: &str, job: &Value, verb: &str) -> String {
        let reference = &job["jobReference"];
        let job_id = reference["jobId"].as_str().unwrap_or_default();
        let location = reference["location"].as_str().or(self.location.as_deref());
        self.path_of_job(collection, job_id, location, verb)
    }

    fn path_of_job(
        &self,
        collection: &str,
        job_id: &str,
        location: Option<&str>,
        verb: &str,
    ) -> String {
        let location = location.map(|place| format!("?location={place}")).unwrap_or_default();
        format!("{collection}/{job_id}{verb}{location}")
    }
}

/// A name that no other job has: one that is asked for twice is one job.
pub(super) fn job_id(step: &str) -> String {
    format!("weather_{step}_{}", Uuid::now_v7().simple())
}

/// Looks at something that is under way: with growing waits between, not for ever, and not in
/// silence.
pub(super) struct Looks<'a> {
    sink: &'a BigQuery,
    what: &'a str,
    job_id: String,
    started: Instant,
    reported: Instant,
    wait: Duration,
    missed: u32,
}

impl<'a> Looks<'a> {
    pub(super) fn new(sink: &'a BigQuery, what: &'a str, job_id: &str) -> Self {
        let now = Instant::now();
        let wait = sink.bounds.first_wait;
        Self { sink, what, job_id: job_id.into(), started: now, reported: now, wait, missed: 0 }
    }

    /// Until the next look, at a job that was in this state at the last one.
    ///
    /// # Errors
    /// When it is not done in the time that a job may take.
    pub(super) async fn wait(&mut self, state: &str) -> Result<(), SinkError> {
        let bounds = self.sink.bounds;
        let waited = self.started.elapsed();
        let (job_id, waited_s) = (&*self.job_id, waited.as_secs());
        if waited >= bounds.job {
            let cause = format!("job {job_id} is {state} after {} s", bounds.job.as_secs_f32());
            let (what, obstacle) = (self.what.into(), Obstacle::Stuck);
            return Err(SinkError::Blocked { what, obstacle, cause: cause.into() });
        }
        if self.reported.elapsed() >= bounds.report_every {
            tracing::info!(job_id, state, waited_s, "{}: waiting for a job", self.what);
            self.reported = Instant::now();
        }
        SystemClock.sleep(self.wait).await;
        self.wait = (self.wait * 2).min(bounds.longest_wait);
        Ok(())
    }

    /// The job as it is now; `None` if that cannot be known yet.
    async fn look(&mut self, path: &str) -> Result<Option<Value>, SinkError> {
        let (sink, what) = (self.sink, self.what);
        let missed = match sink.rest(what, Method::GET, path, None).await {
            Ok(Ok(job)) => {
                self.missed = 0;
                return Ok(Some(job));
            }
            Ok(Err(refusal)) if refusal.is_of_job_not_yet_known() => {
                unavailable(what, refusal.message)
            }
            Ok(Err(refusal)) => return Err(sink.refused(what, refusal)),
            Err(error @ SinkError::Unavailable { .. }) => error,
            Err(error) => return Err(error),
        };
        self.missed += 1;
        if self.missed > MISSED_LOOKS { Err(missed) } else { Ok(None) }
    }
}

/// The cells of a row.
pub(super) fn texts(what: &str, row: &Value) -> Result<Vec<Option<String>>, SinkError> {
    let text = |cell: &Value| match &cell["v"] {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.clone())),
        _ => None,
    };
    let cells = row["f"].as_array().and_then(|cells| cells.iter().map(text).collect());
    cells.ok_or_else(|| unreadable(what, format!("a row that is none: {row}")))
}
