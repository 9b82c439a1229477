//! Which sites the overview shows, and in which order: by parameters of the address, so that it works
//! without a script, and an address can be passed on.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

use super::scale::Quantity;
use super::values::{Direction, Group, Map, OneOf, PageNumber, Perhaps, Show, Sort, Text};
use crate::serve::answer::values::{Bbox, Countries, Tags};
use crate::serve::page::recent::SiteNow;
use crate::serve::page::view::View;

/// What the overview can be asked with.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::serve::page) struct OverviewQuery {
    #[serde(default)]
    q: Text,
    #[serde(default)]
    tag: Perhaps<Tags>,
    #[serde(default)]
    country: Perhaps<Countries>,
    bbox: Option<Bbox>,
    #[serde(default)]
    show: OneOf<Show>,
    #[serde(default)]
    group: OneOf<Group>,
    #[serde(default)]
    map: OneOf<Map>,
    #[serde(default)]
    sort: OneOf<Sort>,
    #[serde(default)]
    order: OneOf<Direction>,
    #[serde(default)]
    page: PageNumber,
}

/// The order in which trouble stands first.
pub(super) const TROUBLE_FIRST: &str = "state";

/// A column that can be sorted by: name, key of its head, whether it is numbers.
type Column = (&'static str, &'static str, bool);

pub(super) const SORTS: [Column; 7] = [
    ("site", "column-site", false),
    ("temperature", "column-now", true),
    ("sky", "column-sky", false),
    ("wind", "column-wind", true),
    ("rain", "column-rain", true),
    ("humidity", "column-humidity", true),
    ("age", "column-age", true),
];

/// The head of a column.
pub(super) struct Head {
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    pub(super) is_number: bool,
    /// Where it leads.
    pub(super) link: String,
    /// For `aria-sort`.
    pub(super) sorted: Option<&'static str>,
}

/// What of a link differs from the page that it stands on.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Sort(&'a str, bool),
    Map(&'a str),
    /// Another box, or none.
    Box(Option<&'a str>),
    Page(usize),
    Trouble,
}

impl OverviewQuery {
    pub(super) fn quantity(&self) -> Quantity {
        let named = |quantity: &Quantity| quantity.name() == self.map.word();
        Quantity::ALL.into_iter().find(named).unwrap_or(Quantity::Temperature)
    }

    pub(super) fn text(&self) -> &str {
        self.q.as_str()
    }

    pub(super) fn tag(&self) -> String {
        self.tag.text()
    }

    pub(super) fn country(&self) -> String {
        self.country.text()
    }

    pub(super) fn bbox(&self) -> Option<Bbox> {
        self.bbox
    }

    pub(super) fn only_trouble(&self) -> bool {
        self.show.word() == "trouble"
    }

    pub(super) fn group(&self) -> &'static str {
        self.group.word()
    }

    pub(super) fn page(&self) -> usize {
        self.page.0
    }

    /// Whether not all sites are meant.
    pub(super) fn is_filtered(&self) -> bool {
        let is_narrow = self.tag.0.is_some() || self.country.0.is_some() || self.bbox.is_some();
        is_narrow || !self.text().is_empty() || self.only_trouble()
    }

    /// Names and values, with a change; what is meant anyhow is left out.
    fn pairs(&self, change: Change<'_>) -> Vec<(&'static str, String)> {
        let (by, is_descending) = match change {
            Change::Sort(by, is_descending) => (by, is_descending),
            _ => (self.sort.word(), self.order.word() == "desc"),
        };
        let map = if let Change::Map(map) = change { map } else { self.map.word() };
        let bbox = match change {
            Change::Box(bbox) => bbox.map(str::to_owned),
            _ => self.bbox.map(|bbox| bbox.to_string()),
        };
        let page = match change {
            Change::Page(page) => page,
            Change::Map(_) => self.page(),
            _ => 1,
        };
        let is_trouble = self.only_trouble() || matches!(change, Change::Trouble);
        let given = |is_given: bool, value: &str| is_given.then(|| value.to_owned());
        let pairs = [
            ("q", given(!self.text().is_empty(), self.text())),
            ("tag", given(self.tag.0.is_some(), &self.tag())),
            ("country", given(self.country.0.is_some(), &self.country())),
            ("bbox", bbox),
            ("show", given(is_trouble, "trouble")),
            ("group", given(self.group() != "none", self.group())),
            ("map", given(map != Quantity::Temperature.name(), map)),
            ("sort", given(by != TROUBLE_FIRST, by)),
            ("order", given(is_descending, "desc")),
            ("page", given(page > 1, &page.to_string())),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// A link of the page to itself.
    pub(super) fn link(&self, root: &str, t: &View, change: Change<'_>) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(self.pairs(change));
        let query = format!("{}{}", query.finish(), t.suffix());
        let query = query.trim_start_matches('&');
        if query.is_empty() { format!("{root}/") } else { format!("{root}/?{query}") }
    }

    /// The hidden fields of the form, for it to keep what it does not ask for.
    pub(super) fn hidden(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.pairs(Change::Page(1));
        pairs.retain(|(name, _)| ["bbox", "map", "sort", "order"].contains(name));
        pairs
    }

    pub(super) fn is_meant(&self, site: &SiteNow) -> bool {
        let has = |text: &str| text.to_lowercase().contains(self.text());
        let is_named = self.text().is_empty() || has(&site.name) || has(site.id());
        let is_country = |countries: &Countries| countries.contains(site.country.as_deref());
        let is_in = |bbox: Bbox| site.place.is_some_and(|place| bbox.contains(place));
        is_named
            && (!self.only_trouble() || !site.is_fresh())
            && self.tag.0.as_ref().is_none_or(|tags| tags.has_any_of(&site.tags))
            && self.country.0.as_ref().is_none_or(is_country)
            && self.bbox.is_none_or(is_in)
    }

    pub(super) fn heads(&self, root: &str, t: &View) -> Vec<Head> {
        let is_descending = self.order.word() == "desc";
        let head = |&(name, key, is_number): &Column| {
            let is_by = self.sort.word() == name;
            let sorted = is_by.then_some(if is_descending { "descending" } else { "ascending" });
            let link = self.link(root, t, Change::Sort(name, is_by && !is_descending));
            Head { name, key, is_number, link, sorted }
        };
        SORTS.iter().map(head).collect()
    }

    /// What is not known stands last, whichever way the rest goes; equals stand by name.
    pub(super) fn sort(&self, sites: &mut [&SiteNow]) {
        let is_descending = self.order.word() == "desc";
        let by = self.sort.word();
        let value = |site: &SiteNow| {
            let values = site.fresh_values()?;
            match by {
                "temperature" => values.temperature_c,
                "wind" => values.wind_speed_ms,
                "rain" => Some(values.rain_1h_mm.unwrap_or_default()),
                "humidity" => values.humidity_pct,
                _ => None,
            }
        };
        let age = |site: &SiteNow| site.shown().and_then(|one| one.age_s);
        let sky = |site: &SiteNow| site.fresh_values().and_then(|values| values.condition_id);
        let names = |site: &SiteNow| (site.name.to_lowercase(), site.id().to_owned());
        let mut keyed: Vec<_> = sites.iter().map(|site| (names(site), *site)).collect();
        keyed.sort_by(|(one_name, a), (other_name, b)| {
            let order = match by {
                "age" => known(age(a), age(b), is_descending),
                "sky" => known(sky(a), sky(b), is_descending),
                "site" => Ordering::Equal,
                TROUBLE_FIRST => a.is_fresh().cmp(&b.is_fresh()),
                _ => known(value(a), value(b), is_descending),
            };
            let names = one_name.cmp(other_name);
            let is_turned = is_descending && by == "site";
            order.then(if is_turned { names.reverse() } else { names })
        });
        for (place, (_, site)) in sites.iter_mut().zip(keyed) {
            *place = site;
        }
    }
}

fn known<T: PartialOrd>(a: Option<T>, b: Option<T>, is_descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => {
            let order = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
            if is_descending { order.reverse() } else { order }
        }
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
