//! The ledger of a site and source in stretches: slots at one distance from each other of which it says the
//! same. Nothing of what a slot's row says of its outcome is lost, so that whatever is computed of the
//! ledger comes out the same as before.

use chrono::{DateTime, TimeDelta, Utc};

/// Slots that follow one another at one distance, and of which the ledger says the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Start of the first.
    pub slot_from: DateTime<Utc>,
    /// Start of the last.
    pub slot_until: DateTime<Utc>,
    /// From one to the next, in minutes; 0 of a single slot.
    pub step_minutes: i64,
    /// `collected`, `failed` or `unfillable`.
    pub status: String,
    /// What kind of error, if they failed.
    pub error_kind: Option<String>,
    /// Why they have no observation, in words.
    pub error_message: Option<String>,
}

impl Stretch {
    /// A stretch of one slot.
    #[must_use]
    pub fn of_slot(
        slot_time: DateTime<Utc>,
        status: String,
        error_kind: Option<String>,
        error_message: Option<String>,
    ) -> Self {
        let (slot_from, slot_until) = (slot_time, slot_time);
        Self { slot_from, slot_until, step_minutes: 0, status, error_kind, error_message }
    }

    /// The starts of its slots, in order.
    pub fn slots(&self) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        let (until, step) = (self.slot_until, TimeDelta::minutes(self.step_minutes.max(1)));
        let following =
            move |slot: &DateTime<Utc>| Some(*slot + step).filter(|next| *next <= until);
        std::iter::successors(Some(self.slot_from), following)
    }

    fn is_continued_by(&self, next: &Self) -> bool {
        let step = next.slot_from - self.slot_until;
        let is_first_step = self.step_minutes == 0;
        let is_whole = step.num_minutes() > 0 && step == TimeDelta::minutes(step.num_minutes());
        is_whole
            && (is_first_step || step.num_minutes() == self.step_minutes)
            && (&self.status, &self.error_kind, &self.error_message)
                == (&next.status, &next.error_kind, &next.error_message)
    }
}

/// Folds slots, which come in order, into stretches.
#[derive(Debug, Default)]
pub struct Stretches {
    open: Option<Stretch>,
}

impl Stretches {
    /// One slot more; the stretch before it, if that is over.
    pub fn push(&mut self, slot: Stretch) -> Option<Stretch> {
        match &mut self.open {
            Some(open) if open.is_continued_by(&slot) => {
                open.step_minutes = (slot.slot_from - open.slot_until).num_minutes();
                open.slot_until = slot.slot_until;
                None
            }
            open => open.replace(slot),
        }
    }

    /// The last stretch.
    #[must_use]
    pub fn finish(self) -> Option<Stretch> {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        format!("2026-09-01T{text}Z").parse().unwrap()
    }

    fn slot(text: &str, status: &str, kind: Option<&str>) -> Stretch {
        Stretch::of_slot(time(text), status.into(), kind.map(str::to_owned), None)
    }

    fn folded(slots: &[Stretch]) -> Vec<Stretch> {
        let mut stretches = Stretches::default();
        let mut all: Vec<_> =
            slots.iter().cloned().filter_map(|slot| stretches.push(slot)).collect();
        all.extend(stretches.finish());
        all
    }

    #[test]
    fn a_stretch_ends_at_another_distance_and_where_the_ledger_says_something_else() {
        let slots = [
            slot("00:00:00", "collected", None),
            slot("01:00:00", "collected", None),
            slot("02:00:00", "failed", Some("timeout")),
            slot("03:00:00", "failed", Some("not_found")),
            slot("06:00:00", "collected", None),
            slot("06:30:00", "collected", None),
            slot("07:30:00", "collected", None),
        ];
        let stretches = folded(&slots);
        let ends: Vec<_> = stretches
            .iter()
            .map(|stretch| (stretch.slot_from, stretch.slot_until, stretch.step_minutes))
            .collect();
        let expected = [
            ("00:00:00", "01:00:00", 60),
            ("02:00:00", "02:00:00", 0),
            ("03:00:00", "03:00:00", 0),
            ("06:00:00", "06:30:00", 30),
            ("07:30:00", "07:30:00", 0),
        ];
        assert_eq!(ends, expected.map(|(from, until, step)| (time(from), time(until), step)));
    }

    #[test]
    fn the_slots_of_the_stretches_are_those_that_were_folded() {
        let mut slots = Vec::new();
        for number in 0..500_i64 {
            if number % 7 == 3 || number % 31 == 0 {
                continue;
            }
            let status = if number % 11 == 0 { "failed" } else { "collected" };
            let kind =
                (number % 11 == 0).then_some(if number % 2 == 0 { "timeout" } else { "dns" });
            let slot_time = time("00:00:00") + TimeDelta::minutes(number * 10);
            slots.push(Stretch {
                slot_from: slot_time,
                slot_until: slot_time,
                ..slot("00:00:00", status, kind)
            });
        }
        let unfolded: Vec<_> = folded(&slots)
            .iter()
            .flat_map(|stretch| {
                stretch.slots().map(|slot_time| {
                    Stretch::of_slot(
                        slot_time,
                        stretch.status.clone(),
                        stretch.error_kind.clone(),
                        stretch.error_message.clone(),
                    )
                })
            })
            .collect();
        assert_eq!(unfolded, slots);
        assert!(folded(&[]).is_empty());
    }
}
