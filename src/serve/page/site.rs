//! `/sites/{site_id}`: how it was at a site, and which hours can be trusted.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};

use super::lang::zone;
use super::view::{Asked, View};
use super::{Frame, whole};
use crate::domain::Dimension;
use crate::domain::degree_days::Bases;
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::OfSite;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::values::Source;
use crate::views::gaps::ExpectedSource;
use crate::views::{self, Place};

mod asked;
mod beside;
mod figure;
mod links;
mod marks;
mod measured;
mod nights;
mod now;
mod paper;
mod series;
mod table;
mod ticks;

use asked::{SiteQuery, Span};
use beside::Other;
use figure::{Figure, Sheet};
use links::Links;
use marks::Mark;
use now::Latest;
use paper::Paper;
use series::Series;
use table::{DayRow, OfDay};

#[derive(Template)]
#[template(path = "site.html")]
struct SitePage {
    frame: Frame,
    t: View,
    place: Place,
    /// Where it stands, in words.
    stands: String,
    zone: String,
    links: Links,
    source: Option<String>,
    latest: Option<Latest>,
    paper: Paper,
    figures: Vec<Figure>,
    /// What is drawn beside it, and how much they differ.
    beside: Option<(String, Option<String>)>,
    marks: Vec<Mark>,
    by_hour: bool,
    of_days: Vec<OfDay>,
    days: Vec<DayRow>,
    /// Whether no source was asked for it yet.
    is_new: bool,
}

/// What the page is of.
struct Scope {
    view: View,
    place: Place,
    asked: ExpectedSource,
    span: Span,
    now: DateTime<Utc>,
}

pub(super) async fn show(
    site: OfSite,
    asked: Asked<SiteQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let Asked { query, view, here } = asked;
    let (now, parameters) = (reader.now(), (&site, &query, &view));
    let until = Until::Minute(now);
    let endpoint =
        EndpointQuery::new(&answering, "page-site", &parameters, Format::Html, until).await?;
    let make = async {
        let place = Place::of(reader.site(site.id()).await?)?;
        let frame = Frame::of(&answering.public, "site", &here);
        whole(&read(&reader, (frame, view), place, &query, now).await?)
    };
    endpoint.answer(&headers, make).await
}

async fn read(
    reader: &Reader,
    (frame, view): (Frame, View),
    place: Place,
    query: &SiteQuery,
    now: DateTime<Utc>,
) -> Result<SitePage, Problem> {
    let span = query.span(place.life.timezone, now)?;
    let all = views::sources(&reader.store, &place, None).await?;
    let sources: Vec<_> = all.iter().filter_map(|asked| asked.source.clone()).collect();
    let asked = chosen(reader, all, query.source.as_ref().map(Source::as_str))?;
    let scope = Scope { view, place, asked, span, now };
    let series = series(reader, &scope, (&scope.place, &scope.asked)).await?;
    let other = match &query.with {
        Some(with) => Some(other(reader, &scope, with).await?),
        None => None,
    };
    let marks = match span.is_by_hour() {
        true => marks::of(reader, &scope, series.hours()).await?,
        false => Vec::new(),
    };
    let latest = now::read(reader, &scope).await?;
    let links = Links::of(&scope, query, (sources, other.as_ref()), &frame.root);
    Ok(SitePage::of((frame, scope), (series, other), (marks, latest), links))
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

/// The hours or days of a site and source in the time that is shown.
async fn series(
    reader: &Reader,
    scope: &Scope,
    (place, asked): (&Place, &ExpectedSource),
) -> Result<Series, Problem> {
    let Scope { span, now, .. } = scope;
    if span.is_by_hour() {
        let step = TimeDelta::minutes(place.site.interval_minutes.max(60));
        let hours = match &asked.source {
            Some(source) => {
                views::hours(&reader.store, place, source, (span.from, span.to)).await?
            }
            None => Vec::new(),
        };
        return Ok(Series::Hours(hours, step));
    }
    let days = span.days(&scope.place.life);
    let days = views::days(&reader.store, place, asked, days, (*now, Bases::default())).await?;
    Ok(Series::Days(days))
}

async fn other(reader: &Reader, scope: &Scope, with: &asked::Beside) -> Result<Other, Problem> {
    let (name, place, asked) = beside::find(reader, scope, with).await?;
    let series = series(reader, scope, (&place, &asked)).await?;
    Ok(Other { name, place, asked, series })
}

/// Latitude, longitude and height.
fn stands(place: &Place, view: &View) -> String {
    let site = &place.site;
    let degrees =
        [site.latitude, site.longitude].map(|degrees| view.number(degrees, 2)).join("°, ");
    let height = site.elevation_m.map(|height| {
        format!(" · {}", view.say("site-height").with("height", view.number(height, 0)))
    });
    format!("{degrees}°{}", height.unwrap_or_default())
}

impl SitePage {
    fn of(
        (frame, scope): (Frame, Scope),
        (series, other): (Series, Option<Other>),
        (marks, latest): (Vec<Mark>, Option<Latest>),
        links: Links,
    ) -> Self {
        let (t, timezone) = (scope.view, scope.view.zone(scope.place.life.timezone));
        let paper = Paper::of(&scope, &marks, &links);
        let sheet = Sheet {
            across: paper.across,
            series: &series,
            beside: other.as_ref().map(|other| &other.series),
            view: t,
        };
        let figures = figure::all(&sheet);
        let beside = other.map(|other| {
            let difference = other.difference(&series, &scope);
            (other.name, difference)
        });
        let of_days = table::of_days(series.hours(), &marks, (&t, timezone));
        Self {
            frame,
            t,
            stands: stands(&scope.place, &t),
            zone: zone(scope.now, timezone),
            links,
            is_new: scope.asked.source.is_none(),
            source: scope.asked.source,
            place: scope.place,
            latest,
            paper,
            figures,
            beside,
            marks,
            by_hour: scope.span.is_by_hour(),
            of_days,
            days: series.days().iter().rev().map(|day| DayRow::of(day, &t)).collect(),
        }
    }

    /// The symbol of a unit, for the head of a column.
    fn unit(&self, dimension: Dimension) -> &'static str {
        self.t.units().of(dimension).symbol
    }
}
