//! Staging: a table made for one attempt, and a load job with the file in it.

use chrono::TimeDelta;
use gcp_bigquery_client::model::job::Job;
use gcp_bigquery_client::model::table::Table as RestTable;
use serde_json::json;
use uuid::Uuid;

use super::calls::{ANSWER_BYTES, Refusal, unavailable};
use super::{BigQuery, Names, prepare};
use crate::clock::{Clock as _, SystemClock};
use crate::http;
use crate::sink::{Chunk, SinkError, Staging};

/// A staging table that nobody drops goes by itself after this.
const LIFE: TimeDelta = TimeDelta::days(1);

/// Between the parts of an upload; no file holds it.
const BOUNDARY: &str = "weather-data-product-8d1ba3c1f2c54a0e";

impl BigQuery {
    pub(super) async fn load(&self, chunk: &Chunk) -> Result<Staging, SinkError> {
        let name = format!("staging_{}_{}", chunk.table.name, Uuid::now_v7().simple());
        self.create_staging(chunk, &name).await?;
        let staging = Staging { name };
        match self.load_into(chunk, &staging.name).await {
            Ok(()) => Ok(staging),
            Err(error) => {
                self.drop_table(&staging.name).await;
                Err(error)
            }
        }
    }

    async fn create_staging(&self, chunk: &Chunk, name: &str) -> Result<(), SinkError> {
        let Names { project, internal, .. } = &self.names;
        let what = self.names.internal_dataset();
        let mut table = RestTable::new(project, internal, name, prepare::schema(chunk.table));
        let expires = SystemClock.now() + LIFE;
        table.expiration_time = Some(expires.timestamp_millis().to_string());
        let created = self.call(&what, self.client.table().create(table)).await?;
        created.map(drop).map_err(|refusal| self.refused(&what, refusal))
    }

    async fn load_into(&self, chunk: &Chunk, name: &str) -> Result<(), SinkError> {
        let what = self.names.internal_dataset();
        let job = self.upload(&what, chunk, name).await?;
        let job = self.wait_for(&what, job).await?;
        let loaded = job.statistics.and_then(|statistics| statistics.load?.output_rows);
        if loaded.as_deref() == Some(chunk.rows.to_string().as_str()) {
            return Ok(());
        }
        let loaded = loaded.unwrap_or_else(|| "an unknown number".into());
        let problem = format!("{} rows were sent and {loaded} loaded", chunk.rows);
        Err(unavailable(&what, problem))
    }

    /// Sends the file in the request that makes the job
    /// (<https://cloud.google.com/bigquery/docs/reference/api-uploads>).
    async fn upload(&self, what: &str, chunk: &Chunk, name: &str) -> Result<Job, SinkError> {
        let job = json!({
            "jobReference": self.job_reference("load"),
            "configuration": {"load": {
                "destinationTable": {
                    "projectId": self.names.project,
                    "datasetId": self.names.internal,
                    "tableId": name,
                },
                "sourceFormat": "PARQUET",
                "schema": prepare::schema(chunk.table),
                "writeDisposition": "WRITE_APPEND",
                "createDisposition": "CREATE_NEVER",
                "maxBadRecords": 0,
            }},
        });
        let mut body = format!(
            "--{BOUNDARY}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{job}\r\n\
            --{BOUNDARY}\r\nContent-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(&chunk.parquet);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let request = self
            .http
            .post(self.upload_url.clone())
            .bearer_auth(self.credentials.token().await?)
            .header("Content-Type", format!("multipart/related; boundary={BOUNDARY}"))
            .body(body);
        let failed = |error| unavailable(what, http::describe(error));
        let response = request.send().await.map_err(failed)?;
        let status = i64::from(response.status().as_u16());
        let answer = http::body(response, ANSWER_BYTES).await.map_err(failed)?;
        if status == 200 {
            return serde_json::from_slice(&answer).map_err(|error| unavailable(what, error));
        }
        Err(self.refused(what, Refusal::parse(status, &answer)))
    }

    /// Nobody needs to know whether it went well: the table has an end of its own.
    pub(super) async fn drop_table(&self, name: &str) {
        let Names { project, internal, .. } = &self.names;
        let dropped = self.call(name, self.client.table().delete(project, internal, name)).await;
        if !matches!(dropped, Ok(Ok(()))) {
            tracing::debug!(staging = name, "a staging table was not dropped: it goes in a day");
        }
    }
}
