//! What the query API reads.

use super::error::store_error;

crate::store::query::queries!(sqlx::SqlitePool, store_error);
