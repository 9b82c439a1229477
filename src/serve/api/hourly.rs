//! `hourly`: a site's hours as they were collected, as the warehouse's `observations_hourly` has them.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use utoipa::ToSchema;

use super::schema::{self, Moment};
use super::{observations, sites};
use crate::domain::SiteId;
use crate::domain::views::OBSERVATIONS_HOURLY;
use crate::serve::App;
use crate::serve::answer::format::Format;
use crate::serve::answer::lines::Lines;
use crate::serve::answer::pages::{self, Parts, Written, unwritable};
use crate::serve::answer::parameters::{Parameters, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Question;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::store::{Reads, StoreError};
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

/// Lists the hours of a site that were collected.
///
/// The weather with the site's name and local time; rain and snow are 0 where nothing was reported. By
/// source, then time. The same as `observations_hourly` in the warehouse.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/hourly", tag = "observations", operation_id = "listHours",
    params(
        ("site_id" = String, Path, description = "The site.", pattern = "^[a-z0-9][a-z0-9_-]{0,63}$", example = "mad-retiro"),
        ("from" = Option<Moment>, Query, description = "Hours that begin from then on, a time (RFC 3339) or a day (UTC); 24 hours ago if it is missing (24 hours before `to`, if that is given).", example = "2026-11-25T08:00:00Z"),
        ("to" = Option<Moment>, Query, description = "Hours that begin before, at most 366 days after `from`; everything there is if it is missing.", example = "2026-11-26"),
        ("source" = Option<String>, Query, description = "Only of this source.", pattern = "^[a-z0-9_-]{1,32}$", example = "openweathermap"),
    ),
    responses(
        (status = 200, description = "The hours.", content(
            (Hours = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site_id = sites::site_id(path)?;
    let parameters = Parameters::parse(uri.query(), &["from", "to", "source"])?;
    let format = Format::negotiate(&headers, Format::ROWS)?;
    let (from, to) = observations::times(&parameters, app.clock.now())?;
    let source = parameters.source("source")?;
    let text = question(&site_id, (from, to), source);
    let question = Question::ask(&app, text, format).await?;
    let make = async {
        let (from, to) = so_far((from, to), app.clock.now());
        let reserved = (to - from > LONG).then(|| app.budget.stream()).transpose()?;
        let place = Place::of(sites::find(&app, &site_id).await?)?;
        let hours = HoursOfSite::open(&app, place, source, (from, to)).await?;
        let lines = Lines::begin(format, "hours", OBSERVATIONS_HOURLY.field_names());
        let lines = lines.map_err(|error| unwritable(&error))?;
        pages::content(&app, Written::new(hours, lines), reserved).await
    };
    question.answer(&app, &headers, make).await
}

fn question(
    site_id: &SiteId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    source: Option<&str>,
) -> String {
    let parts: [(&str, &dyn std::fmt::Display); 4] =
        [("site", site_id), ("from", &from), ("to", &to), ("source", &source.unwrap_or_default())];
    written("hourly", &parts)
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
    store: Arc<Reads>,
    place: Place,
    /// The sources that are left, the one that is being read first, and from when on.
    sources: VecDeque<(String, DateTime<Utc>)>,
    to: DateTime<Utc>,
}

impl HoursOfSite {
    async fn open(
        app: &App,
        place: Place,
        source: Option<&str>,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Self, StoreError> {
        let asked = views::sources(&*app.store, &place, source).await?;
        let sources = asked.into_iter().filter_map(|asked| Some((asked.source?, from))).collect();
        Ok(Self { store: app.store.clone(), place, sources, to })
    }
}

impl Parts for HoursOfSite {
    type Row = Hour;

    async fn part(&mut self) -> Result<Option<Vec<Hour>>, StoreError> {
        self.sources.pop_front_if(|(_, from)| *from >= self.to);
        let Some((source, from)) = self.sources.front_mut() else { return Ok(None) };
        let times = (*from, (*from + PAGE).min(self.to));
        *from = times.1;
        views::hours(&*self.store, &self.place, source, times).await.map(Some)
    }
}
