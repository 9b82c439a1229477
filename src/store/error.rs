//! What can go wrong with the store, by what to do next.

use crate::domain::Month;
use crate::retry::Transient;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The settings cannot be used.
    #[error("{0}")]
    Settings(String),
    /// The store is a file, and it is not there: what only reads does not make it.
    #[error("there is no store: {file} is not there")]
    Absent {
        /// Where it was looked for.
        file: String,
    },
    /// No connection, or it broke.
    #[error("the store cannot be reached")]
    Unreachable(#[source] sqlx::Error),
    /// The connection cannot be secured, or the server's certificate not be believed.
    #[error("no TLS connection to the store that can be trusted")]
    Tls(#[source] sqlx::Error),
    /// The transaction lost against another one (deadlock, lock wait): repeat it whole.
    #[error("another transaction was in the way")]
    Conflict(#[source] sqlx::Error),
    /// The server allows no more connections.
    #[error("the store allows no more connections")]
    Crowded(#[source] sqlx::Error),
    /// The server takes no change, which passes when another one takes over.
    #[error("the server is read-only: a replica, or a demoted primary")]
    ReadOnly(#[source] sqlx::Error),
    /// What may pass has not passed for as long as it was repeated.
    #[error(transparent)]
    Lasting(Box<StoreError>),
    /// User, password or privilege.
    #[error("the store refused access")]
    AccessDenied(#[source] sqlx::Error),
    /// No room left on the disk.
    #[error("the store has no room left")]
    Full(#[source] sqlx::Error),
    /// The run was set aside, by another start or by a sync.
    #[error("run {run_id} is no longer open: it was silent past its lease and was set aside")]
    Fenced {
        /// The run.
        run_id: String,
    },
    /// Rows of a month are asked for that have left the store.
    #[error("{month} of {table} is archived: its rows are in the lake")]
    LeftMonth {
        /// The table.
        table: &'static str,
        /// The month.
        month: Month,
    },
    /// The lake that has the months which have left the store cannot be read.
    #[error("the lake cannot be read that has the archived months")]
    Lake(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row is of a month that is being archived, or has left.
    #[error("{month} of {table} is archived: nothing may be written to it")]
    ArchivedMonth {
        /// The table.
        table: &'static str,
        /// The month.
        month: Month,
    },
    /// The schema was migrated by a newer program.
    #[error("the store's schema is version {found}, newer than this program, which knows {known}")]
    SchemaTooNew {
        /// The version found.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The schema lacks migrations.
    #[error("the store's schema is not up to date: migration {missing} is missing")]
    SchemaTooOld {
        /// The first migration that is missing.
        missing: i64,
    },
    /// A migration ended half-way.
    #[error("migration {version} of the store's schema ended half-way")]
    SchemaHalfDone {
        /// The migration.
        version: i64,
    },
    /// A migration failed.
    #[error("the store's schema could not be migrated")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// An observation has a value that is none: not finite, or far out of any range.
    #[error("an observation of {site_id} is refused: its {column} is no number that can be")]
    NotANumber {
        /// The site.
        site_id: String,
        /// The column.
        column: &'static str,
    },
    /// A forecast is there with other values. Forecasts are only added: what was said stays said.
    #[error(
        "the {product} forecast of {site_id} that was available at {available_at} is there with other values"
    )]
    IssueChanged {
        /// The site.
        site_id: String,
        /// The kind of forecast.
        product: &'static str,
        /// When it was available.
        available_at: String,
    },
    /// A row lacks a value that every row has.
    #[error("the store holds a row that cannot be")]
    Malformed(#[from] arrow_schema::ArrowError),
    /// Anything else.
    #[error("the store failed")]
    Other(#[source] sqlx::Error),
}

impl StoreError {
    /// Its kind, as the log names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Settings(_) => "settings",
            Self::Absent { .. } => "store_absent",
            Self::Unreachable(_) => "store_unreachable",
            Self::Tls(_) => "store_tls",
            Self::Conflict(_) => "store_conflict",
            Self::Crowded(_) => "store_crowded",
            Self::ReadOnly(_) => "store_read_only",
            Self::Lasting(error) => error.kind(),
            Self::AccessDenied(_) => "store_access_denied",
            Self::Full(_) => "store_full",
            Self::Fenced { .. } => "store_fenced",
            Self::ArchivedMonth { .. } => "archived_month",
            Self::LeftMonth { .. } => "archived",
            Self::Lake(_) => "lake_unavailable",
            Self::SchemaTooNew { .. } => "store_schema_too_new",
            Self::SchemaTooOld { .. } => "store_schema_too_old",
            Self::SchemaHalfDone { .. } => "store_schema_half_done",
            Self::Migration(_) => "store_migration",
            Self::IssueChanged { .. } => "issue_changed",
            Self::Malformed(_) | Self::NotANumber { .. } => "store_malformed",
            Self::Other(_) => "store_other",
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Settings(_) => {
                "set DATABASE_URL, as in mysql://user:password@host/database or sqlite://weather.db"
            }
            Self::Absent { .. } => {
                "`weather etl` makes it; another is named by --database-url or DATABASE_URL"
            }
            Self::Unreachable(_) => {
                "check that the database runs and that host, port and TLS of DATABASE_URL are right; `weather doctor` looks at each; the slots left stay due"
            }
            Self::Tls(_) => {
                "the server has to offer TLS, and DATABASE_CA to be its certificate authority (PEM); ssl-mode in DATABASE_URL must not turn TLS off"
            }
            Self::Conflict(_) => {
                "start again: what was committed is kept, and only the rest is collected"
            }
            Self::Crowded(_) => {
                "lower DATABASE_MAX_CONNECTIONS, or the number of tasks, or raise max_user_connections or max_connections of the server; the slots left stay due"
            }
            Self::ReadOnly(_) => {
                "let DATABASE_URL name the primary; if one has just taken over, start again: the slots left stay due"
            }
            Self::Lasting(error) => error.hint(),
            Self::AccessDenied(_) => {
                "check user and password in DATABASE_URL; the user needs select, insert and update on every table, and create, alter and index for `weather migrate`"
            }
            Self::Full(_) => {
                "make room on the database's disk and start again: what was committed is kept"
            }
            Self::Fenced { .. } => {
                "nothing to do: the next start collects what is left; look at the runs with `weather runs`"
            }
            Self::Lake(_) => "see the cause; `weather lake status` asks the lake",
            Self::LeftMonth { .. } => {
                "ask for later days, or bring the month back: `weather restore --month`; `weather lake ddl` shows how to read the lake"
            }
            Self::ArchivedMonth { .. } => {
                "nothing of the batch was written; `weather restore --month` brings a month back, and it may be written to then"
            }
            Self::SchemaTooNew { .. } => {
                "update this program to the version that migrated the store"
            }
            Self::SchemaTooOld { .. } => {
                "run `weather migrate` as a user with create, alter and index privileges"
            }
            Self::SchemaHalfDone { .. } => {
                "it is under way elsewhere, or was cut off: `weather migrate` waits for it and carries it through, as every `weather etl` does"
            }
            Self::Migration(_) => {
                "run `weather migrate` as a user with create, alter, index, select, insert and update privileges"
            }
            Self::NotANumber { .. } => {
                "nothing of its batch was written; a source should have refused the value: report it to the developers"
            }
            Self::IssueChanged { .. } => {
                "nothing of its batch was written; two programs with other clocks or other transforms write this store: stop one, then start again"
            }
            Self::Malformed(_) => {
                "a table was changed by hand: the cause names the column; mend the row, or `weather migrate`"
            }
            Self::Other(_) => "see the cause; `weather doctor` looks at the store",
        }
    }
}

impl Transient for StoreError {
    fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Conflict(_) | Self::Crowded(_) | Self::ReadOnly(_)
        )
    }
}
