//! `/gaps`: what is missing, as a calendar: a row for each site, a column for each local day.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::view::{Asked, View};
use super::{Frame, whole};
use crate::domain::Life;
use crate::serve::answer::format::Format;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::values::{Countries, Day, Tags, Unfit};
use crate::store::SiteRow;
use crate::views::calendar;

pub(super) mod cell;
mod filter;
mod head;
mod row;

use filter::{Filter, Reasons};
use head::Head;
use row::Row;

/// The most days of a calendar, and how many there are if no other number is asked for.
const MAX_DAYS: i64 = 92;
const DAYS: u64 = 30;

/// Sites of a page.
const SITES: usize = 50;

#[derive(Template)]
#[template(path = "gaps.html")]
struct Gaps {
    frame: Frame,
    t: View,
    filter: Filter,
    days: (NaiveDate, NaiveDate),
    head: Head,
    rows: Vec<Row>,
    /// Of the sites of this page: slots that are missing and expected.
    missing: u32,
    expected: u32,
    page: usize,
    pages: usize,
    sites: usize,
    is_new: bool,
}

/// What the calendar can be asked with.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GapsQuery {
    from: Option<Day>,
    to: Option<Day>,
    reason: Option<Reasons>,
    q: Option<Text>,
    tag: Option<Tags>,
    country: Option<Countries>,
    page: Option<Page>,
}

/// A part of a name or an id.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(try_from = "String")]
struct Text(String);

/// The longest text that is looked for.
const MAX_TEXT: usize = 100;

impl TryFrom<String> for Text {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let is_short = text.chars().count() <= MAX_TEXT;
        let unfit = || Unfit::new("is too long", format!("up to {MAX_TEXT} characters"));
        if is_short { Ok(Self(text)) } else { Err(unfit()) }
    }
}

/// The number of a page, from 1 on.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "String")]
struct Page(usize);

impl TryFrom<String> for Page {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let number = text.parse().ok().filter(|number| *number > 0);
        number.map(Self).ok_or_else(|| Unfit::shown(&text, "is no page", "≥ 1"))
    }
}

pub(super) async fn show(
    asked: Asked<GapsQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let Asked { query, view, here } = asked;
    let now = reader.now();
    let (key, until) = ((&query, &view), Until::Minute(now));
    let endpoint = EndpointQuery::new(&answering, "page-gaps", &key, Format::Html, until).await?;
    let frame = Frame::of(&answering.public, "gaps", &here);
    let make = async { whole(&read(&reader, (frame, view), &query, now).await?) };
    endpoint.answer(&headers, make).await
}

async fn read(
    reader: &Reader,
    (frame, t): (Frame, View),
    query: &GapsQuery,
    now: DateTime<Utc>,
) -> Result<Gaps, Problem> {
    let all = reader.store.list_sites().await?;
    let is_new = all.is_empty();
    let mut sites = query.choose(all)?;
    sites.sort_by(|one, other| one.name.cmp(&other.name).then(one.site_id.cmp(&other.site_id)));
    let lives = sites.iter().map(SiteRow::life).collect::<Result<Vec<_>, _>>()?;
    let days = query.days(&lives, now)?;
    let (page, pages) = query.page(sites.len())?;
    let shown = (page - 1) * SITES..sites.len().min(page * SITES);
    let cells = calendar::read(&reader.store, &lives[shown.clone()], days, now).await?;
    let reasons = query.reason.as_ref();
    let cells = cells.into_iter().map(|cells| filter::only(cells, reasons)).collect::<Vec<_>>();
    let counted = || cells.iter().flat_map(|cells| cells.values());
    let (missing, expected) =
        (counted().map(calendar::Cell::missing).sum(), counted().map(|cell| cell.expected).sum());
    let rows = sites[shown].iter().zip(&cells);
    let rows = rows.map(|(site, cells)| Row::of(site, cells, days, &t));
    Ok(Gaps {
        rows: rows.collect(),
        filter: Filter::of(query, &t),
        head: Head::of(days, t.language()),
        frame,
        t,
        days,
        missing,
        expected,
        page,
        pages,
        sites: sites.len(),
        is_new,
    })
}

impl GapsQuery {
    /// The sites that are meant; those that left the sites file have gaps of before.
    fn choose(&self, mut sites: Vec<SiteRow>) -> Result<Vec<SiteRow>, Problem> {
        let text = self.q.as_ref().map(|Text(text)| text.trim().to_lowercase()).unwrap_or_default();
        let mut tags = Vec::with_capacity(sites.len());
        for site in &sites {
            tags.push(self.tag.as_ref().map(|_| site.tags()).transpose()?.unwrap_or_default());
        }
        let mut tags = tags.into_iter();
        sites.retain(|site| {
            let own = tags.next().unwrap_or_default();
            let is_named = text.is_empty()
                || site.name.to_lowercase().contains(&text)
                || site.site_id.contains(&text);
            let is_tagged = self.tag.as_ref().is_none_or(|tags| tags.has_any_of(&own));
            let country = site.country.as_deref();
            is_named
                && is_tagged
                && self.country.as_ref().is_none_or(|countries| countries.contains(country))
        });
        Ok(sites)
    }

    /// The first and the last day; without an end it is the latest that any of the sites has begun.
    fn days(&self, lives: &[Life], now: DateTime<Utc>) -> Result<(NaiveDate, NaiveDate), Problem> {
        let today = lives.iter().map(|life| life.local_day(now)).max();
        let today = today.unwrap_or_else(|| now.date_naive());
        let (from, to) = (self.from.map(|day| day.0), self.to.map(|day| day.0));
        let longest = TimeDelta::days(MAX_DAYS - 1);
        let to = to.unwrap_or_else(|| {
            from.map_or(today, |from| {
                today.clamp(from, from.checked_add_signed(longest).unwrap_or(from))
            })
        });
        let from = from.unwrap_or_else(|| calendar::days_up_to(to, DAYS).0);
        if to < from {
            return Err(Problem::parameter("to", "is before `from`", format!("≥ {from}")));
        }
        if to - from > longest {
            let problem = format!("makes more than {MAX_DAYS} days");
            return Err(Problem::parameter("to", problem, format!("{from} – {}", from + longest)));
        }
        Ok((from, to))
    }

    /// The page that is meant, and how many there are.
    fn page(&self, sites: usize) -> Result<(usize, usize), Problem> {
        let pages = sites.div_ceil(SITES).max(1);
        let Page(page) = self.page.unwrap_or(Page(1));
        if page > pages {
            return Err(Problem::parameter("page", "is past the last", format!("1 – {pages}")));
        }
        Ok((page, pages))
    }
}

impl Gaps {
    /// The same page with another number.
    fn page_href(&self, page: usize) -> String {
        self.filter.href(&[("page", page.to_string())])
    }
}
