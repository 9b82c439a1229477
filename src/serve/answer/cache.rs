//! Answers kept, each under what it answers and the state of the store that it is of: in memory, and
//! where there is a Redis, in it too, for the other instances ([`shared`]).
//!
//! What is kept under an older state is never asked for again, so that nothing is stale and nothing
//! has to be expired; what is not asked for makes room.

use std::sync::Arc;

use bytes::Bytes;
use moka::future::Cache;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use super::format::Format;

pub(crate) mod shared;

use shared::{Shared, SharedCache};

/// All answers together: what keeps the whole program under 64 MB, with what the allocator holds back.
const CACHE_BYTES: u64 = 16 << 20;

/// What an entry costs beside its bytes.
const ENTRY_BYTES: usize = 512;

/// What an answer is kept under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// What is asked: the endpoint and its parameters.
    pub(crate) query: String,
    /// In which form.
    pub(crate) format: Format,
    /// The state of the store, and of what else the answer depends on.
    pub(crate) version: String,
}

/// What a figure is of.
pub(crate) type Labels = Vec<(&'static str, String)>;

/// How often an answer was looked for, by where it was.
pub(crate) type Lookups = Family<Labels, Counter>;

/// The answers kept.
pub(crate) struct Answers {
    kept: Cache<Key, Bytes>,
    shared: Option<Arc<Shared>>,
    lookups: Lookups,
}

impl Answers {
    pub(crate) fn new(shared: Option<SharedCache>, lookups: Lookups) -> Self {
        let shared = shared.map(Shared::new).map(Arc::new);
        let cost = |key: &Key, bytes: &Bytes| {
            let bytes = bytes.len() + key.query.len() + key.version.len() + ENTRY_BYTES;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder().max_capacity(CACHE_BYTES).weigher(cost).build();
        Self { kept, shared, lookups }
    }

    /// Whether the instances share them, as a figure.
    pub(crate) fn figures(&self) -> Registry {
        self.shared.as_deref().map(Shared::figures).unwrap_or_default()
    }

    /// Watches what the instances share; until the program ends.
    pub(crate) fn watch(&self, shutdown: CancellationToken) {
        if let Some(shared) = &self.shared {
            tokio::spawn(shared.clone().watch(shutdown));
        }
    }

    pub(crate) async fn find(&self, key: &Key) -> Option<Bytes> {
        if let Some(kept) = self.kept.get(key).await {
            self.count("memory");
            return Some(kept);
        }
        let found = match &self.shared {
            Some(shared) => shared.find(key).await,
            None => None,
        };
        self.count(if found.is_some() { "redis" } else { "nowhere" });
        if let Some(found) = &found {
            self.kept.insert(key.clone(), found.clone()).await;
        }
        found
    }

    pub(crate) async fn keep(&self, key: Key, answer: Bytes) {
        if let Some(shared) = &self.shared {
            shared.clone().keep(&key, answer.clone());
        }
        self.kept.insert(key, answer).await;
    }

    fn count(&self, found: &str) {
        self.lookups.get_or_create(&vec![("found", found.to_owned())]).inc();
    }
}
