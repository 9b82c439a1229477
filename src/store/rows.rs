//! Rows of a mirrored table, as sync and verify read them; the SQL is the same for both databases.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::domain::Days;
use crate::domain::days::day_after;
use crate::domain::position::Position;
use crate::domain::tables::Table;

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
    /// Observations of one site and source, in the order of time.
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

/// A value that a statement takes.
pub(super) enum Bind {
    Integer(i64),
    Text(String),
    Time(DateTime<Utc>),
}

/// The index in the order of sync, where that is not the primary key.
fn index_by_run(table: &Table) -> Option<&'static str> {
    match table.name {
        "weather_observations" => Some("observations_by_run"),
        "collection_slots" => Some("slots_by_run"),
        _ => None,
    }
}

/// How a dialect says it.
pub(super) struct Dialect {
    /// How the database is told to use an index: MySQL would rather read and sort a large table for each
    /// chunk.
    pub(super) use_index: fn(&str) -> String,
    /// How it finds the newest observations.
    pub(super) latest: Latest,
}

/// What follows `select … from weather_observations` for the newest of each site and source.
pub(super) struct Latest {
    /// Of every site in the file. Binds: until.
    pub(super) of_all: &'static str,
    /// Of one site. Binds: site, until.
    pub(super) of_site: &'static str,
}

/// The statement, and what it takes.
pub(super) fn select(table: &Table, rows: &Rows, dialect: &Dialect) -> (String, Vec<Bind>) {
    let columns = table.column_names().collect::<Vec<_>>().join(", ");
    let mut sql = format!("select {columns} from {}", table.name);
    let mut binds = Vec::new();
    match rows {
        Rows::Past { .. } if table.day_of.is_none() => {}
        Rows::Past { position, end_run_seq, limit } => {
            sql.push_str(&index_by_run(table).map(dialect.use_index).unwrap_or_default());
            sql.push_str(" where run_seq < ?");
            binds.push(Bind::Integer(*end_run_seq));
            if let Some(position) = position {
                past(&mut sql, &mut binds, table, position);
            }
            let order = ["run_seq"].iter().chain(table.order_in_run).copied();
            let order = order.collect::<Vec<_>>().join(", ");
            sql.push_str(&format!(" order by {order} limit {limit}"));
        }
        Rows::Of(Days { from, to }) => {
            let start = |day: NaiveDate| Bind::Time(day.and_time(NaiveTime::MIN).and_utc());
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
            sql.push_str(SERIES);
            sql.push_str(&format!(" limit {limit}"));
            binds.extend([site_id, source].map(|text| Bind::Text(text.clone())));
            binds.extend([from, to].map(|time| Bind::Time(*time)));
        }
        Rows::Latest { site_id, until } => {
            sql.push_str(match site_id {
                None => dialect.latest.of_all,
                Some(_) => dialect.latest.of_site,
            });
            binds.extend(site_id.clone().map(Bind::Text));
            binds.push(Bind::Time(*until));
        }
    }
    (sql, binds)
}

/// One site and source, along the primary key.
const SERIES: &str = " where site_id = ? and source = ? and observation_time >= ? \
    and observation_time < ? order by observation_time";

/// Written out, since a comparison of row values reads the whole table.
fn past(sql: &mut String, binds: &mut Vec<Bind>, table: &Table, position: &Position) {
    let [time, site_id, source] = table.order_in_run else {
        sql.push_str(" and run_seq > ?");
        binds.push(Bind::Integer(position.run_seq));
        return;
    };
    let Some(key) = &position.key else {
        sql.push_str(" and run_seq > ?");
        binds.push(Bind::Integer(position.run_seq));
        return;
    };
    sql.push_str(&format!(
        " and run_seq >= ? and (run_seq > ? or (run_seq = ? and ({time} > ? or ({time} = ? \
        and ({site_id} > ? or ({site_id} = ? and {source} > ?))))))"
    ));
    binds.extend([
        Bind::Integer(position.run_seq),
        Bind::Integer(position.run_seq),
        Bind::Integer(position.run_seq),
        Bind::Time(key.time),
        Bind::Time(key.time),
        Bind::Text(key.site_id.clone()),
        Bind::Text(key.site_id.clone()),
        Bind::Text(key.source.clone()),
    ]);
}

/// The runs below this have all ended, and nothing can appear below it any more. One statement,
/// so that it is of one moment.
pub(super) const END_OF_ENDED_RUNS: &str = "select coalesce( \
    (select min(run_seq) from ingestion_runs where status = 'open'), \
    (select max(run_seq) + 1 from ingestion_runs), 1)";

/// The ended runs between two numbers, both left out. Binds: number, number.
pub(super) const BACKLOG: &str = "select count(*) as runs, min(finished_at) as oldest_finished_at from ingestion_runs \
    where run_seq > ? and run_seq < ? and status <> 'open'";

/// Streams rows as batches. A macro, since rows and arguments differ in type from database to
/// database.
macro_rules! stream_rows {
    ($pool:expr, $table:expr, $rows:expr, $dialect:expr, $store_error:path) => {{
        use futures::StreamExt as _;
        use $crate::columnar::{BatchBuilder, ColumnBuilder, day_number};
        use $crate::store::rows::{Bind, select};
        let (sql, binds) = select($table, $rows, $dialect);
        // Of names in our own code, and of nothing that anybody gave.
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for bind in binds {
            query = match bind {
                Bind::Integer(value) => query.bind(value),
                Bind::Text(value) => query.bind(value),
                Bind::Time(value) => query.bind(value),
            };
        }
        let rows = query.fetch($pool);
        let state = (rows, Some(BatchBuilder::new($table)));
        futures::stream::try_unfold(state, |(mut rows, builder)| async move {
            let Some(mut builder) = builder else { return Ok(None) };
            while let Some(row) = rows.next().await {
                let row = row.map_err($store_error)?;
                for (index, column) in builder.columns().iter_mut().enumerate() {
                    match column {
                        ColumnBuilder::Text(cells) => cells.append_option(
                            row.try_get_unchecked::<Option<&str>, _>(index)
                                .map_err($store_error)?,
                        ),
                        ColumnBuilder::Integer(cells) => cells.append_option(
                            row.try_get_unchecked::<Option<i64>, _>(index).map_err($store_error)?,
                        ),
                        ColumnBuilder::Real(cells) => cells.append_option(
                            row.try_get_unchecked::<Option<f64>, _>(index).map_err($store_error)?,
                        ),
                        ColumnBuilder::Time(cells) => cells.append_option(
                            row.try_get_unchecked::<Option<chrono::DateTime<chrono::Utc>>, _>(
                                index,
                            )
                            .map_err($store_error)?
                            .map(|time| time.timestamp_micros()),
                        ),
                        ColumnBuilder::Date(cells) => cells.append_option(
                            row.try_get_unchecked::<Option<chrono::NaiveDate>, _>(index)
                                .map_err($store_error)?
                                .map(day_number),
                        ),
                    }
                }
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
    }};
}

pub(super) use stream_rows;
