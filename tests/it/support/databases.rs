//! A database for each test, on either server.

use chrono::{DateTime, Utc};
use sqlx::{Executor, MySqlPool, SqlitePool};
use uuid::Uuid;
use weather_data_product::store::{Archiving, Opened, Reads, Store, StoreSettings};

/// A store that one test has for itself, and a way to look into it that is not ours.
pub(crate) struct TestDatabase {
    pub(crate) store: Box<dyn Store>,
    pub(crate) reads: Reads,
    pub(crate) archiving: Archiving,
    pub(crate) url: String,
    raw: Raw,
}

enum Raw {
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

/// Runs `test` on a fresh MySQL database, its schema migrated, and drops it afterwards.
pub(crate) async fn with_mysql(test: impl AsyncFnOnce(&TestDatabase)) {
    with_empty_mysql(async |database| {
        database.store.migrate().await.unwrap();
        test(database).await;
    })
    .await;
}

/// Runs `test` on a fresh MySQL database of another server, its schema migrated.
pub(crate) async fn with_mysql_of(server: &str, test: impl AsyncFnOnce(&TestDatabase)) {
    with_empty_mysql_of(server.to_owned(), async |database| {
        database.store.migrate().await.unwrap();
        test(database).await;
    })
    .await;
}

/// Runs `test` on a fresh MySQL database without a table.
pub(crate) async fn with_empty_mysql(test: impl AsyncFnOnce(&TestDatabase)) {
    with_empty_mysql_of(mysql_server(), test).await;
}

async fn with_empty_mysql_of(server: String, test: impl AsyncFnOnce(&TestDatabase)) {
    let name = format!("weather_test_{}", Uuid::now_v7().simple());
    let admin = MySqlPool::connect(&server).await.expect("the MySQL server of DATABASE_URL");
    admin.execute(sqlx::AssertSqlSafe(format!("create database {name}"))).await.unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    let Opened { store, reads, archiving } = StoreSettings::at(url.as_str()).open().await.unwrap();
    let database = TestDatabase {
        store,
        reads,
        archiving,
        raw: Raw::MySql(MySqlPool::connect(url.as_str()).await.unwrap()),
        url: url.into(),
    };
    test(&database).await;
    admin.execute(sqlx::AssertSqlSafe(format!("drop database {name}"))).await.unwrap();
}

/// The server that `scripts/test` has brought up.
pub(crate) fn mysql_server() -> String {
    std::env::var("DATABASE_URL").expect("DATABASE_URL is not set: run scripts/test")
}

/// Runs `test` on a fresh SQLite file, its schema migrated.
pub(crate) async fn with_sqlite(test: impl AsyncFnOnce(&TestDatabase)) {
    with_empty_sqlite(async |database| {
        database.store.migrate().await.unwrap();
        test(database).await;
    })
    .await;
}

/// Runs `test` on a fresh SQLite file without a table.
pub(crate) async fn with_empty_sqlite(test: impl AsyncFnOnce(&TestDatabase)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("weather.db").display());
    let Opened { store, reads, archiving } = StoreSettings::at(&url).open().await.unwrap();
    let database = TestDatabase {
        store,
        reads,
        archiving,
        raw: Raw::Sqlite(SqlitePool::connect(&url).await.unwrap()),
        url,
    };
    test(&database).await;
}

/// What a backup holds.
const TABLES: [&str; 10] = [
    "run_counter",
    "sites",
    "ingestion_runs",
    "weather_observations",
    "collection_slots",
    "forecast_issues",
    "forecast_values",
    "forecast_slots",
    "source_state",
    "call_budget",
];

impl TestDatabase {
    /// Makes a backup of all that is there.
    pub(crate) async fn back_up(&self) {
        for table in TABLES {
            self.execute(&format!("create table copy_of_{table} as select * from {table}")).await;
        }
    }

    /// Goes back to the backup.
    pub(crate) async fn restore(&self) {
        for table in TABLES {
            self.execute(&format!("delete from {table}")).await;
            self.execute(&format!("insert into {table} select * from copy_of_{table}")).await;
        }
    }

    /// The first column of every row that `sql` gives, as text; a whole number looks the same
    /// from both servers.
    pub(crate) async fn lines(&self, sql: &str) -> Vec<String> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        let lines: Vec<String> = match &self.raw {
            Raw::MySql(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.unwrap(),
            Raw::Sqlite(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.unwrap(),
        };
        let plain = |cell: &str| cell.strip_suffix(".0").unwrap_or(cell).to_owned();
        lines.iter().map(|line| line.split('|').map(plain).collect::<Vec<_>>().join("|")).collect()
    }

    /// The first column of every row that `sql` gives, as it is.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match &self.raw {
            Raw::MySql(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.unwrap(),
            Raw::Sqlite(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.unwrap(),
        }
    }

    /// SQL for the microseconds since 1970 of a time.
    pub(crate) fn microseconds(&self, column: &str) -> String {
        match &self.raw {
            Raw::MySql(_) => format!("timestampdiff(microsecond, '1970-01-01', {column})"),
            Raw::Sqlite(_) => format!(
                "cast(strftime('%s', {column}) as integer) * 1000000 + case when {column} like '%.%' \
                then cast(substr(substr({column}, 21, instr({column}, '+') - 21) || '000000', 1, 6) as integer) \
                else 0 end"
            ),
        }
    }

    /// Makes a run have beaten so many seconds ago, by the database's clock.
    pub(crate) async fn let_fall_silent(&self, run_seq: i64, seconds: u32) {
        let then = match &self.raw {
            Raw::MySql(_) => format!("utc_timestamp(6) - interval {seconds} second"),
            Raw::Sqlite(_) => {
                format!("strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '-{seconds} seconds')")
            }
        };
        let sql =
            format!("update ingestion_runs set heartbeat_at = {then} where run_seq = {run_seq}");
        self.execute(&sql).await;
    }

    /// A time as SQL, as the store writes it.
    pub(crate) fn time(&self, time: DateTime<Utc>) -> String {
        match &self.raw {
            Raw::MySql(_) => time.format("'%F %T'").to_string(),
            Raw::Sqlite(_) => format!("'{}'", time.to_rfc3339()),
        }
    }

    /// The one line that `sql` gives.
    pub(crate) async fn line(&self, sql: &str) -> String {
        let mut lines = self.lines(sql).await;
        assert_eq!(lines.len(), 1, "{sql}: {lines:?}");
        lines.remove(0)
    }

    /// A whole number.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match &self.raw {
            Raw::MySql(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
            Raw::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
        }
    }

    /// Carries `sql` out.
    pub(crate) async fn execute(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match &self.raw {
            Raw::MySql(pool) => drop(pool.execute(sql).await.unwrap()),
            Raw::Sqlite(pool) => drop(pool.execute(sql).await.unwrap()),
        }
    }
}

/// Makes two tests of each function named, one on each server: `mysql::…` and `sqlite::…`.
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {
        mod mysql {
            $(#[tokio::test] async fn $test() {
                crate::support::databases::with_mysql(super::$test).await;
            })+
        }
        mod sqlite {
            $(#[tokio::test] async fn $test() {
                crate::support::databases::with_sqlite(super::$test).await;
            })+
        }
    };
}

pub(crate) use on_both_databases;
