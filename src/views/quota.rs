//! The calls of an account: used, reserved and left in each window that its source limits, and what its sites
//! will need.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::domain::budget::{Counts, Limit};
use crate::domain::{Budget, Site, Window};
use crate::store::{CallCount, Reads, StoreError};

/// A window of a limit.
#[derive(Debug, Clone, Serialize)]
pub struct Quota {
    /// The source.
    pub source: &'static str,
    /// Whose calls are counted together.
    pub account: String,
    /// What is counted together of them.
    pub scope: &'static str,
    /// `minute`, `day` or `month`, UTC.
    pub window: &'static str,
    /// Calls in it at most.
    pub cap: u64,
    /// Calls that were sent.
    pub used: u64,
    /// Calls that are reserved and not used: lost with a crash, or about to be sent.
    pub reserved: u64,
    /// Calls that may still be reserved.
    pub left: u64,
    /// When the window ends, as RFC 3339.
    pub resets_at: String,
    /// Calls that the slots to come need until then, where that can be foreseen.
    pub needed: Option<u64>,
    /// Which calls the limit counts.
    #[serde(skip)]
    pub counts: Counts,
    /// When the window ends.
    #[serde(skip)]
    pub end: DateTime<Utc>,
}

impl Quota {
    /// A limit, with what was counted of it, at `now`.
    #[must_use]
    pub fn new(
        source: &'static str,
        budget: &Budget,
        limit: &Limit,
        counted: &[CallCount],
        sites: &[Site],
        now: DateTime<Utc>,
    ) -> Self {
        let (start, end) = (limit.window.start(now), limit.window.end(now));
        let counted = counted.iter().find(|row| row.is_of(limit.scope, limit.window, start));
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let (reserved, used) =
            counted.map_or((0, 0), |row| (number(row.reserved), number(row.used)));
        // A minute is the pace's matter, and history has no slots to come.
        let is_foreseen = limit.window != Window::Minute && limit.counts != Counts::History;
        Self {
            source,
            account: budget.account.clone(),
            scope: limit.scope,
            window: limit.window.as_str(),
            cap: limit.calls,
            used,
            reserved: reserved.saturating_sub(used),
            left: limit.calls.saturating_sub(reserved),
            resets_at: end.to_rfc3339_opts(SecondsFormat::Secs, true),
            needed: is_foreseen.then(|| budget.live_need(sites, now, end)),
            counts: limit.counts,
            end,
        }
    }

    /// Calls that are left beyond what is needed; below 0, calls that will be missing.
    #[must_use]
    pub fn spare(&self) -> i128 {
        i128::from(self.left) - i128::from(self.needed.unwrap_or(0))
    }

    /// In a few words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let (window, end) = (self.window, self.end.format("%F %H:%M UTC"));
        match (self.left, self.needed) {
            (0, _) => format!("no calls left this {window}, new ones at {end}"),
            (left, Some(needed)) if self.spare() < 0 => {
                format!(
                    "{left} calls left this {window}, and {needed} needed until {end}: not enough"
                )
            }
            (left, Some(needed)) => {
                format!("{left} calls left this {window}, {needed} needed until {end}")
            }
            (left, None) => format!("{left} calls left this {window}"),
        }
    }
}

/// The windows of a budget.
///
/// # Errors
/// When the store cannot be read.
pub async fn read(
    reads: &Reads,
    source: &'static str,
    budget: &Budget,
    sites: &[Site],
    now: DateTime<Utc>,
) -> Result<Vec<Quota>, StoreError> {
    let counted = reads.list_call_counts(&budget.account, Window::Month.start(now)).await?;
    let limits = budget.limits.iter();
    Ok(limits.map(|limit| Quota::new(source, budget, limit, &counted, sites, now)).collect())
}

/// The budget for each account that the store has counted for this month: which of them is meant only the
/// key says. As it is, if there is none.
///
/// # Errors
/// When the store cannot be read.
pub async fn counted(
    reads: &Reads,
    budget: Budget,
    now: DateTime<Utc>,
) -> Result<Vec<Budget>, StoreError> {
    let Some(limit) = budget.limits.first() else { return Ok(vec![budget]) };
    let counted = reads.list_call_accounts(limit.scope, Window::Month.start(now)).await?;
    if counted.is_empty() {
        return Ok(vec![budget]);
    }
    Ok(counted.into_iter().map(|account| Budget { account, ..budget.clone() }).collect())
}

/// The window that matters to the live slots: a spent one, else the one with the least to spare.
#[must_use]
pub fn tightest(quotas: &[Quota]) -> Option<&Quota> {
    let live = quotas.iter().filter(|quota| quota.counts != Counts::History);
    live.min_by_key(|quota| (quota.left > 0, quota.needed.is_none(), quota.spare()))
}
