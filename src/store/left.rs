//! Rows that have left the store, where they are now.

use std::error::Error;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::tables::Table;

/// Why such rows cannot be read.
pub type LeftError = Box<dyn Error + Send + Sync>;

/// Reads rows that have left the store.
#[async_trait]
pub trait LeftRows: Send + Sync {
    /// The rows of a site and source from one time up to another, which is left out, in the order of time. Both
    /// are of one day (UTC).
    async fn read_series(
        &self,
        table: &'static Table,
        series: (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<RecordBatch>, LeftError>;
}
