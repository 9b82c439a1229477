//! What has to be written so that the `sites` table follows the sites file.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use super::StoreError;
use super::reads::sites::{LocalityRow, spans_of};
use crate::domain::{Locality, Move, Site, Spans, TakenIn};

/// A site in the table.
#[derive(FromRow)]
pub(super) struct KnownSite {
    pub(super) site_id: String,
    row_hash: i64,
    is_active: bool,
    spans: String,
    #[sqlx(flatten)]
    locality: LocalityRow,
}

/// Every site of the table.
pub(super) const KNOWN: &str = "select site_id, row_hash, deactivated_at is null as is_active, \
    cast(spans as char) as spans, latitude, longitude, timezone, country, elevation_m from sites";

/// The newest slots that were collected, in no order, along the index by time. Binds: since.
pub(super) const COLLECTED_SINCE: &str = "select site_id, slot_time from collection_slots \
    where slot_time >= ? and status = 'collected'";

/// The newest slot of each site that was collected.
#[derive(Default)]
pub(super) struct LastCollected(HashMap<String, DateTime<Utc>>);

impl FromIterator<(String, DateTime<Utc>)> for LastCollected {
    fn from_iter<T: IntoIterator<Item = (String, DateTime<Utc>)>>(slots: T) -> Self {
        let mut last = HashMap::new();
        for (site_id, slot_time) in slots {
            let own = last.entry(site_id).or_insert(slot_time);
            *own = slot_time.max(*own);
        }
        Self(last)
    }
}

/// Sites to write and ids to deactivate.
pub(super) struct SiteChanges<'a> {
    /// New, changed, or back again, each with its spans from now on; in the order of the file, which
    /// is the same for every task, so that tasks that write them at once cannot deadlock.
    pub(super) changed: Vec<(&'a Site, Spans)>,
    /// Active in the table and no longer in the file.
    pub(super) gone: Vec<&'a str>,
    /// Those of the changed that stand in another place now.
    pub(super) moves: Vec<Move>,
}

impl<'a> SiteChanges<'a> {
    /// Since when it has to be known what was collected: the slot that is under way at a site that
    /// stands elsewhere now. `None`: no site does.
    ///
    /// # Errors
    /// When the table holds what cannot be.
    pub(super) fn moved_slot(
        known: &HashMap<String, KnownSite>,
        sites: &[Site],
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut longest: Option<TimeDelta> = None;
        for site in sites {
            let Some(spans) = spans_before(known, site)? else { continue };
            if spans.ends_elsewhere(&Locality::of(site)) {
                longest = longest.max(Some(site.interval.span()));
            }
        }
        Ok(longest.map(|interval| now - interval))
    }

    /// Between the sites of the table and those of the file that is taken in now.
    ///
    /// # Errors
    /// When the table holds what cannot be.
    pub(super) fn between(
        known: &'a HashMap<String, KnownSite>,
        sites: &'a [Site],
        collected: &LastCollected,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let listed: HashSet<&str> = sites.iter().map(|site| site.site_id.as_str()).collect();
        let mut gone: Vec<&str> = known
            .values()
            .filter(|site| site.is_active && !listed.contains(site.site_id.as_str()))
            .map(|site| site.site_id.as_str())
            .collect();
        gone.sort_unstable();
        let (mut changed, mut moves) = (Vec::new(), Vec::new());
        for site in sites.iter().filter(|site| !is_same(known, site)) {
            let spans = spans_before(known, site)?.unwrap_or_default();
            moves.extend(spans.move_to(site));
            let file = TakenIn {
                interval: site.interval,
                locality: Locality::of(site),
                last_collected: collected.0.get(site.site_id.as_str()).copied(),
                now,
            };
            changed.push((site, spans.taken_in(file)));
        }
        warn_of_another_file(&gone, known.values().filter(|site| site.is_active).count());
        Ok(Self { changed, gone, moves })
    }

    /// True when there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty()
    }
}

fn is_same(known: &HashMap<String, KnownSite>, site: &Site) -> bool {
    let known = known.get(site.site_id.as_str());
    known.is_some_and(|known| known.is_active && known.row_hash == site.fingerprint())
}

/// The spans of a site that is known and has changed.
fn spans_before(
    known: &HashMap<String, KnownSite>,
    site: &Site,
) -> Result<Option<Spans>, StoreError> {
    let Some(own) = known.get(site.site_id.as_str()).filter(|_| !is_same(known, site)) else {
        return Ok(None);
    };
    let locality = own.locality.parse(&own.site_id)?;
    Ok(Some(spans_of(&own.site_id, &own.spans)?.known_at(&locality)))
}

/// A file that lacks most of the sites is more often the wrong one than a farewell: another start
/// with another `SITES_FILE` would take turns with this one.
fn warn_of_another_file(gone: &[&str], active: usize) {
    if gone.len() * 2 > active {
        tracing::warn!(
            sites_gone = gone.len(),
            sites_active = active,
            "the sites file lacks {} of the {active} active sites ({}): they are deactivated, and \
             come back with the file that names them; is SITES_FILE the right one, and the same for \
             every start?",
            gone.len(),
            named(gone),
        );
    }
}

/// The first few of them.
fn named(site_ids: &[&str]) -> String {
    let (first, more) = site_ids.split_at(site_ids.len().min(3));
    let ending = if more.is_empty() { "" } else { ", …" };
    format!("{}{ending}", first.join(", "))
}
