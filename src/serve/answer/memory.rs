//! How much memory answers may hold while their clients take them, however slowly.
//!
//! Small answers and streams have a share each, so that a client that takes a long range slowly is in
//! the way of other long ranges only.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

/// Whole answers that are held, all together. Those of the cache do not count: they are held once.
const WHOLE_KIB: usize = 32 << 10;

/// An answer up to this length is always held: connections are few enough.
const FREE_BYTES: usize = 16 << 10;

/// Streams at once at most. Each holds a page, what it has written and is not taken, and where it is
/// compressed the compressor's window: half a megabyte.
const STREAMS: usize = 128;

/// Pages of streams that are read at once at most: half of the connections to the store that there are
/// by default. The other half, and the processor, are for requests for little.
const PAGES: usize = 2;

/// Long answers that are made whole at once at most, some megabytes each; and those with the ones that
/// wait for it, which are in the way of requests for little.
const BUILDS: usize = 2;
const BUILDERS: usize = 16;

/// Answers of all sites, as a stream, that are under way at once; and how long the next waits for its turn, a
/// little less than any answer may take to begin.
const BULK: usize = 2;
const BULK_WAIT: Duration = Duration::from_secs(9);

/// Listeners to events at once at most.
const LISTENERS: usize = 256;

/// What there is room for.
pub(crate) struct Memory {
    whole_kib: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    pages: Arc<Semaphore>,
    builds: Arc<Semaphore>,
    builders: Arc<Semaphore>,
    bulk: Arc<Semaphore>,
    listeners: Arc<Semaphore>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        let room = |size| Arc::new(Semaphore::new(size));
        Self {
            whole_kib: room(WHOLE_KIB),
            streams: room(STREAMS),
            pages: room(PAGES),
            builds: room(BUILDS),
            builders: room(BUILDERS),
            bulk: room(BULK),
            listeners: room(LISTENERS),
        }
    }

    /// Bytes that count until they are dropped, which is when the client has taken them.
    pub(crate) fn hold(&self, bytes: Bytes) -> Result<Bytes, Problem> {
        if bytes.len() <= FREE_BYTES {
            return Ok(bytes);
        }
        let kib = u32::try_from(bytes.len() / 1024 + 1).unwrap_or(u32::MAX);
        let permit = self.whole_kib.clone().try_acquire_many_owned(kib);
        let permit = permit.map_err(|_| Problem::busy("too many answers are being taken"))?;
        Ok(Bytes::from_owner(Held { bytes, _permit: permit }))
    }

    /// Room for a stream.
    pub(crate) fn stream(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let permit = self.streams.clone().try_acquire_owned();
        permit.map_err(|_| Problem::busy("too many long answers are being taken"))
    }

    /// Room for a stream of all sites, as soon as there is some.
    pub(crate) async fn bulk(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let turn = tokio::time::timeout(BULK_WAIT, self.bulk.clone().acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok);
        turn.ok_or_else(|| Problem::busy("other answers of many sites are under way"))
    }

    /// Turns to read a page of a stream.
    pub(crate) fn turns(&self) -> Arc<Semaphore> {
        self.pages.clone()
    }

    /// Room for making a long answer whole, as soon as there is some.
    pub(crate) async fn build(&self) -> Result<Building, Problem> {
        let busy = || Problem::busy("too many long answers are being made");
        let builder = self.builders.clone().try_acquire_owned().map_err(|_| busy())?;
        let build = self.builds.clone().acquire_owned().await.map_err(|_| busy())?;
        Ok(Building { _permits: [builder, build] })
    }

    /// Room for a listener to events.
    pub(crate) fn listener(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let permit = self.listeners.clone().try_acquire_owned();
        permit.map_err(|_| Problem::busy("too many are listening"))
    }
}

/// A long answer that is being made.
pub(crate) struct Building {
    _permits: [OwnedSemaphorePermit; 2],
}

struct Held {
    bytes: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_back_when_the_bytes_are_dropped() {
        let memory = Memory::new();
        let megabyte = || Bytes::from(vec![0; (1 << 20) - 1]);
        let held: Vec<_> = (0..32).map(|_| memory.hold(megabyte()).unwrap()).collect();
        assert!(memory.hold(megabyte()).is_err());
        assert_eq!(memory.hold(Bytes::from_static(b"short")).unwrap(), "short");
        drop(held);
        assert_eq!(memory.hold(megabyte()).unwrap(), megabyte());
    }
}
