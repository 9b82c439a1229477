//! What an answer says today, beside the row that is there.

use crate::domain::values::VALUES;
use crate::domain::{Observation, SlotOutcome, ValueKind, row_hash};
use crate::store::KeptSlot;
use crate::vault::Line;

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// The same as is there.
    Equal,
    /// The row is another one: these columns differ; none: there is no row.
    Changed(Vec<&'static str>),
    /// The answer gave nothing, and gives an observation now.
    NewlyGood,
    /// The answer gave an observation, and gives none now, for this reason.
    NewlyFailing(String),
}

impl Compared {
    /// Whether a replay writes what the answer says today. What fails today leaves the row as it is.
    #[must_use]
    pub fn is_written(&self) -> bool {
        matches!(self, Self::Changed(_) | Self::NewlyGood)
    }
}

/// Compares what an answer says today (`None`: nothing that settles the slot) with what is there.
pub(super) fn compare(slot: &KeptSlot, line: &Line, outcome: Option<&SlotOutcome>) -> Compared {
    let was_good = slot.status == "collected";
    match outcome.map(|outcome| (outcome, outcome.observation())) {
        Some((_, Some(_))) if !was_good => Compared::NewlyGood,
        Some((_, Some(observation))) => compare_rows(slot, line, observation),
        Some((outcome, None)) if was_good => {
            Compared::NewlyFailing(outcome.message().unwrap_or_default().to_owned())
        }
        None if was_good => Compared::NewlyFailing("it says nothing of this hour".to_owned()),
        Some((_, None)) | None => Compared::Equal,
    }
}

fn compare_rows(slot: &KeptSlot, line: &Line, observation: &Observation) -> Compared {
    let is_live = slot.row.value_kind.as_deref() != Some("backfill");
    let Some(hash) = slot.row.row_hash else { return Compared::Changed(Vec::new()) };
    // What was collected live stands where the same was asked for later.
    if is_live && line.kind == ValueKind::Backfill {
        return Compared::Equal;
    }
    if hash == row_hash(observation) {
        return Compared::Equal;
    }
    let cells = slot.row.values.0.cells();
    let both = VALUES.iter().zip(cells.iter().zip(observation.values.cells()));
    let mut fields: Vec<_> =
        both.filter(|(_, (own, new))| *own != new).map(|(value, _)| value.name).collect();
    if slot.observation_time != Some(observation.observation_time) {
        fields.push("observation_time");
    }
    if fields.is_empty() {
        fields.push("row_hash"); // the row was changed by hand, or its fingerprint
    }
    Compared::Changed(fields)
}
