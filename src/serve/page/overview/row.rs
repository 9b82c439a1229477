//! A site as a row of the table.

use chrono::TimeDelta;

use super::strip::Strip;
use crate::domain::{Dimension, Values};
use crate::serve::page::recent::SiteNow;
use crate::serve::page::view::View;
use crate::views::freshness::SiteStatus;

/// A row.
pub(super) struct Row<'a> {
    pub(super) site: &'a SiteNow,
    /// By which the script knows it again.
    pub(super) id: String,
    pub(super) temperature: String,
    /// How the sky is; why nobody knows, where the observation is too old.
    pub(super) sky: String,
    pub(super) wind: String,
    pub(super) arrow: Option<Arrow>,
    pub(super) rain: String,
    pub(super) humidity: String,
    pub(super) age: String,
    pub(super) strip: Strip,
}

/// Where the wind goes.
pub(super) struct Arrow {
    /// Clockwise from up, degrees.
    pub(super) turn: i64,
    /// Where it comes from, in words.
    pub(super) from: String,
}

/// What is not known.
const DASH: &str = "–";

impl<'a> Row<'a> {
    /// Of a site that stands in so many groups before this one.
    pub(super) fn of(site: &'a SiteNow, group: usize, strip: Strip, t: &View) -> Self {
        let values = site.fresh_values();
        let written = |dimension, value: Option<f64>| {
            value.map_or_else(|| DASH.to_owned(), |value| t.quantity(dimension, value))
        };
        let value = |of: fn(&Values) -> Option<f64>| values.and_then(of);
        let suffix = if group > 0 { format!("-{group}") } else { String::new() };
        Self {
            id: format!("s-{}{suffix}", site.id()),
            temperature: written(Dimension::Temperature, value(|values| values.temperature_c)),
            sky: sky(site, t),
            wind: written(Dimension::Wind, value(|values| values.wind_speed_ms)),
            arrow: values.and_then(|values| arrow(values, t)),
            rain: written(
                Dimension::Rain,
                values.map(|values| values.rain_1h_mm.unwrap_or_default()),
            ),
            humidity: value(|values| values.humidity_pct)
                .map_or_else(|| DASH.to_owned(), |value| t.percent(value)),
            age: age(site, t),
            strip,
            site,
        }
    }
}

fn age(site: &SiteNow, t: &View) -> String {
    let age_s = site.shown().and_then(|one| one.age_s);
    age_s.map_or_else(
        || t.say("age-never").to_string(),
        |age_s| t.language().age(TimeDelta::seconds(age_s)),
    )
}

fn sky(site: &SiteNow, t: &View) -> String {
    if let Some(trouble) = site.trouble() {
        return why(site, trouble, t);
    }
    let Some(values) = site.fresh_values() else { return DASH.to_owned() };
    let stored = values.condition_description.as_deref().or(values.condition_group.as_deref());
    t.language().condition(values.condition_id, stored.unwrap_or(DASH))
}

/// Why a series is stale; of which source, where there are several.
pub(super) fn why(site: &SiteNow, trouble: &SiteStatus, t: &View) -> String {
    let words = match (&trouble.error_kind, trouble.last_observation_time) {
        (Some(kind), _) => t.language().error(kind),
        (None, Some(_)) => t.say("trouble-nothing-newer").to_string(),
        (None, None) => t.say("trouble-never-collected").to_string(),
    };
    if site.series.len() > 1 { format!("{}: {words}", trouble.source) } else { words }
}

fn arrow(values: &Values, t: &View) -> Option<Arrow> {
    let from_deg = values.wind_direction_deg?.rem_euclid(360);
    let eighth = (from_deg * 2 + 45).div_euclid(90) % 8;
    let from = t.say(&format!("wind-from-{eighth}")).to_string();
    Some(Arrow { turn: (from_deg + 180) % 360, from })
}
