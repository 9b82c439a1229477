//! Where the page of a site leads: to itself with another time, source or companion, and to the API for the same
//! values.

use chrono::NaiveDate;
use url::form_urlencoded;

use super::Scope;
use super::asked::{Range, SiteQuery, moment};
use super::beside::Other;
use super::measured::{DIRECTION, KINDS};

/// A choice: name of the address, words, link, whether it is chosen.
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) words: String,
    pub(super) href: String,
    pub(super) is_chosen: bool,
}

/// All links of the page.
pub(super) struct Links {
    pub(super) ranges: Vec<Choice>,
    pub(super) sources: Vec<Choice>,
    /// The other sources, to be drawn beside it; without any of them.
    pub(super) beside: Vec<Choice>,
    /// The page without anything beside it, if there is.
    pub(super) alone: Option<String>,
    /// The first and the last day that is shown, and what else stays in the form that chooses them.
    pub(super) days: (NaiveDate, NaiveDate),
    pub(super) hidden: Vec<(&'static str, String)>,
    /// The same values from the API.
    pub(super) csv: String,
    /// What the script asks for; without a source there is nothing.
    pub(super) values: Option<String>,
    pub(super) values_beside: Option<String>,
    /// What days and zoom lead to, without their own parameters.
    pub(super) rest: String,
}

type Pairs = Vec<(&'static str, String)>;

fn query(pairs: &[(&'static str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())));
    query.finish()
}

impl Links {
    pub(super) fn of(
        scope: &Scope,
        asked: &SiteQuery,
        (sources, other): (Vec<String>, Option<&Other>),
        root: &str,
    ) -> Self {
        let source: Pairs =
            asked.source.iter().map(|source| ("source", source.as_str().to_owned())).collect();
        let with: Pairs = asked.with.iter().map(|with| ("with", with.written())).collect();
        let view: Pairs = scope.view.chosen();
        let time = asked.time_parameters();
        let href = |parts: &[&Pairs]| {
            format!("?{}", query(&parts.iter().copied().flatten().cloned().collect::<Pairs>()))
        };
        let ranges = Range::ALL.map(|range| Choice {
            name: range.name().to_owned(),
            words: scope.view.say(&format!("site-range-{}", range.name())).to_string(),
            href: href(&[&vec![("range", range.name().to_owned())], &source, &with, &view]),
            is_chosen: scope.span.range == Some(range),
        });
        let own = scope.asked.source.clone().unwrap_or_default();
        let of_source = |name: &String| Choice {
            name: name.clone(),
            words: name.clone(),
            href: href(&[&time, &vec![("source", name.clone())], &with, &view]),
            is_chosen: *name == own,
        };
        let beside = |name: &&String| Choice {
            name: (*name).clone(),
            words: scope.view.say("site-with-source").with("source", name.as_str()).to_string(),
            href: href(&[&time, &source, &vec![("with", format!("source:{name}"))], &view]),
            is_chosen: with.iter().any(|(_, with)| *with == format!("source:{name}")),
        };
        let several = sources.len() > 1;
        Self {
            ranges: ranges.into(),
            sources: sources.iter().filter(|_| several).map(of_source).collect(),
            beside: sources.iter().filter(|name| **name != own).map(|name| beside(&name)).collect(),
            alone: asked.with.as_ref().map(|_| href(&[&time, &source, &view])),
            days: scope.span.days(&scope.place.life),
            hidden: [source.clone(), with.clone(), view.clone()].concat(),
            csv: format!(
                "{root}{}&format=csv",
                api(scope, &scope.place.site.site_id, scope.asked.source.as_deref(), None)
            ),
            values: scope
                .asked
                .source
                .as_deref()
                .map(|name| values(scope, root, (&scope.place.site.site_id, name))),
            values_beside: other.and_then(|other| {
                let name = other.asked.source.as_deref()?;
                Some(values(scope, root, (&other.place.site.site_id, name)))
            }),
            rest: query(&[source, with, view].concat()),
        }
    }
}

/// The hours or days of a site, with the fields that the charts are drawn by.
fn values(scope: &Scope, root: &str, (site_id, source): (&str, &str)) -> String {
    let by_hour = scope.span.is_by_hour();
    let shown = KINDS.iter().flat_map(|kind| kind.shown);
    let mut fields: Vec<&str> = shown
        .filter_map(|shown| match by_hour {
            true => shown.hour.map(|(name, _)| name),
            false => shown.day.map(|(name, _)| name),
        })
        .collect();
    let band =
        KINDS.iter().filter_map(|kind| kind.band).flat_map(|((low, _), (high, _))| [low, high]);
    if by_hour {
        fields.push(DIRECTION);
    } else {
        fields.extend(band);
    }
    format!("{root}{}", api(scope, site_id, Some(source), Some(&fields.join(","))))
}

fn api(scope: &Scope, site_id: &str, source: Option<&str>, fields: Option<&str>) -> String {
    let span = &scope.span;
    let (what, from, to) = match span.is_by_hour() {
        true => ("hourly", moment(span.from), moment(span.to)),
        false => {
            let (first, last) = span.days(&scope.place.life);
            ("daily", first.to_string(), last.to_string())
        }
    };
    let source = source.map(|source| ("source", source.to_owned()));
    let fields = fields.map(|fields| ("fields", fields.to_owned()));
    let pairs: Pairs =
        [("from", from), ("to", to)].into_iter().chain(source).chain(fields).collect();
    format!("/api/v1/sites/{site_id}/{what}?{}", query(&pairs))
}
