//! `/sites/{site_id}`: the weather of a site, and what is missing of it and why.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Frame, local, whole, words};
use crate::domain::{freshness, source_time};
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{OfSite, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::values::{Source, Unfit};
use crate::views::gaps::ExpectedSource;
use crate::views::{self, Day, Hour, Place};

mod figure;
mod marks;
mod table;

use figure::Figure;
use marks::Mark;
use table::Row;

/// A range: name, words, hours.
type Range = (&'static str, &'static str, i64);

/// The ranges that can be chosen.
const RANGES: [Range; 3] =
    [("24h", "24 hours", 24), ("7d", "7 days", 7 * 24), ("30d", "30 days", 30 * 24)];

/// Of longer ranges the table has a row for each day.
const LONGEST_BY_HOUR: i64 = 7 * 24;

#[derive(Template)]
#[template(path = "site.html")]
struct SitePage {
    frame: Frame,
    place: Place,
    zone: String,
    range: Range,
    source: Option<String>,
    sources: Vec<String>,
    latest: Option<Latest>,
    figures: Vec<Figure>,
    marks: Vec<Mark>,
    rows: Vec<Row>,
    days: Vec<Day>,
    is_new: bool,
}

/// The newest hour of the range.
struct Latest {
    hour: Hour,
    time: String,
    age: String,
    is_fresh: bool,
}

/// What the page is of.
struct Scope {
    place: Place,
    asked: ExpectedSource,
    times: (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
}

/// What the page can be asked with.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SiteQuery {
    #[serde(default)]
    range: Chosen,
    source: Option<Source>,
}

/// The range that is chosen; the first, if none is.
#[derive(Deserialize, Serialize)]
#[serde(try_from = "String")]
struct Chosen(Range);

impl Default for Chosen {
    fn default() -> Self {
        Self(RANGES[0])
    }
}

impl TryFrom<String> for Chosen {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let found = RANGES.into_iter().find(|(name, ..)| *name == text);
        let allowed = || RANGES.map(|(name, ..)| name).join(", ");
        found.map(Self).ok_or_else(|| Unfit::new("is none of these", allowed()))
    }
}

pub(super) async fn show(
    site: OfSite,
    Query(query): Query<SiteQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let (now, parameters) = (reader.now(), (&site, &query));
    let until = Until::Minute(now);
    let endpoint =
        EndpointQuery::new(&answering, "page-site", &parameters, Format::Html, until).await?;
    let make = async {
        let place = Place::of(reader.site(site.id()).await?)?;
        let source = query.source.as_ref().map(Source::as_str);
        whole(&read(&reader, place, source, query.range.0, now).await?)
    };
    endpoint.answer(&headers, make).await
}

async fn read(
    reader: &Reader,
    place: Place,
    source: Option<&str>,
    range: Range,
    now: DateTime<Utc>,
) -> Result<SitePage, Problem> {
    let all = views::sources(&reader.store, &place, None).await?;
    let sources: Vec<_> = all.iter().filter_map(|asked| asked.source.clone()).collect();
    let asked = chosen(reader, all, source)?;
    let end = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now) + TimeDelta::hours(1);
    let times = (end - TimeDelta::hours(range.2), end);
    let scope = Scope { place, asked, times, now };
    let hours = match &scope.asked.source {
        Some(source) => views::hours(&reader.store, &scope.place, source, times).await?,
        None => Vec::new(),
    };
    let marks = marks::of(reader, &scope, &hours).await?;
    let days = if range.2 > LONGEST_BY_HOUR { days(reader, &scope).await? } else { Vec::new() };
    Ok(SitePage::of(scope, sources, range, &hours, marks, days))
}

/// The source that is asked for; else the first in use of those that were called for this site.
fn chosen(
    reader: &Reader,
    mut all: Vec<ExpectedSource>,
    source: Option<&str>,
) -> Result<ExpectedSource, Problem> {
    let rank = |asked: &ExpectedSource| {
        reader.sources.iter().position(|name| asked.source.as_deref() == Some(*name))
    };
    all.sort_by_key(|asked| rank(asked).unwrap_or(usize::MAX));
    let allowed: Vec<_> = all.iter().filter_map(|asked| asked.source.clone()).collect();
    let is_meant = |asked: &ExpectedSource| {
        source.is_none_or(|source| asked.source.as_deref() == Some(source))
    };
    all.into_iter().find(is_meant).ok_or_else(|| {
        Problem::parameter("source", "was never asked for this site", allowed.join(", "))
    })
}

async fn days(reader: &Reader, scope: &Scope) -> Result<Vec<Day>, Problem> {
    let Scope { place, asked, times, now } = scope;
    let date = |time: DateTime<Utc>| time.with_timezone(&place.life.timezone).date_naive();
    let range = (date(times.0), date(*now));
    let mut days = views::days(&reader.store, place, asked, range, *now).await?;
    days.reverse();
    Ok(days)
}

impl SitePage {
    fn of(
        scope: Scope,
        sources: Vec<String>,
        range: Range,
        hours: &[Hour],
        marks: Vec<Mark>,
        days: Vec<Day>,
    ) -> Self {
        let timezone = scope.place.life.timezone;
        let interval_minutes = scope.place.site.interval_minutes;
        let until = source_time::last_believed(scope.now);
        let newest = hours.iter().rfind(|hour| hour.observation_time <= until);
        let latest = newest.map(|hour| Latest {
            time: local::time(hour.observation_time, timezone),
            is_fresh: freshness::is_fresh(scope.now - hour.observation_time, interval_minutes),
            age: words::age(scope.now - hour.observation_time),
            hour: hour.clone(),
        });
        let rows = if days.is_empty() { table::rows(hours, &marks, timezone) } else { Vec::new() };
        Self {
            frame: Frame::of("site"),
            zone: local::zone(scope.now, timezone),
            range,
            figures: figure::all(&scope, hours, &marks),
            is_new: scope.asked.source.is_none(),
            source: scope.asked.source,
            place: scope.place,
            sources,
            latest,
            marks,
            rows,
            days,
        }
    }

    fn ranges(&self) -> [Range; 3] {
        RANGES
    }
}
