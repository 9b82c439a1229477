//! Opening the file, and what every connection is set to.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqlitePool};

use super::error::store_error;
use crate::store::settings::READER_PATIENCE;
use crate::store::{StoreError, StoreSettings};

/// How long one writer waits for another.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The file of a URL.
pub(in crate::store) fn file_of(url: &str) -> Result<PathBuf, StoreError> {
    Ok(options(url)?.get_filename().to_owned())
}

fn options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        let problem = "DATABASE_URL: a store in memory is forgotten at once: name a file, as in sqlite://weather.db";
        return Err(StoreError::Settings(problem.into()));
    }
    SqliteConnectOptions::from_str(url)
        .map_err(|error| StoreError::Settings(format!("DATABASE_URL: {error}")))
}

pub(super) async fn open(url: &str, settings: &StoreSettings) -> Result<SqlitePool, StoreError> {
    let patience = if settings.is_reader { READER_PATIENCE } else { BUSY_TIMEOUT };
    let mut options = options(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(patience)
        // A statement whose rows are streamed is as slow as who takes them.
        .disable_statement_logging();
    if settings.is_reader {
        options = options.create_if_missing(false).pragma("query_only", "on");
    } else {
        make_private(options.get_filename());
    }
    SqlitePoolOptions::new()
        .max_connections(settings.database_max_connections)
        .connect_with(options)
        .await
        .map_err(store_error)
}

/// A new file is for its owner only, and so are those that SQLite puts beside it, which get its mode.
/// One that is there keeps its mode; what cannot be made is said when it is opened.
#[cfg(unix)]
fn make_private(file: &Path) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let _ = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
}

#[cfg(not(unix))]
fn make_private(_: &Path) {}
