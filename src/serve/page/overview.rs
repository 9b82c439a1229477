//! `/`: what is the weather at the sites, can it be trusted, is anything extreme, what is missing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::TimeDelta;
use chrono_tz::Tz;

use super::recent::{Recent, Seen, SiteNow};
use super::view::{Asked, View};
use super::{Frame, whole};
use crate::domain::source_time;
use crate::serve::answer::format::Format;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::views::{self, Place};

mod filter;
mod map;
mod order;
mod row;
mod scale;
mod sentence;
mod strip;
mod tiles;
mod values;

use filter::Filter;
use map::Map;
use order::{Change, Head, OverviewQuery};
use row::Row;
use scale::Quantity;
use sentence::Sentence;
use strip::Strip;
use tiles::Tile;

/// Rows of a page of the table.
const ROWS: usize = 100;

/// A slot is as long as a day at most: one that began before the strip may lie in it.
const LONGEST_SLOT: TimeDelta = TimeDelta::days(1);

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'a> {
    frame: Frame,
    t: View,
    is_new: bool,
    as_of: String,
    sentence: Sentence,
    trouble: String,
    filter: Filter,
    tiles: Vec<Tile>,
    map: Option<Map>,
    /// What the map can show: key, link, whether it does.
    quantities: Vec<(String, String, bool)>,
    heads: Vec<Head>,
    groups: Vec<Group<'a>>,
    rows: usize,
    shown: usize,
    pages: Pages,
    steps: Vec<(&'static str, String)>,
}

/// Rows that stand together.
struct Group<'a> {
    name: String,
    /// How many sites are in it, on this page and others.
    count: usize,
    rows: Vec<Row<'a>>,
}

/// The pages of the table.
struct Pages {
    page: usize,
    last: usize,
    before: Option<String>,
    after: Option<String>,
}

/// A site, and in which group it stands.
type Member<'a> = (String, &'a SiteNow);

pub(super) async fn show(
    asked: Asked<OverviewQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
    State(recent): State<Arc<Recent>>,
) -> Result<Response, Problem> {
    let Asked { query, view, here } = asked;
    let (key, until) = ((&query, &view), Until::Minute(reader.now()));
    let endpoint = EndpointQuery::new(&answering, "page", &key, Format::Html, until).await?;
    let make = async {
        let frame = Frame::of(&answering.public, "overview", &here);
        let seen = recent.read(&answering, &reader).await?;
        make(&reader, &seen, &query, (frame, view)).await
    };
    endpoint.answer(&headers, make).await
}

async fn make(
    reader: &Reader,
    seen: &Seen,
    query: &OverviewQuery,
    (frame, t): (Frame, View),
) -> Result<Content, Problem> {
    let mut sites: Vec<&SiteNow> = seen.sites.iter().filter(|site| query.is_meant(site)).collect();
    query.sort(&mut sites);
    let members = members(&sites, query.group(), &t);
    let pages = Pages::of(members.len(), query, (&frame.root, &t))?;
    let begin = (pages.page - 1) * ROWS;
    let on_page = &members[begin..members.len().min(begin + ROWS)];
    let strips = strips(reader, seen, on_page, &t).await?;
    let rain_24h_mm = rain_of_a_day(reader, seen, tiles::rainiest(&sites)).await?;
    let link = |change| query.link(&frame.root, &t, change);
    let quantity = |quantity: Quantity| {
        let (key, is_shown) = (format!("map-{}", quantity.name()), quantity == query.quantity());
        (key, link(Change::Map(quantity.name())), is_shown)
    };
    let page = Overview {
        is_new: seen.sites.is_empty(),
        as_of: t.language().moment(seen.now, t.zone(Tz::UTC)),
        sentence: Sentence::of(seen, &t),
        trouble: link(Change::Trouble),
        filter: Filter::of(seen, query, &t),
        tiles: tiles::all(&sites, (&frame.root, link(Change::Trouble)), rain_24h_mm, &t),
        map: Map::of(&sites, query, &frame.root, &t),
        quantities: Quantity::ALL.map(quantity).to_vec(),
        heads: query.heads(&frame.root, &t),
        rows: on_page.len(),
        shown: sites.len(),
        groups: groups(&members, begin, strips, &t),
        pages,
        steps: Quantity::Temperature.legend(&t),
        frame,
        t,
    };
    whole(&page)
}

/// Every site in its group; one with several tags is in several.
fn members<'a>(sites: &[&'a SiteNow], by: &str, t: &View) -> Vec<Member<'a>> {
    let country = |letters: &String| t.language().country(letters);
    let names = |site: &SiteNow| match by {
        "tag" if !site.tags.is_empty() => site.tags.clone(),
        "country" => vec![site.country.as_ref().map(country).unwrap_or_default()],
        _ => vec![String::new()],
    };
    let all = sites.iter().flat_map(|site| names(site).into_iter().map(|name| (name, *site)));
    let mut members: Vec<Member<'a>> = all.collect();
    // What has no group stands last; within a group the order stays.
    members.sort_by_key(|(name, _)| (name.is_empty(), name.clone()));
    members
}

/// The rows from this member on, by group.
fn groups<'a>(
    members: &[Member<'a>],
    begin: usize,
    strips: Vec<Strip>,
    t: &View,
) -> Vec<Group<'a>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    members.iter().for_each(|(name, _)| *counts.entry(name).or_default() += 1);
    let mut before: HashMap<&str, usize> = HashMap::new();
    let mut groups: Vec<Group<'a>> = Vec::new();
    for ((name, site), strip) in members.iter().skip(begin).zip(strips) {
        let times = before.entry(site.id()).or_default();
        let row = Row::of(site, *times, strip, t);
        *times += 1;
        match groups.last_mut().filter(|group| group.name == *name) {
            Some(group) => group.rows.push(row),
            None => {
                let count = counts.get(name.as_str()).copied().unwrap_or_default();
                groups.push(Group { name: name.clone(), count, rows: vec![row] });
            }
        }
    }
    groups
}

/// The strips of these members, in their order.
async fn strips(
    reader: &Reader,
    seen: &Seen,
    members: &[Member<'_>],
    t: &View,
) -> Result<Vec<Strip>, Problem> {
    let from = strip::begins(seen.now) - LONGEST_SLOT;
    let ids: BTreeSet<&str> = members.iter().map(|(_, site)| site.id()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let times = (from, source_time::last_believed(seen.now));
    let read = reader.store.list_temperatures((&ids, reader.sources), times).await?;
    let mut collected: HashMap<(String, String), Vec<_>> = HashMap::new();
    for one in read {
        let series = collected.entry((one.site_id, one.source)).or_default();
        series.push((one.slot_time, one.temperature_c));
    }
    let strip = |(_, site): &Member<'_>| {
        let shown = site.shown();
        let key = shown.map(|one| (one.site_id.clone(), one.source.clone()));
        let slots = key.and_then(|key| collected.get(&key)).map(Vec::as_slice).unwrap_or_default();
        let expected = shown.into_iter().flat_map(|one| one.expected(from, seen.now));
        Strip::of(slots, expected, seen.now, t)
    };
    Ok(members.iter().map(strip).collect())
}

/// The rain of a site in the last 24 hours, millimetres.
async fn rain_of_a_day(
    reader: &Reader,
    seen: &Seen,
    site: Option<&SiteNow>,
) -> Result<Option<f64>, Problem> {
    let Some(shown) = site.and_then(SiteNow::shown) else { return Ok(None) };
    let Some(row) = reader.store.find_site(&shown.site_id).await? else { return Ok(None) };
    let times = (seen.now - TimeDelta::hours(24), seen.now);
    let hours = views::hours(&reader.store, &Place::of(row)?, &shown.source, times).await?;
    Ok(Some(hours.iter().filter_map(|hour| hour.values.rain_1h_mm).sum()))
}

impl Pages {
    fn of(rows: usize, query: &OverviewQuery, (root, t): (&str, &View)) -> Result<Self, Problem> {
        let (page, last) = (query.page(), rows.div_ceil(ROWS).max(1));
        if page > last {
            return Err(Problem::parameter("page", "is past the last one", format!("1 … {last}")));
        }
        let link = |page| format!("{}#sites", query.link(root, t, Change::Page(page)));
        Ok(Self {
            page,
            last,
            before: (page > 1).then(|| link(page - 1)),
            after: (page < last).then(|| link(page + 1)),
        })
    }
}

impl Overview<'_> {
    /// The colours of the map, with their bounds.
    fn legend(&self, map: &Map) -> Vec<(&'static str, String)> {
        map.quantity.legend(&self.t)
    }
}
