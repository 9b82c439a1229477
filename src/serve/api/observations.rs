//! `observations`: what was said of a site over a time.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::cursor::Cursor;
use super::schema::ObservationsPage;
use super::series::{Range, Series};
use crate::serve::answer::format::Format;
use crate::serve::answer::pages;
use crate::serve::answer::parameters::{OfSite, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::values::{Fields, Limit, Moment, Source, fill_times};

/// Rows of a JSON page if no other number is asked for, and at most.
const DEFAULT_LIMIT: RowLimit = Limit::of(1000);
type RowLimit = Limit<10_000>;

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
    fields: Fields,
    /// So many at most; JSON has 1000 a page if it is missing.
    #[param(inline)]
    limit: Option<RowLimit>,
    /// `next_cursor` of the page before, with the same other parameters.
    #[param(inline)]
    cursor: Option<Cursor>,
}

/// Lists what was said of a site over a time.
///
/// By source, then time. JSON comes in pages; lines of JSON and comma-separated values come whole,
/// unless `limit` says how many.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/observations", tag = "observations", operation_id = "listObservations",
    params(OfSite, ObservationsQuery),
    responses(
        (status = 200, description = "The observations.", content(
            (ObservationsPage = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn list(
    site: OfSite,
    Query(mut query): Query<ObservationsQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(&headers, Format::ROWS)?;
    let (from, to) = fill_times(&mut query.from, &mut query.to, reader.now())?;
    if format == Format::Json {
        query.limit.get_or_insert(DEFAULT_LIMIT);
    }
    let parameters = (&site, &query);
    let endpoint =
        EndpointQuery::new(&answering, "observations", &parameters, format, Until::Run).await?;
    let make = async {
        let ObservationsQuery { source, fields, limit, cursor, .. } = query;
        let (site_id, limit) = (site.id().to_string(), limit.map(Limit::get));
        let range = Range { site_id, from, to, source, after: cursor, limit };
        let reserved = range.reserve(&answering.memory, reader.now())?;
        reader.site(site.id()).await?;
        let series = Series::open(reader, range, format, fields).await?;
        pages::content(&answering.memory, series, reserved).await
    };
    endpoint.answer(&headers, make).await
}
