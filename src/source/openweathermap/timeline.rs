//! One Call 4.0, the hourly timeline: `GET /data/4.0/onecall/timeline/1h`
//! (<https://openweathermap.org/api/one-call-4#hourly>).
//!
//! One call per site and twenty hours, from `start` on. The timeline goes on into the forecast and
//! on other pages, each of them a call that is charged and whose address (`next`, `prev`) holds the
//! key: none is followed, the next call is planned here. `cnt` stands in those addresses only and not
//! among the documented parameters, so that nothing depends on it: records of other hours than those
//! asked for are left. What is documented and what is inferred is in
//! `docs/decisions/0012-one-call-4.md`.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::{NAME, OpenWeatherMap, one_call};
use crate::domain::Site;
use crate::http::Params;
use crate::source::SourceError;
use crate::source::history::{History, HistoryCall, Reach, Recalled};

/// What is called, below the base URL.
pub(super) const PATH: &str = "/data/4.0/onecall/timeline/1h";

/// "The 1-hour timeline returns up to 20 records in a single API response."
const HOURS_PER_CALL: usize = 20;

/// The history of One Call 4.0.
pub struct OneCall4 {
    service: OpenWeatherMap,
}

impl OpenWeatherMap {
    /// What One Call 4.0 has: a call per site and twenty hours.
    #[must_use]
    pub fn one_call_4(&self) -> OneCall4 {
        OneCall4 { service: self.clone() }
    }
}

#[async_trait]
impl History for OneCall4 {
    fn source_name(&self) -> &'static str {
        NAME
    }

    fn pause_name(&self) -> &'static str {
        one_call::PAUSE_NAME
    }

    fn lacks_subscription(&self, error: &SourceError) -> bool {
        one_call::lacks_subscription(error)
    }

    fn reach(&self) -> Reach {
        one_call::reach(u32::try_from(HOURS_PER_CALL).unwrap_or(1))
    }

    fn charge(&self, call: &HistoryCall<'_>) -> u32 {
        let pages = call.hours().count().div_ceil(HOURS_PER_CALL) * call.sites.len();
        u32::try_from(pages.max(1)).unwrap_or(u32::MAX)
    }

    fn hours_of(&self, endpoint: &str, params: &Params) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let first = one_call::time_of(params.start.as_ref()?)?;
        let count: u32 = params.cnt.as_ref()?.parse().ok()?;
        let last = first + TimeDelta::hours(i64::from(count.checked_sub(1)?));
        let is_a_page = count as usize <= HOURS_PER_CALL;
        (endpoint.ends_with(PATH) && is_a_page).then_some((first, last))
    }

    async fn recall(&self, call: &HistoryCall<'_>) -> Result<Vec<Recalled>, SourceError> {
        let hours: Vec<_> = call.hours().collect();
        let mut recalled = Vec::new();
        for site in &call.sites {
            for page in hours.chunks(HOURS_PER_CALL) {
                recalled.extend(self.recall_page(site, page).await?);
            }
        }
        Ok(self.service.blanked(recalled))
    }
}

impl OneCall4 {
    async fn recall_page(
        &self,
        site: &Site,
        hours: &[DateTime<Utc>],
    ) -> Result<Vec<Recalled>, SourceError> {
        let Some(start) = hours.first() else { return Ok(Vec::new()) };
        let mut url = self.service.url(&self.service.timeline, site);
        url.query_pairs_mut()
            .append_pair("start", &start.timestamp().to_string())
            .append_pair("cnt", &hours.len().to_string());
        self.service.recall(url, PATH, (site, hours)).await
    }
}

#[cfg(test)]
mod tests;
