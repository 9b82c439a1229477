//! Staging: a table made for one attempt, and a load job with the file in it.

use chrono::TimeDelta;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_load::JobConfigurationLoad;
use gcp_bigquery_client::model::table_reference::TableReference;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::calls::unavailable;
use super::{BigQuery, Names, prepare};
use crate::clock::{Clock as _, SystemClock};
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
        let what = self.names.internal_dataset();
        let expires = SystemClock.now() + LIFE;
        let table = json!({
            "tableReference": self.staging_reference(name),
            "schema": prepare::schema(chunk.table),
            "expirationTime": expires.timestamp_millis().to_string(),
        });
        let path = format!("datasets/{}/tables", self.names.internal);
        let created = self.rest(&what, Method::POST, &path, Some(&table)).await?;
        created.map(drop).map_err(|refusal| self.refused(&what, refusal))
    }

    fn staging_reference(&self, name: &str) -> TableReference {
        let Names { project, internal, .. } = &self.names;
        TableReference::new(project, internal, name)
    }

    async fn load_into(&self, chunk: &Chunk, name: &str) -> Result<(), SinkError> {
        let what = self.names.internal_dataset();
        let job = self.upload(&what, chunk, name).await?;
        let job = match self.wait_for(&what, job).await? {
            Ok(job) => job,
            // The one reason that speaks of the rows; all else is not for a row to answer.
            Err(refusal) if refusal.has("invalid") && !refusal.may_pass() => {
                return Err(SinkError::InvalidRows { what, cause: refusal.message.into() });
            }
            Err(refusal) => return Err(self.refused(&what, refusal)),
        };
        let loaded =
            job["statistics"]["load"]["outputRows"].as_str().unwrap_or("an unknown number");
        if loaded == chunk.rows.to_string() {
            return Ok(());
        }
        let problem = format!("{} rows were sent and {loaded} loaded", chunk.rows);
        Err(unavailable(&what, problem))
    }

    /// Sends the file in the request that makes the job
    /// (<https://cloud.google.com/bigquery/docs/reference/api-uploads>).
    async fn upload(&self, what: &str, chunk: &Chunk, name: &str) -> Result<Value, SinkError> {
        let load = JobConfigurationLoad {
            destination_table: Some(self.staging_reference(name)),
            source_format: Some("PARQUET".into()),
            schema: Some(prepare::schema(chunk.table)),
            write_disposition: Some("WRITE_APPEND".into()),
            create_disposition: Some("CREATE_NEVER".into()),
            max_bad_records: Some(0),
            ..JobConfigurationLoad::default()
        };
        let configuration = JobConfiguration { load: Some(load), ..JobConfiguration::default() };
        let job = self.job("load", configuration);
        let body = multipart(&job, &chunk.parquet);
        let sent = self.send(what, self.bounds.upload, || {
            self.http
                .post(self.upload_url.clone())
                .header("Content-Type", format!("multipart/related; boundary={BOUNDARY}"))
                .body(body.clone())
        });
        sent.await?.map_err(|refusal| self.refused(what, refusal))
    }

    /// Nobody needs to know whether it went well: the table has an end of its own.
    pub(super) async fn drop_table(&self, name: &str) {
        let path = format!("datasets/{}/tables/{name}", self.names.internal);
        let dropped = self.rest(name, Method::DELETE, &path, None).await;
        if !matches!(dropped, Ok(Ok(_))) {
            tracing::debug!(staging = name, "a staging table was not dropped: it goes in a day");
        }
    }
}

/// The body of an upload; it may be sent again without being copied.
fn multipart(job: &Value, file: &[u8]) -> bytes::Bytes {
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{job}\r\n\
        --{BOUNDARY}\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body.into()
}
