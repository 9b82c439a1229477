//! The form by which sites are chosen.

use std::collections::{BTreeMap, BTreeSet};

use super::order::OverviewQuery;
use crate::serve::page::lang::Language;
use crate::serve::page::recent::Seen;
use crate::serve::page::view::View;

/// Tags that can be chosen: of more those of most sites. Any tag can be asked for by the address.
const MOST_TAGS: usize = 60;

/// What the form has.
pub(super) struct Filter {
    pub(super) text: String,
    pub(super) tag: String,
    pub(super) tags: Vec<String>,
    pub(super) country: String,
    /// Letters and name.
    pub(super) countries: Vec<(String, String)>,
    pub(super) only_trouble: bool,
    pub(super) group: &'static str,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) is_filtered: bool,
}

impl Filter {
    pub(super) fn of(seen: &Seen, query: &OverviewQuery, t: &View) -> Self {
        let (tag, country) = (query.tag(), query.country());
        Self {
            text: query.text().to_owned(),
            tags: tags(seen, &tag),
            tag,
            countries: countries(seen, &country, t.language()),
            country,
            only_trouble: query.only_trouble(),
            group: query.group(),
            hidden: query.hidden().into_iter().chain(t.pairs()).collect(),
            is_filtered: query.is_filtered(),
        }
    }
}

/// By name, the chosen ones among them.
fn countries(seen: &Seen, chosen: &str, language: &Language) -> Vec<(String, String)> {
    let mut letters: BTreeSet<&str> =
        seen.sites.iter().filter_map(|site| site.country.as_deref()).collect();
    letters.extend(Some(chosen).filter(|chosen| !chosen.is_empty()));
    let name = |letters: &str| {
        let names = letters.split(',').map(|letters| language.country(letters));
        names.collect::<Vec<_>>().join(", ")
    };
    let mut named: Vec<_> =
        letters.into_iter().map(|letters| (letters.to_owned(), name(letters))).collect();
    named.sort_by(|(_, one), (_, other)| one.cmp(other));
    named
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
