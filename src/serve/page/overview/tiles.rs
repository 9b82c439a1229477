//! The five tiles: how many sites are fresh, and the extremes of those that are.

use super::row::why;
use crate::domain::{Dimension, Values};
use crate::serve::page::recent::SiteNow;
use crate::serve::page::view::View;

/// From these values on a tile says that it is extreme: °C; m/s, Beaufort 8 (WMO-No. 8); mm in an hour. Until there
/// are rules of alerts, which replace them.
const HOT_C: f64 = 35.0;
const COLD_C: f64 = -15.0;
const STORM_MS: f64 = 17.2;
const DOWNPOUR_MM: f64 = 10.0;

/// A tile.
pub(super) struct Tile {
    pub(super) key: &'static str,
    /// The value with its unit; a dash, if there is none.
    pub(super) value: String,
    /// The site, or what else there is to say.
    pub(super) words: String,
    /// What stands beside the site.
    pub(super) more: String,
    pub(super) is_extreme: bool,
    /// Where it leads.
    pub(super) link: Option<String>,
}

/// An extreme: the key of its tile, the value, whether the highest is meant, and what is extreme.
struct Extreme {
    key: &'static str,
    dimension: Dimension,
    value: fn(&Values) -> Option<f64>,
    is_highest: bool,
    limit: f64,
}

const EXTREMES: [Extreme; 4] = [
    Extreme {
        key: "tile-warmest",
        dimension: Dimension::Temperature,
        value: |values| values.temperature_c,
        is_highest: true,
        limit: HOT_C,
    },
    Extreme {
        key: "tile-coldest",
        dimension: Dimension::Temperature,
        value: |values| values.temperature_c,
        is_highest: false,
        limit: COLD_C,
    },
    Extreme {
        key: "tile-gust",
        dimension: Dimension::Wind,
        value: |values| values.wind_gust_ms.or(values.wind_speed_ms),
        is_highest: true,
        limit: STORM_MS,
    },
    Extreme {
        key: "tile-rain",
        dimension: Dimension::Rain,
        value: wettest,
        is_highest: true,
        limit: DOWNPOUR_MM,
    },
];

fn wettest(values: &Values) -> Option<f64> {
    Some(values.rain_1h_mm.unwrap_or_default())
}

impl Extreme {
    /// The site and its value; of equals the first.
    fn find<'a>(&self, sites: &[&'a SiteNow]) -> Option<(&'a SiteNow, f64)> {
        let valued =
            sites.iter().filter_map(|site| Some((*site, (self.value)(site.fresh_values()?)?)));
        let sign = if self.is_highest { 1.0 } else { -1.0 };
        valued.reduce(|best, one| if sign * one.1 > sign * best.1 { one } else { best })
    }

    fn tile(&self, sites: &[&SiteNow], root: &str, t: &View) -> Tile {
        let Some((site, value)) = self.find(sites) else { return Tile::empty(self.key) };
        let is_extreme = if self.is_highest { value >= self.limit } else { value <= self.limit };
        Tile {
            value: t.quantity(self.dimension, value),
            words: site.name.clone(),
            is_extreme,
            link: Some(format!("{root}/sites/{}", site.id())),
            ..Tile::empty(self.key)
        }
    }
}

impl Tile {
    fn empty(key: &'static str) -> Self {
        let (value, words, more) = ("–".to_owned(), String::new(), String::new());
        Self { key, value, words, more, is_extreme: false, link: None }
    }

    /// How many of these are fresh, with the way to those that are not.
    fn fresh(sites: &[&SiteNow], trouble: String, t: &View) -> Self {
        let stale: Vec<_> = sites.iter().filter(|site| !site.is_fresh()).collect();
        let fresh = sites.len() - stale.len();
        let words = match stale[..] {
            [] => t.say("tile-fresh-all").to_string(),
            [site] => site.trouble().map(|trouble| why(site, trouble, t)).unwrap_or_default(),
            _ => t.say("tile-fresh-not").with("count", stale.len()).to_string(),
        };
        let said = t.say("tile-fresh-of").with("fresh", fresh).with("sites", sites.len());
        Self {
            value: said.to_string(),
            words,
            is_extreme: false,
            link: (!stale.is_empty()).then_some(trouble),
            ..Self::empty("tile-fresh")
        }
    }
}

/// The site on which most rain fell in the last hour, if any did.
pub(super) fn rainiest<'a>(sites: &[&'a SiteNow]) -> Option<&'a SiteNow> {
    EXTREMES[3].find(sites).map(|(site, _)| site)
}

/// All five; `trouble` leads to the sites that are not fresh, `rain_24h_mm` is of the [rainiest].
pub(super) fn all(
    sites: &[&SiteNow],
    (root, trouble): (&str, String),
    rain_24h_mm: Option<f64>,
    t: &View,
) -> Vec<Tile> {
    let mut tiles = vec![Tile::fresh(sites, trouble, t)];
    tiles.extend(EXTREMES.iter().map(|extreme| extreme.tile(sites, root, t)));
    if let (Some(tile), Some(value)) = (tiles.last_mut(), rain_24h_mm) {
        let amount = t.quantity(Dimension::Rain, value);
        tile.more = t.say("tile-rain-24h").with("amount", amount).to_string();
    }
    tiles
}
