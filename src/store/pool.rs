//! The two databases as one: a [`Statement`] is written once, with the values that it takes, and a
//! [`Pool`] carries it out on the database that is there.
//!
//! This is the only place that names both databases' types side by side. What a database says
//! otherwise stands in its [`Dialect`].

use chrono::{DateTime, Utc};
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
    Text(Option<String>),
    Time(Option<DateTime<Utc>>),
}

impl From<i64> for Bind {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<Option<i64>> for Bind {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Bind {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<Option<String>> for Bind {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<DateTime<Utc>> for Bind {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Time(Some(value))
    }
}

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
        Option<String>: Encode<'static, DB> + Type<DB>,
        Option<DateTime<Utc>>: Encode<'static, DB> + Type<DB>,
    {
        let query = sqlx::query(self.sql.clone()).persistent(self.is_kept);
        self.binds.iter().cloned().fold(query, |query, bind| match bind {
            Bind::Integer(value) => query.bind(value),
            Bind::Text(value) => query.bind(value),
            Bind::Time(value) => query.bind(value),
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
}
