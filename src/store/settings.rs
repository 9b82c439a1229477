//! Which store, and how it is reached.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::mysql::MySqlStore;
use super::sqlite::SqliteStore;
use super::{Store, StoreError};

/// The lease of a run (`docs/ARCHITECTURE.md`): what a task may be silent for before
/// another takes over. Long against a restart of the database, short against an hour.
pub const LEASE: Duration = Duration::from_secs(120);

/// What a statement of a reader may take in MySQL. SQLite knows no such limit; there the rows that a
/// statement reads are few.
pub const STATEMENT_LIMIT: Duration = Duration::from_secs(5);

/// How long a reader waits for a connection: whoever asked it is waiting too.
pub(super) const READER_PATIENCE: Duration = Duration::from_secs(3);

/// What is used when `DATABASE_URL` is not set.
pub const DEFAULT_URL: &str = "sqlite://weather.db";

/// Settings of the store.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Store")]
pub struct StoreSettings {
    /// Where the store is: mysql://user:password@host/database, or sqlite://file for trying out
    /// [default: sqlite://weather.db]
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,

    /// PEM file with the certificate authority of the MySQL server; verifies the server
    #[arg(long, value_name = "FILE", env = "DATABASE_CA")]
    pub database_ca: Option<PathBuf>,

    /// Connections to the store at most
    #[arg(
        long, value_name = "N", env = "DATABASE_MAX_CONNECTIONS", default_value_t = 4,
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    pub database_max_connections: u32,

    /// Lease of a run in seconds, for tests
    #[arg(long, env = "WEATHER_LEASE_SECONDS", hide = true, default_value_t = 120.0, value_parser = parse_lease)]
    lease_seconds: f64,

    /// The store is only read: see [`StoreSettings::open_reader`].
    #[arg(skip)]
    pub(super) is_reader: bool,
}

impl StoreSettings {
    /// Settings for the store at `url`, everything else as by default.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self {
            database_url: Some(url.into()),
            database_ca: None,
            database_max_connections: 4,
            lease_seconds: LEASE.as_secs_f64(),
            is_reader: false,
        }
    }

    /// The URL, if one is set; an empty one is none.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.database_url
            .as_ref()
            .map(|url| url.expose_secret().trim())
            .filter(|url| !url.is_empty())
    }

    /// How long an open run may stay silent.
    #[must_use]
    pub fn lease(&self) -> Duration {
        Duration::try_from_secs_f64(self.lease_seconds).unwrap_or(LEASE)
    }

    /// The store, connected; its schema is not looked at.
    ///
    /// # Errors
    /// [`StoreError::Settings`] when the URL is of no kind we know, else why no connection could
    /// be made.
    pub async fn open(&self) -> Result<Box<dyn Store>, StoreError> {
        let url = self.url().unwrap_or(DEFAULT_URL);
        if has_split_password(url) {
            return Err(StoreError::Settings(SPLIT_PASSWORD.into()));
        }
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("mysql") => Ok(Box::new(MySqlStore::connect(url, self).await?)),
            Some("sqlite") => Ok(Box::new(SqliteStore::open(url, self).await?)),
            // What stands there may be a password.
            Some(_) => Err(StoreError::Settings(
                "DATABASE_URL: no kind of store: expected mysql://… or sqlite://…".into(),
            )),
            None => Err(StoreError::Settings(
                "DATABASE_URL: no URL: expected mysql://… or sqlite://…".into(),
            )),
        }
    }

    /// The store, connected, its schema this program's: for commands that only read.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when the schema is older or newer.
    pub async fn open_ready(&self) -> Result<Box<dyn Store>, StoreError> {
        let store = self.open().await?;
        store.check_schema().await?;
        Ok(store)
    }

    /// As [`open_ready`](Self::open_ready), for a server that only reads: its sessions cannot write,
    /// and a statement that takes too long is ended ([`STATEMENT_LIMIT`]).
    ///
    /// # Errors
    /// As [`open_ready`](Self::open_ready).
    pub async fn open_reader(&self) -> Result<Box<dyn Store>, StoreError> {
        Self { is_reader: true, ..self.clone() }.open_ready().await
    }

    /// True when the store is a file on this machine.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.url().unwrap_or(DEFAULT_URL).starts_with("sqlite:")
    }
}

const SPLIT_PASSWORD: &str = "DATABASE_URL: user or password hold a character that ends the host: write them \
     percent-encoded (/ is %2F, # is %23, ? is %3F, @ is %40, % is %25)";

/// Whether a `/`, `#` or `?` of the password ends what should be the host: an `@` then stands only
/// behind it. (What follows a `?` behind the name of a database are options, which may hold one.)
fn has_split_password(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("mysql://") else { return false };
    let end = rest.find(['/', '#', '?']).unwrap_or(rest.len());
    let (host, behind) = rest.split_at(end);
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let could_be_host = host.rsplit_once(':').is_none_or(|(_, port)| is_port(port));
    let path = behind.split(['?', '#']).next().unwrap_or_default();
    let has_path = could_be_host && path.len() > 1;
    !host.contains('@') && host.contains(':') && if has_path { path } else { behind }.contains('@')
}

fn parse_lease(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected 0.1 to 3600 seconds".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_splits_the_url_is_seen_and_no_other() {
        for password in ["pa/ss", "pa#ss", "pa?ss", "1/2", "1#2", "1?2", "/", "a/b?c"] {
            let url = format!("mysql://user:{password}@host/weather");
            assert!(has_split_password(&url), "{url}");
        }
        for url in [
            "mysql://user:pa%2Fss@host/weather",
            "mysql://user:pa@ss@host:3306/weather?ssl-ca=/a@b",
            "mysql://127.0.0.1:3306/weather?socket=/run/a@b",
            "mysql://127.0.0.1/weather",
            "mysql://[::1]:3306/weather",
            "mysql://h",
            "sqlite://a:b/c@d",
            "",
        ] {
            assert!(!has_split_password(url), "{url}");
        }
    }
}
