//! What there is to show of a site: its newest observation, and the temperature of the last hours.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::first_hour;
use super::spark::Hour;
use crate::domain::{Values, source_time};
use crate::store::{NewestObservation, Reads, SiteRow, StoreError, Temperature};
use crate::views::freshness::{self, SiteStatus};

/// The weather of a site now. Values are metric.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Now {
    pub(super) site_id: String,
    pub(super) name: String,
    pub(super) country: Option<String>,
    /// The source of the observation.
    pub(super) source: Option<String>,
    /// Whether it is new enough to be called the weather now.
    pub(super) fresh: bool,
    /// Why it is not.
    pub(super) trouble: Option<String>,
    pub(super) observation_time: Option<DateTime<Utc>>,
    pub(super) age_s: Option<i64>,
    #[serde(flatten)]
    pub(super) values: Values,
    /// Of each hour, the present one last.
    pub(super) temperatures: Vec<Option<f64>>,
    /// Whether a temperature is expected of each hour, and its slots are over.
    #[serde(skip)]
    pub(super) expected: Vec<bool>,
}

impl Now {
    /// Each hour as it is drawn.
    pub(super) fn hours(&self) -> impl Iterator<Item = Hour> {
        let hours = self.temperatures.iter().zip(&self.expected);
        hours.map(|(temperature, is_expected)| match (temperature, is_expected) {
            (Some(temperature), _) => Hour::Known(*temperature),
            (None, true) => Hour::Missing,
            (None, false) => Hour::NotExpected,
        })
    }
}

/// A site and a source.
type Series = (String, String);

/// The temperature of each slot, in the order of time.
type Line = Vec<(DateTime<Utc>, Option<f64>)>;

/// The weather of these sites in their order, with so many hours before now. Of a site with several sources
/// the first is shown that is fresh, in the order of `sources`, else the one with the newest observation.
pub(super) async fn read(
    reads: &Reads,
    sources: &[&str],
    sites: &[SiteRow],
    (hours, now): (i64, DateTime<Utc>),
) -> Result<Vec<Now>, StoreError> {
    let only = match sites {
        [only] => Some(only.site_id.clone()),
        _ => None,
    };
    let (states, _) = freshness::sites(reads, sources, now).await?;
    let mut states_by_site: HashMap<String, Vec<SiteStatus>> = HashMap::new();
    for state in states {
        states_by_site.entry(state.site_id.clone()).or_default().push(state);
    }
    let mut newest = newest(reads, only, now).await?;
    let first = first_hour(hours, now);
    let until = source_time::last_believed(now);
    let ids: Vec<&str> = sites.iter().map(|site| site.site_id.as_str()).collect();
    let since = first - longest_interval(sites);
    let lines = lines(reads.list_temperatures((&ids, sources), (since, until)).await?);
    let of_site = |site: &SiteRow| {
        let states = states_by_site.remove(&site.site_id).unwrap_or_default();
        let state = states
            .iter()
            .find(|state| state.fresh)
            .or_else(|| states.iter().max_by_key(|state| state.last_observation_time));
        let source = match state {
            Some(state) => Some(state.source.clone()),
            None => newest_source(&newest, &site.site_id),
        };
        let series = (site.site_id.clone(), source.clone().unwrap_or_default());
        let line = lines.get(&series).map_or(&[][..], Vec::as_slice);
        let found = newest.remove(&series);
        let time = found.as_ref().map(|newest| newest.observation_time);
        Now {
            site_id: site.site_id.clone(),
            name: site.name.clone(),
            country: site.country.clone(),
            source: source.filter(|_| time.is_some()),
            fresh: state.is_some_and(|state| state.fresh),
            trouble: trouble(site, state),
            observation_time: time,
            age_s: time.map(|time| source_time::age(time, now).num_seconds()),
            values: found.map(|newest| newest.values).unwrap_or_default(),
            temperatures: by_hour(line, site.interval_minutes, (first, hours)),
            expected: expected(state, site.interval_minutes, (first, hours), now),
        }
    };
    Ok(sites.iter().map(of_site).collect())
}

/// A slot that began so long before the first hour may reach into it.
fn longest_interval(sites: &[SiteRow]) -> TimeDelta {
    let longest = sites.iter().map(|site| site.interval_minutes).max();
    TimeDelta::minutes(longest.unwrap_or_default())
}

/// Of a site that is within its days no more, or has left the file, the state is not kept.
fn newest_source(newest: &HashMap<Series, NewestObservation>, site_id: &str) -> Option<String> {
    let own = newest.iter().filter(|((site, _), _)| site == site_id);
    own.max_by_key(|(_, newest)| newest.observation_time).map(|((_, source), _)| source.clone())
}

/// Why what there is cannot be called the weather now.
fn trouble(site: &SiteRow, state: Option<&SiteStatus>) -> Option<String> {
    match state {
        Some(state) if state.fresh => None,
        Some(SiteStatus { error_message: Some(message), .. }) => Some(message.clone()),
        Some(state) if state.last_observation_time.is_some() => Some("nothing newer".into()),
        Some(_) => Some("never collected".into()),
        None if site.deactivated_at.is_some() => Some("has left the sites file".into()),
        None => Some("not within its days".into()),
    }
}

/// The newest observation of each series, of one site or of all.
async fn newest(
    reads: &Reads,
    site_id: Option<String>,
    now: DateTime<Utc>,
) -> Result<HashMap<Series, NewestObservation>, StoreError> {
    let newest = reads.list_newest_observations(site_id, source_time::last_believed(now)).await?;
    let by_series = newest.into_iter().map(|newest| {
        let series = (newest.site_id.clone(), newest.source.clone());
        (series, newest)
    });
    Ok(by_series.collect())
}

/// The temperatures of each series, in the order of time.
fn lines(temperatures: Vec<Temperature>) -> HashMap<Series, Line> {
    let mut lines: HashMap<Series, Line> = HashMap::new();
    for Temperature { site_id, source, slot_time, temperature_c } in temperatures {
        lines.entry((site_id, source)).or_default().push((slot_time, temperature_c));
    }
    lines
}

/// The hours of which a slot is expected that is over: what is under way may still be collected.
fn expected(
    state: Option<&SiteStatus>,
    interval_minutes: i64,
    (first, hours): (DateTime<Utc>, i64),
    now: DateTime<Utc>,
) -> Vec<bool> {
    let ends = TimeDelta::minutes(interval_minutes);
    let slots = state.map(|state| {
        let slots = state.expected(first - ends, now).map(|slot| slot.slot_time);
        slots.filter(|slot| *slot + ends <= now).map(|slot| (slot, Some(0.0))).collect::<Line>()
    });
    let by_hour = by_hour(&slots.unwrap_or_default(), interval_minutes, (first, hours));
    by_hour.iter().map(Option::is_some).collect()
}

/// The last temperature of each hour; of a longer interval that of all its hours.
fn by_hour(
    line: &[(DateTime<Utc>, Option<f64>)],
    interval_minutes: i64,
    (first, hours): (DateTime<Utc>, i64),
) -> Vec<Option<f64>> {
    let mut by_hour = vec![None; usize::try_from(hours).unwrap_or_default()];
    for (slot, temperature) in line {
        let begins = (*slot - first).num_seconds().div_euclid(3600);
        for hour in begins..begins + (interval_minutes / 60).max(1) {
            if let Some(cell) = usize::try_from(hour).ok().and_then(|hour| by_hour.get_mut(hour)) {
                *cell = *temperature;
            }
        }
    }
    by_hour
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_its_last_temperature_and_a_long_interval_all_its_hours() {
        let first: DateTime<Utc> = "2026-11-30T04:00:00Z".parse().unwrap();
        let at = |minutes, value| (first + TimeDelta::minutes(minutes), value);
        let line = [at(-60, Some(1.0)), at(0, Some(2.0)), at(30, Some(3.0)), at(120, None)];
        assert_eq!(by_hour(&line, 30, (first, 4)), [Some(3.0), None, None, None]);
        let line = [at(-60, Some(1.0)), at(120, Some(4.0))];
        assert_eq!(by_hour(&line, 180, (first, 4)), [Some(1.0), Some(1.0), Some(4.0), Some(4.0)]);
    }
}
