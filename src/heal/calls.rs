//! Which calls fill the slots of some days.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use super::Heal;
use super::batch::Batch;
use super::wanted::{Places, Wanted, reason};
use crate::domain::{Days, Slot, SlotOutcome, SlotResult, ValueKind};
use crate::source::History;
use crate::source::history::{Ask, Missing, plan};
use crate::store::StoreError;

/// A batch of calls lasts no longer than this part of a minute at the account's pace.
const BATCHES_PER_MINUTE: f64 = 4.0;

/// The calls of some days, newest first.
pub(super) struct Calls<'a> {
    asks: Vec<(usize, Ask<'a>)>,
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
        places: &Places<'a>,
        days: Days,
    ) -> Result<Self, StoreError> {
        let wanted = places.list(parts, days).await?;
        let hours_of = |number| {
            let own = wanted.iter().filter(move |wanted| wanted.history == Ok(number));
            own.map(|wanted| (wanted.site, wanted.hour)).collect::<Vec<_>>()
        };
        let histories = parts.histories.iter().enumerate();
        let mut asks: Vec<_> = histories
            .flat_map(|(number, history)| {
                plan(&history.reach(), &hours_of(number)).into_iter().map(move |ask| (number, ask))
            })
            .collect();
        asks.sort_by_key(|(_, ask)| Reverse(ask.last));
        let unfillable = wanted.iter().filter_map(|wanted| unfillable(parts, wanted)).collect();
        Ok(Self { asks, wanted, unfillable })
    }

    /// How many slots no call can fill.
    pub(super) fn unfillable(&self) -> usize {
        self.unfillable.len()
    }

    /// The calls in batches. The very first is a batch of its own, since it may find out that no
    /// call will do.
    pub(super) fn into_batches(self, parts: Heal<'_>, is_first: bool) -> Vec<Batch<'a>> {
        let mut batches = vec![Batch::of(self.unfillable)];
        let mut charge = 0;
        for (number, ask) in self.asks {
            let history = &*parts.histories[number];
            charge += history.charge(&ask);
            let rows = batches.last().map_or(0, Batch::calls) >= parts.settings.batch_rows as usize;
            let is_alone = is_first && batches.len() == 2;
            if batches.len() == 1 || rows || is_alone || is_too_long(parts, charge) {
                batches.push(Batch::of(Vec::new()));
                charge = history.charge(&ask);
            }
            if let Some(batch) = batches.last_mut() {
                batch.push(number, ask);
            }
        }
        batches.retain(|batch| !batch.is_empty());
        batches
    }

    /// What the calls are.
    pub(super) fn describe(&self, parts: Heal<'_>) -> impl Iterator<Item = PlannedCall> {
        self.asks.iter().map(move |(number, ask)| {
            let is_in = |wanted: &&Wanted<'_>| {
                wanted.history == Ok(*number)
                    && (ask.first..=ask.last).contains(&wanted.hour)
                    && ask.sites.iter().any(|site| site.site_id == wanted.site.site_id)
            };
            PlannedCall {
                sites: ask.sites.len(),
                first: ask.first,
                last: ask.last,
                slots: self.wanted.iter().filter(is_in).count(),
                charge: parts.histories[*number].charge(ask),
            }
        })
    }
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
    })
}

/// As much of `ask` as `left` calls pay for; `None`: not even one site.
pub(super) fn fit<'a>(history: &dyn History, mut ask: Ask<'a>, left: u64) -> Option<Ask<'a>> {
    while u64::from(history.charge(&ask)) > left {
        if ask.sites.len() < 2 {
            return None;
        }
        ask.sites.pop();
    }
    Some(ask)
}
