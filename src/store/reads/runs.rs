//! Runs: the audit trail, those that are open, and what a sync has to know of them.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sqlx::FromRow;

use super::Reads;
use crate::store::pool::Statement;
use crate::store::{OpenRun, StoreError};

/// A run, as the audit trail shows it. Times are UTC, durations in milliseconds.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns of ingestion_runs, see domain::tables")]
pub struct RunRow {
    pub run_seq: i64,
    pub run_id: String,
    pub kind: String,
    pub shard: String,
    pub status: String,
    pub outcome: Option<String>,
    pub started_at: DateTime<Utc>,
    pub heartbeat_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub sites: i64,
    pub collected: i64,
    pub failed: i64,
    pub skipped: i64,
    pub rows_loaded: i64,
    pub calls: i64,
    pub retries: i64,
    pub latency_mean_ms: Option<i64>,
    pub latency_p95_ms: Option<i64>,
    pub latency_max_ms: Option<i64>,
    #[serde(serialize_with = "as_object")]
    pub errors_by_kind: Option<String>,
    pub error_message: Option<String>,
    pub program_version: String,
    pub execution: Option<String>,
    pub task: Option<String>,
    pub host: String,
    pub source: Option<String>,
    pub stop_kind: Option<String>,
}

/// A column of JSON as the object that it is; what cannot be read stays text.
fn as_object<S: Serializer>(json: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let object = json
        .as_deref()
        .map(|json| serde_json::from_str(json).unwrap_or_else(|_| serde_json::Value::from(json)));
    object.serialize(serializer)
}

/// Runs that have ended and are to be synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Backlog {
    /// How many.
    pub runs: i64,
    /// When the first of them ended, if there is one.
    pub oldest_finished_at: Option<DateTime<Utc>>,
}

/// Which runs there are, and how far the open ones have come.
///
/// It changes with every run that starts, commits a batch or ends: a batch is committed together
/// with its run's heartbeat. So two answers to one question are the same where this is the same.
/// The number of the latest ended run alone would not do: of two runs at once (two sources, two
/// tasks) the one that ends last may have the lower number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunVersion {
    /// The number of the latest run; 0: there is none.
    pub latest: i64,
    /// Its id, which no other store has, nor this one again after it went back to a backup.
    pub latest_id: Option<String>,
    /// The open runs, by number, each with its last heartbeat.
    pub open: Vec<(i64, DateTime<Utc>)>,
}

impl RunVersion {
    /// Whether the run of this number has ended.
    #[must_use]
    pub fn has_ended(&self, run_seq: i64) -> bool {
        run_seq <= self.latest && self.open.iter().all(|(open, _)| *open != run_seq)
    }
}

impl fmt::Display for RunVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.latest)?;
        if let Some(run_id) = &self.latest_id {
            write!(f, "-{}", run_id.replace('-', ""))?;
        }
        let mut open = self.open.iter();
        open.try_for_each(|(run, beat)| write!(f, "-{run}.{:x}", beat.timestamp_micros()))
    }
}

/// An open run, which has a heartbeat here, or the latest one.
#[derive(FromRow)]
struct VersionRow {
    run_seq: i64,
    run_id: String,
    heartbeat_at: Option<DateTime<Utc>>,
}

impl FromIterator<VersionRow> for RunVersion {
    fn from_iter<T: IntoIterator<Item = VersionRow>>(rows: T) -> Self {
        let mut version = Self::default();
        for row in rows {
            version.open.extend(row.heartbeat_at.map(|beat| (row.run_seq, beat)));
            // In order: the last row is of the latest run.
            (version.latest, version.latest_id) = (row.run_seq, Some(row.run_id));
        }
        version
    }
}

/// `select … from ingestion_runs` and what follows: `concat!` takes literals only.
macro_rules! select_runs {
    ($rest:literal) => {
        concat!(
            "select run_seq, run_id, kind, shard, status, outcome, started_at, heartbeat_at, \
             finished_at, sites, collected, failed, skipped, rows_loaded, calls, retries, \
             latency_mean_ms, latency_p95_ms, latency_max_ms, \
             cast(errors_by_kind as char) as errors_by_kind, error_message, program_version, \
             execution, task, host, source, stop_kind from ingestion_runs ",
            $rest
        )
    };
}

/// The ids that start so lie from the first of these up to the second, which is left out; `None` for what
/// no id starts with. A range, since SQLite would read every run for `like`.
fn ids_from(start: &str) -> Option<(String, String)> {
    let is_id = !start.is_empty() && start.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    // Ids are of 0 to 9, a to f and dashes.
    is_id.then(|| (start.to_owned(), format!("{start}g")))
}

impl Reads {
    /// The latest runs, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_runs(&self, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let statement = Statement::of(select_runs!("order by run_seq desc limit ?"));
        self.all(statement.bind(i64::from(limit))).await
    }

    /// The runs with numbers below this one, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_runs_before(
        &self,
        run_seq: i64,
        limit: u32,
    ) -> Result<Vec<RunRow>, StoreError> {
        let statement =
            Statement::of(select_runs!("where run_seq < ? order by run_seq desc limit ?"));
        self.all(statement.bind(run_seq).bind(i64::from(limit))).await
    }

    /// The run with this `run_seq`, or the one whose `run_id` starts so: an id may begin with the digits
    /// of another run's number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find_run(&self, id: &str) -> Result<Option<RunRow>, StoreError> {
        let number: Option<i64> = id.parse().ok();
        let (from, to) = ids_from(id).unzip();
        let statement = Statement::of(select_runs!(
            "where run_seq = ? or (run_id >= ? and run_id < ?) \
             order by case when run_seq = ? then 0 else 1 end, run_seq desc limit 1"
        ));
        self.optional(statement.bind(number).bind(from).bind(to).bind(number)).await
    }

    /// Which runs there are and which of them are open: changes with whatever a run commits. One
    /// statement, so that it is of one moment.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn run_version(&self) -> Result<RunVersion, StoreError> {
        let statement = Statement::of(
            "select run_seq, run_id, heartbeat_at from ingestion_runs where status = 'open'
            union all
            select run_seq, run_id, null from ingestion_runs
            where run_seq = (select max(run_seq) from ingestion_runs)
            order by run_seq",
        );
        let rows: Vec<VersionRow> = self.all(statement).await?;
        Ok(rows.into_iter().collect())
    }

    /// The runs that are open, of whatever kind, in the order of their numbers: a handful, by the index
    /// of the status.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_open_runs(&self) -> Result<Vec<OpenRun>, StoreError> {
        let silent_ms = self.pool.dialect().silent_ms;
        let statement = Statement::made(format!(
            "select run_seq, kind, source, run_id, shard, host, started_at, {silent_ms} as silent_ms
            from ingestion_runs where status = 'open' order by run_seq"
        ));
        self.all(statement).await
    }

    /// True when a run of this kind and source is open, of whatever shard, and was not silent for a lease
    /// by the database's clock.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn is_run_at_work(
        &self,
        kind: &str,
        source: &str,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let open = self.list_open_runs().await?;
        Ok(open.iter().any(|run| run.is_of(kind, Some(source)) && !run.is_silent(lease)))
    }

    /// The runs that have ended with a number beyond `run_seq` and below `end_run_seq`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn backlog(&self, run_seq: i64, end_run_seq: i64) -> Result<Backlog, StoreError> {
        let statement = Statement::of(
            "select count(*) as runs, min(finished_at) as oldest_finished_at from ingestion_runs \
            where run_seq > ? and run_seq < ? and status <> 'open'",
        );
        self.one(statement.bind(run_seq).bind(end_run_seq)).await
    }

    /// The number that was given out last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn last_run_seq(&self) -> Result<i64, StoreError> {
        let statement = Statement::of("select last_run_seq from run_counter where id = 1");
        let (run_seq,): (i64,) = self.one(statement).await?;
        Ok(run_seq)
    }
}
