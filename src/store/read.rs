//! Rows read back from the store. The statements are the same in both dialects.

use arrow_schema::ArrowError;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::FromRow;

use super::StoreError;
use crate::domain::run::{ACCOUNT_BLOCKED, BUDGET_SPENT, KEY_REFUSED};
use crate::domain::{Coordinates, ErrorKind, Life, Locality, SiteId, Spans};

/// A slot that was called for.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TriedSlot {
    /// The site.
    pub site_id: String,
    /// Start of the interval.
    pub slot_time: DateTime<Utc>,
    /// `collected`, `failed` or `unfillable`.
    pub status: String,
    /// Why it failed, if it did.
    pub error_kind: Option<String>,
}

impl TriedSlot {
    /// True when no call brought anything.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.status == "failed"
    }

    /// True when it needs no further call: collected, unfillable, or failed for good.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let kind = || ErrorKind::parse(self.error_kind.as_deref()?);
        !self.has_failed() || kind().is_some_and(ErrorKind::is_final)
    }
}

/// What the ledger says of a slot.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct LedgerSlot {
    /// Start of the interval.
    pub slot_time: DateTime<Utc>,
    /// `collected`, `failed` or `unfillable`.
    pub status: String,
    /// What kind of error, if it failed.
    pub error_kind: Option<String>,
    /// Why it has no observation, in words.
    pub error_message: Option<String>,
}

/// What the ledger says of a site's slots, in order. Binds: site, source, from, to.
pub(super) const LEDGER: &str = "
    select slot_time, status, error_kind, error_message from collection_slots
    where site_id = ? and source = ? and slot_time >= ? and slot_time <= ?
    order by slot_time";

/// A source that was asked for a site.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AskedSource {
    /// The source.
    pub source: String,
    /// The first slot that it was asked for.
    pub first_slot: DateTime<Utc>,
}

/// A run that stopped since the source wanted no more calls of the account, or its budget was spent.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoppedRun {
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// Why it stopped: begins with the source's name.
    pub error_message: String,
}

/// The runs that stopped with one of three messages, less those that called for no slot of the
/// present: they heal. Binds: from, to, three patterns.
pub(super) const STOPPED_RUNS: &str = "
    select started_at, error_message from ingestion_runs
    where started_at >= ? and started_at <= ? and outcome = 'failed' and kind not like 'heal%'
        and (error_message like ? or error_message like ? or error_message like ?)
    order by started_at";

/// The patterns of [`STOPPED_RUNS`].
pub(super) fn stop_patterns() -> [String; 3] {
    [ACCOUNT_BLOCKED, KEY_REFUSED, BUDGET_SPENT].map(|message| format!("% {message}%"))
}

/// What decides which slots of a site are expected, as it is written.
#[derive(FromRow)]
pub(super) struct LifeRow {
    pub(super) site_id: String,
    pub(super) timezone: String,
    pub(super) active_from: Option<NaiveDate>,
    pub(super) active_until: Option<NaiveDate>,
    pub(super) spans: String,
}

/// Every site, those that have left the file too.
pub(super) const LIVES: &str = "select site_id, timezone, active_from, active_until, cast(spans as char) as spans \
    from sites order by site_id";

impl TryFrom<LifeRow> for Life {
    type Error = StoreError;

    fn try_from(row: LifeRow) -> Result<Self, StoreError> {
        let malformed = |what| malformed_site(&row.site_id, what);
        Ok(Self {
            site_id: SiteId::parse(&row.site_id).ok_or_else(|| malformed("site_id"))?,
            timezone: row.timezone.parse().map_err(|_| malformed("timezone"))?,
            active_from: row.active_from,
            active_until: row.active_until,
            spans: spans_of(&row.site_id, &row.spans)?,
        })
    }
}

/// Where a site stands, as its row has it.
#[derive(FromRow)]
pub(super) struct LocalityRow {
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) timezone: String,
    pub(super) country: Option<String>,
    pub(super) elevation_m: Option<f64>,
}

impl LocalityRow {
    /// What is written there.
    pub(super) fn parse(&self, site_id: &str) -> Result<Locality, StoreError> {
        Ok(Locality {
            coordinates: Coordinates::parse(self.latitude, self.longitude)
                .ok_or_else(|| malformed_site(site_id, "latitude or longitude"))?,
            timezone: self.timezone.parse().map_err(|_| malformed_site(site_id, "timezone"))?,
            country: self.country.clone(),
            elevation_m: self.elevation_m,
        })
    }
}

/// The spans of a site, read.
pub(super) fn spans_of(site_id: &str, text: &str) -> Result<Spans, StoreError> {
    Spans::parse(text).map_err(|_| malformed_site(site_id, "spans"))
}

fn malformed_site(site_id: &str, column: &str) -> StoreError {
    let problem = format!("sites: {site_id}: {column} cannot be read");
    StoreError::Malformed(ArrowError::InvalidArgumentError(problem))
}

/// Failed slots of one site and kind.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct FailureCount {
    /// The site.
    pub site_id: String,
    /// What kind of error.
    pub error_kind: String,
    /// How many slots.
    pub slots: i64,
    /// One of their messages.
    pub error_message: String,
}

/// Failed slots by site and kind, by the index of times that the dialect names: for `group by` alone
/// SQLite would read every slot in order. Binds: source, since.
macro_rules! failures_sql {
    ($use_index:literal) => {
        concat!(
            "
    select site_id, error_kind, count(*) as slots, max(error_message) as error_message
    from collection_slots",
            $use_index,
            " where source = ? and slot_time >= ? and status = 'failed'
    group by site_id, error_kind order by slots desc, site_id, error_kind"
        )
    };
}

/// A run, as the audit trail shows it. Times are UTC, durations in milliseconds.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns of ingestion_runs, see docs/ARCHITECTURE.md")]
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
    pub errors_by_kind: Option<String>,
    pub error_message: Option<String>,
    pub program_version: String,
    pub execution: Option<String>,
    pub task: Option<String>,
    pub host: String,
}

/// `select … from ingestion_runs` and what follows: `concat!` takes literals only.
macro_rules! select_runs {
    ($rest:literal) => {
        concat!(
            "select run_seq, run_id, kind, shard, status, outcome, started_at, heartbeat_at, \
             finished_at, sites, collected, failed, skipped, rows_loaded, calls, retries, \
             latency_mean_ms, latency_p95_ms, latency_max_ms, \
             cast(errors_by_kind as char) as errors_by_kind, error_message, program_version, \
             execution, task, host from ingestion_runs ",
            $rest
        )
    };
}

/// The latest runs. Binds: limit.
pub(super) const RUNS: &str = select_runs!("order by run_seq desc limit ?");

/// The runs below a number, newest first. Binds: number, limit.
pub(super) const RUNS_BEFORE: &str =
    select_runs!("where run_seq < ? order by run_seq desc limit ?");

/// The ids that start so lie from the first of these up to the second, which is left out; `None` for what
/// no id starts with. A range, since SQLite would read every run for `like`.
pub(super) fn ids_from(start: &str) -> Option<(String, String)> {
    let is_id = !start.is_empty() && start.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    // Ids are of 0 to 9, a to f and dashes.
    is_id.then(|| (start.to_owned(), format!("{start}g")))
}

/// The run of that number, else one whose id lies in a range: an id may begin with the digits of another
/// run's number. Binds: number, from, up to, number.
pub(super) const RUN: &str = select_runs!(
    "where run_seq = ? or (run_id >= ? and run_id < ?) \
     order by case when run_seq = ? then 0 else 1 end, run_seq desc limit 1"
);

pub(super) use failures_sql;
