//! Answers kept in memory, each under what it answers and the state of the store that it is of.
//!
//! What is kept under an older state is never asked for again, so that nothing is stale and nothing
//! has to be expired; what is not asked for makes room.

use bytes::Bytes;
use moka::future::Cache;

use super::format::Format;

/// All answers together.
const CACHE_BYTES: u64 = 32 << 20;

/// What an entry costs beside its bytes.
const ENTRY_BYTES: usize = 512;

/// What an answer is kept under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// What is asked: path and parameters, always written in one way.
    pub(super) question: String,
    /// In which form.
    pub(super) format: Format,
    /// The state of the store, and of what else the answer depends on.
    pub(super) version: String,
}

/// The answers kept.
pub(super) struct Answers {
    kept: Cache<Key, Bytes>,
}

impl Answers {
    pub(super) fn new() -> Self {
        let cost = |key: &Key, bytes: &Bytes| {
            let bytes = bytes.len() + key.question.len() + key.version.len() + ENTRY_BYTES;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        Self { kept: Cache::builder().max_capacity(CACHE_BYTES).weigher(cost).build() }
    }

    pub(super) async fn find(&self, key: &Key) -> Option<Bytes> {
        self.kept.get(key).await
    }

    pub(super) async fn keep(&self, key: Key, answer: Bytes) {
        self.kept.insert(key, answer).await;
    }
}
