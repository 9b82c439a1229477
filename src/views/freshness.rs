//! Whether every site is fresh, and if not, why: the twin of the warehouse's `site_freshness`.
//!
//! A series is a site and source. It is stale when its latest observation is older than
//! [`domain::freshness`](crate::domain::freshness) allows.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::domain::{Expected, Life, source_time};
use crate::store::{Reads, SiteState, StoreError};

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
    /// Whether its latest observation is [fresh](crate::domain::freshness).
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
        // Of very many sites no state is held longer than it is known to be needed.
        keep_used(&mut all);
    }
    let in_use: Vec<&str> = all.iter().map(|(source, _)| *source).collect();
    let is_only_source = in_use.len() == 1;
    let sites = all.into_iter().flat_map(|(source, states)| {
        states.into_iter().map(move |state| SiteStatus::of(source, is_only_source, state, now))
    });
    Ok((sites.collect::<Result<_, _>>()?, in_use))
}

/// Of what was read so far, the sources that were asked; of none asked, those that answered; else the first.
fn keep_used(all: &mut Vec<(&str, Vec<SiteState>)>) {
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
    pub(crate) fn trouble(&self) -> String {
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
    /// Of these series.
    #[must_use]
    pub fn of(series: &[SiteStatus]) -> Self {
        let mut by_site: BTreeMap<&str, bool> = BTreeMap::new();
        for one in series {
            *by_site.entry(&one.site_id).or_insert(true) &= one.fresh;
        }
        Self {
            sites: by_site.len(),
            fresh_sites: by_site.values().filter(|is_fresh| **is_fresh).count(),
            series: series.len(),
            fresh_series: series.iter().filter(|one| one.fresh).count(),
        }
    }

    /// Series are named where a site has several.
    pub(crate) fn in_words(self) -> String {
        let Self { sites, fresh_sites, series, fresh_series } = self;
        let of_sites = format!("{fresh_sites} of {sites} sites fresh");
        match series == sites {
            true => of_sites,
            false => format!("{of_sites}, {fresh_series} of {series} series"),
        }
    }
}

#[cfg(test)]
impl SiteStatus {
    /// A series of which nothing is known but that the source does not know the site, since when.
    pub(crate) fn of_test(
        site_id: &str,
        (source, is_only_source): (&str, bool),
        fresh: bool,
    ) -> Self {
        Self {
            source: source.into(),
            is_only_source,
            life: Life {
                site_id: crate::domain::SiteId::parse(site_id).unwrap(),
                timezone: chrono_tz::Tz::UTC,
                active_from: None,
                active_until: None,
                spans: crate::domain::Spans::default(),
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
}
