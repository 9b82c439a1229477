//! Gaps: missing slots that follow one another and are missing for the same reason.

use chrono::{DateTime, Utc};

use super::expected::Expected;
use super::site::Interval;

/// Why a slot has no observation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No run called for it.
    NeverTried,
    /// A run would have called for it, but the source had blocked the account or refused the key,
    /// or the call budget was spent.
    Paused,
    /// It was called for and failed; the kind of error.
    Failed(String),
    /// The source answered with a value out of its physical range: the row was kept out.
    Quarantined,
    /// No source can fill it any more; why.
    Unfillable(String),
}

impl Reason {
    /// The reason as a status, as the warehouse has it too.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::NeverTried => "never_tried",
            Self::Paused => "paused",
            Self::Failed(_) => "failed",
            Self::Quarantined => "quarantined",
            Self::Unfillable(_) => "unfillable",
        }
    }

    /// The reason in a word: of failures their kind.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::NeverTried => "never tried",
            Self::Failed(kind) => kind,
            _ => self.status(),
        }
    }
}

/// A slot that is expected and has no observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The slot.
    pub slot: Expected,
    /// Why.
    pub reason: Reason,
    /// In words, if the ledger has any.
    pub message: Option<String>,
}

/// Missing slots of one length that follow one another without a break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Start of the first.
    pub first_slot: DateTime<Utc>,
    /// Start of the last.
    pub last_slot: DateTime<Utc>,
    /// How many.
    pub slots: u64,
    /// Their length.
    pub interval: Interval,
    /// Why all of them are missing.
    pub reason: Reason,
    /// What the ledger says of the last, if anything.
    pub message: Option<String>,
}

impl Gap {
    fn of(missing: Missing) -> Self {
        let Missing { slot, reason, message } = missing;
        let Expected { slot_time, interval } = slot;
        let (first_slot, last_slot) = (slot_time, slot_time);
        Self { first_slot, last_slot, slots: 1, interval, reason, message }
    }

    fn is_continued_by(&self, missing: &Missing) -> bool {
        self.interval == missing.slot.interval
            && self.reason == missing.reason
            && self.last_slot + self.interval.span() == missing.slot.slot_time
    }
}

/// Folds missing slots, which come in order, into gaps.
#[derive(Debug, Default)]
pub struct Folding {
    open: Option<Gap>,
}

impl Folding {
    /// One missing slot more; the gap before it, if that is closed now.
    pub fn push(&mut self, missing: Missing) -> Option<Gap> {
        match &mut self.open {
            Some(gap) if gap.is_continued_by(&missing) => {
                gap.last_slot = missing.slot.slot_time;
                gap.slots += 1;
                gap.message = missing.message;
                None
            }
            open => open.replace(Gap::of(missing)),
        }
    }

    /// The last gap.
    #[must_use]
    pub fn finish(self) -> Option<Gap> {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(missing: &[(&str, u32, Reason)]) -> Vec<(String, u64)> {
        let mut folding = Folding::default();
        let mut gaps = Vec::new();
        for (time, minutes, reason) in missing {
            let slot_time = format!("2026-11-25T{time}:00Z").parse().unwrap();
            let slot = Expected { slot_time, interval: Interval::parse(*minutes).unwrap() };
            gaps.extend(folding.push(Missing { slot, reason: reason.clone(), message: None }));
        }
        gaps.extend(folding.finish());
        gaps.iter().map(|gap| (gap.first_slot.format("%H:%M").to_string(), gap.slots)).collect()
    }

    #[test]
    fn a_gap_ends_at_another_reason_another_interval_and_where_a_slot_is_there() {
        use Reason::{Failed, NeverTried};
        let timeout = || Failed("timeout".into());
        let gaps = folded(&[
            ("00:00", 60, NeverTried),
            ("01:00", 60, NeverTried),
            ("02:00", 60, timeout()),
            ("03:00", 60, Failed("not_found".into())),
            ("05:00", 60, NeverTried),
            ("06:00", 30, NeverTried),
            ("06:30", 30, NeverTried),
        ]);
        let expected = [("00:00", 2), ("02:00", 1), ("03:00", 1), ("05:00", 1), ("06:00", 2)];
        assert_eq!(gaps, expected.map(|(time, slots)| (time.to_owned(), slots)));
        assert_eq!(folded(&[]), []);
    }
}
