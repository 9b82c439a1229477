//! What the overview is made of, kept from one request to the next: every site as it is in this minute. Requests that
//! come while it is being read wait, and share the next reading, however many runs end meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use crate::domain::{Coordinates, Values, source_time};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Answering;
use crate::serve::answer::reader::Reader;
use crate::status;
use crate::store::{NewestObservation, RunRow, RunVersion, SiteRow, StoreError};
use crate::views::freshness::{Counts, SiteStatus};

/// Runs by which it is known when the next one may be expected.
const RUNS: u32 = 10;

/// A site that is observed, as it is now.
pub(super) struct SiteNow {
    pub(super) name: String,
    pub(super) place: Option<Coordinates>,
    pub(super) country: Option<String>,
    pub(super) tags: Vec<String>,
    /// Of each source in use.
    pub(super) series: Vec<SiteStatus>,
    /// The one that is shown: the first that is fresh, else that of the newest observation.
    shown: usize,
    /// What it last said.
    pub(super) values: Option<Values>,
}

impl SiteNow {
    fn of(
        row: &SiteRow,
        mut series: Vec<SiteStatus>,
        newest: &mut Newest,
    ) -> Result<Self, StoreError> {
        series.shrink_to_fit();
        let fresh = series.iter().position(|one| one.fresh);
        let last = |(_, one): &(usize, &SiteStatus)| one.last_observation_time;
        let latest = series.iter().enumerate().rev().max_by_key(last).map(|(index, _)| index);
        let shown = fresh.or(latest).unwrap_or_default();
        let values = series.get(shown).and_then(|one| newest.take(&one.site_id, &one.source));
        Ok(Self {
            name: row.name.clone(),
            place: Coordinates::parse(row.latitude, row.longitude),
            country: row.country.clone(),
            tags: row.tags()?,
            series,
            shown,
            values,
        })
    }

    /// The series that is shown.
    pub(super) fn shown(&self) -> Option<&SiteStatus> {
        self.series.get(self.shown)
    }

    pub(super) fn id(&self) -> &str {
        self.shown().map_or("", |one| one.site_id.as_str())
    }

    /// Whether every series is fresh.
    pub(super) fn is_fresh(&self) -> bool {
        self.series.iter().all(|one| one.fresh)
    }

    /// What it last said, if that is fresh.
    pub(super) fn fresh_values(&self) -> Option<&Values> {
        self.values.as_ref().filter(|_| self.shown().is_some_and(|one| one.fresh))
    }

    /// The series that is in trouble, if one is: a stale one.
    pub(super) fn trouble(&self) -> Option<&SiteStatus> {
        self.series.iter().find(|one| !one.fresh)
    }
}

/// The newest observation of each series, by site and source.
struct Newest(Vec<NewestObservation>);

impl Newest {
    /// What a series last said; it is given once.
    fn take(&mut self, site_id: &str, source: &str) -> Option<Values> {
        let key = |one: &NewestObservation| {
            (one.site_id.as_str(), one.source.as_str()).cmp(&(site_id, source))
        };
        let index = self.0.binary_search_by(key).ok()?;
        self.0.get_mut(index).map(|one| std::mem::take(&mut one.values))
    }
}

/// What was read, and of when it is.
pub(super) struct Seen {
    began: Instant,
    state: Arc<RunVersion>,
    pub(super) now: DateTime<Utc>,
    /// By id.
    pub(super) sites: Vec<SiteNow>,
    pub(super) counts: Counts,
    /// The latest runs, newest first.
    pub(super) runs: Vec<RunRow>,
    pub(super) paused_until: Option<DateTime<Utc>>,
}

/// What was read last.
pub(crate) struct Recent {
    last: Mutex<Option<Arc<Seen>>>,
}

impl Recent {
    pub(crate) fn new() -> Self {
        Self { last: Mutex::new(None) }
    }

    /// As of the state of the store and the minute in which this was called, or of later ones.
    pub(super) async fn read(
        &self,
        answering: &Answering,
        reader: &Reader,
    ) -> Result<Arc<Seen>, Problem> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(seen) = last.as_ref().filter(|seen| seen.began >= asked) {
            return Ok(seen.clone());
        }
        let (state, now) = (answering.versions.current().await?, reader.now());
        let is_same = |seen: &&Arc<Seen>| seen.state == state && minute(seen.now) == minute(now);
        if let Some(seen) = last.as_ref().filter(is_same) {
            return Ok(seen.clone());
        }
        // What is old is given back before the new is read: there may be many sites.
        *last = None;
        let seen = Arc::new(read(reader, state, now).await?);
        *last = Some(seen.clone());
        Ok(seen)
    }
}

fn minute(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(60)
}

async fn read(
    reader: &Reader,
    state: Arc<RunVersion>,
    now: DateTime<Utc>,
) -> Result<Seen, Problem> {
    let began = Instant::now();
    let status = status::read(&reader.store, reader.sources, now, RUNS).await?;
    let counts = status.counts();
    let mut by_site: HashMap<String, Vec<SiteStatus>> = HashMap::new();
    for one in status.sites {
        // A list grows to four at once, and most sites have one source.
        let series = by_site.entry(one.site_id.clone());
        series.or_insert_with(|| Vec::with_capacity(1)).push(one);
    }
    let until = source_time::last_believed(now);
    let mut newest = Newest(reader.store.list_newest_observations(None, until).await?);
    let mut sites = Vec::with_capacity(by_site.len());
    for row in reader.store.list_sites().await? {
        if let Some(series) = by_site.remove(&row.site_id) {
            sites.push(SiteNow::of(&row, series, &mut newest)?);
        }
    }
    let (runs, paused_until) = (status.runs, status.paused_until);
    Ok(Seen { began, state, now, sites, counts, runs, paused_until })
}
