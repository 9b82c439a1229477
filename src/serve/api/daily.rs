//! `daily`: a site's local days, as the warehouse's `observations_daily` has them, and why slots are
//! missing.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Days as Count, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::schema;
use crate::domain::views::OBSERVATIONS_DAILY;
use crate::serve::answer::format::Format;
use crate::serve::answer::pages::{self, Parts, Written};
use crate::serve::answer::parameters::{OfSite, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::values::{Day as DayValue, Source};
use crate::store::StoreError;
use crate::views::gaps::ExpectedSource;
use crate::views::{self, Day, Place};

/// The most days that are answered for, and how many there are if no other number is asked for.
const MAX_DAYS: i64 = 366;
const DEFAULT_DAYS: i64 = 30;

/// Days of a page.
const PAGE: Count = Count::new(14);

/// What is likely to be long.
const LONG: TimeDelta = TimeDelta::days(62);

/// Local days of a site.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct Days {
    /// By source and day.
    days: Vec<schema::Day>,
}

/// What the days of a site can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DaysQuery {
    /// The first local day; 29 days before `to` if it is missing.
    #[param(inline)]
    from: Option<DayValue>,
    /// The last local day, at most 366 days in all; if it is missing, as many days as there may be, up to
    /// today.
    #[param(inline)]
    to: Option<DayValue>,
    /// Only of this source.
    #[param(inline, example = "openweathermap")]
    source: Option<Source>,
}

/// Lists the local days of a site.
///
/// Every day on which slots are expected up to now: lowest, mean and highest values, sums, how many of the
/// day's slots are there, and why the others are missing. By source, then day. The same as
/// `observations_daily` in the warehouse, which has no `missing`.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/daily", tag = "observations", operation_id = "listDays",
    params(OfSite, DaysQuery),
    responses(
        (status = 200, description = "The days.", content(
            (Days = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn list(
    site: OfSite,
    Query(query): Query<DaysQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(&headers, Format::ROWS)?;
    let range = Range::of(&query)?;
    let now = reader.now();
    let until = if range.is_past(now) { Until::Run } else { Until::Minute(now) };
    let parameters = (&site, &query);
    let endpoint = EndpointQuery::new(&answering, "daily", &parameters, format, until).await?;
    let make = async {
        let place = Place::of(reader.site(site.id()).await?)?;
        let (from, to) = range.days(place.life.last_day(now));
        let reserved = (to - from > LONG).then(|| answering.memory.stream()).transpose()?;
        let source = query.source.as_ref().map(Source::as_str);
        let days = DaysOfSite::open(&reader, place, source, (from, to)).await?;
        pages::content(&answering.memory, Written::new(days, format), reserved).await
    };
    endpoint.answer(&headers, make).await
}

/// The first and the last local day, as they were asked for.
#[derive(Debug, Clone, Copy)]
struct Range {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl Range {
    fn of(query: &DaysQuery) -> Result<Self, Problem> {
        let (from, to) = (query.from.map(|day| day.0), query.to.map(|day| day.0));
        if let Some((from, to)) = from.zip(to) {
            let longest = from + TimeDelta::days(MAX_DAYS - 1);
            if to < from {
                let allowed = format!("{from} or later");
                return Err(Problem::parameter("to", "is before `from`", allowed));
            }
            if to > longest {
                let problem = format!("makes more than {MAX_DAYS} days");
                return Err(Problem::parameter("to", problem, format!("{from} to {longest}")));
            }
        }
        Ok(Self { from, to })
    }

    /// Whether the last day is over in every time zone: then the answer does not depend on the time.
    fn is_past(self, now: DateTime<Utc>) -> bool {
        self.to.is_some_and(|to| now.date_naive() - to > TimeDelta::days(2))
    }

    /// From which day to which, where this is today: nothing is expected after it, nor before 1970.
    fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let longest = |from| from + TimeDelta::days(MAX_DAYS - 1);
        let to = self.to.or(self.from.map(longest)).map_or(today, |to| to.min(today));
        let from =
            self.from.unwrap_or(self.to.unwrap_or(today) - TimeDelta::days(DEFAULT_DAYS - 1));
        (from.max(DateTime::UNIX_EPOCH.date_naive()), to)
    }
}

/// The days of a site, some at a time.
struct DaysOfSite {
    reader: Reader,
    place: Place,
    /// The sources that are left, the one that is being read first, and from which day on.
    asked: VecDeque<(ExpectedSource, NaiveDate)>,
    to: NaiveDate,
    now: DateTime<Utc>,
}

impl DaysOfSite {
    async fn open(
        reader: &Reader,
        place: Place,
        source: Option<&str>,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Result<Self, StoreError> {
        let asked = views::sources(&reader.store, &place, source).await?;
        let asked = asked.into_iter().map(|asked| (asked, from)).collect();
        Ok(Self { reader: reader.clone(), place, asked, to, now: reader.now() })
    }
}

impl Parts for DaysOfSite {
    type Row = Day;

    const LIST: &str = "days";

    fn fields() -> Vec<&'static str> {
        OBSERVATIONS_DAILY.field_names()
    }

    async fn part(&mut self) -> Result<Option<Vec<Day>>, StoreError> {
        self.asked.pop_front_if(|(_, from)| *from > self.to);
        let Some((asked, from)) = self.asked.front_mut() else { return Ok(None) };
        let next = *from + PAGE;
        let days = (*from, self.to.min(next - Count::new(1)));
        *from = next;
        views::days(&self.reader.store, &self.place, asked, days, self.now).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_30_up_to_today_or_those_asked_for() {
        let today = day("2026-11-25");
        for (from, to, expected) in [
            (None, None, ("2026-10-27", "2026-11-25")),
            (Some("2026-11-01"), None, ("2026-11-01", "2026-11-25")),
            (Some("2024-11-01"), None, ("2024-11-01", "2025-11-01")),
            (None, Some("2026-11-10"), ("2026-10-12", "2026-11-10")),
            (None, Some("2026-11-30"), ("2026-11-01", "2026-11-25")),
            (Some("0001-01-01"), Some("0001-12-31"), ("1970-01-01", "0001-12-31")),
            (Some("2027-01-01"), Some("2027-01-02"), ("2027-01-01", "2026-11-25")),
        ] {
            let range = Range { from: from.map(day), to: to.map(day) };
            assert_eq!(range.days(today), (day(expected.0), day(expected.1)), "{from:?} {to:?}");
        }
    }
}
