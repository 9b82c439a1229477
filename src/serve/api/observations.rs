//! `observations`: what was said of a site, or of all sites, over a time.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::cursor::Cursor;
use super::schema::ObservationsPage;
use super::series::{Bulk, BulkPage, OfSite, Placed, RowLimit, days_of, fill_limit};
use crate::domain::tables::WEATHER_OBSERVATIONS;
use crate::serve::answer::form::{Form, RowsForm};
use crate::serve::answer::pages::{self, Paging, Parts, Written};
use crate::serve::answer::parameters::{OfSite as OfOne, Queries};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::rows::{Observation, Observations};
use crate::serve::answer::selection::Selection;
use crate::serve::answer::values::{Fields, Limit, Moment, Source, fill_times};
use crate::store::{Rows, SiteRow, StoreError};

/// Rows of a part: some tens of kilobytes as text; of many sites some more, in fewer statements.
const PART: u32 = 100;
const BULK_PART: u32 = 1000;

/// What is likely to be long: a week and more, of more rows than make a stream.
const LONG: TimeDelta = TimeDelta::days(7);
const LONG_ROWS: u32 = 400;

/// Which columns of a row.
type ObservationFields = Fields<Observations>;

/// What the observations of a site can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ObservationsQuery {
    /// The first moment, a time (RFC 3339) or a day; 24 hours ago if it is missing (24 hours before `to`, if
    /// that is given).
    #[param(example = "2026-11-25T08:00:00Z")]
    from: Option<Moment>,
    /// The first moment that is left out, at most 366 days after `from`; everything there is if it is missing.
    #[param(example = "2026-11-26")]
    to: Option<Moment>,
    /// Only of this source.
    #[param(inline, example = "openweathermap")]
    source: Option<Source>,
    /// Only these columns, by commas, beside site_id, source and observation_time.
    #[serde(default)]
    #[param(inline, style = Form, explode = false)]
    fields: ObservationFields,
}

/// Which part of the observations of a site.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// So many at most; JSON has 1000 a page if it is missing.
    #[param(inline)]
    limit: Option<RowLimit>,
    /// `next_cursor` of the page before, with the same other parameters.
    #[param(inline)]
    cursor: Option<Cursor>,
}

/// Lists what was said of a site over a time.
///
/// By source, then time. JSON comes in pages; lines of JSON, comma-separated values and Parquet come whole,
/// unless `limit` says how many.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/observations", tag = "observations", operation_id = "listObservations",
    params(OfOne, ObservationsQuery, Page, RowsForm),
    responses(
        (status = 200, description = "The observations.", content(
            (ObservationsPage = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn list(
    site: OfOne,
    Queries((mut query, mut page, form)): Queries<(ObservationsQuery, Page, RowsForm)>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let (chosen, now) = (form.choose(&headers)?, reader.now());
    let times = fill_times(&mut query.from, &mut query.to, now)?;
    fill_limit(&mut page.limit, chosen);
    let (first, last) = days_of(times, now);
    let file_name = chosen.file_name(&["observations", site.id().as_str(), &first, &last]);
    let parameters = (&site, &query, &page, &form);
    let endpoint =
        EndpointQuery::new(&answering, "observations", &parameters, chosen, Until::Run).await?;
    let make = async {
        let ObservationsQuery { source, fields, .. } = query;
        let limit = page.limit.map(Limit::get);
        let reserved = is_long(times, limit, now).then(|| answering.memory.stream()).transpose()?;
        let site = reader.site(site.id()).await?;
        // One more than is wanted, to know whether there are more.
        let part = limit.map_or(PART, |limit| limit.saturating_add(1).min(PART));
        let asked = Asked { times, source, part };
        let series = ObservationsOfSite::open(&reader, site, &asked, page.cursor.as_ref()).await?;
        let paging = Paging { limit, cursor: |row: &Observation| row.cursor().to_string() };
        let written = Written::new(series, chosen, &fields, Some(paging))?;
        pages::content(&answering.memory, written, reserved).await
    };
    endpoint.named(file_name).answer(&headers, make).await
}

/// Room for a stream has to be there before anything is read for it: else requests that get none would keep
/// the store from all others.
fn is_long(
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    limit: Option<u32>,
    now: DateTime<Utc>,
) -> bool {
    // Nothing is observed in the future.
    to.min(now) - from > LONG && limit.is_none_or(|limit| limit > LONG_ROWS)
}

/// Lists what was said of all sites over a time, or of those that are selected.
///
/// By site, source, then time: what each site's own list has, one after the other. JSON comes in pages; lines
/// of JSON, comma-separated values and Parquet come whole, as a stream of which there are two at once.
#[utoipa::path(
    get, path = "/api/v1/observations", tag = "observations", operation_id = "listAllObservations",
    params(Selection, ObservationsQuery, BulkPage, RowsForm),
    responses(
        (status = 200, description = "The observations.", content(
            (ObservationsPage = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn all(
    Queries((selection, mut query, mut page, form)): Queries<(
        Selection,
        ObservationsQuery,
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
        EndpointQuery::new(&answering, "all-observations", &parameters, chosen, Until::Run).await?;
    let endpoint = endpoint.named(file_name(chosen, "observations", times, now));
    let ObservationsQuery { source, fields, .. } = query;
    let limit = page.limit.map(Limit::get);
    let part = limit.map_or(BULK_PART, |limit| limit.saturating_add(1).min(BULK_PART));
    let asked = Asked { times, source, part };
    let bulk = Bulk::<ObservationsOfSite> { selection, asked, fields, page, form: chosen };
    endpoint.answer(&headers, bulk.content(reader, &answering.memory)).await
}

/// The name of a file of all sites.
pub(super) fn file_name(
    form: Form,
    what: &str,
    times: (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Option<String> {
    let (first, last) = days_of(times, now);
    form.file_name(&[what, &first, &last])
}

/// What is asked of each site.
pub(super) struct Asked {
    times: (DateTime<Utc>, DateTime<Utc>),
    source: Option<Source>,
    /// Rows of a part.
    part: u32,
}

impl Placed for Observation {
    fn site_id(&self) -> &str {
        self.text("site_id")
    }

    fn cursor(&self) -> Cursor {
        Cursor::new(self.text("source"), self.time())
    }
}

/// The observations of a site, some at a time.
struct ObservationsOfSite {
    reader: Reader,
    site_id: String,
    /// The sources that are left, the one that is being read first, and from when on.
    sources: VecDeque<(String, DateTime<Utc>)>,
    to: DateTime<Utc>,
    part: u32,
}

impl OfSite for ObservationsOfSite {
    type Asked = Asked;

    async fn open(
        reader: &Reader,
        site: SiteRow,
        asked: &Asked,
        after: Option<&Cursor>,
    ) -> Result<Self, StoreError> {
        let Asked { times: (from, to), source, part } = asked;
        let mut sources = reader.store.list_observed_sources(&site.site_id).await?;
        sources.retain(|name| source.as_ref().is_none_or(|asked| asked.as_str() == name));
        sources.retain(|name| after.is_none_or(|after| *name >= after.source));
        let starts = sources.into_iter().map(|name| {
            let own = after.filter(|after| after.source == name);
            let next = own.map_or(*from, |own| own.time + TimeDelta::seconds(1));
            // Not past the end, which is the last time that a store can hold.
            (name, next.max(*from).min(*to))
        });
        let (reader, sources) = (reader.clone(), starts.collect());
        Ok(Self { reader, site_id: site.site_id, sources, to: *to, part: *part })
    }
}

impl Parts for ObservationsOfSite {
    type Row = Observation;

    const LIST: &str = "observations";

    async fn part(&mut self) -> Result<Option<Vec<Observation>>, StoreError> {
        let Some((source, from)) = self.sources.front_mut() else { return Ok(None) };
        let rows = Rows::Series {
            site_id: self.site_id.clone(),
            source: source.clone(),
            from: *from,
            to: self.to,
            limit: self.part,
        };
        let mut batches = self.reader.store.read_rows(&WEATHER_OBSERVATIONS, &rows);
        let mut all = Vec::new();
        while let Some(batch) = batches.try_next().await? {
            all.extend(Observation::all(batch));
        }
        drop(batches);
        if let Some(last) = all.last() {
            *from = last.time() + TimeDelta::seconds(1);
        }
        // Fewer than there was room for: no statement has to find that the source has no more.
        if all.len() < self.part as usize {
            self.sources.pop_front();
        }
        Ok(Some(all))
    }
}
