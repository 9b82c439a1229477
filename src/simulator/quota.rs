//! What an account may do in a minute, a day and a month (UTC), and what it did: over a limit it is
//! blocked until the window ends, or for longer
//! (<https://openweathermap.org/faq>, <https://open-meteo.com/en/pricing#faq>).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};

/// The window of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QuotaWindow {
    /// A minute of the clock.
    Minute,
    /// A day, UTC.
    Day,
    /// A calendar month, UTC.
    Month,
}

impl QuotaWindow {
    /// The number of the window that `time` lies in.
    fn number(self, time: DateTime<Utc>) -> i64 {
        match self {
            Self::Minute => time.timestamp().div_euclid(60),
            Self::Day => time.timestamp().div_euclid(86_400),
            Self::Month => i64::from(time.year()) * 12 + i64::from(time.month()),
        }
    }
}

/// What one call counts as, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Charge<'a> {
    /// What is counted together.
    pub(super) service: &'static str,
    /// Whose call it is; the key itself is not kept.
    pub(super) key: &'a str,
    /// Tenths of a call.
    pub(super) tenths: u64,
    /// The windows that it counts in, each with its limit in calls, if it has one.
    pub(super) windows: &'a [(QuotaWindow, Option<u32>)],
}

/// Every account, by service and key.
#[derive(Default)]
pub(super) struct Accounts {
    counts: HashMap<(&'static str, u64, QuotaWindow), Count>,
    blocked_until: HashMap<u64, DateTime<Utc>>,
    most: BTreeMap<(&'static str, QuotaWindow), u64>,
}

#[derive(Default)]
struct Count {
    number: i64,
    tenths: u64,
}

impl Accounts {
    /// Counts a call at `now`; the window whose limit it is over, if it is.
    pub(super) fn count(
        &mut self,
        charge: Charge<'_>,
        now: DateTime<Utc>,
        block_for: Option<TimeDelta>,
    ) -> Option<QuotaWindow> {
        let Charge { service, key, tenths, windows } = charge;
        let account = crate::farmhash::fingerprint64(key.as_bytes());
        let mut over = None;
        for (window, limit) in windows {
            let count = self.counts.entry((service, account, *window)).or_default();
            if count.number != window.number(now) {
                *count = Count { number: window.number(now), tenths: 0 };
            }
            count.tenths += tenths;
            let most = self.most.entry((service, *window)).or_default();
            *most = count.tenths.max(*most);
            if limit.is_some_and(|limit| count.tenths > u64::from(limit) * 10) {
                over = Some(*window);
            }
        }
        if let (Some(_), Some(block_for)) = (over, block_for) {
            self.blocked_until.entry(account).or_insert(now + block_for);
        }
        over.or_else(|| self.is_blocked(account, now).then_some(QuotaWindow::Day))
    }

    fn is_blocked(&mut self, account: u64, now: DateTime<Utc>) -> bool {
        if self.blocked_until.get(&account).is_some_and(|until| *until <= now) {
            self.blocked_until.remove(&account);
        }
        self.blocked_until.contains_key(&account)
    }

    /// The most calls of one account in one window so far, rounded up.
    pub(super) fn most_calls(&self, service: &str, window: QuotaWindow) -> u64 {
        let found = self.most.iter().find(|((name, each), _)| *name == service && *each == window);
        found.map_or(0, |(_, tenths)| tenths.div_ceil(10))
    }
}
