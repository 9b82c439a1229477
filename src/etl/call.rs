//! One slot: calls until there is an answer for it.

use std::time::Duration;

use tokio::time::Instant;

use super::Etl;
use crate::domain::{
    Coordinates, ErrorKind, Observation, Site, Slot, SlotOutcome, SlotResult, ValueKind,
};
use crate::job::gate::Gate;
use crate::retry::{RetryPolicy, Transient, retry};
use crate::source::{Answer, SourceError};
use crate::store::Run;

/// An answer for a place this far from the one asked for is another place's weather.
const MAX_DISTANCE_KM: f64 = 25.0;

/// Makes the calls of one run.
pub(super) struct Caller<'a> {
    parts: Etl<'a>,
    run: &'a Run,
    gate: &'a Gate<'a>,
    policy: RetryPolicy,
}

/// Why one attempt gave no observation.
enum Missed {
    /// The run is coming to its end.
    Stopped,
    /// The slot was over before its first call.
    SlotPassed,
    /// The source said why.
    Failed { error: SourceError, again: bool },
}

impl Transient for Missed {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Failed { again: true, .. })
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            // The gate keeps everyone waiting for an account's pause.
            Self::Failed { error, .. }
                if error.kind != ErrorKind::RateLimited || error.is_crowded() =>
            {
                error.retry_after
            }
            _ => None,
        }
    }

    fn is_crowded(&self) -> bool {
        matches!(self, Self::Failed { error, .. } if error.is_crowded())
    }
}

/// What is known of a slot while it is called for.
struct Tries {
    slot: Slot,
    attempts: u32,
    /// Of these, answered by no more than that too many calls are in flight.
    crowded: u32,
    first_call: Option<Instant>,
    waited: Duration,
    last_error: Option<SourceError>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(parts: Etl<'a>, run: &'a Run, gate: &'a Gate<'a>) -> Self {
        Self { parts, run, gate, policy: parts.settings.call_retry() }
    }

    /// What became of the slot of `site` that was due; `None` when no call was made for it.
    pub(super) async fn collect(&self, site: &Site, planned: Slot) -> Option<SlotResult> {
        let mut tries = Tries {
            slot: planned,
            attempts: 0,
            crowded: 0,
            first_call: None,
            waited: Duration::ZERO,
            last_error: None,
        };
        let answer =
            retry(self.gate, self.policy, async || self.attempt(site, &mut tries).await).await;
        let (outcome, http_status) = match (answer, tries.last_error.take()) {
            (Ok(answer), _) => {
                warn_if_far(site, &answer.observation);
                (SlotOutcome::Collected(Box::new(answer.observation)), Some(answer.http_status))
            }
            (Err(_), Some(error)) => {
                (SlotOutcome::failed(error.kind, &error.message), error.http_status)
            }
            (Err(_), None) => return None,
        };
        let result = SlotResult {
            latency_ms: tries.latency_ms(),
            slot: tries.slot,
            source: self.parts.source.name(),
            attempts: tries.attempts,
            http_status,
            value_kind: ValueKind::Live,
            outcome,
        };
        log_failure(self.run, &result);
        Some(result)
    }

    async fn attempt(&self, site: &Site, tries: &mut Tries) -> Result<Answer, Missed> {
        let waiting = Instant::now();
        let passed = self.gate.pass_live().await.map_err(|_| Missed::Stopped)?;
        if tries.attempts > 0 {
            tries.waited += waiting.elapsed();
        } else if Slot::containing(self.parts.job.clock.now(), site) != tries.slot {
            self.gate.give_back(passed).await;
            self.gate.count_passed_slot();
            return Err(Missed::SlotPassed);
        }
        tries.attempts += 1;
        tries.first_call.get_or_insert_with(Instant::now);
        self.gate.count_call(tries.attempts);
        match self.parts.source.observe(site, self.parts.job.clock.now()).await {
            Ok(answer) => {
                self.gate.note_success();
                Ok(answer)
            }
            Err(error) => {
                tries.crowded += u32::from(error.is_crowded());
                let again = self.heed(&error, tries.attempts - tries.crowded).await;
                tries.last_error = Some(error.clone());
                Err(Missed::Failed { error, again })
            }
        }
    }

    /// Draws the consequences of an error for the account; true if the slot is worth another try.
    async fn heed(&self, error: &SourceError, attempts: u32) -> bool {
        match error.kind {
            ErrorKind::Unauthorized => {
                self.gate.note_refusal(&error.message);
                false
            }
            ErrorKind::RateLimited if !error.is_crowded() => {
                let Etl { job, source, .. } = self.parts;
                let is_last = attempts >= self.policy.max_attempts;
                self.gate.rest(job, source.name(), error.retry_after, is_last).await
            }
            _ => error.is_transient(),
        }
    }
}

impl Tries {
    /// From the first call to now, the limiter's wait not counted.
    fn latency_ms(&self) -> u32 {
        let latency = self.first_call.map_or(Duration::ZERO, |first_call| first_call.elapsed());
        u32::try_from(latency.saturating_sub(self.waited).as_millis()).unwrap_or(u32::MAX)
    }
}

fn log_failure(run: &Run, result: &SlotResult) {
    if let Some((kind, message)) = result.outcome.failure() {
        tracing::warn!(
            labels.run_id = %run.run_id,
            site_id = result.slot.site_id.as_str(),
            source = result.source,
            error_kind = kind.as_str(),
            http_status = result.http_status,
            attempt = result.attempts,
            duration_ms = result.latency_ms,
            "site not collected: {message}"
        );
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
