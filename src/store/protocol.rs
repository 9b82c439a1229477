//! What a run has to know before and between its calls; part of [`Store`](super::Store), the same
//! for both databases.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::StoreError;
use super::pool::{Bind, Pool, Statement};
use crate::domain::ErrorKind;

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

/// The slots with one of these times that were called for.
pub(super) async fn list_tried(
    pool: &Pool,
    source: &str,
    slot_times: &[DateTime<Utc>],
) -> Result<Vec<TriedSlot>, StoreError> {
    if slot_times.is_empty() {
        return Ok(Vec::new());
    }
    let places = vec!["?"; slot_times.len()].join(", ");
    let statement = Statement::made(format!(
        "select site_id, slot_time, status, error_kind from collection_slots \
        where source = ? and slot_time in ({places})"
    ));
    let times = slot_times.iter().map(|time| Bind::from(*time));
    pool.fetch_all(&statement.bind(source).bind_all(times)).await
}

/// Until when no call may be made to a source, if it is paused; may lie in the past.
pub(super) async fn paused_until(
    pool: &Pool,
    source: &str,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let statement = Statement::of("select paused_until from source_state where source = ?");
    let paused: Option<(Option<DateTime<Utc>>,)> =
        pool.fetch_optional(&statement.bind(source)).await?;
    Ok(paused.and_then(|(until,)| until))
}

/// The first run that has not ended, or may yet begin: below it nothing can appear any more. One
/// statement, so that it is of one moment.
pub(super) async fn end_of_ended_runs(pool: &Pool) -> Result<i64, StoreError> {
    let statement = Statement::of(
        "select coalesce( \
        (select min(run_seq) from ingestion_runs where status = 'open'), \
        (select max(run_seq) + 1 from ingestion_runs), 1)",
    );
    let (run_seq,): (i64,) = pool.fetch_one(&statement).await?;
    Ok(run_seq)
}
