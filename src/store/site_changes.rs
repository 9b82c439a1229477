//! What has to be written so that the `sites` table follows the sites file.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use super::StoreError;
use super::reads::sites::{LocalityRow, spans_of};
use crate::domain::{Locality, Move, Site, Spans, TakenIn};

/// A site in the table, and whether it is as the file has it.
#[derive(FromRow)]
pub(super) struct KnownSite {
    site_id: String,
    row_hash: i64,
    is_active: bool,
}

/// Every site of the table.
pub(super) const KNOWN: &str =
    "select site_id, row_hash, deactivated_at is null as is_active from sites";

/// When and where a site was observed so far.
#[derive(FromRow)]
pub(super) struct PastOfSite {
    site_id: String,
    spans: String,
    #[sqlx(flatten)]
    locality: LocalityRow,
}

/// The past of some sites, which are bound, as many as there are `places`.
pub(super) fn pasts(places: &str) -> String {
    format!(
        "select site_id, cast(spans as char) as spans, latitude, longitude, timezone, country, \
        elevation_m from sites where site_id in ({places})"
    )
}

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

/// The sites of the file beside those of the table, whose rows are taken as they come and not kept.
pub(super) struct Comparison<'a> {
    sites: &'a [Site],
    listed: HashMap<&'a str, Listed<'a>>,
    gone: Vec<String>,
    active: usize,
    /// Of those that have changed.
    pasts: HashMap<String, PastOfSite>,
}

/// A site of the file.
struct Listed<'a> {
    site: &'a Site,
    /// Whether the table has it so already; `None`: it has no such site.
    is_same: Option<bool>,
}

impl<'a> Comparison<'a> {
    /// Of the sites of the file with a table of no rows.
    pub(super) fn with(sites: &'a [Site]) -> Self {
        let listed = |site: &'a Site| (site.site_id.as_str(), Listed { site, is_same: None });
        let listed = sites.iter().map(listed).collect();
        Self { sites, listed, gone: Vec::new(), active: 0, pasts: HashMap::new() }
    }

    /// Takes a row of the table.
    pub(super) fn take(&mut self, row: KnownSite) {
        self.active += usize::from(row.is_active);
        match self.listed.get_mut(row.site_id.as_str()) {
            Some(Listed { site, is_same }) => {
                *is_same = Some(row.is_active && row.row_hash == site.fingerprint());
            }
            None if row.is_active => self.gone.push(row.site_id),
            None => {}
        }
    }

    /// The sites whose past decides what is written: known, and changed.
    pub(super) fn with_past(&self) -> Vec<&'a str> {
        let listed = self.sites.iter().map(|site| site.site_id.as_str());
        listed.filter(|site_id| self.is_same(site_id) == Some(false)).collect()
    }

    /// Takes the past of one of them.
    pub(super) fn take_past(&mut self, past: PastOfSite) {
        self.pasts.insert(past.site_id.clone(), past);
    }

    fn is_same(&self, site_id: &str) -> Option<bool> {
        self.listed.get(site_id).and_then(|listed| listed.is_same)
    }

    /// Since when it has to be known what was collected: the slot that is under way at a site that
    /// stands elsewhere now. `None`: no site does.
    ///
    /// # Errors
    /// When the table holds what cannot be.
    pub(super) fn moved_slot(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut longest: Option<TimeDelta> = None;
        for site in self.changed() {
            let Some(spans) = self.spans_before(site)? else { continue };
            if spans.ends_elsewhere(&Locality::of(site)) {
                longest = longest.max(Some(site.interval.span()));
            }
        }
        Ok(longest.map(|interval| now - interval))
    }

    /// What is to be written, when the file is taken in now.
    ///
    /// # Errors
    /// When the table holds what cannot be.
    pub(super) fn changes(
        &self,
        collected: &LastCollected,
        now: DateTime<Utc>,
    ) -> Result<SiteChanges<'_>, StoreError> {
        let gone = self.gone();
        let (mut changed, mut moves) = (Vec::new(), Vec::new());
        for site in self.changed() {
            let spans = self.spans_before(site)?.unwrap_or_default();
            moves.extend(spans.move_to(site));
            let file = TakenIn {
                interval: site.interval,
                locality: Locality::of(site),
                last_collected: collected.0.get(site.site_id.as_str()).copied(),
                now,
            };
            changed.push((site, spans.taken_in(file)));
        }
        warn_of_another_file(&gone, self.active);
        Ok(SiteChanges { changed, gone, moves })
    }

    /// New, changed, or back again, in the order of the file.
    fn changed(&self) -> impl Iterator<Item = &'a Site> {
        self.sites.iter().filter(|site| self.is_same(site.site_id.as_str()) != Some(true))
    }

    fn gone(&self) -> Vec<&str> {
        let mut gone: Vec<&str> = self.gone.iter().map(String::as_str).collect();
        gone.sort_unstable();
        gone
    }

    /// The spans of a changed site, if the table knows it.
    fn spans_before(&self, site: &Site) -> Result<Option<Spans>, StoreError> {
        let Some(past) = self.pasts.get(site.site_id.as_str()) else { return Ok(None) };
        let locality = past.locality.parse(&past.site_id)?;
        Ok(Some(spans_of(&past.site_id, &past.spans)?.known_at(&locality)))
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

impl SiteChanges<'_> {
    /// True when there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty()
    }
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
