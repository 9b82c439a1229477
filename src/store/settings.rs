//! Which store, and how it is reached.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::ArgPredicate;
use futures::FutureExt as _;
use secrecy::{ExposeSecret, SecretString};

use super::bounds::first_connection;
use super::{Archiving, Bounded, Bounds, Reads, SqlStore, Store, StoreError, mysql, sqlite};

/// The lease of a run (`docs/ARCHITECTURE.md`): what a task may be silent for before
/// another takes over. Long against a restart of the database, short against an hour.
pub const LEASE: Duration = Duration::from_secs(120);

/// What a statement of a reader may take in MySQL. SQLite knows no such limit; there the rows that a
/// statement reads are few.
pub const STATEMENT_LIMIT: Duration = Duration::from_secs(5);

/// The longest time of an attempt to read, from which the other bounds follow ([`Bounds::of`]).
const READ_SECONDS: f64 = 15.0;

/// How long the first connection is tried for, where the network is there when the program is.
const FIRST_CONNECTION_SECONDS: f64 = 10.0;

/// How long an operation waits for a connection that another has.
pub(super) const CONNECTION_PATIENCE: Duration = Duration::from_secs(10);

/// How long a reader waits for a connection: its client is waiting too.
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

    /// Longest time of an attempt to read in seconds, for tests: the other bounds follow from it
    #[arg(long, env = "WEATHER_READ_SECONDS", hide = true, default_value_t = READ_SECONDS, value_parser = parse_lease)]
    read_seconds: f64,

    /// How long the first connection is tried for in seconds, for tests. On Cloud Run no packet passes for
    /// the first 20 to 80 s of a fresh instance
    /// (<https://cloud.google.com/run/docs/configuring/vpc-direct-vpc>).
    #[arg(
        long, env = "WEATHER_FIRST_CONNECTION_SECONDS", hide = true, value_parser = parse_lease,
        default_value_t = FIRST_CONNECTION_SECONDS,
        default_value_ifs = [
            ("cloud_run_job", ArgPredicate::IsPresent, Some("120")),
            ("k_service", ArgPredicate::IsPresent, Some("120")),
        ]
    )]
    first_connection_seconds: f64,

    /// The store is only read: see [`StoreSettings::open_reader`].
    #[arg(skip)]
    pub(super) is_reader: bool,
}

/// A store that is open.
pub struct Opened {
    /// What a job does with it.
    pub store: Box<dyn Store>,
    /// What only reads it, by the same connections.
    pub reads: Reads,
    /// What the archive does with it, by the same connections.
    pub archiving: Archiving,
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
            read_seconds: READ_SECONDS,
            first_connection_seconds: FIRST_CONNECTION_SECONDS,
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

    /// How long every operation of the store may take.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let seconds = |seconds, otherwise| {
            Duration::try_from_secs_f64(seconds)
                .unwrap_or_else(|_| Duration::from_secs_f64(otherwise))
        };
        let read = seconds(self.read_seconds, READ_SECONDS);
        let first = seconds(self.first_connection_seconds, FIRST_CONNECTION_SECONDS);
        let bounds = Bounds::of(read, first);
        if self.is_reader { bounds.of_reader() } else { bounds }
    }

    /// The same settings with another longest time of an attempt to read, from which the other bounds
    /// follow; for tests.
    #[must_use]
    pub fn reading_within(self, read: Duration) -> Self {
        Self { read_seconds: read.as_secs_f64(), ..self }
    }

    /// The same settings for sessions that cannot write, and whose statements end in time
    /// ([`STATEMENT_LIMIT`]).
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { is_reader: true, ..self }
    }

    /// The store, connected; its schema is not looked at. A server that cannot be reached is waited for.
    ///
    /// # Errors
    /// [`StoreError::Settings`] when the URL is of no kind we know, else why no connection could
    /// be made.
    pub async fn open(&self) -> Result<Opened, StoreError> {
        let store = match self.kind()? {
            Kind::MySql(url) => mysql::connect(url, self).await?,
            Kind::Sqlite(url) => sqlite::open(url, self).await?,
        };
        let bounds = self.bounds();
        let (reads, archiving) = (store.reads(bounds), store.archiving(bounds));
        Ok(Opened { reads, archiving, store: Box::new(Bounded::new(store, bounds)) })
    }

    fn kind(&self) -> Result<Kind<'_>, StoreError> {
        let url = self.url().unwrap_or(DEFAULT_URL);
        if has_split_password(url) {
            return Err(StoreError::Settings(SPLIT_PASSWORD.into()));
        }
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("mysql") => Ok(Kind::MySql(url)),
            Some("sqlite") => Ok(Kind::Sqlite(url)),
            // What stands there may be a password.
            Some(_) => Err(StoreError::Settings(
                "DATABASE_URL: no kind of store: expected mysql://… or sqlite://…".into(),
            )),
            None => Err(StoreError::Settings(
                "DATABASE_URL: no URL: expected mysql://… or sqlite://…".into(),
            )),
        }
    }

    /// The store, connected, its schema this program's. A file that is not there is not made.
    ///
    /// # Errors
    /// As [`open`](Self::open), when there is no store, and when the schema is older or newer.
    pub async fn open_ready(&self) -> Result<Opened, StoreError> {
        self.check_there()?;
        let opened = self.open().await?;
        opened.reads.check_schema().await?;
        Ok(opened)
    }

    /// As [`open_ready`](Self::open_ready), for what only reads: its sessions cannot write, and a
    /// statement that takes too long is ended ([`STATEMENT_LIMIT`]).
    ///
    /// # Errors
    /// As [`open_ready`](Self::open_ready).
    pub async fn open_reader(&self) -> Result<Reads, StoreError> {
        let reads = self.reader().await?;
        self.wait_until_ready(&reads).await?;
        Ok(reads)
    }

    /// The reader of [`open_reader`](Self::open_reader), before a server is connected: every read says
    /// that the store cannot be reached until it can.
    ///
    /// # Errors
    /// [`StoreError::Settings`], or why a file cannot be opened, or that it is not there.
    pub async fn reader(&self) -> Result<Reads, StoreError> {
        self.check_there()?;
        let settings = self.clone().read_only();
        let store: SqlStore = match self.kind()? {
            Kind::MySql(url) => mysql::at(url, &settings)?,
            Kind::Sqlite(url) => sqlite::open(url, &settings).await?,
        };
        Ok(store.reads(settings.bounds()))
    }

    /// Waits until such a store can be reached, and its schema is this program's.
    ///
    /// # Errors
    /// As [`open_ready`](Self::open_ready).
    pub async fn wait_until_ready(&self, reads: &Reads) -> Result<(), StoreError> {
        match self.kind()? {
            Kind::MySql(_) => {
                first_connection(self.bounds(), || reads.check_schema().boxed()).await
            }
            Kind::Sqlite(_) => reads.check_schema().await,
        }
    }

    /// Fails where the store is a file that is not there; a server is there until it is called.
    ///
    /// # Errors
    /// [`StoreError::Absent`], or [`StoreError::Settings`].
    pub fn check_there(&self) -> Result<(), StoreError> {
        let Kind::Sqlite(url) = self.kind()? else { return Ok(()) };
        let file = sqlite::file_of(url)?;
        if file.exists() {
            return Ok(());
        }
        let file = std::path::absolute(&file).unwrap_or(file);
        Err(StoreError::Absent { file: file.display().to_string() })
    }

    /// True when the store is a file on this machine.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.url().unwrap_or(DEFAULT_URL).starts_with("sqlite:")
    }
}

/// Where the store is, by the URL's scheme.
enum Kind<'a> {
    MySql(&'a str),
    Sqlite(&'a str),
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
