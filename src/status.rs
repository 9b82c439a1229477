//! How the collecting stands: is every site fresh, and if not, why?
//!
//! `weather status` shows it, and the query API answers with it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::domain::{Expected, Life, source_time};
use crate::store::{Reads, RunRow, SiteState, StoreError};

/// How far back success is counted.
pub const LOOK_BACK: TimeDelta = TimeDelta::hours(24);

/// How a site and source stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SiteStatus {
    /// The source.
    pub source: String,
    #[serde(skip)]
    is_only_source: bool,
    /// What decides which slots are expected of it.
    #[serde(skip)]
    life: Life,
    /// The source's first slot in the ledger.
    #[serde(skip)]
    first_slot: Option<DateTime<Utc>>,
    /// The site.
    pub site_id: String,
    /// Its name.
    pub name: String,
    /// How often it is observed, in minutes.
    #[serde(skip)]
    pub interval_minutes: i64,
    /// Whether its latest observation is at most two hours or two intervals old.
    pub fresh: bool,
    /// The source's time of the latest observation.
    pub last_observation_time: Option<DateTime<Utc>>,
    /// How old that is, in seconds, 0 at least.
    pub age_s: Option<i64>,
    /// Slots tried in the last 24 hours.
    pub slots_tried_24h: i64,
    /// Slots collected in the last 24 hours.
    pub slots_collected_24h: i64,
    /// First failed slot since the latest collected one.
    pub failing_since: Option<DateTime<Utc>>,
    /// Kind of the latest failure, if the site is failing.
    pub error_kind: Option<String>,
    /// HTTP status of the latest failure, if there was one.
    pub http_status: Option<i64>,
    /// Message of the latest failure.
    pub error_message: Option<String>,
}

/// How all of it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Every site of each source in use.
    pub sites: Vec<SiteStatus>,
    /// The latest runs, newest first.
    pub runs: Vec<RunRow>,
    /// Until when a source's account is blocked, if it is.
    pub paused_until: Option<DateTime<Utc>>,
}

/// Reads it all, with so many runs; `sources` are those that there may be, the one that is meant if
/// none is named first.
///
/// # Errors
/// When the store fails.
pub async fn read(
    reads: &Reads,
    sources: &[&str],
    now: DateTime<Utc>,
    runs: u32,
) -> Result<Status, StoreError> {
    let (sites, in_use) = sites(reads, sources, now).await?;
    let runs = reads.list_runs(runs).await?;
    let mut paused_until = None;
    for source in in_use {
        paused_until =
            paused_until.max(reads.paused_until(source).await?.filter(|until| *until > now));
    }
    Ok(Status { sites, runs, paused_until })
}

/// Every site of each source in use, and those sources: the ones that were asked in the last day,
/// else those that ever answered, else the one that is meant if none is named.
///
/// # Errors
/// When the store fails.
pub async fn sites<'a>(
    reads: &Reads,
    sources: &[&'a str],
    now: DateTime<Utc>,
) -> Result<(Vec<SiteStatus>, Vec<&'a str>), StoreError> {
    let mut all = Vec::new();
    for source in sources {
        let times = (now - LOOK_BACK, source_time::last_believed(now));
        let mut states = reads.list_site_states(source, times).await?;
        states.retain(|state| state.is_alive(now));
        all.push((*source, states));
    }
    let asked = |states: &[SiteState]| states.iter().any(|state| state.slots_tried > 0);
    let answered =
        |states: &[SiteState]| states.iter().any(|state| state.last_observation_time.is_some());
    if all.iter().any(|(_, states)| asked(states)) {
        all.retain(|(_, states)| asked(states));
    } else if all.iter().any(|(_, states)| answered(states)) {
        all.retain(|(_, states)| answered(states));
    } else {
        all.truncate(1);
    }
    let in_use: Vec<&str> = all.iter().map(|(source, _)| *source).collect();
    let is_only_source = in_use.len() == 1;
    let sites = all.into_iter().flat_map(|(source, states)| {
        states.into_iter().map(move |state| SiteStatus::of(source, is_only_source, state, now))
    });
    Ok((sites.collect::<Result<_, _>>()?, in_use))
}

impl SiteStatus {
    fn of(
        source: &str,
        is_only_source: bool,
        state: SiteState,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            source: source.to_owned(),
            is_only_source,
            life: state.life()?,
            first_slot: state.first_slot,
            fresh: state.is_fresh(now),
            age_s: state.age(now).map(|age| age.num_seconds()),
            site_id: state.site_id,
            name: state.name,
            interval_minutes: state.interval_minutes,
            last_observation_time: state.last_observation_time,
            slots_tried_24h: state.slots_tried,
            slots_collected_24h: state.slots_collected,
            failing_since: state.failing_since,
            error_kind: state.error_kind,
            http_status: state.http_status,
            error_message: state.error_message,
        })
    }

    /// The slots that are expected of it from one time to another, both included, as `weather gaps`
    /// counts them.
    pub fn expected(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = Expected> {
        self.life.slots(self.first_slot, from, to)
    }

    /// Why it is not fresh, in a few words.
    fn trouble(&self) -> String {
        let what = match (self.http_status, &self.error_kind) {
            (Some(status), Some(kind)) if status != 200 => format!("{kind} ({status})"),
            (_, Some(kind)) => kind.clone(),
            _ if self.last_observation_time.is_some() => "nothing newer".into(),
            _ => "never collected".into(),
        };
        let since = self.failing_since.map(|since| format!(" since {}", since.format("%F %H:%M")));
        let source =
            if self.is_only_source { String::new() } else { format!(" ({})", self.source) };
        format!("{}{source}: {what}{}", self.site_id, since.unwrap_or_default())
    }
}

/// How many there are, and how many of them are fresh. A series is a site and source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sites.
    pub sites: usize,
    /// Sites of which every series is fresh.
    pub fresh_sites: usize,
    /// Series.
    pub series: usize,
    /// Series that are fresh.
    pub fresh_series: usize,
}

impl Counts {
    /// Series are named where a site has several.
    fn in_words(self) -> String {
        let Self { sites, fresh_sites, series, fresh_series } = self;
        let of_sites = format!("{fresh_sites} of {sites} sites fresh");
        match series == sites {
            true => of_sites,
            false => format!("{of_sites}, {fresh_series} of {series} series"),
        }
    }
}

impl Status {
    /// How many sites and series there are, and how many of them are fresh.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut by_site: BTreeMap<&str, bool> = BTreeMap::new();
        for site in &self.sites {
            *by_site.entry(&site.site_id).or_insert(true) &= site.fresh;
        }
        Counts {
            sites: by_site.len(),
            fresh_sites: by_site.values().filter(|is_fresh| **is_fresh).count(),
            series: self.sites.len(),
            fresh_series: self.sites.iter().filter(|site| site.fresh).count(),
        }
    }

    /// The one sentence that an operator reads first; with how the sync stands, if that is known.
    #[must_use]
    pub fn headline(&self, sync: Option<String>) -> String {
        let Self { sites, runs, paused_until } = self;
        if sites.is_empty() {
            return "no sites yet, or none within its days: `weather etl` collects, `weather demo` shows how".into();
        }
        let mut parts = vec![self.counts().in_words()];
        let stale: Vec<&SiteStatus> = sites.iter().filter(|site| !site.fresh).collect();
        parts.extend(stale.iter().take(3).map(|site| site.trouble()));
        if stale.len() > 3 {
            parts.push(format!("{} more", stale.len() - 3));
        }
        if let Some(until) = paused_until {
            parts.push(format!("account blocked until {}", until.format("%F %H:%M")));
        }
        match runs.first() {
            Some(run) => {
                let outcome = run.outcome.as_deref().unwrap_or(&run.status);
                parts.push(format!("last run {outcome} at {}", run.started_at.format("%F %H:%M")));
            }
            None => parts.push("no run yet".into()),
        }
        parts.extend(sync);
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SiteId, Spans};

    fn site(site_id: &str, fresh: bool) -> SiteStatus {
        SiteStatus {
            source: "openweathermap".into(),
            is_only_source: true,
            life: Life {
                site_id: SiteId::parse(site_id).unwrap(),
                timezone: chrono_tz::Tz::UTC,
                active_from: None,
                active_until: None,
                spans: Spans::default(),
            },
            first_slot: None,
            site_id: site_id.into(),
            name: site_id.into(),
            interval_minutes: 60,
            fresh,
            last_observation_time: None,
            age_s: None,
            slots_tried_24h: 1,
            slots_collected_24h: 0,
            failing_since: "2026-11-25T14:00:00Z".parse().ok(),
            error_kind: Some("not_found".into()),
            http_status: Some(404),
            error_message: None,
        }
    }

    fn status(sites: Vec<SiteStatus>) -> Status {
        Status { sites, runs: Vec::new(), paused_until: None }
    }

    #[test]
    fn the_headline_says_who_is_not_fresh_and_since_when() {
        let sites = [site("mad-retiro", true), site("lon-city", false)];
        assert_eq!(
            status(sites.to_vec()).headline(Some("never synced".into())),
            "1 of 2 sites fresh; lon-city: not_found (404) since 2026-11-25 14:00; no run yet; never synced"
        );
    }

    #[test]
    fn sites_are_counted_as_sites_and_series_beside_them_where_there_are_several_sources() {
        let series = |site_id, source: &str, fresh| {
            let source = source.to_owned();
            SiteStatus { source, is_only_source: false, ..site(site_id, fresh) }
        };
        let ids = ["a", "b", "c", "d", "e", "f"];
        let both = |source: &'static str| ids.map(|id| series(id, source, true));
        let mut all = [both("openweathermap"), both("open-meteo")].concat();
        let counts = |all: &[SiteStatus]| status(all.to_vec()).counts();
        let headline = |all: &[SiteStatus]| status(all.to_vec()).headline(None);
        assert!(headline(&all).starts_with("6 of 6 sites fresh, 12 of 12 series; no run yet"));
        assert!(headline(&all[..6]).starts_with("6 of 6 sites fresh; no run yet"));
        // A site of which one source is stale is not fresh.
        all[7].fresh = false;
        let (sites, fresh_sites, series, fresh_series) = (6, 5, 12, 11);
        assert_eq!(counts(&all), Counts { sites, fresh_sites, series, fresh_series });
        assert!(
            headline(&all).starts_with("5 of 6 sites fresh, 11 of 12 series; b (open-meteo): ")
        );
        assert_eq!(counts(&[]), Counts::default());
    }

    #[test]
    fn an_empty_store_says_what_to_do_next() {
        assert!(status(Vec::new()).headline(None).contains("weather etl"));
    }
}
