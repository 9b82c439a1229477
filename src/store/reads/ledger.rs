//! The ledger: which slots were called for, which failed, and which runs a source stopped.

use std::collections::BTreeMap;
use std::pin::Pin;

use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryFutureExt as _};
use serde::Serialize;
use sqlx::FromRow;

use super::Reads;
use crate::domain::Stretch;
use crate::domain::run::{self, StopKind};
use crate::domain::tables::COLLECTION_SLOTS;
use crate::store::StoreError;
use crate::store::pool::{Bind, Statement};

/// `select … from collection_slots` and what follows.
macro_rules! select_failed {
    ($rest:literal) => {
        concat!(
            "select site_id, source, slot_time, status, attempts, http_status, error_kind, \
             error_message, run_seq from collection_slots ",
            $rest
        )
    };
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

/// A source that was called for a site.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AskedSource {
    /// The source.
    pub source: String,
    /// The first slot for which it was called.
    pub first_slot: DateTime<Utc>,
}

/// A slot that was called for without success, and the run that called last.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FailedSlot {
    /// The site.
    pub site_id: String,
    /// The source.
    pub source: String,
    /// Start of the interval.
    pub slot_time: DateTime<Utc>,
    /// `failed` or `unfillable`.
    pub status: String,
    /// How many calls the run made for it.
    pub attempts: i64,
    /// HTTP status of the answer, if there was one.
    pub http_status: Option<i64>,
    /// What kind of error, if it failed.
    pub error_kind: Option<String>,
    /// Why it has no observation, in words.
    pub error_message: Option<String>,
    /// The number of the run.
    pub run_seq: i64,
}

/// A run that stopped since the source wanted no more calls of the account, or its budget was spent.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoppedRun {
    /// Its number.
    pub run_seq: i64,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// The source that it collected from.
    pub source: String,
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

/// The slots of a stretch.
fn slots_of(stretch: Stretch) -> impl Iterator<Item = LedgerSlot> {
    stretch.slots().map(move |slot_time| LedgerSlot {
        slot_time,
        status: stretch.status.clone(),
        error_kind: stretch.error_kind.clone(),
        error_message: stretch.error_message.clone(),
    })
}

/// Both in the order of time; where both have a slot, the live one counts.
fn merged<'a>(
    archived: impl Iterator<Item = LedgerSlot> + Send + 'a,
    live: BoxStream<'a, Result<LedgerSlot, StoreError>>,
) -> BoxStream<'a, Result<LedgerSlot, StoreError>> {
    let state = (archived.peekable(), live.peekable());
    stream::try_unfold(state, |(mut archived, mut live)| async move {
        let next = match Pin::new(&mut live).peek().await {
            Some(Ok(slot)) => Some(slot.slot_time),
            Some(Err(_)) => Some(DateTime::<Utc>::MIN_UTC),
            None => None,
        };
        if let Some(slot) = archived.next_if(|slot| next.is_none_or(|next| slot.slot_time < next)) {
            return Ok(Some((slot, (archived, live))));
        }
        let Some(slot) = live.next().await.transpose()? else { return Ok(None) };
        let _ = archived.next_if(|archived| archived.slot_time == slot.slot_time);
        Ok(Some((slot, (archived, live))))
    })
    .boxed()
}

impl Reads {
    /// What the ledger says of the slots of a site and source from one time to another, both
    /// included, streamed in order; of months that have left the store, too.
    pub fn read_ledger<'a>(
        &'a self,
        (site_id, source): (&'a str, &'a str),
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<LedgerSlot, StoreError>> {
        let statement = Statement::of(
            "select slot_time, status, error_kind, error_message from collection_slots
            where site_id = ? and source = ? and slot_time >= ? and slot_time <= ?
            order by slot_time",
        );
        let statement = statement.bind(site_id).bind(source).bind(from).bind(to);
        let all = async move {
            let stretches = self.list_stretches((site_id, source), (from, to)).await?;
            let archived = stretches.into_iter().flat_map(slots_of);
            let archived = archived.filter(move |slot| (from..=to).contains(&slot.slot_time));
            Ok(merged(archived, self.stream(statement)))
        };
        all.try_flatten_stream().boxed()
    }

    /// What was called for of a site and source from one time to another, both included, and brought
    /// no observation; in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_failed_slots(
        &self,
        (site_id, source): (&str, &str),
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<FailedSlot>, StoreError> {
        let statement = Statement::of(select_failed!(
            "where site_id = ? and source = ? and slot_time >= ? and slot_time <= ? \
             and status <> 'collected' order by slot_time"
        ));
        self.all(statement.bind(site_id).bind(source).bind(from).bind(to)).await
    }

    /// The slots that this run called for last and without success, the newest first; so many at most.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_failed_slots_of_run(
        &self,
        run_seq: i64,
        limit: u32,
    ) -> Result<Vec<FailedSlot>, StoreError> {
        let statement = Statement::of(select_failed!(
            "where run_seq = ? and status <> 'collected' \
             order by slot_time desc, site_id, source limit ?"
        ));
        self.all(statement.bind(run_seq).bind(i64::from(limit))).await
    }

    /// The sources that were ever called for a site, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_asked_sources(&self, site_id: &str) -> Result<Vec<AskedSource>, StoreError> {
        let archived = self.list_archived_sources(&COLLECTION_SLOTS, site_id).await?;
        let live: Vec<AskedSource> =
            self.all(Statement::of(self.pool.dialect().asked_sources).bind(site_id)).await?;
        let mut asked: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
        let live = live.into_iter().map(|asked| (asked.source, asked.first_slot));
        for (source, first_slot) in archived.into_iter().chain(live) {
            let first = asked.entry(source).or_insert(first_slot);
            *first = first_slot.min(*first);
        }
        let asked = asked.into_iter();
        Ok(asked.map(|(source, first_slot)| AskedSource { source, first_slot }).collect())
    }

    /// The failed slots since `since`, counted by site and kind, most first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_failures(
        &self,
        source: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<FailureCount>, StoreError> {
        let by_time = (self.pool.dialect().use_index)("slots_by_time");
        let statement = Statement::made(format!(
            "select site_id, error_kind, count(*) as slots, max(error_message) as error_message
            from collection_slots{by_time}
            where source = ? and slot_time >= ? and status = 'failed'
            group by site_id, error_kind order by slots desc, site_id, error_kind"
        ));
        self.all(statement.bind(source).bind(since)).await
    }

    /// The runs that started from one time to another, both included, and stopped since a source
    /// had blocked the account or refused the key, or its budget was spent; oldest first. Those that heal call for
    /// no slot of the present and are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_stopped_runs(
        &self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<StoppedRun>, StoreError> {
        let places = StopKind::PAUSES.map(|_| "?").join(", ");
        let statement = Statement::made(format!(
            "select run_seq, started_at, source from ingestion_runs
            where started_at >= ? and started_at <= ? and outcome = 'failed' and kind = ?
                and source is not null and stop_kind in ({places})
            order by started_at"
        ));
        let kinds = StopKind::PAUSES.map(|kind| Bind::from(kind.as_str()));
        let statement = statement.bind(from).bind(to).bind(run::ETL).bind_all(kinds);
        self.all(statement).await
    }
}
