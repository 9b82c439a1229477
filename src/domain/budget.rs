//! The call budget: how many calls an account may make, and in which windows of time they count.
//!
//! Calls are reserved in the store before they are sent, in every window that they may arrive in.
//! What a window may still give depends on what the calls are for: live calls may have all of it, healing only
//! what the live slots to come leave. Pure: the store counts ([`BudgetWindow`] says in which row and
//! up to which cap), the job asks. See `docs/decisions/0010-call-budget.md`.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use super::cost::expected_calls;
use super::site::Site;

mod window;

pub use window::Window;

/// How long a block of reserved calls is charged ahead for: about as long as one is used for.
pub const AHEAD: TimeDelta = TimeDelta::seconds(1);

/// How much later than it was sent a call may be counted by the source: the way there, a connection
/// that is still to be made, and clocks that differ a little. At the turn of a minute a call counts
/// in both, which costs a few seconds of each minute's calls.
pub const MARGIN: TimeDelta = TimeDelta::seconds(2);

/// The account of a source that is used without a key.
pub const NO_KEY: &str = "no-key";

/// For so long ahead observations have the first claim on what forecasts may use.
const FIRST_CLAIM: TimeDelta = TimeDelta::hours(24);

/// Of what the live slots need, a tenth more is kept for retries.
const RETRIES_PCT: u64 = 10;

/// Which calls a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Every call of the account.
    All,
    /// Calls for the present only.
    Live,
    /// Calls for the past only.
    History,
}

/// So many calls in each window at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is counted together: a source, or a part of it with a limit of its own.
    pub scope: &'static str,
    /// The window of time.
    pub window: Window,
    /// Calls in it at most.
    pub calls: u64,
    /// Which calls it counts.
    pub counts: Counts,
}

/// What an account may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Whose calls are counted together: see [`account`].
    pub account: String,
    /// What the account is charged for one live call, in tenths of a call.
    pub live_tenths: u32,
    /// The limits; none: nothing is counted.
    pub limits: Vec<Limit>,
}

/// What calls are for.
#[derive(Debug, Clone, Copy)]
enum Purpose<'a> {
    /// Slots of the present: they may have the whole cap.
    Live,
    /// Slots of the past: they may have what the live slots of these sites leave.
    Heal(&'a [Site]),
    /// Forecasts: they may have what the live slots of these sites leave, within the limits that count them.
    Forecast(&'a [Site], Counts),
}

/// A budget as one of those who share it may use it.
#[derive(Debug, Clone, Copy)]
pub struct Allowance<'a> {
    budget: &'a Budget,
    purpose: Purpose<'a>,
}

/// A window that calls are counted in, and how many it may hold for those calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetWindow {
    /// What is counted together.
    pub scope: &'static str,
    /// The window.
    pub window: Window,
    /// When it begins.
    pub window_start: DateTime<Utc>,
    /// Calls that may be reserved in it in all, by every task together.
    pub cap: u64,
}

/// The account that a key belongs to: 16 hexadecimal digits that do not give the key away.
#[must_use]
pub fn account(key: Option<&str>) -> String {
    let Some(key) = key else { return NO_KEY.to_owned() };
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Whole calls that are so many tenths of a call.
#[must_use]
pub fn whole_calls(tenths: u64) -> u64 {
    tenths.div_ceil(10)
}

impl Budget {
    /// An account without limits.
    #[must_use]
    pub fn unlimited(account: String) -> Self {
        Self { account, live_tenths: 10, limits: Vec::new() }
    }

    /// As live slots may use it.
    #[must_use]
    pub fn for_live(&self) -> Allowance<'_> {
        Allowance { budget: self, purpose: Purpose::Live }
    }

    /// As healing may use it while the slots of these sites are still to be called for: at most half
    /// of a minute, and of a day or month what they leave.
    #[must_use]
    pub fn for_heal<'a>(&'a self, sites: &'a [Site]) -> Allowance<'a> {
        Allowance { budget: self, purpose: Purpose::Heal(sites) }
    }

    /// As forecasts may use it while the slots of these sites are still to be called for: at most half of a
    /// minute, and of a day or month what the slots of the next 24 hours leave. Beside the limits of all
    /// calls, those that count `counts` hold.
    #[must_use]
    pub fn for_forecasts<'a>(&'a self, sites: &'a [Site], counts: Counts) -> Allowance<'a> {
        Allowance { budget: self, purpose: Purpose::Forecast(sites, counts) }
    }

    /// What the account will be charged for the live slots of these sites from `from` up to `to`, a
    /// call for each.
    #[must_use]
    pub fn live_need(&self, sites: &[Site], from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
        whole_calls(expected_calls(sites, from, to) * u64::from(self.live_tenths))
    }
}

impl<'a> Allowance<'a> {
    /// Whose calls are counted.
    #[must_use]
    pub fn account(&self) -> &'a str {
        &self.budget.account
    }

    /// What the account is charged for one live call, in tenths of a call.
    #[must_use]
    pub fn live_tenths(&self) -> u32 {
        self.budget.live_tenths
    }

    /// True when no call needs to be reserved.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.limits().next().is_none()
    }

    fn limits(&self) -> impl Iterator<Item = &'a Limit> {
        let counting = match self.purpose {
            Purpose::Live => Counts::Live,
            Purpose::Heal(_) => Counts::History,
            Purpose::Forecast(_, counts) => counts,
        };
        let limits = self.budget.limits.iter();
        limits.filter(move |limit| limit.counts == Counts::All || limit.counts == counting)
    }

    /// The windows that a block of calls is to be reserved in at `now`: all those that one of them
    /// may be counted in. In the order of their keys, which is that of their locks.
    #[must_use]
    pub fn windows(&self, now: DateTime<Utc>) -> Vec<BudgetWindow> {
        let mut windows: Vec<BudgetWindow> = self
            .limits()
            .flat_map(|limit| {
                let starts = touched(limit.window, now, now + AHEAD + MARGIN);
                starts.map(|window_start| BudgetWindow {
                    scope: limit.scope,
                    window: limit.window,
                    window_start,
                    cap: self.cap(limit, now.max(window_start)),
                })
            })
            .collect();
        windows.sort_unstable_by_key(|window| (window.scope, window.window, window.window_start));
        windows
    }

    /// True when a call that is sent at `time` can be counted in no other window than these.
    #[must_use]
    pub fn is_covered(&self, windows: &[BudgetWindow], time: DateTime<Utc>) -> bool {
        let is_charged = |limit: &Limit, start| {
            windows.iter().any(|window| {
                window.scope == limit.scope
                    && window.window == limit.window
                    && window.window_start == start
            })
        };
        self.limits().all(|limit| {
            touched(limit.window, time, time + MARGIN).all(|start| is_charged(limit, start))
        })
    }

    /// What a window may hold when it is asked at `now`.
    fn cap(&self, limit: &Limit, now: DateTime<Utc>) -> u64 {
        let (sites, until) = match self.purpose {
            Purpose::Live => return limit.calls,
            Purpose::Heal(sites) => (sites, limit.window.end(now)),
            Purpose::Forecast(sites, _) => (sites, limit.window.end(now).min(now + FIRST_CLAIM)),
        };
        if limit.window == Window::Minute {
            let half_up = matches!(self.purpose, Purpose::Forecast(..));
            return (limit.calls + u64::from(half_up)) / 2;
        }
        if limit.counts == Counts::History {
            return limit.calls;
        }
        let need = self.budget.live_need(sites, now, until);
        limit.calls.saturating_sub(need + (need * RETRIES_PCT).div_ceil(100))
    }
}

impl BudgetWindow {
    /// When it ends and another begins.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.window.end(self.window_start)
    }
}

/// The starts of the windows from the one at `from` to the one at `to`, which are seconds apart.
fn touched(
    window: Window,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> impl Iterator<Item = DateTime<Utc>> {
    let (first, last) = (window.start(from), window.start(to));
    std::iter::once(first).chain((last != first).then_some(last))
}

#[cfg(test)]
mod tests;
