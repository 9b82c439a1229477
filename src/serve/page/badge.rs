//! `/badge`: a line as a picture, to stand on pages of others: a README, a wiki, a status page.
//!
//! A picture from another origin can be shown by a page, and not be read by it, so that badges are the one thing here
//! that any page may show. The colour never speaks alone.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use futures::TryStreamExt as _;

use super::view::View;
use super::whole;
use crate::columnar::{Row, Value};
use crate::domain::tables::WEATHER_OBSERVATIONS as OBSERVATIONS;
use crate::domain::values::TEMPERATURE_C;
use crate::domain::{SiteId, freshness as rule, source_time};
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{Nothing, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::store::{Rows, SiteRow};
use crate::views::freshness::{self, Counts};

/// White on each has a contrast of 4.5 at least.
const GREEN: &str = "#2a7a32";
const AMBER: &str = "#8f5a00";
const RED: &str = "#b3261e";
const GREY: &str = "#636c76";

/// The longest name that is shown whole.
const MAX_NAME: usize = 40;

/// What a badge says.
#[derive(Template)]
#[template(path = "badge.svg")]
struct Badge {
    label: Part,
    message: Part,
    whole: u32,
    colour: &'static str,
}

/// A text, and the width of its half of the badge.
struct Part {
    text: String,
    width: u32,
}

impl Part {
    fn of(text: String) -> Self {
        let width = text.chars().map(tenths).sum::<u32>().div_ceil(10) + 12;
        Self { text, width }
    }
}

/// About how wide a character is, in tenths of a pixel: the browser fits the text into what this makes.
fn tenths(c: char) -> u32 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | '\'' | ' ' => 38,
        'm' | 'w' | 'M' | 'W' | '%' => 100,
        '\u{1100}'.. => 115,
        _ => 70,
    }
}

impl Badge {
    fn of(label: String, message: String, colour: &'static str) -> Self {
        let (label, message) = (Part::of(label), Part::of(message));
        Self { whole: label.width + message.width, label, message, colour }
    }

    fn of_all(counts: Counts) -> Self {
        let Counts { sites, fresh_sites, .. } = counts;
        let colour = match fresh_sites {
            _ if sites == 0 => GREY,
            fresh if fresh == sites => GREEN,
            // Over a tenth is stale.
            fresh if (sites - fresh) * 10 > sites => RED,
            _ => AMBER,
        };
        Self::of("weather".into(), format!("{fresh_sites} of {sites} sites fresh"), colour)
    }
}

/// Shows how many sites are fresh.
pub(super) async fn fresh(
    Query(query): Query<Nothing>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let until = Until::Minute(reader.now());
    let query = EndpointQuery::new(&answering, "badge", &query, Format::Svg, until).await?;
    let make = async {
        let (sites, _) = freshness::sites(&reader.store, reader.sources, reader.now()).await?;
        whole(&Badge::of_all(Counts::of(&sites)))
    };
    query.answer(&headers, make).await.map(for_any_page)
}

/// Shows the temperature of a site, and how old it is.
pub(super) async fn of_site(
    name: Option<Path<String>>,
    Query(query): Query<Nothing>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let site_id = name.strip_suffix(".svg").and_then(SiteId::parse);
    let site_id = site_id.ok_or_else(Problem::unknown_site)?;
    let (until, parameters) = (Until::Minute(reader.now()), (site_id.as_str(), query));
    let query =
        EndpointQuery::new(&answering, "badge-site", &parameters, Format::Svg, until).await?;
    let make = async { whole(&read(&reader, reader.site(&site_id).await?).await?) };
    query.answer(&headers, make).await.map(for_any_page)
}

async fn read(reader: &Reader, site: SiteRow) -> Result<Badge, Problem> {
    let now = reader.now();
    let until = source_time::last_believed(now);
    let rows = Rows::Latest { site_id: Some(site.site_id.clone()), until };
    let mut batches = reader.store.read_rows(&OBSERVATIONS, &rows);
    let mut newest = None;
    while let Some(batch) = batches.try_next().await? {
        let latest = Row::all(&OBSERVATIONS, &batch).filter_map(temperature);
        newest = newest.into_iter().chain(latest).max_by_key(|(time, _)| *time);
    }
    let label = label(&site.name);
    let Some((time, temperature_c)) = newest else {
        return Ok(Badge::of(label, "nothing observed".into(), GREY));
    };
    let (age, shown) = (now - time, age(now - time));
    Ok(match temperature_c.filter(|_| rule::is_fresh(age, site.interval_minutes)) {
        Some(temperature_c) => Badge::of(label, format!("{temperature_c:.1} °C, {shown}"), GREEN),
        None => Badge::of(label, format!("nothing fresh, {shown}"), AMBER),
    })
}

/// How old it is, for pages of any language.
fn age(age: chrono::TimeDelta) -> String {
    View::of_nobody().language().age(age).replace('\u{a0}', " ")
}

/// When a row is of, and its temperature.
fn temperature(row: Row<'_>) -> Option<(chrono::DateTime<chrono::Utc>, Option<f64>)> {
    let cell = OBSERVATIONS.index_of(TEMPERATURE_C.name).and_then(|index| row.value(index));
    let temperature_c = match cell {
        Some(Value::Real(temperature_c)) => Some(temperature_c),
        _ => None,
    };
    Some((row.time("observation_time")?, temperature_c))
}

/// A name, without what cannot be shown, and not all of it if it is long.
fn label(name: &str) -> String {
    let mut label: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    if name.chars().count() > MAX_NAME {
        label.push('…');
    }
    label
}

fn for_any_page(mut response: Response) -> Response {
    let any = HeaderValue::from_static("cross-origin");
    response.headers_mut().insert("cross-origin-resource-policy", any);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colour_is_that_of_the_overview_and_the_words_say_the_same() {
        for (fresh_sites, sites, colour) in
            [(0, 0, GREY), (24, 24, GREEN), (23, 24, AMBER), (9, 10, AMBER), (8, 10, RED)]
        {
            let counts = Counts { sites, fresh_sites, ..Counts::default() };
            let badge = Badge::of_all(counts);
            assert_eq!(badge.colour, colour, "{fresh_sites} of {sites}");
            let words = format!("weather: {fresh_sites} of {sites} sites fresh");
            assert!(badge.render().unwrap().contains(&words));
        }
    }

    #[test]
    fn a_name_is_shown_as_a_text_and_not_all_of_it_if_it_is_long() {
        let badge = Badge::of(label("<a>\u{7}\"&"), "x".into(), GREY).render().unwrap();
        assert!(badge.contains("&#60;a&#62;&#34;&#38;") && !badge.contains("<a>"), "{badge}");
        assert_eq!(label(&"é".repeat(41)).chars().count(), 41);
        assert!(label(&"é".repeat(41)).ends_with('…'));
    }
}
