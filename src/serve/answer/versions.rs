//! Which state the store is in, asked for every request and read once for many.
//!
//! An answer is kept under the state that it is of, so a request must know the state that the store
//! was in when it came, or a later one. The requests that come while the state is being read wait
//! and share the next reading: there is one statement under way at most, however many ask.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Mutex;

use super::problem::Problem;
use crate::store::{Reads, RunVersion, StoreError};

/// Reads the state.
pub(crate) struct Versions {
    store: Arc<Reads>,
    last: Mutex<Option<Reading>>,
}

/// A reading: when it began, and what it gave.
struct Reading {
    began: Instant,
    result: Result<Arc<RunVersion>, Problem>,
}

impl Versions {
    pub(crate) fn new(store: Arc<Reads>) -> Self {
        Self { store, last: Mutex::new(None) }
    }

    /// The state of the store, read after this was called.
    pub(crate) async fn current(&self) -> Result<Arc<RunVersion>, Problem> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(reading) = last.as_ref().filter(|reading| reading.began >= asked) {
            return reading.result.clone();
        }
        let began = Instant::now();
        let result = self.store.run_version().await.map(Arc::new).map_err(StoreError::into);
        *last = Some(Reading { began, result: result.clone() });
        result
    }
}
