//! The `sites` table follows the sites file.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::error::store_error;
use crate::domain::{Move, Site, Spans};
use crate::store::StoreError;
use crate::store::columns::{self, bind_site, until};
use crate::store::site_changes::{COLLECTED_SINCE, KNOWN, KnownSite, LastCollected, SiteChanges};

const UPSERT_SITE: &str = " on conflict (site_id) do update set \
    name = excluded.name, latitude = excluded.latitude, longitude = excluded.longitude, \
    timezone = excluded.timezone, country = excluded.country, elevation_m = excluded.elevation_m, \
    interval_minutes = excluded.interval_minutes, active_from = excluded.active_from, \
    active_until = excluded.active_until, tags = excluded.tags, spans = excluded.spans, \
    row_hash = excluded.row_hash, deactivated_at = null, updated_at = excluded.updated_at";

/// Rows per statement.
const CHUNK: usize = 500;

pub(super) async fn take_in(
    pool: &SqlitePool,
    sites: &[Site],
    now: DateTime<Utc>,
) -> Result<Vec<Move>, StoreError> {
    let mut transaction = pool.begin_with("begin immediate").await.map_err(store_error)?;
    let known = known(&mut transaction).await?;
    let collected = match SiteChanges::moved_slot(&known, sites, now)? {
        Some(since) => collected_since(&mut transaction, since).await?,
        None => LastCollected::default(),
    };
    let changes = SiteChanges::between(&known, sites, &collected, now)?;
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    for chunk in changes.changed.chunks(CHUNK) {
        upsert(&mut transaction, chunk, now).await?;
    }
    for chunk in changes.gone.chunks(CHUNK) {
        deactivate(&mut transaction, chunk, now).await?;
    }
    transaction.commit().await.map_err(store_error)?;
    Ok(changes.moves)
}

/// The sites in the table.
async fn known(
    connection: &mut SqliteConnection,
) -> Result<HashMap<String, KnownSite>, StoreError> {
    let rows: Vec<KnownSite> =
        sqlx::query_as(KNOWN).fetch_all(connection).await.map_err(store_error)?;
    Ok(rows.into_iter().map(|site| (site.site_id.clone(), site)).collect())
}

/// The newest slots that were collected since a time.
async fn collected_since(
    connection: &mut SqliteConnection,
    since: DateTime<Utc>,
) -> Result<LastCollected, StoreError> {
    let slots: Vec<(String, DateTime<Utc>)> = sqlx::query_as(COLLECTED_SINCE)
        .bind(since)
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
    Ok(slots.into_iter().collect())
}

async fn upsert(
    connection: &mut SqliteConnection,
    sites: &[(&Site, Spans)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut insert: QueryBuilder<Sqlite> =
        QueryBuilder::new(format!("insert into sites ({}) ", columns::SITE));
    insert.push_values(sites, |mut row, site| bind_site!(row, site, now));
    insert.push(UPSERT_SITE);
    insert.build().execute(connection).await.map_err(store_error)?;
    Ok(())
}

async fn deactivate(
    connection: &mut SqliteConnection,
    site_ids: &[&str],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut update: QueryBuilder<Sqlite> = QueryBuilder::new("update sites set deactivated_at = ");
    update.push_bind(now).push(", updated_at = ").push_bind(now);
    update.push(", spans = json_set(spans, '$[#-1].until', ").push_bind(until(now));
    update.push(") where site_id in (");
    let mut list = update.separated(", ");
    for site_id in site_ids {
        list.push_bind(*site_id);
    }
    update.push(")");
    update.build().execute(connection).await.map_err(store_error)?;
    Ok(())
}
