//! Which slots are due.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::parts::Etl;
use crate::domain::{Shard, Site, SiteId, Slot};
use crate::store::{Store, StoreError, TriedSlot};

/// Whose slots are looked at, and when.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// What has been tried; `None`: there is no store yet, and nothing has.
    pub store: Option<&'a dyn Store>,
    /// The source.
    pub source: &'static str,
    /// Its part of the sites.
    pub shard: Shard,
    /// The present moment.
    pub now: DateTime<Utc>,
}

impl<'a> From<Etl<'a>> for Asked<'a> {
    fn from(Etl { job, source, .. }: Etl<'a>) -> Self {
        let (shard, now) = (job.shard, job.clock.now());
        Self { store: Some(job.store), source: source.name(), shard, now }
    }
}

/// Which sites are meant, and whether those settled are called again.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these sites; empty: all.
    pub site_ids: Vec<SiteId>,
    /// Call again what is settled.
    pub force: bool,
}

impl Selection {
    fn includes(&self, site: &Site) -> bool {
        self.site_ids.is_empty() || self.site_ids.contains(&site.site_id)
    }
}

/// What there is to do now.
#[derive(Debug)]
pub struct Due<'a> {
    /// The slots to call for, each with its site.
    pub slots: Vec<(&'a Site, Slot)>,
    /// Active sites of this shard that are selected.
    pub sites: usize,
    /// Slots collected already.
    pub collected_before: usize,
    /// Slots that failed for good already.
    pub failed_before: usize,
}

/// The slots of this shard's active sites that contain the present moment, less the settled ones: those
/// never tried before those that failed, since what refuses the ones must not hold up the others; else
/// in the order of the file.
///
/// # Errors
/// When the store fails.
pub async fn due<'a>(
    asked: Asked<'_>,
    sites: &'a [Site],
    selection: &Selection,
) -> Result<Due<'a>, StoreError> {
    let Asked { shard, now, .. } = asked;
    let mut slots: Vec<(&Site, Slot)> = sites
        .iter()
        .filter(|site| shard.contains(&site.site_id) && selection.includes(site))
        .map(|site| (site, Slot::containing(now, site)))
        .filter(|(site, slot)| site.is_active_at(slot.slot_time))
        .collect();
    let mut due = Due { sites: slots.len(), collected_before: 0, failed_before: 0, slots: vec![] };
    let tried = tried(asked, &slots).await?;
    slots.retain(|(_, slot)| match tried.get(slot) {
        Some(tried) if tried.is_settled() && !selection.force => {
            let is_collected = tried.status == "collected";
            due.collected_before += usize::from(is_collected);
            due.failed_before += usize::from(!is_collected);
            false
        }
        _ => true,
    });
    slots.sort_by_key(|(_, slot)| tried.get(slot).is_some_and(TriedSlot::has_failed));
    due.slots = slots;
    Ok(due)
}

/// What the ledger has of these slots.
async fn tried(
    Asked { store, source, .. }: Asked<'_>,
    slots: &[(&Site, Slot)],
) -> Result<HashMap<Slot, TriedSlot>, StoreError> {
    let Some(store) = store else { return Ok(HashMap::new()) };
    let times: Vec<_> =
        slots.iter().map(|(_, slot)| slot.slot_time).collect::<BTreeSet<_>>().into_iter().collect();
    let rows = store.list_tried(source, &times).await?;
    let tried = rows.into_iter().filter_map(|row| {
        let site_id = SiteId::parse(&row.site_id)?;
        Some((Slot { site_id, slot_time: row.slot_time }, row))
    });
    Ok(tried.collect())
}
