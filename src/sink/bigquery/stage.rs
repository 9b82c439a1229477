//! Staging: a table that load jobs append to, made by the first of them, and dropped by the script that
//! writes its rows.
//!
//! A load whose answer was lost is looked up by the name of its job: whether its rows are there is never
//! guessed. Should one arrive twice all the same, the script finds the rows too many.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_load::JobConfigurationLoad;
use gcp_bigquery_client::model::table_reference::TableReference;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::calls::unreadable;
use super::jobs::job_id;
use super::{BigQuery, Names, prepare};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::position::{Position, RowKey};
use crate::domain::tables::Table;
use crate::sink::{Chunk, Holds, Owner, Progress, SinkError, Staged, Staging, with_retries};

/// A staging table that nobody dropped is dropped by a start that prepares, once it is so old.
const LIFE: TimeDelta = TimeDelta::days(1);

/// What the names of staging tables begin with.
const PREFIX: &str = "staging_";

/// Between the parts of an upload; no file holds it.
const BOUNDARY: &str = "weather-data-product-8d1ba3c1f2c54a0e";

/// A new staging table. Its name says whose it is, and when it was made.
pub(super) fn new(table: &Table, owner: &Owner<'_>, holds: Holds) -> Staging {
    let id = Uuid::now_v7().simple();
    let name = match holds {
        Holds::RowsInOrder => format!("{}{id}", prefix_of(table, owner)),
        Holds::SomeRows => format!("{PREFIX}of_{}_{id}", table.name),
    };
    Staging { name }
}

/// What the names of an owner's staging tables begin with that another start may go on with.
fn prefix_of(table: &Table, Owner { store_id, epoch }: &Owner<'_>) -> String {
    let store: String = store_id.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{PREFIX}{}_{store}_{epoch}_", table.name)
}

/// When a staging table was made.
fn made_at(name: &str) -> Option<DateTime<Utc>> {
    let id = Uuid::parse_str(name.strip_prefix(PREFIX)?.rsplit('_').next()?).ok()?;
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(seconds.try_into().ok()?, nanos)
}

/// A load of a chunk, which may take several tries.
struct Load<'a> {
    chunk: &'a Chunk,
    name: &'a str,
    job_id: String,
    /// Whether a job of this name may be there.
    was_sent: bool,
}

impl BigQuery {
    pub(super) async fn append_chunk(
        &self,
        staging: &Staging,
        chunk: &Chunk,
    ) -> Result<(), SinkError> {
        let new = Load { chunk, name: &staging.name, job_id: job_id("load"), was_sent: false };
        let load = tokio::sync::Mutex::new(new);
        with_retries(async || self.try_load(&mut *load.lock().await).await).await
    }

    async fn try_load(&self, load: &mut Load<'_>) -> Result<(), SinkError> {
        let what = self.names.internal_dataset();
        let job = match self.find_sent(&what, load).await? {
            Some(job) => job,
            None => {
                load.was_sent = true;
                self.upload(&what, load).await?
            }
        };
        match self.wait_for(&what, job).await? {
            Ok(job) => loaded(&job, load.chunk.rows),
            Err(refusal) => {
                // A load that has failed has left nothing: the next one has a name of its own.
                (load.job_id, load.was_sent) = (job_id("load"), false);
                match refusal.has("invalid") && !refusal.may_pass() {
                    // The one reason that speaks of the rows; all else is not for a row to answer.
                    true => Err(SinkError::InvalidRows { what, cause: refusal.message.into() }),
                    false => Err(self.refused(&what, refusal)),
                }
            }
        }
    }

    /// The job of a try whose answer was lost, if it arrived.
    async fn find_sent(&self, what: &str, load: &mut Load<'_>) -> Result<Option<Value>, SinkError> {
        if !load.was_sent {
            return Ok(None);
        }
        let found = self.find_job(what, &load.job_id).await?;
        if found.is_none() {
            (load.job_id, load.was_sent) = (job_id("load"), false);
        }
        Ok(found)
    }

    /// Sends the file in the request that makes the job
    /// (<https://cloud.google.com/bigquery/docs/reference/api-uploads>).
    async fn upload(&self, what: &str, load: &Load<'_>) -> Result<Value, SinkError> {
        let table = load.chunk.table;
        let configuration = JobConfigurationLoad {
            destination_table: Some(self.staging_reference(load.name)),
            source_format: Some("PARQUET".into()),
            schema: Some(prepare::schema(table)),
            write_disposition: Some("WRITE_APPEND".into()),
            create_disposition: Some("CREATE_IF_NEEDED".into()),
            max_bad_records: Some(0),
            ..JobConfigurationLoad::default()
        };
        let configuration =
            JobConfiguration { load: Some(configuration), ..JobConfiguration::default() };
        let job = self.job(&load.job_id, ("load", table.name), configuration);
        let body = multipart(&job, &load.chunk.parquet);
        let sent = self.send(what, self.bounds.upload, || {
            self.http
                .post(self.upload_url.clone())
                .header("Content-Type", format!("multipart/related; boundary={BOUNDARY}"))
                .body(body.clone())
        });
        sent.await?.map_err(|refusal| self.refused(what, refusal))
    }

    fn staging_reference(&self, name: &str) -> TableReference {
        let Names { project, internal, .. } = &self.names;
        TableReference::new(project, internal, name)
    }

    /// A copy of the newest staging table of the same owner.
    pub(super) async fn copy_staged(
        &self,
        table: &'static Table,
        owner: &Owner<'_>,
    ) -> Result<Option<Staged>, SinkError> {
        let prefix = prefix_of(table, owner);
        let tables = with_retries(async || self.internal_tables().await).await?;
        let newest = tables.into_iter().filter(|name| name.starts_with(&prefix)).max();
        let Some(found) = newest else { return Ok(None) };
        let staging = new(table, owner, Holds::RowsInOrder);
        let copy = format!(
            "create table {} as select * from {}",
            self.names.internal(&staging.name),
            self.names.internal(&found)
        );
        let what = self.names.internal_dataset();
        match self.run_script(("resume", table.name), &what, copy, 0).await {
            // Another start may have dropped it meanwhile.
            Err(SinkError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
            Ok(()) => self.describe_staged(table, staging).await,
        }
    }

    /// What a staging table holds; `None` if that is nothing.
    async fn describe_staged(
        &self,
        table: &'static Table,
        staging: Staging,
    ) -> Result<Option<Staged>, SinkError> {
        let what = self.names.internal_dataset();
        let sql = staged(table, &self.names.internal(&staging.name));
        let rows = self.query(("resume", table.name), &what, sql, 0).await?;
        let mut found: Option<Staged> = None;
        for row in &rows {
            let wrong = || unreadable(&what, format!("a row that cannot be read: {row:?}"));
            let (day, count, first_touched, position) = parse(row).ok_or_else(wrong)?;
            let progress = Progress::To(position);
            let staged = found.get_or_insert_with(|| Staged {
                staging: staging.clone(),
                rows: 0,
                days: Default::default(),
                touched: Default::default(),
                progress: progress.clone(),
            });
            staged.rows += count;
            staged.days.insert(day);
            staged.touched.extend(first_touched.iter_days().take_while(|touched| *touched <= day));
        }
        Ok(found)
    }

    /// Drops the staging tables that nobody dropped, once they are old.
    pub(super) async fn drop_old_staging(&self, tables: &[String]) {
        let oldest = SystemClock.now() - LIFE;
        for name in tables {
            if made_at(name).is_some_and(|made_at| made_at < oldest) {
                self.drop_table(name).await;
            }
        }
    }

    /// Nobody needs to know whether it went well: a table that stays is old one day.
    pub(super) async fn drop_table(&self, name: &str) {
        let path = format!("datasets/{}/tables/{name}", self.names.internal);
        let dropped = self.rest(name, Method::DELETE, &path, None).await;
        if !matches!(dropped, Ok(Ok(_))) {
            tracing::debug!(staging = name, "a staging table was not dropped: it goes in a day");
        }
    }
}

/// That as many rows were loaded as were sent.
fn loaded(job: &Value, rows: u64) -> Result<(), SinkError> {
    let loaded = job["statistics"]["load"]["outputRows"].as_str().unwrap_or("an unknown number");
    if loaded == rows.to_string() {
        return Ok(());
    }
    let cause = format!("{rows} rows were sent and {loaded} loaded").into();
    Err(SinkError::NotStaged { cause })
}

/// Of each day of a staging table: how many rows, the first day whose hours they may change, and the
/// last row of all days in the order of sync.
fn staged(table: &Table, staging: &str) -> String {
    let [time, site_id, source] = table.order_in_run else { return String::new() };
    let observed = match table.column("observation_time") {
        Some(_) => format!("least({time}, coalesce(observation_time, {time}))"),
        None => time.to_string(),
    };
    format!(
        "select cast(date({time}, 'UTC') as string), cast(count(*) as string), \
        cast(min(date({observed}, 'UTC')) as string), \
        any_value(last.run_seq), any_value(last.run_id), any_value(last.time_us), \
        any_value(last.site_id), any_value(last.source)
from {staging}
cross join (
  select cast(s.run_seq as string) as run_seq, s.ingestion_run_id as run_id,
    cast(unix_micros(s.{time}) as string) as time_us, s.{site_id} as site_id, s.{source} as source
  from {staging} s
  order by s.run_seq desc, s.{time} desc, s.{site_id} desc, s.{source} desc limit 1
) last
group by 1"
    )
}

/// A row of [`staged`]: day, rows, first day touched, position.
fn parse(row: &[Option<String>]) -> Option<(NaiveDate, u64, NaiveDate, Position)> {
    let text = |index: usize| row.get(index)?.as_deref();
    let time = DateTime::from_timestamp_micros(text(5)?.parse().ok()?)?;
    let key = RowKey { time, site_id: text(6)?.to_owned(), source: text(7)?.to_owned() };
    let run_id = text(4)?.to_owned();
    let position = Position { run_seq: text(3)?.parse().ok()?, run_id, key: Some(key) };
    Some((text(0)?.parse().ok()?, text(1)?.parse().ok()?, text(2)?.parse().ok()?, position))
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
