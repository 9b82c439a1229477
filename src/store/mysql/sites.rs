//! The `sites` table follows the sites file.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{MySql, MySqlConnection, QueryBuilder};

use super::connections::Connections;
use super::error::store_error;
use crate::domain::{Move, Site, Spans};
use crate::store::StoreError;
use crate::store::columns::{self, bind_site, until};
use crate::store::site_changes::{COLLECTED_SINCE, KNOWN, KnownSite, LastCollected, SiteChanges};

const UPSERT_SITE: &str = " as new on duplicate key update \
    name = new.name, latitude = new.latitude, longitude = new.longitude, \
    timezone = new.timezone, country = new.country, elevation_m = new.elevation_m, \
    interval_minutes = new.interval_minutes, active_from = new.active_from, \
    active_until = new.active_until, tags = new.tags, spans = new.spans, \
    row_hash = new.row_hash, deactivated_at = null, updated_at = new.updated_at";

/// Rows per statement: it fits into one TLS record, see `load`.
const CHUNK: usize = 30;

pub(super) async fn take_in(
    pool: &Connections,
    sites: &[Site],
    now: DateTime<Utc>,
) -> Result<Vec<Move>, StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    let known = known(&mut transaction).await?;
    let collected = match SiteChanges::moved_slot(&known, sites, now)? {
        Some(since) => collected_since(&mut transaction, since).await?,
        None => LastCollected::default(),
    };
    let changes = SiteChanges::between(&known, sites, &collected, now)?;
    if changes.is_empty() {
        transaction.roll_back().await;
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
async fn known(connection: &mut MySqlConnection) -> Result<HashMap<String, KnownSite>, StoreError> {
    let rows: Vec<KnownSite> =
        sqlx::query_as(KNOWN).fetch_all(connection).await.map_err(store_error)?;
    Ok(rows.into_iter().map(|site| (site.site_id.clone(), site)).collect())
}

/// The newest slots that were collected since a time.
async fn collected_since(
    connection: &mut MySqlConnection,
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
    connection: &mut MySqlConnection,
    sites: &[(&Site, Spans)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut insert: QueryBuilder<MySql> =
        QueryBuilder::new(format!("insert into sites ({}) ", columns::SITE));
    insert.push_values(sites, |mut row, site| bind_site!(row, site, now));
    insert.push(UPSERT_SITE);
    insert.build().execute(connection).await.map_err(store_error)?;
    Ok(())
}

async fn deactivate(
    connection: &mut MySqlConnection,
    site_ids: &[&str],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut update: QueryBuilder<MySql> = QueryBuilder::new("update sites set deactivated_at = ");
    update.push_bind(now).push(", updated_at = ").push_bind(now);
    update.push(", spans = json_set(spans, '$[last].until', ").push_bind(until(now));
    update.push(") where site_id in (");
    let mut list = update.separated(", ");
    for site_id in site_ids {
        list.push_bind(*site_id);
    }
    update.push(")");
    update.build().execute(connection).await.map_err(store_error)?;
    Ok(())
}
