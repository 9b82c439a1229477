//! `hourly`: the hours of a site, or of all sites, as they were collected, as the warehouse's
//! `observations_hourly` has them.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::Cursor;
use super::observations::file_name;
use super::schema;
use super::series::{Bulk, BulkPage, OfSite, Placed, days_of, fill_limit};
use crate::serve::answer::form::RowsForm;
use crate::serve::answer::pages::{self, Parts, Written};
use crate::serve::answer::parameters::{OfSite as OfOne, Queries};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::selection::Selection;
use crate::serve::answer::values::{Fields, Moment, Source, fill_times};
use crate::store::{SiteRow, StoreError};
use crate::views::{self, Hour, Place};

/// Hours of a part: some tens of kilobytes as text; of many sites more, in fewer statements.
const PART: TimeDelta = TimeDelta::days(4);
const BULK_PART: TimeDelta = TimeDelta::days(31);

/// What is likely to be long.
const LONG: TimeDelta = TimeDelta::days(7);

/// Hours of a site.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct Hours {
    /// By source and time.
    hours: Vec<schema::Hour>,
}

/// Which columns of a row.
type HourFields = Fields<Hour>;

/// What the hours of a site can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HoursQuery {
    /// Hours that begin from then on, a time (RFC 3339) or a day (UTC); 24 hours ago if it is missing (24
    /// hours before `to`, if that is given).
    #[param(example = "2026-11-25T08:00:00Z")]
    from: Option<Moment>,
    /// Hours that begin before, at most 366 days after `from`; everything there is if it is missing.
    #[param(example = "2026-11-26")]
    to: Option<Moment>,
    /// Only of this source.
    #[param(inline, example = "openweathermap")]
    source: Option<Source>,
    /// Only these columns, by commas, beside site_id, source and hour.
    #[serde(default)]
    #[param(inline, style = Form, explode = false)]
    fields: HourFields,
}

/// Lists the hours of a site that were collected.
///
/// The weather with the site's name and local time; rain and snow are 0 where nothing was reported. By
/// source, then time. The same as `observations_hourly` in the warehouse.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/hourly", tag = "observations", operation_id = "listHours",
    params(OfOne, HoursQuery, RowsForm),
    responses(
        (status = 200, description = "The hours.", content(
            (Hours = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn list(
    site: OfOne,
    Queries((mut query, form)): Queries<(HoursQuery, RowsForm)>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let (chosen, now) = (form.choose(&headers)?, reader.now());
    let times = fill_times(&mut query.from, &mut query.to, now)?;
    let (first, last) = days_of(times, now);
    let file_name = chosen.file_name(&["hourly", site.id().as_str(), &first, &last]);
    let parameters = (&site, &query, &form);
    let endpoint =
        EndpointQuery::new(&answering, "hourly", &parameters, chosen, Until::Run).await?;
    let make = async {
        let times = so_far(times, now);
        let reserved = (times.1 - times.0 > LONG).then(|| answering.memory.stream()).transpose()?;
        let site = reader.site(site.id()).await?;
        let asked = Asked { times, source: query.source, part: PART };
        let hours = HoursOfSite::open(&reader, site, &asked, None).await?;
        let written = Written::new(hours, chosen, &query.fields, None)?;
        pages::content(&answering.memory, written, reserved).await
    };
    endpoint.named(file_name).answer(&headers, make).await
}

/// No hour of the future was collected; a day more for a clock that is behind that of the collection.
fn so_far(
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> (DateTime<Utc>, DateTime<Utc>) {
    (from, to.min(now + TimeDelta::days(1)).max(from))
}

/// Lists the hours of all sites that were collected, or of those that are selected.
///
/// By site, source, then time: what each site's own list has, one after the other. JSON comes in pages; lines
/// of JSON, comma-separated values and Parquet come whole, as a stream of which there are two at once.
#[utoipa::path(
    get, path = "/api/v1/hourly", tag = "observations", operation_id = "listAllHours",
    params(Selection, HoursQuery, BulkPage, RowsForm),
    responses(
        (status = 200, description = "The hours.", content(
            (schema::HoursPage = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn all(
    Queries((selection, mut query, mut page, form)): Queries<(
        Selection,
        HoursQuery,
        BulkPage,
        RowsForm,
    )>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let (chosen, now) = (form.choose(&headers)?, reader.now());
    let times = fill_times(&mut query.from, &mut query.to, now)?;
    fill_limit(&mut page.limit, chosen);
    let parameters = (&selection, &query, &page, &form);
    let endpoint =
        EndpointQuery::new(&answering, "all-hours", &parameters, chosen, Until::Run).await?;
    let endpoint = endpoint.named(file_name(chosen, "hourly", times, now));
    let HoursQuery { source, fields, .. } = query;
    let asked = Asked { times: so_far(times, now), source, part: BULK_PART };
    let bulk = Bulk::<HoursOfSite> { selection, asked, fields, page, form: chosen };
    endpoint.answer(&headers, bulk.content(reader, &answering.memory)).await
}

/// What is asked of each site.
struct Asked {
    times: (DateTime<Utc>, DateTime<Utc>),
    source: Option<Source>,
    /// The time that a part is of.
    part: TimeDelta,
}

impl Placed for Hour {
    fn site_id(&self) -> &str {
        &self.site_id
    }

    fn cursor(&self) -> Cursor {
        Cursor::new(&self.source, self.hour)
    }
}

/// The hours of a site, some days at a time.
struct HoursOfSite {
    reader: Reader,
    place: Place,
    /// The sources that are left, the one that is being read first, and from when on.
    sources: VecDeque<(String, DateTime<Utc>)>,
    to: DateTime<Utc>,
    part: TimeDelta,
}

impl OfSite for HoursOfSite {
    type Asked = Asked;

    async fn open(
        reader: &Reader,
        site: SiteRow,
        asked: &Asked,
        after: Option<&Cursor>,
    ) -> Result<Self, StoreError> {
        let (place, (from, to)) = (Place::of(site)?, asked.times);
        let source = asked.source.as_ref().map(Source::as_str);
        let sources = views::sources(&reader.store, &place, source).await?;
        let names = sources.into_iter().filter_map(|asked| asked.source);
        let left = names.filter(|name| after.is_none_or(|after| *name >= after.source));
        let starts = left.map(|name| {
            let own = after.filter(|after| after.source == name);
            let next = own.map_or(from, |own| own.time + TimeDelta::hours(1));
            (name, next.max(from))
        });
        let (reader, sources) = (reader.clone(), starts.collect());
        Ok(Self { reader, place, sources, to, part: asked.part })
    }
}

impl Parts for HoursOfSite {
    type Row = Hour;

    const LIST: &str = "hours";

    async fn part(&mut self) -> Result<Option<Vec<Hour>>, StoreError> {
        self.sources.pop_front_if(|(_, from)| *from >= self.to);
        let Some((source, from)) = self.sources.front_mut() else { return Ok(None) };
        if *from >= self.to {
            return Ok(Some(Vec::new()));
        }
        let times = (*from, (*from + self.part).min(self.to));
        *from = times.1;
        views::hours(&self.reader.store, &self.place, source, times).await.map(Some)
    }
}
