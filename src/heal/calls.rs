//! Which calls fill the slots of some days.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::batch::Batch;
use super::parts::Heal;
use super::wanted::{HistorySpan, Places, Wanted};
use crate::domain::{SiteId, Slot, SlotOutcome, SlotResult, ValueKind};
use crate::job::reason;
use crate::source::history::{HistoryCall, Missing, Reach, plan};
use crate::store::StoreError;

/// A batch of calls lasts no longer than this part of a minute at the account's pace.
const BATCHES_PER_MINUTE: f64 = 4.0;

/// The calls for some days of one history, newest first.
pub(super) struct Calls<'a> {
    history: usize,
    calls: Vec<HistoryCall<'a>>,
    wanted: Vec<Wanted<'a>>,
    unfillable: Vec<SlotResult>,
}

/// A call that would be made.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCall {
    /// How many sites it asks for.
    pub sites: usize,
    /// The first hour that it asks for.
    pub first: DateTime<Utc>,
    /// The last hour that it asks for.
    pub last: DateTime<Utc>,
    /// How many missing slots it may fill.
    pub slots: usize,
    /// How many calls the source charges.
    pub charge: u32,
}

impl<'a> Calls<'a> {
    pub(super) async fn plan(
        parts: Heal<'_>,
        places: &'a Places<'_>,
        HistorySpan { history, days }: HistorySpan,
    ) -> Result<Self, StoreError> {
        let (wanted, others): (Vec<_>, Vec<_>) = places
            .list(parts, days)
            .await?
            .into_iter()
            .partition(|each| each.history == Ok(history));
        let calls = plan_calls(&parts.histories[history].reach(), &wanted);
        // Days of the first history, as `Survey` counts them.
        let others = others.iter().filter(|_| history == 0);
        let unfillable = others.filter_map(|wanted| unfillable(parts, wanted)).collect();
        Ok(Self { history, calls, wanted, unfillable })
    }

    /// How many slots no call can fill.
    pub(super) fn unfillable(&self) -> usize {
        self.unfillable.len()
    }

    /// The calls in batches. The very first is a batch of its own, since it may find out that no
    /// call will do.
    pub(super) fn into_batches(self, parts: Heal<'_>, is_first: bool) -> Vec<Batch<'a>> {
        let history = &*parts.histories[self.history];
        let mut batches = vec![Batch::of(self.history, self.unfillable)];
        let mut charge = 0;
        for (number, call) in self.calls.into_iter().enumerate() {
            charge += history.charge(&call);
            let is_full = batches.last().is_none_or(|batch| batch.calls() >= parts.batch_rows());
            if number == 0 || is_full || is_first && number == 1 || is_too_long(parts, charge) {
                batches.push(Batch::of(self.history, Vec::new()));
                charge = history.charge(&call);
            }
            if let Some(batch) = batches.last_mut() {
                batch.push(call);
            }
        }
        batches.retain(|batch| !batch.is_empty());
        batches
    }

    /// What the calls are.
    pub(super) fn describe(&self, parts: Heal<'_>) -> impl Iterator<Item = PlannedCall> {
        let history = &*parts.histories[self.history];
        let mut hours: HashMap<&SiteId, Vec<DateTime<Utc>>> = HashMap::new();
        for wanted in &self.wanted {
            hours.entry(&wanted.site.site_id).or_default().push(wanted.hour);
        }
        self.calls.iter().map(move |call| {
            let of_sites = call.sites.iter().filter_map(|site| hours.get(&site.site_id)).flatten();
            let is_asked = |hour: &&DateTime<Utc>| (call.first..=call.last).contains(*hour);
            PlannedCall {
                sites: call.sites.len(),
                first: call.first,
                last: call.last,
                slots: of_sites.filter(is_asked).count(),
                charge: history.charge(call),
            }
        })
    }
}

/// The calls for these slots, newest first. Those of a site that has moved are calls of its own, one
/// stay in each: whatever hours lie between its first and its last, the site stood in one place.
fn plan_calls<'a>(reach: &Reach, wanted: &[Wanted<'a>]) -> Vec<HistoryCall<'a>> {
    let mut groups: BTreeMap<Option<(&SiteId, usize)>, Vec<_>> = BTreeMap::new();
    for each in wanted {
        let stay = each.stay.map(|stay| (&each.site.site_id, stay));
        groups.entry(stay).or_default().push((each.site, each.hour));
    }
    let mut calls: Vec<_> = groups.values().flat_map(|hours| plan(reach, hours)).collect();
    calls.sort_by_key(|call| Reverse(call.last));
    calls
}

fn is_too_long(parts: Heal<'_>, charge: u32) -> bool {
    parts.calls_per_minute > 0.0 && f64::from(charge) > parts.pace() / BATCHES_PER_MINUTE
}

/// The slot, if it is known before any call that none can fill it.
fn unfillable(parts: Heal<'_>, wanted: &Wanted<'_>) -> Option<SlotResult> {
    let missing = wanted.history.as_ref().err()?;
    if matches!(missing, Missing::TooRecent { .. }) {
        return None;
    }
    Some(SlotResult {
        slot: Slot { site_id: wanted.site.site_id.clone(), slot_time: wanted.slot_time },
        source: parts.source,
        attempts: 0,
        http_status: None,
        latency_ms: 0,
        value_kind: ValueKind::Backfill,
        outcome: SlotOutcome::unfillable(&reason(parts.history_name(), &missing.to_string())),
        raw_ref: None,
    })
}
