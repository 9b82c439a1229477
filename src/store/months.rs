//! Months as a batch meets them: whether they may be written to.
//!
//! Who freezes a month holds the row of `store_meta` for itself, and every batch shares it. So a batch commits
//! before the month is frozen, or sees that it is.

use chrono::NaiveDate;
use sqlx::FromRow;

use super::StoreError;
use super::pool::{Bind, Pool, Statement, Transaction};
use crate::domain::tables::{COLLECTION_SLOTS, Table, WEATHER_OBSERVATIONS};
use crate::domain::{Month, SlotResult};

/// A month of a table that may not be written to.
#[derive(FromRow)]
struct Closed {
    table_name: String,
    month: NaiveDate,
}

/// Refuses a batch with a row of a month that is being archived, or has left.
pub(super) async fn refuse_closed(
    pool: &Pool,
    transaction: &mut Transaction,
    batch: &[SlotResult],
) -> Result<(), StoreError> {
    let months: Vec<_> = batch.iter().flat_map(months_of).collect();
    let first = months.iter().map(|(_, month)| *month).min();
    let last = months.iter().map(|(_, month)| *month).max();
    let Some((first, last)) = first.zip(last) else { return Ok(()) };
    let for_share = pool.dialect().for_share;
    let meta = Statement::made(format!("select store_id from store_meta{for_share}"));
    let _: Vec<(String,)> = transaction.fetch_all(&meta).await?;
    // A statement of its own, so that it sees what was committed while it waited for the row.
    let closed = Statement::of(
        "select table_name, month from archive_months
        where month >= ? and month <= ? and status <> 'restored'",
    );
    let ends = [first, last].map(|month| Bind::from(Some(month.first_day())));
    for Closed { table_name, month } in transaction.fetch_all(&closed.bind_all(ends)).await? {
        let month = Month::of(month);
        let met = months.iter().find(|(table, own)| table.name == table_name && *own == month);
        if let Some((table, month)) = met {
            return Err(StoreError::ArchivedMonth { table: table.name, month: *month });
        }
    }
    Ok(())
}

/// The months that the rows of a result are of.
fn months_of(result: &SlotResult) -> impl Iterator<Item = (&'static Table, Month)> + use<> {
    let observation = result.outcome.observation().map(|observation| observation.observation_time);
    let observation = observation.map(|time| (&WEATHER_OBSERVATIONS, Month::of(time.date_naive())));
    let slot = (&COLLECTION_SLOTS, Month::of(result.slot.slot_time.date_naive()));
    observation.into_iter().chain([slot])
}
