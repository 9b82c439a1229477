//! Each migration, with data in the tables, and cut off after each of its statements: the next start
//! carries it through.
//!
//! Goes over the files that there are. What a process that was killed leaves behind is, in MySQL, what its
//! statements did and the migrator's row that says it has not succeeded; in SQLite nothing, since a
//! migration is one transaction.

use std::path::PathBuf;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, SqliteConnection};
use weather_data_product::domain::RunCounts;
use weather_data_product::store::{Store, StoreSettings};

use crate::support::databases::{TestDatabase, with_empty_mysql, with_empty_sqlite, with_mysql};
use crate::support::program::{Program, repository_path};
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites, time};

mod samples;

use samples::{SAMPLES, Sample};

/// A migration: its version, its description, and its statements.
struct File {
    version: i64,
    description: String,
    text: String,
}

impl File {
    fn read(path: &std::path::Path) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (version, description) = name.split_once('_').unwrap();
        let (version, description) = (version.parse().unwrap(), description.replace('_', " "));
        Self { version, description, text: std::fs::read_to_string(path).unwrap() }
    }

    /// In order.
    fn all(dialect: &str) -> Vec<Self> {
        let folder = repository_path("migrations").join(dialect);
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let files: Vec<_> = paths.iter().map(|path| Self::read(path)).collect();
        assert!(files.len() >= 4, "{}", files.len());
        files
    }

    /// No statement of ours has a semicolon at the end of a line within it, but triggers would.
    fn statements(&self) -> Vec<&str> {
        assert!(!self.text.to_lowercase().contains("begin\n"), "{}: split otherwise", self.version);
        let is_statement = |text: &&str| {
            text.lines().any(|line| !line.trim().is_empty() && !line.trim().starts_with("--"))
        };
        self.text.split_inclusive(";\n").filter(is_statement).collect()
    }
}

/// What the schema is, table by table.
async fn schema(database: &TestDatabase) -> Vec<String> {
    let columns = "select concat_ws('|', table_name, column_name, column_type, is_nullable, \
        column_default, collation_name, extra, ordinal_position) from information_schema.columns \
        where table_schema = database() order by 1";
    let indexes = "select concat_ws('|', table_name, index_name, seq_in_index, column_name, \
        non_unique) from information_schema.statistics where table_schema = database() order by 1";
    let applied = "select concat_ws('|', version, description, success, hex(checksum)) \
        from _sqlx_migrations order by 1";
    let mut schema = database.texts(columns).await;
    schema.extend(database.texts(indexes).await);
    schema.extend(database.texts(applied).await);
    schema
}

/// Rows that were there before a migration are right after it.
async fn every_sample_is_right_after_its_migration(database: &TestDatabase, dialect: &str) {
    let sampled: Vec<i64> = SAMPLES.iter().map(|sample| sample.version).collect();
    for file in File::all(dialect) {
        let name = format!("{dialect}, migration {:04} ({})", file.version, file.description);
        assert!(sampled.contains(&file.version), "{name} has no sample in migrations/samples.rs");
    }
    for sample in SAMPLES {
        tried(database, dialect, sample).await;
    }
    assert!(database.store.migrate().await.unwrap().is_empty());
    is_usable(&*database.store).await;
}

async fn tried(database: &TestDatabase, dialect: &str, sample: &Sample) {
    for statement in sample.before {
        database.execute(&with_times(database, statement)).await;
    }
    let known = sqlx::migrate::Migrator::new(repository_path("migrations").join(dialect));
    let known = known.await.unwrap();
    match dialect {
        "mysql" => {
            let mut connection = MySqlConnection::connect(&database.url).await.unwrap();
            known.run_to(sample.version, &mut connection).await.unwrap();
        }
        _ => {
            let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
            known.run_to(sample.version, &mut connection).await.unwrap();
        }
    }
    for (query, expected) in sample.after {
        let found = database.texts(&with_times(database, query)).await;
        assert_eq!(found, *expected, "{dialect}, migration {}: {query}", sample.version);
    }
}

/// `{06:07}` as the database writes that time of the tests' day.
fn with_times(database: &TestDatabase, statement: &str) -> String {
    let mut parts = statement.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_at_checked(6) {
            Some((clock, rest)) if clock.ends_with('}') => {
                let at = time(&format!("{}T{}:00Z", hour().date_naive(), &clock[..5]));
                text.push_str(&format!("{}{rest}", database.time(at)));
            }
            _ => text.push_str(&format!("{{{part}")),
        }
    }
    text
}

#[tokio::test]
async fn every_migration_is_tried_with_data_in_the_tables_of_mysql() {
    with_empty_mysql(async |database| {
        every_sample_is_right_after_its_migration(database, "mysql").await;
    })
    .await;
}

#[tokio::test]
async fn every_migration_is_tried_with_data_in_the_tables_of_sqlite() {
    with_empty_sqlite(async |database| {
        every_sample_is_right_after_its_migration(database, "sqlite").await;
    })
    .await;
}

async fn is_usable(store: &dyn Store) {
    store.check_privileges().await.unwrap();
    store.take_in_sites(&sites(2), hour()).await.unwrap();
    let run = open_run(store).await;
    store.load(&run, &[collected(1, hour(), full_values())], hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

#[tokio::test]
async fn a_migration_cut_off_after_any_statement_is_carried_through_in_mysql() {
    let files = File::all("mysql");
    let mut whole = Vec::new();
    with_mysql(async |database| whole = schema(database).await).await;
    for (index, file) in files.iter().enumerate() {
        let statements = file.statements();
        // After none, after each, and after the last, before the migrator knew.
        for done in 0..=statements.len() {
            with_empty_mysql(async |database| {
                migrate_to(database, &files[..index], file).await;
                let mut killed = MySqlConnection::connect(&database.url).await.unwrap();
                for statement in &statements[..done] {
                    killed.execute(AssertSqlSafe((*statement).to_owned())).await.unwrap();
                }
                drop(killed);
                let applied = database.store.migrate().await.unwrap();
                let context = format!("migration {}, cut off after {done}", file.version);
                let versions: Vec<i64> = files[index..].iter().map(|file| file.version).collect();
                assert_eq!(applied, versions, "{context}");
                assert_eq!(schema(database).await, whole, "{context}");
                assert!(database.store.migrate().await.unwrap().is_empty(), "{context}");
                is_usable(&*database.store).await;
            })
            .await;
        }
    }
}

/// The files before are applied, and this one is begun.
async fn migrate_to(database: &TestDatabase, before: &[File], begun: &File) {
    let migrations = repository_path("migrations/mysql");
    let known = sqlx::migrate::Migrator::new(migrations).await.unwrap();
    let mut connection = MySqlConnection::connect(&database.url).await.unwrap();
    // To version 0: the migrator's own table.
    let last = before.last().map_or(0, |file| file.version);
    known.run_to(last, &mut connection).await.unwrap();
    let migration = known.iter().find(|migration| migration.version == begun.version).unwrap();
    assert_eq!(*migration.description, begun.description);
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
        values (?, ?, false, ?, -1)",
    )
    .bind(begun.version)
    .bind(&begun.description)
    .bind(&*migration.checksum)
    .execute(&mut connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_migration_cut_off_after_any_statement_leaves_nothing_in_sqlite() {
    let files = File::all("sqlite");
    for (index, file) in files.iter().enumerate() {
        let statements = file.statements();
        for done in 0..=statements.len() {
            with_empty_sqlite(async |database| {
                let known = sqlx::migrate::Migrator::new(repository_path("migrations/sqlite"));
                let known = known.await.unwrap();
                assert!(known.iter().all(|migration| !migration.no_tx), "in a transaction");
                let mut killed = SqliteConnection::connect(&database.url).await.unwrap();
                let last = files[..index].last().map_or(0, |file| file.version);
                known.run_to(last, &mut killed).await.unwrap();
                killed.execute("begin").await.unwrap();
                for statement in &statements[..done] {
                    killed.execute(AssertSqlSafe((*statement).to_owned())).await.unwrap();
                }
                drop(killed);
                let versions: Vec<i64> = files[index..].iter().map(|file| file.version).collect();
                let applied = database.store.migrate().await.unwrap();
                assert_eq!(applied, versions, "migration {}, cut off after {done}", file.version);
                is_usable(&*database.store).await;
            })
            .await;
        }
    }
}

#[tokio::test]
async fn every_start_carries_a_half_done_migration_through_and_a_foreign_one_is_left() {
    with_mysql(async |database| {
        let program = Program::new().env("DATABASE_URL", &database.url);
        database.execute("update _sqlx_migrations set success = false where version = 1").await;
        let stderr = program.run(&["status"]).expect(3).stderr;
        assert!(stderr.contains("`weather migrate` waits for it"), "{stderr}");
        program.run(&["migrate"]).expect(0);
        program.run(&["status"]).expect(0);
        database
            .execute(
                "update _sqlx_migrations set success = false, checksum = 'other' where version = 1",
            )
            .await;
        program.run(&["migrate"]).expect(3);
        let left = "select count(*) from _sqlx_migrations where not success";
        assert_eq!(database.count(left).await, 1);
    })
    .await;
}

/// The other has the migrator's lock; that it is at work nobody can tell from what it has left so far.
#[tokio::test]
async fn a_migration_that_is_under_way_elsewhere_is_waited_for_and_not_run_again() {
    with_mysql(async |database| {
        use sqlx::migrate::Migrate as _;
        let mut other = MySqlConnection::connect(&database.url).await.unwrap();
        other.lock().await.unwrap();
        database.execute("update _sqlx_migrations set success = false where version = 1").await;
        let store = StoreSettings::at(&database.url).open().await.unwrap().store;
        let (applied, ()) = tokio::join!(store.migrate(), async {
            let waiting = "select count(*) from information_schema.processlist \
                where db = database() and state = 'User lock'";
            while database.count(waiting).await == 0 {}
            database.execute("update _sqlx_migrations set success = true where version = 1").await;
            other.unlock().await.unwrap();
        });
        assert!(applied.unwrap().is_empty());
    })
    .await;
}
