//! What the query API reads.

use super::connections::Connections;
use super::error::store_error;

crate::store::query::queries!(Connections, store_error);
