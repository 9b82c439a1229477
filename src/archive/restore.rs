//! Brings a month back from the lake: every row as it was.
//!
//! The files are those that were proved, by their SHA-256, and the rows come to what was recorded, before the
//! month may be written to again. Killed anywhere, the month is archived as before, and the next start goes on.

use chrono::NaiveDate;

use super::Archive;
use super::prove::{Sums, differences, sum_store};
use super::report::DifferentDay;
use crate::domain::tables::Table;
use crate::domain::{ARCHIVED_TABLES, Month, MonthStatus};
use crate::sink::with_retries;
use crate::store::ArchivedDay;

/// Why a month is not brought back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// It has not left.
    #[error("{month} is not archived: nothing is to be restored")]
    NotArchived {
        /// The month.
        month: Month,
    },
    /// The lake does not have what was archived.
    #[error("the lake does not hold what was archived: {}", in_words(.days))]
    Different {
        /// The days.
        days: Vec<DifferentDay>,
    },
}

fn in_words(days: &[DifferentDay]) -> String {
    days.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Brings a month back, and returns how many rows it has.
///
/// # Errors
/// [`RestoreError`], or that store or lake fail.
pub async fn run(parts: Archive<'_>, month: Month) -> anyhow::Result<u64> {
    let months = parts.reads.list_archive_months().await?;
    let has_left =
        |row: &&crate::store::MonthRow| row.month == month && row.status == MonthStatus::Archived;
    if months.iter().filter(has_left).count() < ARCHIVED_TABLES.len() {
        return Err(RestoreError::NotArchived { month }.into());
    }
    // Every file first: of a month that is not whole nothing comes back.
    let mut days = Vec::new();
    let mut different = Vec::new();
    for table in ARCHIVED_TABLES {
        let archived = archived_days(parts, table, month).await?;
        different.extend(changed_files(parts, table, month, &archived).await?);
        days.push((table, archived));
    }
    refuse(different)?;
    let mut rows = 0;
    for (table, archived) in &days {
        for day in archived {
            put_back(parts, table, day.day).await?;
            rows += day.sum.rows;
        }
    }
    for (table, archived) in &days {
        let expected: Sums = archived.iter().map(|day| (day.day, day.sum)).collect();
        let found = sum_store(parts.reads, table, month).await?;
        refuse(differences(table, &found, &expected))?;
    }
    for table in ARCHIVED_TABLES {
        parts.archiving.set_restored(table, month, parts.clock.now()).await?;
    }
    Ok(rows)
}

fn refuse(days: Vec<DifferentDay>) -> Result<(), RestoreError> {
    if days.is_empty() { Ok(()) } else { Err(RestoreError::Different { days }) }
}

async fn archived_days(
    parts: Archive<'_>,
    table: &'static Table,
    month: Month,
) -> anyhow::Result<Vec<ArchivedDay>> {
    let mut days = parts.reads.list_archived_days(table).await?;
    days.retain(|day| month.days().holds(day.day));
    Ok(days)
}

/// The days whose files are not those that were proved.
async fn changed_files(
    parts: Archive<'_>,
    table: &'static Table,
    month: Month,
    archived: &[ArchivedDay],
) -> anyhow::Result<Vec<DifferentDay>> {
    let days = month.days();
    let found = with_retries(async || parts.lake.hash_files(table, days).await).await?;
    let mut changed = Vec::new();
    for day in archived {
        let files = found.days.get(&day.day).map(Vec::as_slice).unwrap_or_default();
        let recorded: Vec<crate::sink::HashedFile> = serde_json::from_str(&day.files)?;
        if files != recorded {
            changed.push(DifferentDay { table: table.name, day: day.day });
        }
    }
    Ok(changed)
}

/// Puts the rows of a day back.
async fn put_back(parts: Archive<'_>, table: &'static Table, day: NaiveDate) -> anyhow::Result<()> {
    let mut batches = Vec::new();
    parts.lake.read_day(table, day, &mut |batch| batches.push(batch)).await?;
    for batch in &batches {
        parts.archiving.put_back(table, batch).await?;
    }
    tracing::debug!(phase = "restoring", table = table.name, day = %day, "put back");
    Ok(())
}
