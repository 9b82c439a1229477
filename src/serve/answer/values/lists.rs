//! Lists by commas: sites, tags and countries.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::ArrayBuilder;

use super::{Unfit, parameter_schema, short, text_schema};
use crate::domain::SiteId;

/// The most sites that a query names.
const MAX_SITES: usize = 200;

/// The most tags and countries that a query names.
const MAX_OTHERS: usize = 50;

/// The longest tag of a sites file.
const MAX_TAG_CHARS: usize = 64;

/// Sites by their ids, each once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Sites(Vec<SiteId>);

/// Tags, of which a site has any.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Tags(Vec<String>);

/// Countries, two letters each.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Countries(Vec<String>);

impl Sites {
    pub(crate) fn ids(&self) -> &[SiteId] {
        &self.0
    }

    /// The only one, if one is named.
    pub(crate) fn only(&self) -> Option<&SiteId> {
        if let [only] = &self.0[..] { Some(only) } else { None }
    }
}

impl Tags {
    pub(crate) fn has_any_of(&self, tags: &[String]) -> bool {
        tags.iter().any(|tag| self.0.contains(tag))
    }
}

impl Countries {
    pub(crate) fn contains(&self, country: Option<&str>) -> bool {
        country.is_some_and(|country| self.0.iter().any(|own| own == country))
    }
}

impl fmt::Display for Tags {
    /// As they are asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

impl fmt::Display for Countries {
    /// As they are asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

/// The items of a list, as `parse` reads each.
fn list<T: Ord>(
    text: &str,
    most: usize,
    parse: impl Fn(&str) -> Option<T>,
    (what, allowed): (&str, &str),
) -> Result<Vec<T>, Unfit> {
    let allowed = || format!("1 to {most} of {allowed}, by commas");
    let count = text.split(',').count();
    if count > most {
        return Err(Unfit::new(format!("has {count} items"), allowed()));
    }
    let read = |item| parse(item).ok_or_else(|| format!("`{}` {what}", short(item)));
    let items: Result<Vec<T>, String> = text.split(',').map(read).collect();
    let mut items = items.map_err(|problem| Unfit::new(problem, allowed()))?;
    // One question has one form.
    items.sort();
    items.dedup();
    Ok(items)
}

impl TryFrom<String> for Sites {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let words = ("is no id of a site", "ids of sites, as in mad-retiro");
        list(&text, MAX_SITES, |item| SiteId::parse(item.trim()), words).map(Self)
    }
}

impl TryFrom<String> for Tags {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let is_tag = |item: &str| (1..=MAX_TAG_CHARS).contains(&item.chars().count());
        let parse = |item: &str| is_tag(item).then(|| item.to_owned());
        let words = ("is no tag", "tags of 1 to 64 characters");
        list(&text, MAX_OTHERS, parse, words).map(Self)
    }
}

impl TryFrom<String> for Countries {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let is_code = |item: &str| item.len() == 2 && item.bytes().all(|b| b.is_ascii_alphabetic());
        let parse = |item: &str| is_code(item.trim()).then(|| item.trim().to_ascii_uppercase());
        let words = ("is no country", "two letters of ISO 3166-1, as in ES");
        list(&text, MAX_OTHERS, parse, words).map(Self)
    }
}

fn schema(pattern: &str, most: usize) -> ArrayBuilder {
    ArrayBuilder::new().items(text_schema(pattern)).min_items(Some(1)).max_items(Some(most))
}

parameter_schema!(Sites, "Sites", schema("^[a-z0-9][a-z0-9_-]{0,63}$", MAX_SITES));
parameter_schema!(Tags, "Tags", schema("^[^,]{1,64}$", MAX_OTHERS));
parameter_schema!(Countries, "Countries", schema("^[A-Z]{2}$", MAX_OTHERS));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_each_item_once_and_as_many_as_there_may_be() {
        let sites = Sites::try_from("b, a,b".to_owned()).unwrap();
        assert_eq!(sites.ids().iter().map(SiteId::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert!(sites.only().is_none());
        assert_eq!(Sites::try_from("a".to_owned()).unwrap().only().unwrap().as_str(), "a");
        let many = |count: usize| vec!["a"; count].join(",");
        assert!(Sites::try_from(many(200)).is_ok());
        let unfit = Sites::try_from(many(201)).unwrap_err();
        assert_eq!(format!("{unfit}"), "has 201 items");
        assert!(format!("{unfit:#}").starts_with("1 to 200 of ids of sites"));
        for bad in ["", "a,", "A", "a,é"] {
            assert!(Sites::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_country_has_two_letters_and_a_tag_is_what_it_is() {
        let countries = Countries::try_from("es, PT".to_owned()).unwrap();
        assert!(countries.contains(Some("ES")) && countries.contains(Some("PT")));
        assert!(!countries.contains(Some("FR")) && !countries.contains(None));
        assert!(Countries::try_from("Spain".to_owned()).is_err());
        let tags = Tags::try_from("depot,cold store".to_owned()).unwrap();
        assert!(tags.has_any_of(&["x".into(), "cold store".into()]) && !tags.has_any_of(&[]));
        assert!(Tags::try_from("a,,b".to_owned()).is_err());
    }
}
