//! What has to be written so that the `sites` table follows the sites file.

use std::collections::{HashMap, HashSet};

use crate::domain::Site;

/// Sites to write and ids to deactivate.
pub(super) struct SiteChanges<'a> {
    /// New, changed, or back again; in the order of the file, which is the same for every task,
    /// so that tasks that write them at once cannot deadlock.
    pub(super) changed: Vec<&'a Site>,
    /// Active in the table and no longer in the file.
    pub(super) gone: Vec<&'a str>,
}

impl<'a> SiteChanges<'a> {
    /// Between the active sites of the table, each with its fingerprint, and those of the file.
    pub(super) fn between(known: &'a HashMap<String, i64>, sites: &'a [Site]) -> Self {
        let listed: HashSet<&str> = sites.iter().map(|site| site.site_id.as_str()).collect();
        let is_changed =
            |site: &&Site| known.get(site.site_id.as_str()) != Some(&site.fingerprint());
        let mut gone: Vec<&str> =
            known.keys().map(String::as_str).filter(|id| !listed.contains(id)).collect();
        gone.sort_unstable();
        Self { changed: sites.iter().filter(is_changed).collect(), gone }
    }

    /// True when there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty()
    }
}
