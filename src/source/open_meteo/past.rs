//! Past hours: of the archive (`GET /v1/archive`,
//! <https://open-meteo.com/en/docs/historical-weather-api>), which is days late, and of the forecast
//! API (`GET /v1/forecast` with `start_date` and `end_date`, <https://open-meteo.com/en/docs>), which
//! keeps what it has said of the last three months. The archive's values are the better ones: those
//! of one model, with more measurements in it.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{ARCHIVE_PATH, FORECAST_PATH, NAME, OpenMeteo, answer, names, transform};
use crate::http::Params;
use crate::source::history::{History, HistoryCall, Missing, Reach, Recalled};
use crate::source::{SourceError, wire};

/// Sites of an archive call. The service takes up to 1,000 places
/// (<https://openmeteo.substack.com/p/weather-data-for-multiple-locations>), but counts each as a
/// call: a hundred are charged as 130, which a minute of the free service bears, and their address
/// is short enough for any proxy.
const SITES_PER_CALL: usize = 100;

/// Days of an archive call: as many as count as one call.
const DAYS_PER_CALL: u32 = 14;

/// Variables that count as one call.
const VARIABLES_PER_CHARGE: f64 = 10.0;

/// The archive begins on 1 January 1940.
const SINCE: DateTime<Utc> = match DateTime::from_timestamp(-946_771_200, 0) {
    Some(since) => since,
    None => DateTime::UNIX_EPOCH,
};

/// The archive is there "with a delay of 2 days"; it grows by whole days.
const LAG: TimeDelta = TimeDelta::days(3);

/// The forecast API has an hour when it is over, and 92 days long ("past_days: 0-92").
const RECENT_LAG: TimeDelta = TimeDelta::hours(1);
const RECENT_DAYS: TimeDelta = TimeDelta::days(90);

/// 100 sites × 14 days × 24 hours × 16 numbers of up to 11 bytes.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// One of the two histories of the service.
pub struct PastHours {
    service: OpenMeteo,
    part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Archive,
    Recent,
}

impl OpenMeteo {
    /// What the archive has: all but the last days.
    #[must_use]
    pub fn archive(&self) -> PastHours {
        PastHours { service: self.clone(), part: Part::Archive }
    }

    /// What the forecast API has of the last days.
    #[must_use]
    pub fn recent_hours(&self) -> PastHours {
        PastHours { service: self.clone(), part: Part::Recent }
    }
}

impl PastHours {
    fn variables(&self) -> &'static [super::Variable] {
        match self.part {
            Part::Archive => &transform::ARCHIVE,
            Part::Recent => &transform::RECENT,
        }
    }
}

#[async_trait]
impl History for PastHours {
    fn source_name(&self) -> &'static str {
        NAME
    }

    fn pause_name(&self) -> &'static str {
        NAME // one limit for all calls
    }

    fn lacks_subscription(&self, _error: &SourceError) -> bool {
        false
    }

    fn calls_at_once(&self) -> usize {
        self.service.calls_at_once()
    }

    fn reach(&self) -> Reach {
        let (lag, oldest) = match self.part {
            Part::Archive => (LAG, None),
            Part::Recent => (RECENT_LAG, Some(RECENT_DAYS)),
        };
        Reach {
            since: SINCE,
            lag,
            oldest,
            sites_per_call: SITES_PER_CALL,
            hours_per_call: DAYS_PER_CALL * 24,
            by_day: true,
        }
    }

    fn charge(&self, call: &HistoryCall<'_>) -> u32 {
        #[expect(clippy::cast_precision_loss, reason = "a dozen variables, a hundred sites")]
        let (variables, sites) = (self.variables().len() as f64, call.sites.len() as f64);
        let days = f64::from(call.days()) / f64::from(DAYS_PER_CALL);
        let calls = sites * (variables / VARIABLES_PER_CHARGE).max(1.0) * days.max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let calls = calls.ceil() as u32;
        calls.max(1)
    }

    fn hours_of(&self, endpoint: &str, params: &Params) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let path = match self.part {
            Part::Archive => ARCHIVE_PATH,
            Part::Recent => FORECAST_PATH,
        };
        let day = |text: &Option<String>| text.as_ref()?.parse::<NaiveDate>().ok();
        let (first, last) = (day(&params.start_date)?, day(&params.end_date)?);
        let last = last.and_hms_opt(23, 0, 0)?.and_utc();
        let first = first.and_time(NaiveTime::MIN).and_utc();
        (endpoint.ends_with(path) && first <= last).then_some((first, last))
    }

    async fn recall(&self, call: &HistoryCall<'_>) -> Result<Vec<Recalled>, SourceError> {
        let coordinates = call.sites.iter().map(|site| site.coordinates);
        let latitudes: Vec<String> =
            coordinates.clone().map(|place| place.latitude().to_string()).collect();
        let longitudes: Vec<String> =
            coordinates.map(|place| place.longitude().to_string()).collect();
        let (mut url, path) = match self.part {
            Part::Archive => (self.service.archive.clone(), ARCHIVE_PATH),
            Part::Recent => (self.service.forecast.clone(), FORECAST_PATH),
        };
        url.query_pairs_mut()
            .append_pair("latitude", &latitudes.join(","))
            .append_pair("longitude", &longitudes.join(","))
            .append_pair("start_date", &call.first.format("%F").to_string())
            .append_pair("end_date", &call.last.format("%F").to_string())
            .append_pair("hourly", &names(self.variables()));
        match self.service.get(url, path, MAX_BYTES).await {
            Ok(got) => {
                let recalled = transform::recall(call, self.variables(), &got.body);
                let mut recalled = recalled.map_err(|fault| self.service.unreadable(fault))?;
                if let Some(key) = &self.service.key {
                    recalled.iter_mut().for_each(|each| wire::blank_recalled(key, each));
                }
                Ok(recalled)
            }
            // Of several sites it may be any one.
            Err(error) if call.sites.len() == 1 && answer::says_it_lacks(&error) => {
                Ok(call.all(&Missing::Refused(error.message)))
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_begins_with_1940() {
        assert_eq!(SINCE.to_rfc3339(), "1940-01-01T00:00:00+00:00");
    }
}
