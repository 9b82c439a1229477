//! One slot: its call, and what came of it.

use chrono::{DateTime, SubsecRound as _, Utc};

use super::{Collecting, series};
use crate::domain::forecast::{ForecastOutcome, ForecastResult};
use crate::domain::{Site, ValueKind, slot_time};
use crate::job::attempt::{Attempted, Attempts, Call, Unanswered};
use crate::job::gate::{Charge, Gate};
use crate::job::keep::{About, Keeper};
use crate::source::{Forecast, SourceError};

/// Makes the calls of one run.
pub(super) struct Caller<'a> {
    parts: Collecting<'a>,
    attempts: Attempts<'a>,
    slot_time: DateTime<Utc>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        parts: Collecting<'a>,
        (gate, keeper): (&'a Gate<'a>, &'a Keeper<'a>),
        slot_time: DateTime<Utc>,
    ) -> Self {
        let policy = parts.settings.call_retry();
        let attempts = Attempts { job: parts.job, gate, policy, keeper };
        Self { parts, attempts, slot_time }
    }

    /// What became of the slot of `site`; `None` when no call was made for it.
    pub(super) async fn collect(&self, site: &Site) -> Option<ForecastResult> {
        let call = ForecastCall { caller: self, site };
        let Attempted { answer, effort, raw_ref } = self.attempts.until_answered(&call).await;
        let (outcome, http_status) = match answer {
            Ok(Forecast { issue, http_status }) => {
                (ForecastOutcome::Collected(Box::new(issue)), Some(http_status))
            }
            Err(Unanswered::Failed(error) | Unanswered::NotSent(Some(error))) => {
                let slot_time = self.slot_time;
                tracing::warn!(
                    site_id = site.site_id.as_str(),
                    product = self.parts.forecaster.product().as_str(),
                    %slot_time,
                    error_kind = error.kind.as_str(),
                    "a forecast was not collected: {}",
                    error.message
                );
                (ForecastOutcome::failed(error.kind, &error.message), error.http_status)
            }
            Err(Unanswered::NotSent(None)) => return None,
        };
        Some(ForecastResult {
            series: series(self.parts.forecaster, site),
            slot_time: self.slot_time,
            attempts: effort.attempts,
            http_status,
            latency_ms: effort.latency_ms,
            outcome,
            raw_ref,
            kept: None,
        })
    }
}

/// The call for the forecast of a site, while its slot is the present one.
struct ForecastCall<'a> {
    caller: &'a Caller<'a>,
    site: &'a Site,
}

impl Call for ForecastCall<'_> {
    type Answer = Forecast;

    fn charge(&self) -> Charge {
        Charge::Calls(self.caller.parts.forecaster.charge())
    }

    fn is_due(&self) -> bool {
        let Collecting { job, interval, .. } = self.caller.parts;
        slot_time(job.clock.now(), interval) == self.caller.slot_time
    }

    fn note_sent(&self, attempt: u32) {
        self.caller.attempts.gate.count_call(attempt);
    }

    fn about(&self) -> About<'_> {
        let slot_time = Some(self.caller.slot_time);
        About { site_ids: vec![&self.site.site_id], slot_time, kind: ValueKind::Live }
    }

    /// Leads count from the moment at which the answer is there.
    async fn send(&self) -> Result<Forecast, SourceError> {
        let Collecting { job, forecaster, .. } = self.caller.parts;
        let mut forecast = forecaster.forecast(self.site, job.clock.now()).await?;
        forecast.issue.available_at = job.clock.now().trunc_subsecs(0);
        Ok(forecast)
    }

    fn pause_name(&self) -> &'static str {
        self.caller.parts.forecaster.pause_name()
    }
}
