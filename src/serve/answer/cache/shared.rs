//! Answers that the instances share, in Redis.
//!
//! Redis may be away, slow or full: an answer is then made from the store, as it would be without it.
//! So nothing waits for it for longer than `LIMIT`, and what fails once is not tried again by a
//! request: a task asks Redis each second, and only while it answers do others.
//!
//! An answer's key holds all that it depends on, so that none that is found can be wrong: the build of
//! the program, since another may write it in another way; the state of the store with the id of its
//! latest run, which no other store has; and the query.

use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use redis::{Client, Cmd, FromRedisValue};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::Key;
use link::{Failed, Link};

mod link;

/// How long an answer waits for Redis at most. One that is found takes about a millisecond.
const LIMIT: Duration = Duration::from_millis(50);

/// How often Redis is asked whether it is there.
const PERIOD: Duration = Duration::from_secs(1);

/// How long an answer is kept, in seconds. The next run makes it useless; Redis need not hold it for
/// ever.
const KEPT_SECONDS: u32 = 3600;

/// Answers on their way to Redis at most; the next are kept in memory only.
const WRITES: usize = 16;

/// Written each second, since a Redis that is full or a replica would answer to PING.
const PROBE: &str = "weather:probe";
const PROBE_SECONDS: u32 = 60;

/// Which Redis; it is not spoken to until the server runs.
pub struct SharedCache {
    client: Client,
    limit: Duration,
}

/// A URL that is none of a Redis. It may hold a password, and is not repeated.
#[derive(Debug, thiserror::Error)]
#[error(
    "no URL of a Redis: expected redis://[[user]:password@]host[:port][/number], or rediss:// for TLS; in a password / # ? @ % are percent-encoded (/ is %2F)"
)]
pub struct NoRedis;

impl SharedCache {
    /// The Redis at this URL.
    ///
    /// # Errors
    /// [`NoRedis`] when it is of another form.
    pub fn parse(url: &str) -> Result<Self, NoRedis> {
        let parsed = url::Url::parse(url).map_err(|_| NoRedis)?;
        // A fragment would turn the verification of certificates off.
        if !["redis", "rediss"].contains(&parsed.scheme()) || parsed.fragment().is_some() {
            return Err(NoRedis);
        }
        let client = Client::open(parsed).map_err(|_| NoRedis)?;
        Ok(Self { client, limit: LIMIT })
    }

    /// The same, waited for as long as that: tests have other things to time.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }
}

/// The answers in Redis.
pub(crate) struct Shared {
    client: Client,
    limit: Duration,
    link: Link,
    build: OnceLock<String>,
    writes: Arc<Semaphore>,
}

impl Shared {
    pub(crate) fn new(SharedCache { client, limit }: SharedCache) -> Self {
        let writes = Arc::new(Semaphore::new(WRITES));
        Self { client, limit, link: Link::default(), build: OnceLock::new(), writes }
    }

    /// Whether it takes part.
    fn is_up(&self) -> bool {
        self.link.is_up()
    }

    /// The same as a figure.
    pub(crate) fn figures(&self) -> Registry {
        let (mut registry, up) = (Registry::default(), Gauge::<i64>::default());
        up.set(i64::from(self.is_up()));
        registry.register("weather_shared_cache_up", "Whether Redis takes part", up);
        registry
    }

    pub(super) async fn find(&self, key: &Key) -> Option<Bytes> {
        let name = self.name(key).filter(|_| self.is_up())?;
        let found: Option<Vec<u8>> = self.ask(redis::cmd("GET").arg(name)).await?;
        found.map(Bytes::from)
    }

    /// Keeps an answer; nobody waits for it.
    pub(super) fn keep(self: Arc<Self>, key: &Key, answer: Bytes) {
        let Ok(permit) = self.writes.clone().try_acquire_owned() else { return };
        let Some(name) = self.name(key).filter(|_| self.is_up()) else { return };
        tokio::spawn(async move {
            let _permit = permit;
            let mut set = redis::cmd("SET");
            set.arg(name).arg(&answer[..]).arg("EX").arg(KEPT_SECONDS);
            self.ask::<()>(&set).await
        });
    }

    /// Asks Redis each second whether it takes part, and connects again where it has gone; until the
    /// program ends.
    pub(crate) async fn watch(self: Arc<Self>, shutdown: CancellationToken) {
        let Ok(Ok(build)) = tokio::task::spawn_blocking(build).await else {
            tracing::warn!(
                error_kind = "cache",
                "the program's file cannot be read: nothing is shared"
            );
            return;
        };
        self.build.get_or_init(|| build);
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            self.link.connect(&self.client).await;
            let mut probe = redis::cmd("SET");
            probe.arg(PROBE).arg(1).arg("EX").arg(PROBE_SECONDS);
            if self.ask::<()>(&probe).await.is_some() {
                self.link.works();
            }
        }
    }

    /// What Redis answers, if it does, and in time.
    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let (mut connection, number) = self.link.connection()?;
        let failed =
            match tokio::time::timeout(self.limit, command.query_async(&mut connection)).await {
                Ok(Ok(answer)) => return Some(answer),
                Ok(Err(error)) => Failed::Error(error),
                Err(_) => Failed::Late,
            };
        self.link.failed(number, &failed);
        None
    }

    /// What an answer is kept under. A query may be long, and is there as its hash.
    fn name(&self, Key { query, format, version }: &Key) -> Option<String> {
        let build = self.build.get()?;
        let query = Sha256::digest(format!("{query}\n{}", format.media_type()));
        Some(format!("weather:{build}:{version}:{}", hex(&query)))
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The program's version and the hash of its file: what is the same in all instances of one image.
fn build() -> io::Result<String> {
    let own = Path::new("/proc/self/exe"); // also of a file that has been replaced since
    let mut file = if own.exists() {
        std::fs::File::open(own)?
    } else {
        std::fs::File::open(std::env::current_exe()?)?
    };
    let (mut hash, mut bytes) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut bytes)? {
            0 => break,
            length => hash.update(&bytes[..length]),
        }
    }
    Ok(format!("{}:{}", env!("CARGO_PKG_VERSION"), &hex(&hash.finalize())[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_one_of_a_redis_and_is_not_repeated() {
        for url in ["redis://cache", "redis://:a@cache:6380/1", "rediss://user:a@10.0.0.1"] {
            assert!(SharedCache::parse(url).is_ok(), "{url}");
        }
        let wrong =
            ["", "cache:6379", "http://:pa55@cache", "redis://:pa55@", "rediss://:pa55@a#insecure"];
        for url in wrong.into_iter().chain(["redis://:pa55@cache/one", "unix:///pa55"]) {
            let error = SharedCache::parse(url).err().expect(url).to_string();
            assert!(error.contains("redis://") && !error.contains("pa55"), "{error}");
        }
    }

    #[test]
    fn the_build_is_the_same_for_all_who_run_one_file() {
        assert_eq!(build().unwrap(), build().unwrap());
    }
}
