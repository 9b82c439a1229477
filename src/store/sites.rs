//! The `sites` table follows the sites file.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::pool::{Bind, Pool, Statement};
use super::site_changes::{COLLECTED_SINCE, KNOWN, KnownSite, LastCollected, SiteChanges};
use super::{StoreError, columns};
use crate::domain::{Move, Site};

pub(super) async fn take_in(
    pool: &Pool,
    sites: &[Site],
    now: DateTime<Utc>,
) -> Result<Vec<Move>, StoreError> {
    let most = pool.dialect().rows_per_statement.sites;
    let mut transaction = pool.begin().await?;
    let known: Vec<KnownSite> = transaction.fetch_all(&Statement::of(KNOWN)).await?;
    let known: HashMap<_, _> = known.into_iter().map(|site| (site.site_id.clone(), site)).collect();
    let collected = match SiteChanges::moved_slot(&known, sites, now)? {
        Some(since) => {
            let slots = Statement::of(COLLECTED_SINCE).bind(since);
            let slots: Vec<(String, DateTime<Utc>)> = transaction.fetch_all(&slots).await?;
            slots.into_iter().collect()
        }
        None => LastCollected::default(),
    };
    let changes = SiteChanges::between(&known, sites, &collected, now)?;
    if changes.is_empty() {
        transaction.roll_back().await;
        return Ok(Vec::new());
    }
    for chunk in changes.changed.chunks(most) {
        let rows = chunk.iter().map(|(site, spans)| columns::site_row(site, spans, now));
        let tail = pool.dialect().upsert_sites;
        transaction.execute(&Statement::insert("sites", columns::SITE, rows, tail)).await?;
    }
    for chunk in changes.gone.chunks(most) {
        transaction.execute(&deactivate(pool, chunk, now)).await?;
    }
    transaction.commit().await?;
    Ok(changes.moves)
}

/// Deactivates sites, whose last span ends.
fn deactivate(pool: &Pool, site_ids: &[&str], now: DateTime<Utc>) -> Statement {
    let (last, places) = (pool.dialect().last_of_array, vec!["?"; site_ids.len()].join(", "));
    let statement = Statement::made(format!(
        "update sites set deactivated_at = ?, updated_at = ?, \
        spans = json_set(spans, '{last}.until', ?) where site_id in ({places})"
    ));
    let statement = statement.bind(now).bind(now).bind(columns::until(now));
    statement.bind_all(site_ids.iter().map(|site_id| Bind::from(*site_id)))
}
