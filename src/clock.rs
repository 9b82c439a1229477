//! The time that the program believes in.
//!
//! Slots, pauses and ages go by a clock that is handed in: the demo steps through days in
//! seconds, and tests stand still. Leases and heartbeats do not come from here; they go by the
//! database's clock, which all tasks share (see `store`).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// Tells the time and waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present time, in whole microseconds: what both databases can hold.
    fn now(&self) -> DateTime<Utc>;

    /// Waits until `duration` has passed on this clock.
    async fn sleep(&self, duration: Duration);
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that waits")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that stands still until it is set; waiting on it moves it forward at once.
#[derive(Debug)]
pub struct SteppedClock {
    now: Mutex<DateTime<Utc>>,
}

impl SteppedClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: DateTime<Utc>) -> Self {
        Self { now: Mutex::new(start) }
    }

    /// Sets the clock, forward or back.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

#[async_trait]
impl Clock for SteppedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        {
            let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
            *now += TimeDelta::from_std(duration).unwrap_or(TimeDelta::zero());
        }
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_on_a_stepped_clock_moves_it_forward() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let clock = SteppedClock::new(start);
        clock.sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.now(), start + TimeDelta::seconds(90));
    }

    #[test]
    fn the_system_clock_shows_whole_microseconds() {
        assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1_000, 0);
    }
}
