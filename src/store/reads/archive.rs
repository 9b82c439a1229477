//! Months that have left the store, and what is kept of them.
//!
//! What is kept is written before the first row of a month goes, and rows go only when every reader that
//! began before has ended. So who reads here first, and the rows then, finds each row here, there, or in both
//! places, and never in neither.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;

use super::{Reads, malformed};
use crate::domain::tables::{COLLECTION_SLOTS, Table};
use crate::domain::{DaySum, Days, Month, MonthStatus, Stretch, is_archived_table};
use crate::store::StoreError;
use crate::store::pool::{Bind, Statement};

/// How a month of a table stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthRow {
    /// The table.
    pub table_name: String,
    /// The month.
    pub month: Month,
    /// How it stands.
    pub status: MonthStatus,
    /// Its rows, once they are proved.
    pub rows: Option<i64>,
}

/// The columns of [`MonthRow`].
#[derive(FromRow)]
struct WrittenMonth {
    table_name: String,
    month: NaiveDate,
    status: String,
    row_count: Option<i64>,
}

impl From<WrittenMonth> for MonthRow {
    fn from(written: WrittenMonth) -> Self {
        let WrittenMonth { table_name, month, status, row_count } = written;
        let (month, status) = (Month::of(month), MonthStatus::parse(&status));
        Self { table_name, month, status, rows: row_count }
    }
}

/// What the rows of a day came to that has left the store, and where the lake has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedDay {
    /// The day (UTC).
    pub day: NaiveDate,
    /// What its rows come to.
    pub sum: DaySum,
    /// The files of the lake, as JSON: path, bytes and SHA-256 of each.
    pub files: String,
}

#[derive(FromRow)]
struct WrittenDay {
    day: NaiveDate,
    row_count: i64,
    bits: i64,
    files: String,
}

impl TryFrom<WrittenDay> for ArchivedDay {
    type Error = StoreError;

    fn try_from(written: WrittenDay) -> Result<Self, StoreError> {
        let WrittenDay { day, row_count, bits, files } = written;
        let rows = u64::try_from(row_count)
            .map_err(|_| malformed(format!("archived_days.row_count of {day}")))?;
        Ok(Self { day, sum: DaySum { rows, keys: rows, fingerprint: bits }, files })
    }
}

/// From when to when a site and source have rows that have left the store.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ArchivedSeries {
    /// The site.
    pub site_id: String,
    /// The time of the first row.
    pub first_time: DateTime<Utc>,
    /// The time of the last.
    pub last_time: DateTime<Utc>,
}

#[derive(FromRow)]
struct WrittenStretch {
    slot_from: DateTime<Utc>,
    slot_until: DateTime<Utc>,
    step_minutes: i64,
    status: String,
    error_kind: Option<String>,
    error_message: Option<String>,
}

impl From<WrittenStretch> for Stretch {
    fn from(written: WrittenStretch) -> Self {
        let WrittenStretch { slot_from, slot_until, step_minutes, status, .. } = written;
        let WrittenStretch { error_kind, error_message, .. } = written;
        Self { slot_from, slot_until, step_minutes, status, error_kind, error_message }
    }
}

/// Tables and months that the lake answers for.
type ProvedMonths = Arc<[(String, Month)]>;

/// The months that the lake answers for, as they were lately: most stores have none, and are asked once.
#[derive(Clone, Default)]
pub(super) struct Proved {
    known: Arc<Mutex<Option<(Instant, ProvedMonths)>>>,
}

/// How long the months are known for: less than rows stay after they are proved (a minute).
const KNOWN_FOR: Duration = Duration::from_secs(20);

impl Proved {
    fn known(&self) -> Option<ProvedMonths> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, months) = known.as_ref()?;
        (since.elapsed() < KNOWN_FOR).then(|| months.clone())
    }

    fn learn(&self, months: &ProvedMonths) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((Instant::now(), months.clone()));
    }
}

impl Reads {
    /// The months that the lake answers for.
    pub(super) async fn proved_months(&self) -> Result<ProvedMonths, StoreError> {
        if let Some(known) = self.proved.known() {
            return Ok(known);
        }
        let months = self.list_archive_months().await?.into_iter();
        let proved = months.filter(|row| row.status.is_proved());
        let months: Arc<[_]> = proved.map(|row| (row.table_name, row.month)).collect();
        self.proved.learn(&months);
        Ok(months)
    }

    /// The last month whose rows have left the store, or are about to.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn archived_through(&self) -> Result<Option<Month>, StoreError> {
        Ok(self.proved_months().await?.iter().map(|(_, month)| *month).max())
    }

    /// Whether anything has left the store.
    pub(super) async fn has_archive(&self) -> Result<bool, StoreError> {
        Ok(!self.proved_months().await?.is_empty())
    }

    /// Fails where rows of these times have left the store: who reads them would take what is there for all.
    pub(super) async fn refuse_archived(
        &self,
        table: &'static Table,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<(), StoreError> {
        let months = self.proved_months().await?;
        let meets = |month: Month| month.times().0 < to && from < month.times().1;
        let met = months.iter().find(|(name, month)| name == table.name && meets(*month));
        met.map_or(Ok(()), |(_, month)| {
            Err(StoreError::LeftMonth { table: table.name, month: *month })
        })
    }

    /// Every month that is being archived, has left, or has come back; by table and month.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_archive_months(&self) -> Result<Vec<MonthRow>, StoreError> {
        let statement = Statement::of(
            "select table_name, month, status, row_count from archive_months
            order by table_name, month",
        );
        let months: Vec<WrittenMonth> = self.all(statement).await?;
        Ok(months.into_iter().map(MonthRow::from).collect())
    }

    /// The days of a table that have left the store, in order; none of a table that stays.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_archived_days(&self, table: &Table) -> Result<Vec<ArchivedDay>, StoreError> {
        if !is_archived_table(table) {
            return Ok(Vec::new());
        }
        let statement = Statement::of(
            "select day, row_count, bits, cast(files as char) as files from archived_days
            where table_name = ? order by day",
        );
        let days: Vec<WrittenDay> = self.all(statement.bind(table.name)).await?;
        days.into_iter().map(ArchivedDay::try_from).collect()
    }

    /// From the first day of any table that has left the store to the last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn archived_span(&self) -> Result<Option<Days>, StoreError> {
        let statement = Statement::of("select min(day), max(day) from archived_days");
        let (from, to): (Option<NaiveDate>, Option<NaiveDate>) = self.one(statement).await?;
        Ok(from.map(|_| Days { from, to }))
    }

    /// The first day of any table that has left the store.
    pub(super) async fn first_archived_day(&self) -> Result<Option<NaiveDate>, StoreError> {
        let statement = Statement::of("select min(day) from archived_days");
        let (first,): (Option<NaiveDate>,) = self.one(statement).await?;
        Ok(first)
    }

    /// The series of a table and source that have rows which have left the store, by site.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn list_archived_series(
        &self,
        table: &Table,
        source: &str,
    ) -> Result<Vec<ArchivedSeries>, StoreError> {
        if !self.has_archive().await? {
            return Ok(Vec::new());
        }
        let statement = Statement::of(
            "select site_id, first_time, last_time from archived_series
            where table_name = ? and source = ? order by site_id",
        );
        self.all(statement.bind(table.name).bind(source)).await
    }

    /// The sources that have rows of a site which have left the store, each with the time of the first.
    pub(super) async fn list_archived_sources(
        &self,
        table: &Table,
        site_id: &str,
    ) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        if !self.has_archive().await? {
            return Ok(Vec::new());
        }
        let statement = Statement::of(
            "select source, first_time from archived_series where table_name = ? and site_id = ?",
        );
        self.all(statement.bind(table.name).bind(site_id)).await
    }

    /// Whether rows of a site and source have left the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has_archived(
        &self,
        table: &Table,
        (site_id, source): (&str, &str),
    ) -> Result<bool, StoreError> {
        let archived = self.list_archived_sources(table, site_id).await?;
        Ok(archived.iter().any(|(name, _)| name == source))
    }

    /// The stretches of a site and source that have a slot from one time to another, both included; in order.
    pub(super) async fn list_stretches(
        &self,
        (site_id, source): (&str, &str),
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<Stretch>, StoreError> {
        if !self.has_archive().await? {
            return Ok(Vec::new());
        }
        let statement = Statement::of(
            "select slot_from, slot_until, step_minutes, status, error_kind, error_message
            from archived_ledger
            where site_id = ? and source = ? and slot_from <= ? and slot_until >= ?
            order by slot_from",
        );
        let binds = [Bind::from(site_id), source.into(), to.into(), from.into()];
        let stretches: Vec<WrittenStretch> = self.all(statement.bind_all(binds)).await?;
        Ok(stretches.into_iter().map(Stretch::from).collect())
    }

    /// The months whose slots may not be filled: they are being archived, or have left.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_closed_months(&self) -> Result<Vec<Month>, StoreError> {
        let months = self.list_archive_months().await?.into_iter();
        let closed =
            months.filter(|row| row.table_name == COLLECTION_SLOTS.name && !row.status.is_live());
        Ok(closed.map(|row| row.month).collect())
    }
}
