//! Everything that only reads the store, apart from what a run itself has to know ([`Store`](super::Store)).
//!
//! Each query is one function with its SQL beside it, in the file of its concept; a `Statement` is
//! carried out on whichever database is there. Every wait has a bound, within which an operation is
//! repeated if its trouble may pass ([`Bounds`]): callers see one answer or one error.

use std::sync::Arc;

use arrow_schema::ArrowError;
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use super::bounds::bounded_rows;
use super::pool::{Pool, Statement, StoreRow};
use super::{Bounds, LeftRows, StoreError, mysql, sqlite};
use archive::Proved;

pub mod archive;
mod border;
pub mod calls;
pub mod filled;
pub mod forecasts;
pub mod kept;
pub mod ledger;
pub mod observations;
pub mod rows;
pub mod runs;
pub mod sites;
pub mod skill;
pub mod states;

/// Reads the store. Cheap to clone: the clones share the connections.
#[derive(Clone)]
pub struct Reads {
    pool: Pool,
    bounds: Bounds,
    proved: Proved,
    /// Where the rows of months are that have left the store.
    lake: Option<Arc<dyn LeftRows>>,
}

/// What can be said of the database itself.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreFacts {
    /// Made at the first migration.
    pub store_id: String,
    /// Product and version.
    pub version: String,
    /// How the connection is protected: the TLS version, or why there is none.
    pub transport: String,
    /// The database's clock.
    pub now: DateTime<Utc>,
}

impl Reads {
    /// Reads by these connections, within these bounds.
    pub(super) fn new(pool: Pool, bounds: Bounds) -> Self {
        Self { pool, bounds, proved: Proved::default(), lake: None }
    }

    /// Fails unless the schema is this program's.
    ///
    /// # Errors
    /// [`StoreError::SchemaTooOld`], [`StoreError::SchemaTooNew`] or [`StoreError::SchemaHalfDone`], else
    /// why the store cannot be read.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let check = || match &self.pool {
            Pool::MySql(pool) => mysql::check_schema(pool).boxed(),
            Pool::Sqlite(pool) => sqlite::check_schema(pool).boxed(),
        };
        self.bounds.read.repeat(check).await
    }

    /// What can be said of the database itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn facts(&self) -> Result<StoreFacts, StoreError> {
        let facts = || match &self.pool {
            Pool::MySql(pool) => mysql::facts(pool).boxed(),
            Pool::Sqlite(pool) => sqlite::facts(pool).boxed(),
        };
        self.bounds.read.repeat(facts).await
    }

    /// Until when no call may be made to `source`, if it is paused; may lie in the past.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn paused_until(&self, source: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.within(|pool| super::protocol::paused_until(pool, source).boxed()).await
    }

    /// An operation of several statements, within the bounds.
    async fn within<'a, T>(
        &'a self,
        operation: impl Fn(&'a Pool) -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync,
    ) -> Result<T, StoreError> {
        self.bounds.read.repeat(|| operation(&self.pool)).await
    }

    /// Every row.
    async fn all<T: StoreRow>(&self, statement: Statement) -> Result<Vec<T>, StoreError> {
        self.bounds.read.repeat(|| self.pool.fetch_all(&statement).boxed()).await
    }

    /// The only row, if there is one.
    async fn optional<T: StoreRow>(&self, statement: Statement) -> Result<Option<T>, StoreError> {
        self.bounds.read.repeat(|| self.pool.fetch_optional(&statement).boxed()).await
    }

    /// The only row, which is always there.
    async fn one<T: StoreRow>(&self, statement: Statement) -> Result<T, StoreError> {
        self.bounds.read.repeat(|| self.pool.fetch_one(&statement).boxed()).await
    }

    /// Row by row.
    fn stream<'a, T: StoreRow + 'a>(
        &'a self,
        statement: Statement,
    ) -> BoxStream<'a, Result<T, StoreError>> {
        bounded_rows(self.bounds.read, move || self.pool.fetch(&statement))
    }
}

/// A column of a row holds what it cannot.
fn malformed(problem: String) -> StoreError {
    StoreError::Malformed(ArrowError::InvalidArgumentError(problem))
}
