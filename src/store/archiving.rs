//! What the archive does with the store: months are frozen, recorded, emptied and brought back.
//!
//! Every step may be repeated, and each is a transaction or many small ones that end in the same place.

use std::time::Duration;

use arrow_array::RecordBatch;
use chrono::{DateTime, Utc};
use futures::{FutureExt as _, StreamExt as _};
use sqlx::FromRow;

use super::bounds::Bound;
use super::pool::{Bind, Pool, Statement, Transaction, binds};
use super::reads::archive::ArchivedDay;
use super::{Bounds, StoreError};
use crate::columnar::{Row, Value};
use crate::domain::archive::Stretches;
use crate::domain::tables::{COLLECTION_SLOTS, Table};
use crate::domain::{Month, MonthStatus, Stretch};

/// Rows that a statement deletes: a lock is held for no longer than that takes.
const DELETED_AT_ONCE: u32 = 1000;

/// Values of a statement that inserts: what fits into a statement of either database.
const VALUES_AT_ONCE: usize = 2000;

/// Recording a month reads all of it: of many sites that takes minutes.
const RECORDING: Duration = Duration::from_secs(30 * 60);

/// What an archive has to be allowed beside reading.
const PRIVILEGES: [&str; 8] = [
    "delete from weather_observations where 1 = 0",
    "delete from collection_slots where 1 = 0",
    "delete from archive_months where 1 = 0",
    "delete from archived_days where 1 = 0",
    "delete from archived_ledger where 1 = 0",
    "update archive_months set status = status where 1 = 0",
    "update archived_series set site_id = site_id where 1 = 0",
    "update store_meta set store_id = store_id where 1 = 0",
];

/// What the archive does with the store.
pub struct Archiving {
    pool: Pool,
    bounds: Bounds,
}

/// What the lake was proved to hold of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedMonth {
    /// Its days that have rows.
    pub days: Vec<ArchivedDay>,
    /// The version of the lake's table.
    pub lake_version: i64,
}

/// A slot as the ledger's stretches are made of it.
#[derive(FromRow)]
struct LedgerRow {
    site_id: String,
    source: String,
    slot_time: DateTime<Utc>,
    status: String,
    error_kind: Option<String>,
    error_message: Option<String>,
}

/// From when to when a site and source have rows of a month.
#[derive(FromRow)]
struct SeriesRow {
    site_id: String,
    source: String,
    first_time: DateTime<Utc>,
    last_time: DateTime<Utc>,
}

impl Archiving {
    pub(super) fn new(pool: Pool, bounds: Bounds) -> Self {
        Self { pool, bounds }
    }

    /// Fails unless months may be archived: statements that touch no row, and that the server refuses all the same.
    ///
    /// # Errors
    /// [`StoreError::AccessDenied`], or that the store fails.
    pub async fn check_privileges(&self) -> Result<(), StoreError> {
        for sql in PRIVILEGES {
            let statement = Statement::of(sql);
            self.bounds.write.repeat(|| self.pool.execute(&statement).boxed()).await?;
        }
        Ok(())
    }

    /// Lets nothing more be written to a month, of any of these tables. A batch that is being written commits
    /// first, or is refused.
    ///
    /// # Errors
    /// When the store fails; nothing was changed then.
    pub async fn freeze(
        &self,
        tables: &[&Table],
        month: Month,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let freeze = || {
            async {
                let mut transaction = self.pool.begin().await?;
                let for_update = self.pool.dialect().for_update;
                let meta = Statement::made(format!("select store_id from store_meta{for_update}"));
                let _: Vec<(String,)> = transaction.fetch_all(&meta).await?;
                for table in tables {
                    set_status(&mut transaction, table, month, MonthStatus::Frozen, now).await?;
                }
                transaction.commit().await
            }
            .boxed()
        };
        self.bounds.write.repeat(freeze).await
    }

    /// Lets a frozen month be written to again; one that is further is left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn thaw(&self, table: &Table, month: Month) -> Result<bool, StoreError> {
        let statement = Statement::of(
            "delete from archive_months where table_name = ? and month = ? and status = 'frozen'",
        );
        let statement = statement.bind(table.name).bind(Some(month.first_day()));
        let thawed = self.bounds.write.repeat(|| self.pool.execute(&statement).boxed()).await?;
        Ok(thawed > 0)
    }

    /// The highest number of the runs that wrote the rows of a month; `None`: it has no row.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn last_run_of(
        &self,
        table: &Table,
        month: Month,
    ) -> Result<Option<i64>, StoreError> {
        let (last,): (Option<i64>,) = self.of_month("select max(run_seq)", table, month).await?;
        Ok(last)
    }

    /// Whether rows of a month are in the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_rows(&self, table: &Table, month: Month) -> Result<bool, StoreError> {
        let (rows,): (i64,) = {
            let statement =
                of_month("select count(*) from (select 1", table, month, " limit 1) found");
            self.bounds.read.repeat(|| self.pool.fetch_one(&statement).boxed()).await?
        };
        Ok(rows > 0)
    }

    /// How many rows of a month are in the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_rows(&self, table: &Table, month: Month) -> Result<i64, StoreError> {
        let (rows,): (i64,) = self.of_month("select count(*)", table, month).await?;
        Ok(rows)
    }

    async fn of_month<T: super::pool::StoreRow>(
        &self,
        select: &str,
        table: &Table,
        month: Month,
    ) -> Result<T, StoreError> {
        let statement = of_month(select, table, month, "");
        self.recording().repeat(|| self.pool.fetch_one(&statement).boxed()).await
    }

    /// Reads of a whole month take longer than others.
    fn recording(&self) -> Bound {
        Bound { each: RECORDING, in_all: Some(RECORDING) }
    }

    /// Records what the lake was proved to hold of a month, and all that is kept of it: from here on the lake
    /// answers for it.
    ///
    /// # Errors
    /// When the store fails; nothing was recorded then.
    pub async fn record(
        &self,
        table: &'static Table,
        month: Month,
        proved: &ProvedMonth,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.recording().repeat(|| record(&self.pool, table, month, proved, now).boxed()).await
    }

    /// Deletes rows of a month, some at a time, and says how many were deleted; 0: none is left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete_some(&self, table: &Table, month: Month) -> Result<u64, StoreError> {
        let delete = self.pool.dialect().delete_some;
        let day_of = table.day_of.unwrap_or_default();
        let statement = Statement::made(delete(table.name, day_of, DELETED_AT_ONCE));
        let (from, to) = month.times();
        let statement = statement.bind(from).bind(to);
        self.bounds.write.repeat(|| self.pool.execute(&statement).boxed()).await
    }

    /// Notes that the rows of a month have left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn set_archived(
        &self,
        table: &Table,
        month: Month,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let statement = Statement::of(
            "update archive_months set status = 'archived', finished_at = ?
            where table_name = ? and month = ? and status = 'proved'",
        );
        let statement = statement.bind(now).bind(table.name).bind(Some(month.first_day()));
        self.bounds.write.repeat(|| self.pool.execute(&statement).boxed()).await.map(drop)
    }

    /// Puts rows back, each as it was; those that are there already stay.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put_back(
        &self,
        table: &'static Table,
        batch: &RecordBatch,
    ) -> Result<(), StoreError> {
        let columns = table.column_names().collect::<Vec<_>>().join(", ");
        let tail = (self.pool.dialect().keep_old)(table.key);
        let rows: Vec<_> = Row::all(table, batch).collect();
        for rows in rows.chunks((VALUES_AT_ONCE / table.columns.len()).max(1)) {
            let rows = rows.iter().map(|row| cells(table, *row));
            let insert = Statement::insert(table.name, &columns, rows, &tail);
            self.bounds.write.repeat(|| self.pool.execute(&insert).boxed()).await?;
        }
        Ok(())
    }

    /// Notes that a month is back and may be written to. Its ledger is read from its rows again.
    ///
    /// # Errors
    /// When the store fails; nothing was changed then.
    pub async fn set_restored(
        &self,
        table: &Table,
        month: Month,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let restore = || {
            async {
                let mut transaction = self.pool.begin().await?;
                forget_days(&mut transaction, table, month).await?;
                set_status(&mut transaction, table, month, MonthStatus::Restored, now).await?;
                transaction.commit().await
            }
            .boxed()
        };
        self.bounds.write.repeat(restore).await
    }
}

/// Where a month stands from here on.
async fn set_status(
    transaction: &mut Transaction,
    table: &Table,
    month: Month,
    status: MonthStatus,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let first_day = Some(month.first_day());
    let update = Statement::of(
        "update archive_months set status = ?, finished_at = null where table_name = ? and month = ?",
    );
    let update = update.bind(status.as_str()).bind(table.name).bind(first_day);
    if transaction.execute(&update).await? == 0 {
        let row = [binds![table.name, first_day, status.as_str(), now]];
        let columns = "table_name, month, status, started_at";
        transaction.execute(&Statement::insert("archive_months", columns, row, "")).await?;
    }
    Ok(())
}

async fn forget_days(
    transaction: &mut Transaction,
    table: &Table,
    month: Month,
) -> Result<(), StoreError> {
    let delete =
        Statement::of("delete from archived_days where table_name = ? and day >= ? and day <= ?");
    let (first, last) = (Some(month.first_day()), Some(month.last_day()));
    transaction.execute(&delete.bind(table.name).bind(first).bind(last)).await?;
    Ok(())
}

/// `select … from the table` where rows are of the month, and what follows.
fn of_month(select: &str, table: &Table, month: Month, rest: &str) -> Statement {
    let (name, day_of) = (table.name, table.day_of.unwrap_or_default());
    let (from, to) = month.times();
    let sql = format!("{select} from {name} where {day_of} >= ? and {day_of} < ?{rest}");
    Statement::made(sql).bind(from).bind(to)
}

async fn record(
    pool: &Pool,
    table: &'static Table,
    month: Month,
    proved: &ProvedMonth,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let day_of = table.day_of.unwrap_or_default();
    let select =
        format!("select site_id, source, min({day_of}) as first_time, max({day_of}) as last_time");
    let series = of_month(&select, table, month, " group by site_id, source");
    let series: Vec<SeriesRow> = pool.fetch_all(&series).await?;
    let mut transaction = pool.begin().await?;
    put_series(pool, &mut transaction, table, &series).await?;
    forget_days(&mut transaction, table, month).await?;
    put_days(&mut transaction, table, proved).await?;
    if table.name == COLLECTION_SLOTS.name {
        put_ledger(pool, &mut transaction, month).await?;
    }
    set_status(&mut transaction, table, month, MonthStatus::Proved, now).await?;
    let sum = Statement::of(
        "update archive_months set row_count = ?, bits = ?, lake_version = ?
        where table_name = ? and month = ?",
    );
    let rows: u64 = proved.days.iter().map(|day| day.sum.rows).sum();
    let bits = proved.days.iter().fold(0, |bits, day| bits ^ day.sum.fingerprint);
    let binds = binds![rows, bits, proved.lake_version, table.name, Some(month.first_day())];
    transaction.execute(&sum.bind_all(binds)).await?;
    transaction.commit().await
}

async fn put_series(
    pool: &Pool,
    transaction: &mut Transaction,
    table: &Table,
    series: &[SeriesRow],
) -> Result<(), StoreError> {
    let columns = "table_name, site_id, source, first_time, last_time";
    for some in series.chunks(VALUES_AT_ONCE / 5) {
        let rows = some.iter().map(|series| {
            let SeriesRow { site_id, source, first_time, last_time } = series;
            binds![table.name, site_id.as_str(), source.as_str(), *first_time, *last_time]
        });
        let tail = pool.dialect().upsert_series;
        transaction.execute(&Statement::insert("archived_series", columns, rows, tail)).await?;
    }
    Ok(())
}

async fn put_days(
    transaction: &mut Transaction,
    table: &Table,
    proved: &ProvedMonth,
) -> Result<(), StoreError> {
    if proved.days.is_empty() {
        return Ok(());
    }
    let columns = "table_name, day, row_count, bits, files";
    let rows = proved.days.iter().map(|day| {
        let ArchivedDay { day, sum, files } = day;
        binds![table.name, Some(*day), sum.rows, sum.fingerprint, files.as_str()]
    });
    transaction.execute(&Statement::insert("archived_days", columns, rows, "")).await.map(drop)
}

/// Puts the month's ledger in the place of what was kept of it before. Its rows are read beside the
/// transaction: nothing is written to them.
async fn put_ledger(
    pool: &Pool,
    transaction: &mut Transaction,
    month: Month,
) -> Result<(), StoreError> {
    let (from, to) = month.times();
    let delete =
        Statement::of("delete from archived_ledger where slot_from >= ? and slot_from < ?");
    transaction.execute(&delete.bind(from).bind(to)).await?;
    let select = "select site_id, source, slot_time, status, error_kind, error_message";
    let rest = " order by site_id, source, slot_time";
    let mut rows = pool.fetch::<LedgerRow>(&of_month(select, &COLLECTION_SLOTS, month, rest));
    let mut folding = LedgerFolding::default();
    while let Some(row) = rows.next().await {
        folding.push(row?);
        if folding.done.len() >= VALUES_AT_ONCE / 8 {
            put_stretches(transaction, &std::mem::take(&mut folding.done)).await?;
        }
    }
    put_stretches(transaction, &folding.finish()).await
}

/// Stretches of one site and source after the other.
#[derive(Default)]
struct LedgerFolding {
    of: (String, String),
    open: Stretches,
    done: Vec<((String, String), Stretch)>,
}

impl LedgerFolding {
    fn push(&mut self, row: LedgerRow) {
        let LedgerRow { site_id, source, slot_time, status, error_kind, error_message } = row;
        let of = (site_id, source);
        if self.of != of {
            self.close();
            self.of = of;
        }
        let slot = Stretch::of_slot(slot_time, status, error_kind, error_message);
        let done = self.open.push(slot).map(|stretch| (self.of.clone(), stretch));
        self.done.extend(done);
    }

    fn close(&mut self) {
        let last = std::mem::take(&mut self.open).finish();
        self.done.extend(last.map(|stretch| (self.of.clone(), stretch)));
    }

    fn finish(mut self) -> Vec<((String, String), Stretch)> {
        self.close();
        self.done
    }
}

async fn put_stretches(
    transaction: &mut Transaction,
    stretches: &[((String, String), Stretch)],
) -> Result<(), StoreError> {
    if stretches.is_empty() {
        return Ok(());
    }
    let columns = "site_id, source, slot_from, slot_until, step_minutes, status, error_kind, \
        error_message";
    let rows = stretches.iter().map(|((site_id, source), stretch)| {
        binds![
            site_id.as_str(),
            source.as_str(),
            stretch.slot_from,
            stretch.slot_until,
            stretch.step_minutes,
            stretch.status.as_str(),
            stretch.error_kind.as_deref(),
            stretch.error_message.as_deref(),
        ]
    });
    transaction.execute(&Statement::insert("archived_ledger", columns, rows, "")).await.map(drop)
}

/// The cells of a row, in the order of its table's columns.
fn cells(table: &Table, row: Row<'_>) -> Vec<Bind> {
    let cell = |index: usize| match row.value(index) {
        None => Bind::Text(None),
        Some(Value::Text(text)) => text.into(),
        Some(Value::Integer(number)) => number.into(),
        Some(Value::Real(number)) => number.into(),
        Some(Value::Time(time)) => time.into(),
        Some(Value::Date(date)) => Some(date).into(),
    };
    (0..table.columns.len()).map(cell).collect()
}
