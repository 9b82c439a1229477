//! `hourly`: a site's hours as they were collected, as the warehouse's `observations_hourly` has them.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::schema;
use crate::domain::views::OBSERVATIONS_HOURLY;
use crate::serve::answer::format::Format;
use crate::serve::answer::pages::{self, Parts, Written};
use crate::serve::answer::parameters::{OfSite, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::values::{Moment, Source, fill_times};
use crate::store::StoreError;
use crate::views::{self, Hour, Place};

/// Hours of a page: some tens of kilobytes as text.
const PAGE: TimeDelta = TimeDelta::days(4);

/// What is likely to be long.
const LONG: TimeDelta = TimeDelta::days(7);

/// Hours of a site.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct Hours {
    /// By source and time.
    hours: Vec<schema::Hour>,
}

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
}

/// Lists the hours of a site that were collected.
///
/// The weather with the site's name and local time; rain and snow are 0 where nothing was reported. By
/// source, then time. The same as `observations_hourly` in the warehouse.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/hourly", tag = "observations", operation_id = "listHours",
    params(OfSite, HoursQuery),
    responses(
        (status = 200, description = "The hours.", content(
            (Hours = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn list(
    site: OfSite,
    Query(mut query): Query<HoursQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(&headers, Format::ROWS)?;
    let times = fill_times(&mut query.from, &mut query.to, reader.now())?;
    let parameters = (&site, &query);
    let endpoint =
        EndpointQuery::new(&answering, "hourly", &parameters, format, Until::Run).await?;
    let make = async {
        let (from, to) = so_far(times, reader.now());
        let reserved = (to - from > LONG).then(|| answering.memory.stream()).transpose()?;
        let place = Place::of(reader.site(site.id()).await?)?;
        let source = query.source.as_ref().map(Source::as_str);
        let hours = HoursOfSite::open(&reader, place, source, (from, to)).await?;
        pages::content(&answering.memory, Written::new(hours, format), reserved).await
    };
    endpoint.answer(&headers, make).await
}

/// No hour of the future was collected; a day more for a clock that is behind that of the collection.
fn so_far(
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> (DateTime<Utc>, DateTime<Utc>) {
    (from, to.min(now + TimeDelta::days(1)).max(from))
}

/// The hours of a site, some days at a time.
struct HoursOfSite {
    reader: Reader,
    place: Place,
    /// The sources that are left, the one that is being read first, and from when on.
    sources: VecDeque<(String, DateTime<Utc>)>,
    to: DateTime<Utc>,
}

impl HoursOfSite {
    async fn open(
        reader: &Reader,
        place: Place,
        source: Option<&str>,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Self, StoreError> {
        let asked = views::sources(&reader.store, &place, source).await?;
        let sources = asked.into_iter().filter_map(|asked| Some((asked.source?, from))).collect();
        Ok(Self { reader: reader.clone(), place, sources, to })
    }
}

impl Parts for HoursOfSite {
    type Row = Hour;

    const LIST: &str = "hours";

    fn fields() -> Vec<&'static str> {
        OBSERVATIONS_HOURLY.field_names()
    }

    async fn part(&mut self) -> Result<Option<Vec<Hour>>, StoreError> {
        self.sources.pop_front_if(|(_, from)| *from >= self.to);
        let Some((source, from)) = self.sources.front_mut() else { return Ok(None) };
        let times = (*from, (*from + PAGE).min(self.to));
        *from = times.1;
        views::hours(&self.reader.store, &self.place, source, times).await.map(Some)
    }
}
