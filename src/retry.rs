//! The one place that tries again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::clock::{Clock, SystemClock};

/// An error that knows whether another try may go well.
pub trait Transient {
    /// True when it may.
    fn is_transient(&self) -> bool;

    /// How long the other side asked us to wait, if it said so.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// How often and how fast to try again: exponential backoff with jitter.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Tries in all, at least 1.
    pub max_attempts: u32,
    /// Wait after the first failure; doubled after each further one, with jitter on top.
    pub first_wait: Duration,
    /// Longest wait. Who is asked to wait longer gives up.
    pub longest_wait: Duration,
}

impl RetryPolicy {
    /// The waits between its attempts.
    pub fn waits(self) -> impl Iterator<Item = Duration> + Send {
        ExponentialBuilder::default()
            .with_min_delay(self.first_wait)
            .with_max_delay(self.longest_wait)
            .with_max_times(self.max_attempts.saturating_sub(1) as usize)
            .with_jitter()
            .build()
    }
}

/// Waits before another attempt, in real time, whatever the injected clock shows.
pub async fn pause(wait: Duration) {
    SystemClock.sleep(wait).await;
}

/// Makes `attempt` until it succeeds, fails for good, or the policy is exhausted; returns the last
/// result.
///
/// # Errors
/// The last error of `attempt`.
pub async fn retry<T, E: Transient>(
    clock: &dyn Clock,
    policy: RetryPolicy,
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let mut waits = policy.waits();
    loop {
        let error = match attempt().await {
            Err(error) if error.is_transient() => error,
            result => return result,
        };
        let Some(wait) = waits.next() else { return Err(error) };
        match error.retry_after() {
            Some(asked) if asked > policy.longest_wait => return Err(error),
            asked => clock.sleep(asked.map_or(wait, |asked| asked.max(wait))).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::clock::SteppedClock;

    #[derive(Debug, PartialEq)]
    struct Busy {
        transient: bool,
        retry_after: Option<Duration>,
    }

    impl Transient for Busy {
        fn is_transient(&self) -> bool {
            self.transient
        }

        fn retry_after(&self) -> Option<Duration> {
            self.retry_after
        }
    }

    const POLICY: RetryPolicy = RetryPolicy {
        max_attempts: 4,
        first_wait: Duration::from_millis(500),
        longest_wait: Duration::from_secs(60),
    };

    async fn failing(busy: fn() -> Busy) -> (u32, f64) {
        let start = DateTime::from_timestamp(0, 0).unwrap();
        let clock = SteppedClock::new(start);
        let mut attempts = 0;
        let result: Result<(), Busy> = retry(&clock, POLICY, async || {
            attempts += 1;
            Err(busy())
        })
        .await;
        assert_eq!(result, Err(busy()));
        (attempts, (clock.now() - start).as_seconds_f64())
    }

    #[tokio::test]
    async fn a_transient_error_is_tried_so_many_times_with_growing_waits() {
        let (attempts, waited_s) = failing(|| Busy { transient: true, retry_after: None }).await;
        assert_eq!(attempts, 4);
        assert!((3.5..=7.0).contains(&waited_s), "{waited_s}");
    }

    #[tokio::test]
    async fn an_error_for_good_is_not_tried_again() {
        assert_eq!(failing(|| Busy { transient: false, retry_after: None }).await, (1, 0.0));
    }

    #[tokio::test]
    async fn it_waits_as_long_as_it_is_asked_to() {
        let asked = || Busy { transient: true, retry_after: Some(Duration::from_secs(20)) };
        assert_eq!(failing(asked).await, (4, 60.0));
    }

    #[tokio::test]
    async fn it_gives_up_when_asked_to_wait_too_long() {
        let asked = || Busy { transient: true, retry_after: Some(Duration::from_secs(61)) };
        assert_eq!(failing(asked).await, (1, 0.0));
    }
}
