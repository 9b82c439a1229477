//! What has to be written so that the `sites` table follows the sites file.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::StoreError;
use super::read::spans_of;
use crate::domain::{Site, Spans};

/// A site in the table.
#[derive(FromRow)]
pub(super) struct KnownSite {
    pub(super) site_id: String,
    row_hash: i64,
    is_active: bool,
    spans: String,
}

/// Every site of the table.
pub(super) const KNOWN: &str = "select site_id, row_hash, deactivated_at is null as is_active, \
    cast(spans as char) as spans from sites";

/// Sites to write and ids to deactivate.
pub(super) struct SiteChanges<'a> {
    /// New, changed, or back again, each with its spans from now on; in the order of the file, which
    /// is the same for every task, so that tasks that write them at once cannot deadlock.
    pub(super) changed: Vec<(&'a Site, Spans)>,
    /// Active in the table and no longer in the file.
    pub(super) gone: Vec<&'a str>,
}

impl<'a> SiteChanges<'a> {
    /// Between the sites of the table and those of the file that is taken in now.
    ///
    /// # Errors
    /// When the table holds what cannot be.
    pub(super) fn between(
        known: &'a HashMap<String, KnownSite>,
        sites: &'a [Site],
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let listed: HashSet<&str> = sites.iter().map(|site| site.site_id.as_str()).collect();
        let mut gone: Vec<&str> = known
            .values()
            .filter(|site| site.is_active && !listed.contains(site.site_id.as_str()))
            .map(|site| site.site_id.as_str())
            .collect();
        gone.sort_unstable();
        let change = |site: &'a Site| {
            let known = known.get(site.site_id.as_str());
            let is_same =
                known.is_some_and(|known| known.is_active && known.row_hash == site.fingerprint());
            (!is_same).then(|| {
                let spans =
                    known.map(|known| spans_of(&known.site_id, &known.spans)).transpose()?;
                Ok((site, spans.unwrap_or_default().taken_in(site.interval, now)))
            })
        };
        let changed = sites.iter().filter_map(change).collect::<Result<_, StoreError>>()?;
        warn_of_another_file(&gone, known.values().filter(|site| site.is_active).count());
        Ok(Self { changed, gone })
    }

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
