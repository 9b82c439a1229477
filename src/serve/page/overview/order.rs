//! Which sites the overview shows, and in which order: by parameters of the address, so that it works
//! without a script, and an address can be passed on.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

use super::Row;
use crate::views::freshness::SiteStatus;

mod values;

use values::{Direction, OneOf, Show, Sort, Text};

/// What the overview can be asked with.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::serve::page) struct OverviewQuery {
    #[serde(default)]
    sort: OneOf<Sort>,
    #[serde(default)]
    order: OneOf<Direction>,
    #[serde(default)]
    q: Text,
    #[serde(default)]
    show: OneOf<Show>,
}

/// What is shown, and how it is sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    by: &'static str,
    is_descending: bool,
    pub(super) text: String,
    pub(super) only_trouble: bool,
}

/// A column that can be sorted by.
pub(super) struct Head {
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    pub(super) is_number: bool,
    /// Where it leads.
    pub(super) query: String,
    /// For `aria-sort`.
    pub(super) sorted: Option<&'static str>,
}

/// The columns, and whether they are numbers.
const COLUMNS: [(&str, &str, bool); 6] = [
    ("site", "Site", false),
    ("age", "Last observation", true),
    ("temperature", "°C", true),
    ("trend", "48 hours", false),
    ("success", "Success, 24 h", true),
    ("error", "Last error", false),
];

/// What cannot be compared.
const UNSORTED: &str = "trend";

/// The order in which trouble stands first.
const TROUBLE_FIRST: &str = "state";

impl Order {
    pub(super) fn of(query: &OverviewQuery) -> Self {
        Self {
            by: query.sort.word(),
            is_descending: query.order.word() == "desc",
            text: query.q.as_str().to_owned(),
            only_trouble: query.show.word() == "trouble",
        }
    }

    /// The parameters of an address.
    fn query_by(&self, by: &str, is_descending: bool) -> String {
        let mut query = Serializer::new(String::new());
        let mut pair = |is_meant: bool, name: &str, value: &str| {
            if is_meant {
                query.append_pair(name, value);
            }
        };
        pair(by != TROUBLE_FIRST, "sort", by);
        pair(is_descending, "order", "desc");
        pair(!self.text.is_empty(), "q", &self.text);
        pair(self.only_trouble, "show", "trouble");
        query.finish()
    }

    /// The hidden fields of the form, for it to keep the order.
    pub(super) fn hidden(&self) -> Vec<(&'static str, &'static str)> {
        let sort = (self.by != TROUBLE_FIRST).then_some(("sort", self.by));
        sort.into_iter().chain(self.is_descending.then_some(("order", "desc"))).collect()
    }

    pub(super) fn is_meant(&self, site: &SiteStatus) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.text);
        let is_named =
            self.text.is_empty() || has(&site.site_id) || has(&site.name) || has(&site.source);
        is_named && (!self.only_trouble || !site.fresh)
    }

    pub(super) fn heads(&self) -> Vec<Head> {
        let head = |(name, words, is_number): &(&'static str, &'static str, bool)| {
            let is_by = self.by == *name;
            let sorted =
                is_by.then_some(if self.is_descending { "descending" } else { "ascending" });
            let query = match *name {
                UNSORTED => String::new(),
                name => format!("?{}", self.query_by(name, is_by && !self.is_descending)),
            };
            Head { name, words, is_number: *is_number, query, sorted }
        };
        COLUMNS.iter().map(head).collect()
    }

    /// What is not known stands last, whichever way the rest goes; equals stand by name.
    pub(super) fn sort(&self, rows: &mut [Row]) {
        rows.sort_by(|a, b| {
            let order = match self.by {
                "age" => known(a.site.age_s, b.site.age_s, self.is_descending),
                "temperature" => known(a.temperature_c, b.temperature_c, self.is_descending),
                "success" => known(a.success_pct, b.success_pct, self.is_descending),
                "error" => known(words(a), words(b), self.is_descending),
                "site" => Ordering::Equal,
                _ => a.site.fresh.cmp(&b.site.fresh),
            };
            let names = name(a).cmp(&name(b));
            let is_turned = self.is_descending && self.by == "site";
            order.then(if is_turned { names.reverse() } else { names })
        });
    }
}

fn name(row: &Row) -> (String, &str) {
    (row.site.name.to_lowercase(), &row.site.site_id)
}

fn words(row: &Row) -> Option<&str> {
    Some(row.error.as_str()).filter(|words| !words.is_empty())
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
