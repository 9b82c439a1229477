//! One slot: its call, and what came of it.

use super::failure;
use super::parts::Etl;
use crate::domain::{
    Coordinates, Observation, Site, Slot, SlotOutcome, SlotResult, ValueKind, slot_time,
};
use crate::job::attempt::{Attempted, Attempts, Call, Unanswered};
use crate::job::gate::{Charge, Gate};
use crate::job::keep::{About, Keeper};
use crate::source::{Answer, SourceError};
use crate::store::Run;

/// An answer for a place this far from the one asked for is another place's weather.
const MAX_DISTANCE_KM: f64 = 25.0;

/// Makes the calls of one run.
pub(super) struct Caller<'a> {
    parts: Etl<'a>,
    run: &'a Run,
    attempts: Attempts<'a>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        parts: Etl<'a>,
        run: &'a Run,
        (gate, keeper): (&'a Gate<'a>, &'a Keeper<'a>),
    ) -> Self {
        let policy = parts.settings.call_retry();
        Self { parts, run, attempts: Attempts { job: parts.job, gate, policy, keeper } }
    }

    /// What became of the slot of `site` that was due; `None` when no call was made for it.
    pub(super) async fn collect(&self, site: &Site, slot: Slot) -> Option<SlotResult> {
        let call = LiveCall { caller: self, site, slot: &slot };
        let Attempted { answer, effort, raw_ref } = self.attempts.until_answered(&call).await;
        let (outcome, http_status) = match answer {
            Ok(answer) => {
                warn_if_far(site, &answer.observation);
                (SlotOutcome::Collected(Box::new(answer.observation)), Some(answer.http_status))
            }
            Err(Unanswered::Failed(error) | Unanswered::NotSent(Some(error))) => {
                (SlotOutcome::failed(error.kind, &error.message), error.http_status)
            }
            Err(Unanswered::NotSent(None)) => return None,
        };
        let result = SlotResult {
            slot,
            source: self.parts.source.name(),
            attempts: effort.attempts,
            http_status,
            latency_ms: effort.latency_ms,
            value_kind: ValueKind::Live,
            outcome,
            raw_ref,
        };
        failure::log(self.run, &result);
        Some(result)
    }
}

/// The call for the present weather of a site, while its slot is the present one.
struct LiveCall<'a> {
    caller: &'a Caller<'a>,
    site: &'a Site,
    slot: &'a Slot,
}

impl Call for LiveCall<'_> {
    type Answer = Answer;

    fn charge(&self) -> Charge {
        Charge::Live
    }

    fn is_due(&self) -> bool {
        let now = self.caller.parts.job.clock.now();
        slot_time(now, self.site.interval) == self.slot.slot_time
    }

    fn note_sent(&self, attempt: u32) {
        self.caller.attempts.gate.count_call(attempt);
    }

    fn about(&self) -> About<'_> {
        let slot_time = Some(self.slot.slot_time);
        About { site_ids: vec![&self.site.site_id], slot_time, kind: ValueKind::Live }
    }

    async fn send(&self) -> Result<Answer, SourceError> {
        let Etl { job, source, .. } = self.caller.parts;
        source.observe(self.site, job.clock.now()).await
    }

    fn pause_name(&self) -> &'static str {
        self.caller.parts.source.name()
    }
}

/// The coordinates we asked for identify the site; an answer for another place is worth a look.
fn warn_if_far(site: &Site, observation: &Observation) {
    let values = &observation.values;
    let answered = values
        .answered_latitude
        .zip(values.answered_longitude)
        .and_then(|(latitude, longitude)| Coordinates::parse(latitude, longitude));
    let Some(distance_km) = answered.map(|answered| site.coordinates.distance_km(answered)) else {
        return;
    };
    if distance_km > MAX_DISTANCE_KM {
        tracing::warn!(
            site_id = site.site_id.as_str(),
            "the answer is for a place {distance_km:.0} km from the site: check its coordinates"
        );
    }
}
