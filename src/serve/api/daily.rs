//! `daily`: the local days of a site, or of all sites, as the warehouse's `observations_daily` has them, and
//! why slots are missing.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Days as Count, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::Cursor;
use super::schema;
use super::series::{Bulk, BulkPage, OfSite, Placed, fill_limit};
use crate::domain::degree_days::{BASE_C, Bases};
use crate::serve::answer::form::RowsForm;
use crate::serve::answer::pages::{self, Parts, Written};
use crate::serve::answer::parameters::{OfSite as OfOne, Queries};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::selection::Selection;
use crate::serve::answer::values::{Day as DayValue, DegreesCelsius, Fields, Source};
use crate::store::{SiteRow, StoreError};
use crate::views::gaps::ExpectedSource;
use crate::views::{self, Day, Place};

/// The most days that are answered for, and how many there are if no other number is asked for.
const MAX_DAYS: i64 = 366;
const DEFAULT_DAYS: i64 = 30;

/// Days of a part; of many sites more, in fewer statements.
const PART: Count = Count::new(14);
const BULK_PART: Count = Count::new(92);

/// What is likely to be long.
const LONG: TimeDelta = TimeDelta::days(62);

/// Local days of a site.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct Days {
    /// By source and day.
    days: Vec<schema::Day>,
}

/// Which columns of a row.
type DayFields = Fields<Day>;

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
    /// Only these columns, by commas, beside site_id, source and local_date.
    #[serde(default)]
    #[param(inline, style = Form, explode = false)]
    fields: DayFields,
    /// Heating degree days are counted from this temperature, degrees Celsius; 18 if it is missing.
    #[param(inline)]
    hdd_base: Option<DegreesCelsius>,
    /// Cooling degree days are counted from this temperature, degrees Celsius; 18 if it is missing.
    #[param(inline)]
    cdd_base: Option<DegreesCelsius>,
}

/// Lists the local days of a site.
///
/// Every day on which slots are expected up to now: lowest, mean and highest values, sums, degree days, how
/// many of the day's slots are there, and why the others are missing. By source, then day. The same as
/// `observations_daily` in the warehouse, which has no `missing`.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/daily", tag = "observations", operation_id = "listDays",
    params(OfOne, DaysQuery, RowsForm),
    responses(
        (status = 200, description = "The days.", content(
            (Days = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn list(
    site: OfOne,
    Queries((query, form)): Queries<(DaysQuery, RowsForm)>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let (chosen, now) = (form.choose(&headers)?, reader.now());
    let range = Range::of(query.from, query.to)?;
    let (first, last) = range.days(now.date_naive());
    let (first, last) = (first.to_string(), last.to_string());
    let file_name = chosen.file_name(&["daily", site.id().as_str(), &first, &last]);
    let parameters = (&site, &query, &form);
    let until = range.until(now);
    let endpoint = EndpointQuery::new(&answering, "daily", &parameters, chosen, until).await?;
    let make = async {
        let bases = bases(query.hdd_base, query.cdd_base);
        let asked = Asked { range, source: query.source, part: PART, now, bases };
        let site = reader.site(site.id()).await?;
        let days = DaysOfSite::open(&reader, site, &asked, None).await?;
        let reserved = days.is_long().then(|| answering.memory.stream()).transpose()?;
        let written = Written::new(days, chosen, &query.fields, None)?;
        pages::content(&answering.memory, written, reserved).await
    };
    endpoint.named(file_name).answer(&headers, make).await
}

/// Lists the local days of all sites, or of those that are selected.
///
/// By site, source, then day: what each site's own list has, one after the other. JSON comes in pages; lines
/// of JSON, comma-separated values and Parquet come whole, as a stream of which there are two at once.
#[utoipa::path(
    get, path = "/api/v1/daily", tag = "observations", operation_id = "listAllDays",
    params(Selection, DaysQuery, BulkPage, RowsForm),
    responses(
        (status = 200, description = "The days.", content(
            (schema::DaysPage = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn all(
    Queries((selection, query, mut page, form)): Queries<(
        Selection,
        DaysQuery,
        BulkPage,
        RowsForm,
    )>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let (chosen, now) = (form.choose(&headers)?, reader.now());
    let range = Range::of(query.from, query.to)?;
    fill_limit(&mut page.limit, chosen);
    let (first, last) = range.days(now.date_naive());
    let file_name = chosen.file_name(&["daily", &first.to_string(), &last.to_string()]);
    let (parameters, until) = ((&selection, &query, &page, &form), range.until(now));
    let endpoint = EndpointQuery::new(&answering, "all-days", &parameters, chosen, until).await?;
    let DaysQuery { source, fields, hdd_base, cdd_base, .. } = query;
    let bases = bases(hdd_base, cdd_base);
    let asked = Asked { range, source, part: BULK_PART, now, bases };
    let bulk = Bulk::<DaysOfSite> { selection, asked, fields, page, form: chosen };
    endpoint.named(file_name).answer(&headers, bulk.content(reader, &answering.memory)).await
}

fn bases(heating: Option<DegreesCelsius>, cooling: Option<DegreesCelsius>) -> Bases {
    let degrees = |base: Option<DegreesCelsius>| base.map_or(BASE_C, DegreesCelsius::get);
    Bases { heating_c: degrees(heating), cooling_c: degrees(cooling) }
}

/// The first and the last local day, as they were asked for.
#[derive(Debug, Clone, Copy)]
struct Range {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl Range {
    fn of(from: Option<DayValue>, to: Option<DayValue>) -> Result<Self, Problem> {
        let (from, to) = (from.map(|day| day.0), to.map(|day| day.0));
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

    /// What ends an answer, beside the next run.
    fn until(self, now: DateTime<Utc>) -> Until {
        if self.is_past(now) { Until::Run } else { Until::Minute(now) }
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

/// What is asked of each site.
struct Asked {
    range: Range,
    source: Option<Source>,
    /// The days of a part.
    part: Count,
    now: DateTime<Utc>,
    bases: Bases,
}

impl Placed for Day {
    fn site_id(&self) -> &str {
        &self.site_id
    }

    fn cursor(&self) -> Cursor {
        let midnight = self.local_date.and_time(NaiveTime::MIN).and_utc();
        Cursor::new(self.source.as_deref().unwrap_or_default(), midnight)
    }
}

/// The days of a site, some at a time.
struct DaysOfSite {
    reader: Reader,
    place: Place,
    /// The sources that are left, the one that is being read first, and from which day on.
    sources: VecDeque<(ExpectedSource, NaiveDate)>,
    from: NaiveDate,
    to: NaiveDate,
    part: Count,
    moment: (DateTime<Utc>, Bases),
}

impl DaysOfSite {
    fn is_long(&self) -> bool {
        self.to - self.from > LONG
    }
}

impl OfSite for DaysOfSite {
    type Asked = Asked;

    async fn open(
        reader: &Reader,
        site: SiteRow,
        asked: &Asked,
        after: Option<&Cursor>,
    ) -> Result<Self, StoreError> {
        let place = Place::of(site)?;
        let (from, to) = asked.range.days(place.life.last_day(asked.now));
        let source = asked.source.as_ref().map(Source::as_str);
        let mut sources = views::sources(&reader.store, &place, source).await?;
        let name = |of: &ExpectedSource| of.source.clone().unwrap_or_default();
        sources.retain(|of| after.is_none_or(|after| name(of) >= after.source));
        let starts = sources.into_iter().map(|of| {
            let own = after.filter(|after| after.source == name(&of));
            let next = own.and_then(|own| own.time.date_naive().succ_opt());
            let first = next.map_or(from, |next| next.max(from));
            (of, first)
        });
        let (reader, sources) = (reader.clone(), starts.collect());
        let moment = (asked.now, asked.bases);
        Ok(Self { reader, place, sources, from, to, part: asked.part, moment })
    }
}

impl Parts for DaysOfSite {
    type Row = Day;

    const LIST: &str = "days";

    async fn part(&mut self) -> Result<Option<Vec<Day>>, StoreError> {
        self.sources.pop_front_if(|(_, from)| *from > self.to);
        let Some((asked, from)) = self.sources.front_mut() else { return Ok(None) };
        if *from > self.to {
            return Ok(Some(Vec::new()));
        }
        let next = *from + self.part;
        let days = (*from, self.to.min(next - Count::new(1)));
        *from = next;
        views::days(&self.reader.store, &self.place, asked, days, self.moment).await.map(Some)
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
