//! Which slots are due.

use std::collections::{BTreeSet, HashMap};

use super::parts::Etl;
use crate::domain::{Site, SiteId, Slot};
use crate::store::{StoreError, TriedSlot};

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
    parts: Etl<'_>,
    sites: &'a [Site],
    selection: &Selection,
) -> Result<Due<'a>, StoreError> {
    let now = parts.job.clock.now();
    let mut slots: Vec<(&Site, Slot)> = sites
        .iter()
        .filter(|site| parts.job.shard.contains(&site.site_id) && selection.includes(site))
        .map(|site| (site, Slot::containing(now, site)))
        .filter(|(site, slot)| site.is_active_at(slot.slot_time))
        .collect();
    let mut due = Due { sites: slots.len(), collected_before: 0, failed_before: 0, slots: vec![] };
    let tried = tried(parts, &slots).await?;
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
    parts: Etl<'_>,
    slots: &[(&Site, Slot)],
) -> Result<HashMap<Slot, TriedSlot>, StoreError> {
    let times: Vec<_> =
        slots.iter().map(|(_, slot)| slot.slot_time).collect::<BTreeSet<_>>().into_iter().collect();
    let source = parts.source.name();
    let rows = parts.job.store.list_tried(source, &times).await?;
    let tried = rows.into_iter().filter_map(|row| {
        let site_id = SiteId::parse(&row.site_id)?;
        Some((Slot { site_id, slot_time: row.slot_time }, row))
    });
    Ok(tried.collect())
}
