//! The form by which sites are chosen.

use std::collections::{BTreeMap, BTreeSet};

use super::order::OverviewQuery;
use crate::serve::page::recent::Seen;

/// Tags that can be chosen: of more those of most sites. Any tag can be asked for by the address.
const MOST_TAGS: usize = 60;

/// What the form has.
pub(super) struct Filter {
    pub(super) text: String,
    pub(super) tag: String,
    pub(super) tags: Vec<String>,
    pub(super) country: String,
    pub(super) countries: Vec<String>,
    pub(super) only_trouble: bool,
    pub(super) group: &'static str,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) is_filtered: bool,
}

impl Filter {
    pub(super) fn of(
        seen: &Seen,
        query: &OverviewQuery,
        choice: Vec<(&'static str, String)>,
    ) -> Self {
        let (tag, country) = (query.tag(), query.country());
        let mut countries: BTreeSet<String> =
            seen.sites.iter().filter_map(|site| site.country.clone()).collect();
        countries.extend(Some(country.clone()).filter(|country| !country.is_empty()));
        Self {
            text: query.text().to_owned(),
            tags: tags(seen, &tag),
            tag,
            country,
            countries: countries.into_iter().collect(),
            only_trouble: query.only_trouble(),
            group: query.group(),
            hidden: query.hidden().into_iter().chain(choice).collect(),
            is_filtered: query.is_filtered(),
        }
    }
}

/// By name, the chosen one among them.
fn tags(seen: &Seen, chosen: &str) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for tag in seen.sites.iter().flat_map(|site| &site.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    let mut by_count: Vec<_> = counts.into_iter().collect();
    by_count.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let most = by_count.into_iter().take(MOST_TAGS).map(|(tag, _)| tag);
    let all: BTreeSet<&str> =
        most.chain(Some(chosen).filter(|chosen| !chosen.is_empty())).collect();
    all.into_iter().map(str::to_owned).collect()
}
