//! What the query API reads.

use super::error::store_error;

crate::store::query::queries!(sqlx::MySqlPool, store_error);
