//! What all calls of a heal share: the gate, how many it may spend, and how many have failed.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use super::parts::Heal;
use crate::domain::run;
use crate::job::gate::Gate;
use crate::job::permits::Permits;

/// What all calls of a heal share.
pub(super) struct Account<'a> {
    pub(super) gate: Gate<'a>,
    pub(super) max_calls: MaxCalls,
    failures_in_a_row: AtomicU32,
    most_sites: AtomicUsize,
}

impl<'a> Account<'a> {
    pub(super) fn new(parts: Heal<'a>) -> Self {
        let (source, pace) = (parts.history_name(), (parts.pace(), parts.settings.max_workers));
        // While a live run of the account is at work, a heal makes no call.
        let permits = Permits::new(parts.job, source, parts.budget, pace).behind(run::ETL, source);
        Self {
            gate: Gate::new(parts.job.clock, source, parts.pace()).within(permits),
            max_calls: MaxCalls::new(parts.max_calls),
            failures_in_a_row: AtomicU32::new(0),
            most_sites: AtomicUsize::new(usize::MAX),
        }
    }

    /// A call was answered.
    pub(super) fn note_answer(&self) {
        self.failures_in_a_row.store(0, Ordering::SeqCst);
    }

    /// A call failed for good: how many have, one after the other.
    pub(super) fn note_failure(&self) -> u32 {
        self.failures_in_a_row.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// A call for so many sites failed, and each of its halves went well: later ones ask for no more
    /// than a half at once, or each would fail first, and be charged.
    pub(super) fn note_too_many(&self, sites: usize) {
        self.most_sites.fetch_min(sites.div_ceil(2), Ordering::SeqCst);
    }

    /// Sites of a call at most.
    pub(super) fn most_sites(&self) -> usize {
        self.most_sites.load(Ordering::SeqCst)
    }
}

/// The calls that are left, as the source charges them.
pub(super) struct MaxCalls {
    left: Option<AtomicU64>,
    was_short: AtomicBool,
}

impl MaxCalls {
    /// So many; `None`: no end of them.
    pub(super) fn new(calls: Option<u64>) -> Self {
        Self { left: calls.map(AtomicU64::new), was_short: AtomicBool::new(false) }
    }

    /// What is left.
    pub(super) fn left(&self) -> u64 {
        self.left.as_ref().map_or(u64::MAX, |left| left.load(Ordering::SeqCst))
    }

    /// Spends `charge`; false, and nothing spent, when less than that is left.
    pub(super) fn spend(&self, charge: u32) -> bool {
        let Some(left) = &self.left else { return true };
        let less = |left: u64| left.checked_sub(charge.into());
        let is_enough = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
        if !is_enough {
            self.note_short();
        }
        is_enough
    }

    /// A call was not made for want of it.
    pub(super) fn note_short(&self) {
        self.was_short.store(true, Ordering::SeqCst);
    }

    /// True when a call was not made for want of it, or none can be.
    pub(super) fn is_spent(&self) -> bool {
        self.was_short.load(Ordering::SeqCst) || self.left() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_what_was_allowed_is_spent() {
        let max_calls = MaxCalls::new(Some(5));
        assert!(max_calls.spend(3) && !max_calls.is_spent());
        assert!(!max_calls.spend(3) && max_calls.is_spent());
        assert_eq!(max_calls.left(), 2);
        assert!(MaxCalls::new(None).spend(u32::MAX));
        assert!(MaxCalls::new(Some(0)).is_spent());
    }
}
