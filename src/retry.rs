//! The one place that tries again.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder, ExponentialBuilder};

use crate::clock::{Clock, SystemClock};

/// An error that knows whether another try may go well.
pub trait Transient {
    /// True when it may.
    fn is_transient(&self) -> bool;

    /// How long the other side asked us to wait, if it said so.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// True when nothing is wrong but that too much is asked at the same time: a moment later there
    /// may be room. Such an error is tried again [`CROWDED_TRIES`] times more than others.
    fn is_crowded(&self) -> bool {
        false
    }
}

/// Tries beyond a policy's own, where too much is asked at the same time.
pub const CROWDED_TRIES: u32 = 20;

/// Wait for room, with up to as much again as jitter: 1.5 to 3 s.
const CROWDED_WAIT: Duration = Duration::from_millis(1500);

/// How often and how fast to try again: exponential backoff with jitter.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Tries in all, at least 1.
    pub max_attempts: u32,
    /// Wait after the first failure; doubled after each further one, with jitter on top.
    pub first_wait: Duration,
    /// Longest wait. A longer one that is asked for ends the attempts.
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
    let crowded = ConstantBuilder::default().with_delay(CROWDED_WAIT).with_jitter();
    let mut crowded_waits = crowded.without_max_times().build();
    let mut crowded_tries = 0;
    loop {
        let error = match attempt().await {
            Err(error) if error.is_transient() => error,
            result => return result,
        };
        let wait = if error.is_crowded() {
            crowded_tries += 1;
            let is_left = crowded_tries <= CROWDED_TRIES || waits.next().is_some();
            crowded_waits.next().filter(|_| is_left)
        } else {
            waits.next()
        };
        let Some(wait) = wait else { return Err(error) };
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

    #[derive(Debug, Default, PartialEq)]
    struct Busy {
        transient: bool,
        retry_after: Option<Duration>,
        crowded: bool,
    }

    impl Transient for Busy {
        fn is_transient(&self) -> bool {
            self.transient
        }

        fn retry_after(&self) -> Option<Duration> {
            self.retry_after
        }

        fn is_crowded(&self) -> bool {
            self.crowded
        }
    }

    const POLICY: RetryPolicy = RetryPolicy {
        max_attempts: 4,
        first_wait: Duration::from_millis(500),
        longest_wait: Duration::from_secs(60),
    };

    async fn failing(busy: impl Fn() -> Busy) -> (u32, f64) {
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
        let (attempts, waited_s) = failing(|| Busy { transient: true, ..Busy::default() }).await;
        assert_eq!(attempts, 4);
        assert!((3.5..=7.0).contains(&waited_s), "{waited_s}");
    }

    #[tokio::test]
    async fn an_error_for_good_is_not_tried_again() {
        assert_eq!(failing(Busy::default).await, (1, 0.0));
    }

    #[tokio::test]
    async fn it_waits_as_long_as_it_is_asked_to() {
        let retry_after = Some(Duration::from_secs(20));
        let asked = || Busy { transient: true, retry_after, ..Busy::default() };
        assert_eq!(failing(asked).await, (4, 60.0));
    }

    #[tokio::test]
    async fn it_gives_up_when_asked_to_wait_too_long() {
        let retry_after = Some(Duration::from_secs(61));
        let asked = || Busy { transient: true, retry_after, ..Busy::default() };
        assert_eq!(failing(asked).await, (1, 0.0));
    }

    #[tokio::test]
    async fn where_too_much_is_asked_at_once_there_are_twenty_tries_more_of_one_to_three_seconds() {
        let crowded = || Busy { transient: true, crowded: true, ..Busy::default() };
        let (attempts, waited_s) = failing(crowded).await;
        assert_eq!(attempts, 24);
        assert!((23.0 * 1.5..=23.0 * 3.0).contains(&waited_s), "{waited_s}");
    }

    #[tokio::test]
    async fn tries_for_want_of_room_take_none_of_the_others() {
        let clock = SteppedClock::new(DateTime::from_timestamp(0, 0).unwrap());
        let mut attempts = 0;
        let result: Result<(), Busy> = retry(&clock, POLICY, async || {
            attempts += 1;
            Err(Busy { transient: true, crowded: attempts <= 10, ..Busy::default() })
        })
        .await;
        assert!(result.is_err());
        assert_eq!(attempts, 14);
    }
}
