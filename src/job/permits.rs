//! Permits: calls that are reserved in the store and not sent yet.
//!
//! They are reserved a block at a time, about a second of the pace, in every window that one of them
//! may be counted in ([`Allowance::windows`]). A permit is good while it can be counted in no other
//! window; what is left of a block then is given back before the next one is reserved, and at the end.
//! A crash loses what it held, which exceeds nothing.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use super::stop::WORTH_WAITING;
use super::{Job, Stop};
use crate::domain::budget::whole_calls;
use crate::domain::{Allowance, BudgetWindow, Window};
use crate::store::{Reserved, Settled, StoreError, Wanted};

/// Calls of a block at most: what a crash may lose.
const MAX_BLOCK: u64 = 500;

/// How soon a job that stands behind a run looks again whether that is over.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(5);

/// How often calls are given back again after another transaction was in the way.
const SETTLE_ATTEMPTS: u32 = 3;

/// The permits of one job.
pub struct Permits<'a> {
    job: Job<'a>,
    source: &'static str,
    allowance: Allowance<'a>,
    block_calls: u64,
    behind: Option<(&'static str, &'static str)>,
    block: Mutex<Block>,
}

/// Calls reserved together.
#[derive(Default)]
struct Block {
    number: u64,
    windows: Vec<BudgetWindow>,
    calls: u64,
    taken_tenths: u64,
    not_before: Option<DateTime<Utc>>,
}

/// One call may be sent.
#[derive(Debug, Clone, Copy)]
pub struct Permit {
    block: u64,
    tenths: u64,
}

/// Why there is no permit.
#[derive(Debug)]
pub(super) enum Refused {
    /// There are some at this time.
    Until(DateTime<Utc>),
    /// The job is at its end.
    Stop(Stop),
}

impl<'a> Permits<'a> {
    /// Permits to call `source` so many times a minute; 0 is no limit, and then as many are
    /// reserved together as there are workers.
    #[must_use]
    pub fn new(
        job: Job<'a>,
        source: &'static str,
        allowance: Allowance<'a>,
        (calls_per_minute, workers): (f64, u32),
    ) -> Self {
        let block_calls = block_calls(calls_per_minute, workers, allowance.live_tenths());
        Self { job, source, allowance, block_calls, behind: None, block: Mutex::default() }
    }

    /// The same, of which none is given while a run of this kind and source is at work, where minutes
    /// are limited.
    #[must_use]
    pub fn behind(self, kind: &'static str, source: &'static str) -> Self {
        Self { behind: Some((kind, source)), ..self }
    }

    /// What a live call is charged, in tenths of a call.
    pub(super) fn live_tenths(&self) -> u64 {
        u64::from(self.allowance.live_tenths())
    }

    /// The most that one call may be charged for, so that a minute can hold it.
    pub(super) fn most_at_once(&self) -> u64 {
        let windows = self.allowance.windows(self.job.clock.now());
        let minutes = windows.iter().filter(|window| window.window == Window::Minute);
        minutes.map(|window| window.cap).min().unwrap_or(u64::MAX)
    }

    /// A permit for a call that is charged so much, to be used at once. Must be waited for to its
    /// end: calls that are reserved and not heard of are lost.
    pub(super) async fn take(&self, tenths: u64) -> Result<Permit, Refused> {
        if self.allowance.is_unlimited() {
            return Ok(Permit { block: 0, tenths: 0 });
        }
        let mut block = self.block.lock().await;
        let now = self.job.clock.now();
        // A time further off is of a clock that was set back since.
        let soon = now..=now + TimeDelta::minutes(2);
        if let Some(until) = block.not_before.filter(|until| *until > now && soon.contains(until)) {
            return Err(Refused::Until(until));
        }
        while !self.has(&block, tenths) {
            self.settle_block(&mut block).await;
            self.renew(&mut block, tenths).await?;
        }
        block.taken_tenths += tenths;
        Ok(Permit { block: block.number, tenths })
    }

    /// True when a permit of the block is left that is good now.
    fn has(&self, block: &Block, tenths: u64) -> bool {
        whole_calls(block.taken_tenths + tenths) <= block.calls
            && self.allowance.is_covered(&block.windows, self.job.clock.now())
    }

    /// A permit was not used after all.
    pub(super) async fn give_back(&self, permit: Permit) {
        let mut block = self.block.lock().await;
        // Of a block that has been settled meanwhile it was counted as sent, and stays so.
        if block.number == permit.block {
            block.taken_tenths -= permit.tenths;
        }
    }

    /// Gives back what was not taken: the job is at its end.
    pub(super) async fn settle(&self) {
        let mut block = self.block.lock().await;
        self.settle_block(&mut block).await;
    }

    async fn renew(&self, block: &mut Block, tenths: u64) -> Result<(), Refused> {
        let windows = self.allowance.windows(self.job.clock.now());
        let reserved = match self.wait_behind(&windows).await {
            Ok(()) => self.reserve(&windows, tenths).await,
            Err(refused) => Err(refused),
        };
        match reserved {
            Ok(calls) => {
                let number = block.number + 1;
                *block = Block { number, windows, calls, ..Block::default() };
                Ok(())
            }
            Err(refused) => {
                if let Refused::Until(until) = refused {
                    block.not_before = Some(until);
                }
                Err(refused)
            }
        }
    }

    /// Two share a minute badly; of a day, each has its part.
    async fn wait_behind(&self, windows: &[BudgetWindow]) -> Result<(), Refused> {
        let Job { reads, clock, lease, .. } = self.job;
        let shares_a_minute = windows.iter().any(|window| window.window == Window::Minute);
        let Some((kind, source)) = self.behind.filter(|_| shares_a_minute) else { return Ok(()) };
        match reads.is_run_at_work(kind, source, lease).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(Refused::Until(clock.now() + LOOK_AGAIN)),
            Err(error) => Err(Refused::Stop(Stop::Store(error))),
        }
    }

    /// The calls that were granted in every window.
    async fn reserve(&self, windows: &[BudgetWindow], tenths: u64) -> Result<u64, Refused> {
        let at_least = whole_calls(tenths);
        let wanted = Wanted { at_least, at_most: at_least.max(self.block_calls) };
        let account = self.allowance.account();
        match self.job.store.reserve_calls(account, windows, wanted).await {
            Ok(Reserved::Granted(calls)) => Ok(calls),
            Ok(Reserved::Spent(spent)) => Err(self.refusal(&spent, at_least)),
            Err(error) => Err(Refused::Stop(Stop::Store(error))),
        }
    }

    /// A minute is waited for, unless even a whole one were too short; a day is not.
    fn refusal(&self, spent: &[BudgetWindow], at_least: u64) -> Refused {
        let worth_waiting = self.job.clock.now() + WORTH_WAITING;
        let is_too_long = |window: &&BudgetWindow| {
            window.window != Window::Minute && window.end() > worth_waiting || window.cap < at_least
        };
        let too_long = spent.iter().filter(is_too_long).max_by_key(|window| window.end());
        if let Some(window) = too_long {
            let (source, until) = (self.source, window.end());
            return Refused::Stop(Stop::BudgetSpent { source, window: window.window, until });
        }
        let until = spent.iter().map(BudgetWindow::end).max();
        Refused::Until(until.unwrap_or(worth_waiting))
    }

    /// Calls that cannot be given back are lost, as those of a crash are: nothing is exceeded.
    async fn settle_block(&self, block: &mut Block) {
        let calls = std::mem::take(&mut block.calls);
        let windows = std::mem::take(&mut block.windows);
        let sent = whole_calls(std::mem::take(&mut block.taken_tenths));
        block.number += 1;
        if calls == 0 {
            return;
        }
        let settled = Settled { sent, unsent: calls.saturating_sub(sent) };
        if let Err(error) = self.settle_once(&windows, settled).await {
            tracing::warn!(
                error_kind = error.kind(),
                "{} reserved calls could not be given back: {error}",
                settled.unsent
            );
        }
    }

    /// Settles in the store once: after a lost answer it is not repeated, since it may have been done.
    async fn settle_once(
        &self,
        windows: &[BudgetWindow],
        settled: Settled,
    ) -> Result<(), StoreError> {
        let (store, account) = (self.job.store, self.allowance.account());
        let mut attempt = 1;
        loop {
            match store.settle_calls(account, windows, settled).await {
                Err(StoreError::Conflict(_)) if attempt < SETTLE_ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }
}

/// Calls that are reserved together: about a second of the pace.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn block_calls(calls_per_minute: f64, workers: u32, tenths: u32) -> u64 {
    let calls = if calls_per_minute > 0.0 { calls_per_minute / 60.0 } else { f64::from(workers) };
    whole_calls(calls.ceil().clamp(1.0, 500.0) as u64 * u64::from(tenths)).min(MAX_BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_about_a_second_of_the_pace() {
        for (calls_per_minute, workers, tenths, calls) in [
            (60.0, 16, 10, 1),
            (0.5, 16, 10, 1),
            (3000.0, 16, 10, 50),
            (100_000.0, 16, 10, 500),
            (0.0, 16, 10, 16),
            (0.0, 10_000, 10, 500),
            (300.0, 16, 14, 7),
        ] {
            let block = block_calls(calls_per_minute, workers, tenths);
            assert_eq!(block, calls, "{calls_per_minute} {workers}");
        }
    }
}
