//! The pace of calls.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Spaces calls evenly: a burst at the start of a minute would be over the limit of a service that
/// counts in a window of its own. Calls are served in the order in which they came.
pub(super) struct RateLimit {
    turns: Option<Mutex<Interval>>,
}

impl RateLimit {
    /// So many calls per minute, a fraction of one included; 0 is no limit.
    pub(super) fn per_minute(calls: f64) -> Self {
        let period = Duration::try_from_secs_f64(60.0 / calls).ok().filter(|p| !p.is_zero());
        let turns = period.map(|period| {
            let mut turns = interval(period);
            turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Mutex::new(turns)
        });
        Self { turns }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) {
        if let Some(turns) = &self.turns {
            turns.lock().await.tick().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    async fn seconds_for(turns: u32, limit: &RateLimit) -> f64 {
        let start = Instant::now();
        for _ in 0..turns {
            limit.turn().await;
        }
        start.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn sixty_calls_a_minute_are_a_second_apart() {
        let seconds = seconds_for(61, &RateLimit::per_minute(60.0)).await;
        assert!((59.9..60.2).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_may_be_less_than_one_call_a_minute() {
        let seconds = seconds_for(2, &RateLimit::per_minute(0.5)).await;
        assert!((119.9..120.2).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn turns_that_nobody_took_are_not_made_up_for() {
        let limit = RateLimit::per_minute(60.0);
        limit.turn().await;
        tokio::time::advance(Duration::from_secs(30)).await;
        let seconds = seconds_for(3, &limit).await;
        assert!((1.9..2.2).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn zero_is_no_limit() {
        assert_eq!(seconds_for(10_000, &RateLimit::per_minute(0.0)).await, 0.0);
    }
}
