//! The two databases as one: a [`Statement`] is written once, with the values that it takes, and a
//! [`Pool`] carries it out on the database that is there.
//!
//! This is the only place that names both databases' types side by side. What a database says
//! otherwise stands in its [`Dialect`].

use chrono::{DateTime, NaiveDate, Utc};
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use sqlx::mysql::MySqlRow;
use sqlx::query::Query;
use sqlx::sqlite::SqliteRow;
use sqlx::{
    AssertSqlSafe, Database, Encode, FromRow, IntoArguments, MySql, SqlSafeStr as _, SqlStr,
    Sqlite, SqlitePool, Type,
};

use super::StoreError;
use super::dialect::Dialect;
use super::{mysql, sqlite};

/// The connections to the database. Cheap to clone: the clones share them.
#[derive(Clone)]
pub(super) enum Pool {
    MySql(mysql::Connections),
    Sqlite(SqlitePool),
}

/// A row that either database can give.
pub(super) trait StoreRow:
    for<'r> FromRow<'r, MySqlRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl<T> StoreRow for T where
    T: for<'r> FromRow<'r, MySqlRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

/// A value that a statement takes; `None` is NULL.
#[derive(Debug, Clone)]
pub(super) enum Bind {
    Integer(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Time(Option<DateTime<Utc>>),
    Date(Option<NaiveDate>),
}

/// How values become [`Bind`]s.
macro_rules! bind_from {
    ($($type:ty, $value:ident => $bind:expr;)+) => {
        $(impl From<$type> for Bind {
            fn from($value: $type) -> Self {
                $bind
            }
        })+
    };
}

bind_from! {
    i64, value => Self::Integer(Some(value));
    Option<i64>, value => Self::Integer(value);
    f64, value => Self::Real(Some(value));
    Option<f64>, value => Self::Real(value);
    &str, value => Self::Text(Some(value.to_owned()));
    Option<&str>, value => Self::Text(value.map(str::to_owned));
    String, value => Self::Text(Some(value));
    Option<String>, value => Self::Text(value);
    DateTime<Utc>, value => Self::Time(Some(value));
    Option<DateTime<Utc>>, value => Self::Time(value);
    Option<NaiveDate>, value => Self::Date(value);
}

/// A count as SQL has it, whose integers are signed.
impl From<u64> for Bind {
    fn from(count: u64) -> Self {
        i64::try_from(count).unwrap_or(i64::MAX).into()
    }
}

/// The values of a row, in the order of its columns.
macro_rules! binds {
    ($($value:expr),+ $(,)?) => {
        vec![$($crate::store::pool::Bind::from($value)),+]
    };
}

pub(super) use binds;

/// A statement and the values that it takes, in order.
#[derive(Clone)]
pub(super) struct Statement {
    sql: SqlStr,
    binds: Vec<Bind>,
    is_kept: bool,
}

impl Statement {
    /// A statement that is written out in the program.
    pub(super) fn of(sql: &'static str) -> Self {
        Self { sql: sql.into_sql_str(), binds: Vec::new(), is_kept: true }
    }

    /// A statement that the program puts together from its own words and names; what anyone else has
    /// given is bound.
    pub(super) fn made(sql: String) -> Self {
        Self { sql: AssertSqlSafe(sql).into_sql_str(), binds: Vec::new(), is_kept: true }
    }

    /// Adds these rows to a table; `tail` says what becomes of those that are there. One row at least.
    pub(super) fn insert(
        table: &str,
        columns: &str,
        rows: impl IntoIterator<Item = Vec<Bind>>,
        tail: &str,
    ) -> Self {
        let mut sql = format!("insert into {table} ({columns}) values ");
        let (mut binds, mut places) = (Vec::new(), String::new());
        for row in rows {
            if binds.is_empty() {
                places = format!("({})", vec!["?"; row.len()].join(", "));
            } else {
                sql.push_str(", ");
            }
            sql.push_str(&places);
            binds.extend(row);
        }
        sql.push_str(tail);
        Self { binds, ..Self::made(sql) }
    }

    /// With one more value.
    pub(super) fn bind(mut self, value: impl Into<Bind>) -> Self {
        self.binds.push(value.into());
        self
    }

    /// With these values too.
    pub(super) fn bind_all(mut self, values: impl IntoIterator<Item = Bind>) -> Self {
        self.binds.extend(values);
        self
    }

    /// Not kept prepared: for a statement of many forms.
    pub(super) fn not_kept(mut self) -> Self {
        self.is_kept = false;
        self
    }

    /// As the driver takes it.
    fn query<DB>(&self) -> Query<'static, DB, DB::Arguments>
    where
        DB: Database + sqlx::database::HasStatementCache,
        DB::Arguments: IntoArguments<DB>,
        Option<i64>: Encode<'static, DB> + Type<DB>,
        Option<f64>: Encode<'static, DB> + Type<DB>,
        Option<NaiveDate>: Encode<'static, DB> + Type<DB>,
        for<'t> Option<&'t str>: Encode<'t, DB> + Type<DB>,
        Option<DateTime<Utc>>: Encode<'static, DB> + Type<DB>,
    {
        let query = sqlx::query(self.sql.clone()).persistent(self.is_kept);
        self.binds.iter().fold(query, |query, bind| match bind {
            Bind::Integer(value) => query.bind(*value),
            Bind::Real(value) => query.bind(*value),
            Bind::Date(value) => query.bind(*value),
            Bind::Text(value) => query.bind(value.as_deref()),
            Bind::Time(value) => query.bind(*value),
        })
    }
}

/// The rows of a statement, as each database gives them.
pub(super) enum RawRows<'a> {
    MySql(BoxStream<'a, Result<MySqlRow, StoreError>>),
    Sqlite(BoxStream<'a, Result<SqliteRow, StoreError>>),
}

impl Pool {
    /// What this database says otherwise than the other.
    pub(super) fn dialect(&self) -> &'static Dialect {
        match self {
            Self::MySql(_) => &mysql::DIALECT,
            Self::Sqlite(_) => &sqlite::DIALECT,
        }
    }

    /// Every row.
    pub(super) async fn fetch_all<T: StoreRow>(
        &self,
        statement: &Statement,
    ) -> Result<Vec<T>, StoreError> {
        self.fetch(statement).try_collect().await
    }

    /// The only row, if there is one.
    pub(super) async fn fetch_optional<T: StoreRow>(
        &self,
        statement: &Statement,
    ) -> Result<Option<T>, StoreError> {
        match self {
            Self::MySql(pool) => {
                let row = statement.query::<MySql>().fetch_optional(pool).await;
                row.and_then(|row| row.map(|row| T::from_row(&row)).transpose())
                    .map_err(mysql::store_error)
            }
            Self::Sqlite(pool) => {
                let row = statement.query::<Sqlite>().fetch_optional(pool).await;
                row.and_then(|row| row.map(|row| T::from_row(&row)).transpose())
                    .map_err(sqlite::store_error)
            }
        }
    }

    /// The only row, which is always there.
    pub(super) async fn fetch_one<T: StoreRow>(
        &self,
        statement: &Statement,
    ) -> Result<T, StoreError> {
        let row = self.fetch_optional(statement).await?;
        row.ok_or(StoreError::Other(sqlx::Error::RowNotFound))
    }

    /// Row by row.
    pub(super) fn fetch<'a, T: StoreRow + 'a>(
        &'a self,
        statement: &Statement,
    ) -> BoxStream<'a, Result<T, StoreError>> {
        match self.fetch_raw(statement) {
            RawRows::MySql(rows) => {
                rows.map(|row| T::from_row(&row?).map_err(mysql::store_error)).boxed()
            }
            RawRows::Sqlite(rows) => {
                rows.map(|row| T::from_row(&row?).map_err(sqlite::store_error)).boxed()
            }
        }
    }

    /// Row by row, as the database gives them.
    pub(super) fn fetch_raw<'a>(&'a self, statement: &Statement) -> RawRows<'a> {
        match self {
            Self::MySql(pool) => RawRows::MySql(
                statement.query::<MySql>().fetch(pool).map_err(mysql::store_error).boxed(),
            ),
            Self::Sqlite(pool) => RawRows::Sqlite(
                statement.query::<Sqlite>().fetch(pool).map_err(sqlite::store_error).boxed(),
            ),
        }
    }

    /// Carries a statement out by itself, and says how many rows it has matched.
    pub(super) async fn execute(&self, statement: &Statement) -> Result<u64, StoreError> {
        match self {
            Self::MySql(pool) => {
                let done = statement.query::<MySql>().execute(pool).await;
                done.map(|done| done.rows_affected()).map_err(mysql::store_error)
            }
            Self::Sqlite(pool) => {
                let done = statement.query::<Sqlite>().execute(pool).await;
                done.map(|done| done.rows_affected()).map_err(sqlite::store_error)
            }
        }
    }

    /// Begins a transaction that writes: in SQLite it has the file's one write lock from here on.
    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(match self {
            Self::MySql(pool) => {
                Transaction::MySql(pool.begin().await.map_err(mysql::store_error)?)
            }
            Self::Sqlite(pool) => Transaction::Sqlite(
                pool.begin_with("begin immediate").await.map_err(sqlite::store_error)?,
            ),
        })
    }
}

/// A transaction. Dropped, it is undone.
pub(super) enum Transaction {
    MySql(mysql::Transaction),
    Sqlite(sqlx::Transaction<'static, Sqlite>),
}

impl Transaction {
    /// Row by row.
    pub(super) fn fetch<'t, T: StoreRow + 't>(
        &'t mut self,
        statement: &Statement,
    ) -> BoxStream<'t, Result<T, StoreError>> {
        match self {
            Self::MySql(transaction) => {
                let rows = statement.query::<MySql>().fetch(&mut **transaction);
                rows.map(|row| row.and_then(|row| T::from_row(&row)).map_err(mysql::store_error))
                    .boxed()
            }
            Self::Sqlite(transaction) => {
                let rows = statement.query::<Sqlite>().fetch(&mut **transaction);
                rows.map(|row| row.and_then(|row| T::from_row(&row)).map_err(sqlite::store_error))
                    .boxed()
            }
        }
    }

    /// Every row.
    pub(super) async fn fetch_all<T: StoreRow>(
        &mut self,
        statement: &Statement,
    ) -> Result<Vec<T>, StoreError> {
        self.fetch(statement).try_collect().await
    }

    /// The only row, which is always there.
    pub(super) async fn fetch_one<T: StoreRow>(
        &mut self,
        statement: &Statement,
    ) -> Result<T, StoreError> {
        let row = self.fetch_all(statement).await?.into_iter().next();
        row.ok_or(StoreError::Other(sqlx::Error::RowNotFound))
    }

    /// Carries a statement out, and says how many rows it has matched.
    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<u64, StoreError> {
        match self {
            Self::MySql(transaction) => {
                let done = statement.query::<MySql>().execute(&mut **transaction).await;
                done.map(|done| done.rows_affected()).map_err(mysql::store_error)
            }
            Self::Sqlite(transaction) => {
                let done = statement.query::<Sqlite>().execute(&mut **transaction).await;
                done.map(|done| done.rows_affected()).map_err(sqlite::store_error)
            }
        }
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::MySql(transaction) => transaction.commit().await.map_err(mysql::store_error),
            Self::Sqlite(transaction) => transaction.commit().await.map_err(sqlite::store_error),
        }
    }

    /// Ends it without a change, where there is nothing to write; what was read stands.
    pub(super) async fn roll_back(self) {
        match self {
            Self::MySql(transaction) => transaction.roll_back().await,
            Self::Sqlite(transaction) => drop(transaction.rollback().await),
        }
    }
}
