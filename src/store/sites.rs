//! The `sites` table follows the sites file.

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;

use super::pool::{Bind, Pool, Statement, Transaction};
use super::site_changes::{
    COLLECTED_SINCE, Comparison, KNOWN, KnownSite, LastCollected, PastOfSite, pasts,
};
use super::{StoreError, columns};
use crate::domain::{Move, Site};

pub(super) async fn take_in(
    pool: &Pool,
    sites: &[Site],
    now: DateTime<Utc>,
) -> Result<Vec<Move>, StoreError> {
    let most = pool.dialect().rows_per_statement.sites;
    let mut transaction = pool.begin().await?;
    let comparison = compare(&mut transaction, sites, most).await?;
    let collected = match comparison.moved_slot(now)? {
        Some(since) => {
            let slots = Statement::of(COLLECTED_SINCE).bind(since);
            let slots: Vec<(String, DateTime<Utc>)> = transaction.fetch_all(&slots).await?;
            slots.into_iter().collect()
        }
        None => LastCollected::default(),
    };
    let changes = comparison.changes(&collected, now)?;
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

/// Reads what the table has of the sites: of those that have not changed, no more than that.
async fn compare<'a>(
    transaction: &mut Transaction,
    sites: &'a [Site],
    most: usize,
) -> Result<Comparison<'a>, StoreError> {
    let mut comparison = Comparison::with(sites);
    let known = Statement::of(KNOWN);
    let mut rows = transaction.fetch::<KnownSite>(&known);
    while let Some(row) = rows.try_next().await? {
        comparison.take(row);
    }
    drop(rows);
    for site_ids in comparison.with_past().chunks(most) {
        let pasts = Statement::made(pasts(&vec!["?"; site_ids.len()].join(", "))).not_kept();
        let pasts = pasts.bind_all(site_ids.iter().map(|site_id| Bind::from(*site_id)));
        for past in transaction.fetch_all::<PastOfSite>(&pasts).await? {
            comparison.take_past(past);
        }
    }
    Ok(comparison)
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
