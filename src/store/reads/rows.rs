//! Rows of a mirrored table as batches: those that sync and verify read, and series of observations.

use arrow_array::RecordBatch;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use futures::TryFutureExt as _;
use futures::stream::{self, BoxStream, StreamExt as _};
use sqlx::{ColumnIndex, Database, Decode, Row};

use super::Reads;
use super::border::Series;
use crate::columnar::{BatchBuilder, ColumnBuilder, day_number};
use crate::domain::days::day_after;
use crate::domain::position::Position;
use crate::domain::tables::{TABLES, Table};
use crate::domain::{Day, Days};
use crate::store::bounds::bounded_rows;
use crate::store::dialect::Dialect;
use crate::store::pool::{Bind, Pool, RawRows, Statement};
use crate::store::{StoreError, mysql, sqlite};

/// Which rows.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Those past a position, of runs below another, in the order of sync.
    Past {
        /// The position; `None` is before the first row.
        position: Option<Position>,
        /// The first run that is left out.
        end_run_seq: i64,
        /// So many at most.
        limit: u32,
    },
    /// Those of some days, in no order; every row of a table without days.
    Of(Days),
    /// Rows of one site and source, in the order of time, along the primary key; of months that have left the
    /// store, too.
    Series {
        /// The site.
        site_id: String,
        /// The source.
        source: String,
        /// The first moment.
        from: DateTime<Utc>,
        /// The first moment that is left out.
        to: DateTime<Utc>,
        /// So many at most.
        limit: u32,
    },
    /// The newest observation of each source up to a time, of a site or of every site that is in the sites file.
    Latest {
        /// The site; `None`: all.
        site_id: Option<String>,
        /// What is of a later time does not count.
        until: DateTime<Utc>,
    },
}

/// The index in the order of sync, where that is not the primary key.
fn index_by_run(table: &Table) -> Option<&'static str> {
    match table.name {
        "weather_observations" => Some("observations_by_run"),
        "collection_slots" => Some("slots_by_run"),
        _ => None,
    }
}

/// The statement that reads them.
fn select(table: &Table, rows: &Rows, dialect: &Dialect) -> Statement {
    let columns = table.column_names().collect::<Vec<_>>().join(", ");
    let mut sql = format!("select {columns} from {}", table.name);
    let mut binds = Vec::new();
    match rows {
        Rows::Past { .. } if table.day_of.is_none() => {}
        Rows::Past { position, end_run_seq, limit } => {
            sql.push_str(&index_by_run(table).map(dialect.use_index).unwrap_or_default());
            sql.push_str(" where run_seq < ?");
            binds.push(Bind::from(*end_run_seq));
            if let Some(position) = position {
                past(&mut sql, &mut binds, table, position);
            }
            let order = ["run_seq"].iter().chain(table.order_in_run).copied();
            let order = order.collect::<Vec<_>>().join(", ");
            sql.push_str(&format!(" order by {order} limit {limit}"));
        }
        Rows::Of(Days { from, to }) => {
            let start = |day: NaiveDate| Bind::from(day.and_time(NaiveTime::MIN).and_utc());
            let after = to.and_then(day_after);
            let ends = table.day_of.iter().flat_map(|day_of| {
                let from = from.map(|day| (format!("{day_of} >= ?"), start(day)));
                from.into_iter().chain(after.map(|day| (format!("{day_of} < ?"), start(day))))
            });
            let (conditions, times): (Vec<_>, Vec<_>) = ends.unzip();
            if !conditions.is_empty() {
                sql.push_str(&format!(" where {}", conditions.join(" and ")));
            }
            binds.extend(times);
        }
        Rows::Series { site_id, source, from, to, limit } => {
            let time = table.day_of.unwrap_or("observation_time");
            sql.push_str(&format!(
                " where site_id = ? and source = ? and {time} >= ? and {time} < ? \
                order by {time} limit {limit}"
            ));
            binds.extend([site_id, source].map(|text| Bind::from(text.as_str())));
            binds.extend([from, to].map(|time| Bind::from(*time)));
        }
        Rows::Latest { site_id, until } => {
            sql.push_str(match site_id {
                None => dialect.latest.of_all,
                Some(_) => dialect.latest.of_site,
            });
            binds.extend(site_id.as_deref().map(Bind::from));
            binds.push(Bind::from(*until));
        }
    }
    Statement::made(sql).bind_all(binds)
}

/// Written out, since a comparison of row values reads the whole table.
fn past(sql: &mut String, binds: &mut Vec<Bind>, table: &Table, position: &Position) {
    let [time, site_id, source] = table.order_in_run else {
        sql.push_str(" and run_seq > ?");
        binds.push(Bind::from(position.run_seq));
        return;
    };
    let Some(key) = &position.key else {
        sql.push_str(" and run_seq > ?");
        binds.push(Bind::from(position.run_seq));
        return;
    };
    sql.push_str(&format!(
        " and run_seq >= ? and (run_seq > ? or (run_seq = ? and ({time} > ? or ({time} = ? \
        and ({site_id} > ? or ({site_id} = ? and {source} > ?))))))"
    ));
    binds.extend([
        Bind::from(position.run_seq),
        Bind::from(position.run_seq),
        Bind::from(position.run_seq),
        Bind::from(key.time),
        Bind::from(key.time),
        Bind::from(key.site_id.as_str()),
        Bind::from(key.site_id.as_str()),
        Bind::from(key.source.as_str()),
    ]);
}

impl Reads {
    /// The day (UTC) of the first row of all mirrored tables whose rows have one, also of those that have left
    /// the store; `None` without any. An index has it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn first_day(&self) -> Result<Day, StoreError> {
        let archived = self.first_archived_day().await?;
        Ok(archived.into_iter().chain(self.first_live_day().await?).min())
    }

    /// The same of the rows that are in the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn first_live_day(&self) -> Result<Day, StoreError> {
        let mut first_day = None;
        for table in TABLES {
            let Some(day_of) = table.day_of else { continue };
            let sql = format!("select min({day_of}) from {}", table.name);
            let (first,): (Option<DateTime<Utc>>,) = self.one(Statement::made(sql)).await?;
            let day = first.map(|first| first.date_naive());
            first_day = first_day.into_iter().chain(day).min();
        }
        Ok(first_day)
    }

    /// Rows of a mirrored table as of one moment, streamed in batches.
    pub fn read_rows<'a>(
        &'a self,
        table: &'static Table,
        rows: &Rows,
    ) -> BoxStream<'a, Result<RecordBatch, StoreError>> {
        let Rows::Series { site_id, source, from, to, limit } = rows else {
            return self.live_rows(table, rows);
        };
        let (site_id, source, times) = (site_id.clone(), source.clone(), (*from, *to));
        let series = Series { site_id, source, times, limit: *limit };
        self.series(table, series).try_flatten_stream().boxed()
    }

    /// The same, of those that are in the store.
    pub(super) fn live_rows<'a>(
        &'a self,
        table: &'static Table,
        rows: &Rows,
    ) -> BoxStream<'a, Result<RecordBatch, StoreError>> {
        let statement = select(table, rows, self.pool.dialect());
        bounded_rows(self.bounds.read, move || batches(&self.pool, table, &statement))
    }
}

fn batches<'a>(
    pool: &'a Pool,
    table: &'static Table,
    statement: &Statement,
) -> BoxStream<'a, Result<RecordBatch, StoreError>> {
    match pool.fetch_raw(statement) {
        RawRows::MySql(rows) => into_batches(rows, table, mysql::store_error),
        RawRows::Sqlite(rows) => into_batches(rows, table, sqlite::store_error),
    }
}

/// Puts so many rows at a time together.
fn into_batches<'a, R>(
    rows: BoxStream<'a, Result<R, StoreError>>,
    table: &'static Table,
    store_error: fn(sqlx::Error) -> StoreError,
) -> BoxStream<'a, Result<RecordBatch, StoreError>>
where
    R: Cells + 'a,
{
    let state = (rows, Some(BatchBuilder::new(table)));
    stream::try_unfold(state, move |(mut rows, builder)| async move {
        let Some(mut builder) = builder else { return Ok(None) };
        while let Some(row) = rows.next().await {
            row?.append(builder.columns()).map_err(store_error)?;
            builder.end_row();
            if builder.is_full() {
                let batch = builder.finish()?;
                return Ok(batch.map(|batch| (batch, (rows, Some(builder)))));
            }
        }
        let batch = builder.finish()?;
        Ok(batch.map(|batch| (batch, (rows, None))))
    })
    .boxed()
}

/// A row whose cells can be appended to the columns of a batch.
trait Cells: Send {
    fn append(&self, columns: &mut [ColumnBuilder]) -> Result<(), sqlx::Error>;
}

impl<R, DB> Cells for R
where
    R: Row<Database = DB> + Send + Sync,
    DB: Database<Row = R>,
    usize: ColumnIndex<R>,
    for<'r> &'r str: Decode<'r, DB>,
    for<'r> i64: Decode<'r, DB>,
    for<'r> f64: Decode<'r, DB>,
    for<'r> DateTime<Utc>: Decode<'r, DB>,
    for<'r> NaiveDate: Decode<'r, DB>,
{
    fn append(&self, columns: &mut [ColumnBuilder]) -> Result<(), sqlx::Error> {
        for (index, column) in columns.iter_mut().enumerate() {
            match column {
                ColumnBuilder::Text(cells) => {
                    cells.append_option(self.try_get_unchecked::<Option<&str>, _>(index)?);
                }
                ColumnBuilder::Integer(cells) => {
                    cells.append_option(self.try_get_unchecked::<Option<i64>, _>(index)?);
                }
                ColumnBuilder::Real(cells) => {
                    cells.append_option(self.try_get_unchecked::<Option<f64>, _>(index)?);
                }
                ColumnBuilder::Time(cells) => {
                    let time: Option<DateTime<Utc>> = self.try_get_unchecked(index)?;
                    cells.append_option(time.map(|time| time.timestamp_micros()));
                }
                ColumnBuilder::Date(cells) => {
                    let date: Option<NaiveDate> = self.try_get_unchecked(index)?;
                    cells.append_option(date.map(day_number));
                }
            }
        }
        Ok(())
    }
}
