//! How long the store may take: a bound on each attempt, and one on all attempts together.
//!
//! A server that takes a statement and never answers looks like one that is slow. So every wait for the
//! store ends here ([`docs/decisions/0020`](../../docs/decisions/0020-every-wait-has-a-bound.md)): the
//! attempt is given up, its connection is closed with it, and the operation is repeated on another one.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::time::{Instant, timeout};

use super::StoreError;
use super::settings::{READER_PATIENCE, STATEMENT_LIMIT};
use crate::retry::{RetryPolicy, Transient as _, pause};

/// Where the log says what is waited for.
pub const LOG_TARGET: &str = module_path!();

/// Waits between attempts. How many there are the bound decides.
const AGAIN: RetryPolicy = RetryPolicy {
    max_attempts: u32::MAX,
    first_wait: Duration::from_millis(100),
    longest_wait: Duration::from_secs(5),
};

/// Waits between attempts at the first connection: 1 to 2 s each, by the jitter.
const FIRST_CONNECTION: RetryPolicy = RetryPolicy {
    max_attempts: u32::MAX,
    first_wait: Duration::from_secs(1),
    longest_wait: Duration::from_secs(1),
};

/// A connection takes some round trips and a hash of the password, however short the other bounds are.
const LEAST_CONNECT: Duration = Duration::from_secs(1);

/// How often a long migration is heard of.
const NOTE_PERIOD: Duration = Duration::from_secs(60);

/// The bound of a kind of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Longest time of an attempt.
    pub each: Duration,
    /// Longest time of all attempts together; `None`: there is only one.
    pub in_all: Option<Duration>,
}

/// The bounds of every operation of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Of an operation that reads; also of the wait for the next row of a stream.
    pub read: Bound,
    /// Of an operation that writes.
    pub write: Bound,
    /// Of a change of the schema.
    pub migration: Bound,
    /// Longest time of an attempt to connect, and of the proof that an idle connection still is one.
    pub connect: Duration,
    /// How long the first connection is tried for.
    pub first_connection: Duration,
}

impl Bounds {
    /// The bounds that follow from the longest time of an attempt to read: 15 s gives 60 s for a read,
    /// 30 and 120 s (a lease) for a write, 10 minutes for a migration and 5 s for a connection.
    #[must_use]
    pub fn of(read: Duration, first_connection: Duration) -> Self {
        let bound = |each, in_all| Bound { each, in_all: Some(in_all) };
        Self {
            read: bound(read, read * 4),
            write: bound(read * 2, read * 8),
            migration: bound(read * 40, read * 40),
            connect: (read / 3).max(LEAST_CONNECT),
            first_connection,
        }
    }

    /// The same for a reader that somebody is waiting for: one attempt, little longer than the server's
    /// own limit.
    pub(super) fn of_reader(self) -> Self {
        let bound = Bound { each: READER_PATIENCE + STATEMENT_LIMIT, in_all: None };
        Self { read: bound, write: bound, connect: self.connect.min(READER_PATIENCE), ..self }
    }
}

impl Bound {
    /// Makes attempts until one succeeds or fails for good, or the time is over.
    ///
    /// # Errors
    /// The last error; one that might have passed, and was repeated for as long as it may be, is
    /// [`StoreError::Lasting`].
    pub(super) async fn repeat<'f, T>(
        self,
        mut operation: impl FnMut() -> BoxFuture<'f, Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let Some(in_all) = self.in_all else { return self.once(operation()).await };
        let end = Instant::now() + in_all;
        let mut waits = AGAIN.waits();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let error = match attempt(self.each.min(left), operation()).await {
                Err(error) if error.is_transient() => error,
                result => return result,
            };
            let wait = waits.next().unwrap_or(AGAIN.longest_wait);
            if Instant::now() + wait >= end {
                return Err(StoreError::Lasting(Box::new(error)));
            }
            tracing::debug!(error_kind = error.kind(), "repeating an operation of the store");
            pause(wait).await;
        }
    }

    /// Makes the only attempt at what must not be repeated.
    pub(super) async fn once<T>(
        self,
        operation: BoxFuture<'_, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        attempt(self.each, operation).await
    }
}

/// Rows, each of which comes within the bound. A stream that fails before its first row is begun again as
/// any operation is; one that fails later ends with the error, since its first rows are taken already.
pub(super) fn bounded_rows<'a, T: Send + 'a>(
    bound: Bound,
    begin: impl Fn() -> BoxStream<'a, Result<T, StoreError>> + Send + Sync + 'a,
) -> BoxStream<'a, Result<T, StoreError>> {
    let begun = async move {
        let first = bound.repeat(|| {
            let mut rows = begin();
            async move {
                let first = rows.next().await.transpose()?;
                Ok(first.map(|row| (row, rows)))
            }
            .boxed()
        });
        match first.await {
            Ok(Some((row, rows))) => {
                stream::iter([Ok(row)]).chain(further_rows(bound.each, rows)).boxed()
            }
            Ok(None) => stream::empty().boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    };
    begun.flatten_stream().boxed()
}

/// The rows after the first. One that does not come ends the stream, and its connection with it.
fn further_rows<'a, T: Send + 'a>(
    limit: Duration,
    rows: BoxStream<'a, Result<T, StoreError>>,
) -> BoxStream<'a, Result<T, StoreError>> {
    let rows = AssertUnwindSafe(rows).catch_unwind();
    stream::unfold(Some(rows), move |rows| async move {
        let mut rows = rows?;
        match timeout(limit, rows.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(row))) => Some((row, Some(rows))),
            Ok(Some(Err(panic))) => Some((Err(panicked(&*panic)), None)),
            Err(_) => Some((Err(silent(limit)), None)),
        }
    })
    .boxed()
}

/// Tries to reach the store for the first time: a network that is just being set up lets no packet pass.
/// Who is refused for another reason is not kept waiting.
///
/// # Errors
/// The last error when the time is over, or the first that no other attempt can change.
pub(super) async fn first_connection<'f>(
    bounds: Bounds,
    mut connect: impl FnMut() -> BoxFuture<'f, Result<(), StoreError>> + Send,
) -> Result<(), StoreError> {
    let end = Instant::now() + bounds.first_connection;
    let mut waits = FIRST_CONNECTION.waits();
    let mut is_noted = false;
    loop {
        let error = match attempt(bounds.connect, connect()).await {
            Err(error) if error.is_transient() => error,
            result => return result,
        };
        let wait = waits.next().unwrap_or(FIRST_CONNECTION.longest_wait);
        if Instant::now() + wait >= end {
            return Err(error);
        }
        if !is_noted {
            is_noted = true;
            let seconds = bounds.first_connection.as_secs();
            tracing::info!("waiting for the network: the store is tried for {seconds} s ({error})");
        }
        pause(wait).await;
    }
}

/// Waits for a change of the schema, and says every minute that it goes on.
pub(super) async fn noting<T>(migrating: impl Future<Output = T>) -> T {
    let started = Instant::now();
    tokio::pin!(migrating);
    loop {
        if let Ok(migrated) = timeout(NOTE_PERIOD, &mut migrating).await {
            return migrated;
        }
        let minutes = started.elapsed().as_secs() / 60;
        tracing::info!(minutes, "the schema is being changed; the server is still at it");
    }
}

/// One attempt. Given up, it is dropped, and its connection with it. A driver that panics over a packet
/// that it cannot read has met a broken connection.
async fn attempt<T>(
    limit: Duration,
    operation: BoxFuture<'_, Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match timeout(limit, AssertUnwindSafe(operation).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(panicked(&*panic)),
        Err(_) => Err(silent(limit)),
    }
}

/// The store has said nothing for so long.
fn silent(limit: Duration) -> StoreError {
    let words = format!("no answer within {} s", limit.as_secs_f32());
    let error = std::io::Error::new(std::io::ErrorKind::TimedOut, words);
    StoreError::Unreachable(sqlx::Error::Io(error))
}

/// The driver has panicked.
fn panicked(panic: &(dyn Any + Send)) -> StoreError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let words = format!("the answer cannot be read ({})", text.unwrap_or("no reason is given"));
    StoreError::Unreachable(sqlx::Error::Protocol(words))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const READ: Duration = Duration::from_secs(15);

    fn bounds() -> Bounds {
        Bounds::of(READ, Duration::from_secs(120))
    }

    fn lost() -> StoreError {
        StoreError::Unreachable(sqlx::Error::WorkerCrashed)
    }

    /// How often it was tried, for how many seconds, and what came of it.
    async fn tried(
        bound: Bound,
        operation: impl Fn(u32) -> BoxFuture<'static, Result<(), StoreError>> + Send + Sync,
    ) -> (u32, u64, Result<(), StoreError>) {
        let (start, attempts) = (Instant::now(), AtomicU32::new(0));
        let result = bound.repeat(|| operation(attempts.fetch_add(1, Ordering::Relaxed) + 1)).await;
        (attempts.into_inner(), start.elapsed().as_secs(), result)
    }

    fn never(_: u32) -> BoxFuture<'static, Result<(), StoreError>> {
        Box::pin(std::future::pending())
    }

    #[test]
    fn the_bounds_are_those_that_are_written_down() {
        let seconds = |bound: Bound| (bound.each.as_secs(), bound.in_all.map(|all| all.as_secs()));
        let bounds = bounds();
        assert_eq!(seconds(bounds.read), (15, Some(60)));
        assert_eq!(seconds(bounds.write), (30, Some(120)));
        assert_eq!(seconds(bounds.migration), (600, Some(600)));
        assert_eq!(bounds.connect.as_secs(), 5);
        let reader = bounds.of_reader();
        assert_eq!((seconds(reader.read), reader.connect.as_secs()), ((8, None), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_never_answers_is_asked_again_until_the_time_is_over() {
        for (bound, least_attempts, most_seconds) in
            [(bounds().read, 4, 60), (bounds().write, 4, 120)]
        {
            let (attempts, seconds, result) = tried(bound, never).await;
            assert!(attempts >= least_attempts, "{attempts}");
            assert!((most_seconds - 10..=most_seconds).contains(&seconds), "{seconds}");
            let Err(StoreError::Lasting(error)) = result else { panic!("{result:?}") };
            assert!(matches!(&*error, StoreError::Unreachable(_)), "{error:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_answers_the_second_time_has_answered() {
        let answer =
            |attempt| if attempt == 1 { never(attempt) } else { Box::pin(async { Ok(()) }) };
        let (attempts, seconds, result) = tried(bounds().read, answer).await;
        assert!(result.is_ok());
        assert_eq!((attempts, seconds), (2, 15));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_connection_is_repeated_for_as_long_and_a_refusal_is_not() {
        let (attempts, seconds, result) =
            tried(bounds().write, |_| Box::pin(async { Err(lost()) })).await;
        assert!(attempts > 10 && (110..=120).contains(&seconds), "{attempts}, {seconds}");
        assert!(matches!(result, Err(StoreError::Lasting(_))));
        let refused = || StoreError::AccessDenied(sqlx::Error::WorkerCrashed);
        let (attempts, _, result) =
            tried(bounds().write, move |_| Box::pin(async move { Err(refused()) })).await;
        assert_eq!(attempts, 1);
        assert!(matches!(result, Err(StoreError::AccessDenied(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_somebody_waits_for_asks_once() {
        let (attempts, seconds, result) = tried(bounds().of_reader().read, never).await;
        assert_eq!((attempts, seconds), (1, 8));
        assert!(matches!(result, Err(StoreError::Unreachable(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_driver_that_panics_has_lost_its_connection() {
        let (attempts, _, result) = tried(bounds().read, |attempt| {
            Box::pin(async move {
                assert!(attempt > 1, "range end out of bounds");
                Ok(())
            })
        })
        .await;
        assert!(result.is_ok());
        assert_eq!(attempts, 2);
        let (_, _, result) =
            tried(bounds().read, |_| Box::pin(async { panic!("advance out of bounds") })).await;
        let error = result.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("advance out of bounds"), "{cause}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_connection_is_tried_until_packets_pass() {
        let (start, attempts) = (Instant::now(), AtomicU32::new(0));
        let connect = || -> BoxFuture<'static, _> {
            attempts.fetch_add(1, Ordering::Relaxed);
            // Nothing passes for 70 s; a packet that got lost is not answered later.
            let is_up = start.elapsed() >= Duration::from_secs(70);
            if is_up { Box::pin(async { Ok(()) }) } else { never(0) }
        };
        first_connection(bounds(), connect).await.unwrap();
        let seconds = start.elapsed().as_secs();
        assert!((70..80).contains(&seconds), "{seconds}");
        // Each 5 s, with 1 to 2 s between.
        let attempts = attempts.into_inner();
        assert!((11..=14).contains(&attempts), "{attempts}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_connection_is_given_up_in_time_and_a_refusal_at_once() {
        for (patience, wanted) in [(120, 115..=125), (10, 6..=15)] {
            let start = Instant::now();
            let bounds = Bounds::of(READ, Duration::from_secs(patience));
            assert!(first_connection(bounds, || never(0)).await.is_err());
            assert!(wanted.contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
        }
        for refusal in [StoreError::AccessDenied, StoreError::Tls] {
            let (start, attempts) = (Instant::now(), AtomicU32::new(0));
            let connect = || -> BoxFuture<'static, _> {
                attempts.fetch_add(1, Ordering::Relaxed);
                Box::pin(async move { Err(refusal(sqlx::Error::WorkerCrashed)) })
            };
            assert!(first_connection(bounds(), connect).await.is_err());
            assert_eq!((attempts.into_inner(), start.elapsed()), (1, Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_migration_is_waited_for() {
        let (start, migrating) = (Instant::now(), pause(Duration::from_secs(190)));
        noting(migrating).await;
        assert_eq!(start.elapsed().as_secs(), 190);
    }
}
