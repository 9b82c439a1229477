//! `/sites/{site_id}`: the weather of a site, and what is missing of it and why.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::{Frame, local, whole, words};
use crate::domain::{SiteId, freshness, source_time};
use crate::serve::App;
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{Parameters, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Question;
use crate::serve::api::sites;
use crate::views::gaps::Asked;
use crate::views::{self, Day, Hour, Place};

mod figure;
mod marks;
mod table;

use figure::Figure;
use marks::Mark;
use table::Row;

/// The ranges that can be chosen: name, words, hours.
const RANGES: [(&str, &str, i64); 3] =
    [("24h", "24 hours", 24), ("7d", "7 days", 7 * 24), ("30d", "30 days", 30 * 24)];

/// Of longer ranges the table has a row for each day.
const LONGEST_BY_HOUR: i64 = 7 * 24;

#[derive(Template)]
#[template(path = "site.html")]
struct SitePage {
    frame: Frame,
    place: Place,
    zone: String,
    range: (&'static str, &'static str, i64),
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

/// What is asked for.
struct Asking {
    place: Place,
    asked: Asked,
    times: (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site_id = sites::site_id(path)?;
    let parameters = Parameters::parse(uri.query(), &["range", "source"])?;
    let range = range(&parameters)?;
    let source = parameters.source("source")?;
    let (text, now) = (question(&site_id, range.0, source), app.clock.now());
    let question = Question::ask_at(&app, text, Format::Html, now).await?;
    let make = async {
        let place = Place::of(sites::find(&app, &site_id).await?)?;
        whole(&read(&app, place, source, range, now).await?)
    };
    question.answer(&app, &headers, make).await
}

fn question(site_id: &SiteId, range: &str, source: Option<&str>) -> String {
    let parts: [(&str, &dyn std::fmt::Display); 3] =
        [("site", site_id), ("range", &range), ("source", &source.unwrap_or_default())];
    written("page-site", &parts)
}

fn range(parameters: &Parameters) -> Result<(&'static str, &'static str, i64), Problem> {
    let given = parameters.text("range").unwrap_or(RANGES[0].0);
    let allowed = || RANGES.map(|(name, ..)| name).join(", ");
    let found = RANGES.into_iter().find(|(name, ..)| *name == given);
    found.ok_or_else(|| Problem::parameter("range", "is none of these", allowed()))
}

async fn read(
    app: &App,
    place: Place,
    source: Option<&str>,
    range: (&'static str, &'static str, i64),
    now: DateTime<Utc>,
) -> Result<SitePage, Problem> {
    let all = views::sources(&*app.store, &place, None).await?;
    let sources: Vec<_> = all.iter().filter_map(|asked| asked.source.clone()).collect();
    let asked = chosen(app, all, source)?;
    let end = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now) + TimeDelta::hours(1);
    let times = (end - TimeDelta::hours(range.2), end);
    let asking = Asking { place, asked, times, now };
    let hours = match &asking.asked.source {
        Some(source) => views::hours(&*app.store, &asking.place, source, times).await?,
        None => Vec::new(),
    };
    let marks = marks::of(app, &asking, &hours).await?;
    let days = if range.2 > LONGEST_BY_HOUR { days(app, &asking).await? } else { Vec::new() };
    Ok(SitePage::of(asking, sources, range, &hours, marks, days))
}

/// The source that is asked for; else the one that is meant first of those that were asked.
fn chosen(app: &App, mut all: Vec<Asked>, source: Option<&str>) -> Result<Asked, Problem> {
    let rank =
        |asked: &Asked| app.sources.iter().position(|name| asked.source.as_deref() == Some(*name));
    all.sort_by_key(|asked| rank(asked).unwrap_or(usize::MAX));
    let allowed: Vec<_> = all.iter().filter_map(|asked| asked.source.clone()).collect();
    let is_meant =
        |asked: &Asked| source.is_none_or(|source| asked.source.as_deref() == Some(source));
    all.into_iter().find(is_meant).ok_or_else(|| {
        Problem::parameter("source", "was never asked for this site", allowed.join(", "))
    })
}

async fn days(app: &App, asking: &Asking) -> Result<Vec<Day>, Problem> {
    let Asking { place, asked, times, now } = asking;
    let date = |time: DateTime<Utc>| time.with_timezone(&place.life.timezone).date_naive();
    let range = (date(times.0), date(*now));
    let mut days = views::days(&*app.store, place, asked, range, *now).await?;
    days.reverse();
    Ok(days)
}

impl SitePage {
    fn of(
        asking: Asking,
        sources: Vec<String>,
        range: (&'static str, &'static str, i64),
        hours: &[Hour],
        marks: Vec<Mark>,
        days: Vec<Day>,
    ) -> Self {
        let timezone = asking.place.life.timezone;
        let interval_minutes = asking.place.site.interval_minutes;
        let until = source_time::last_believed(asking.now);
        let newest = hours.iter().rfind(|hour| hour.observation_time <= until);
        let latest = newest.map(|hour| Latest {
            time: local::time(hour.observation_time, timezone),
            is_fresh: freshness::is_fresh(asking.now - hour.observation_time, interval_minutes),
            age: words::age(asking.now - hour.observation_time),
            hour: hour.clone(),
        });
        let rows = if days.is_empty() { table::rows(hours, &marks, timezone) } else { Vec::new() };
        Self {
            frame: Frame::of("site"),
            zone: local::zone(asking.now, timezone),
            range,
            figures: figure::all(&asking, hours, &marks),
            is_new: asking.asked.source.is_none(),
            source: asking.asked.source,
            place: asking.place,
            sources,
            latest,
            marks,
            rows,
            days,
        }
    }

    fn ranges(&self) -> [(&'static str, &'static str, i64); 3] {
        RANGES
    }
}
