//! Archive: months leave the store once the lake is proved to hold them.
//!
//! 1. A month is **due** when it is old enough, synced to every sink, verified there, and no heal is open.
//! 2. It is **frozen**: a batch of a run commits before, or is refused.
//! 3. The lake puts its days in order.
//! 4. It is **proved**: the rows of each day are summed in the store, and in the lake from files that are
//!    downloaded for it. What is kept of the month for ever is recorded with that, in one transaction.
//! 5. Once every reader that began before has ended its rows are deleted, some at a time.
//!
//! It may be killed anywhere: the months say how far each has come, and the next start goes on there. What is
//! recorded is there before the first row goes, so that no row is ever in neither place.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::{ARCHIVED_TABLES, Month, MonthStatus};
use crate::sink::{ArchivedRows, Sink};
use crate::store::{Archiving, MonthRow, Reads};

mod due;
mod prove;
mod report;
pub mod restore;

pub use due::{Due, DueMonth, plan};
pub use report::{DifferentDay, MonthReport, Outcome, Report};

/// The parts that the job works with.
#[derive(Clone, Copy)]
pub struct Archive<'a> {
    /// What is there.
    pub reads: &'a Reads,
    /// What changes it.
    pub archiving: &'a Archiving,
    /// What has to hold it.
    pub lake: &'a dyn ArchivedRows,
    /// Every sink that has to have it first, the lake among them.
    pub sinks: &'a [Box<dyn Sink>],
    /// Says which day is today.
    pub clock: &'a dyn Clock,
    /// So many days stay at least, counted from a month's last.
    pub keep_days: u32,
    /// Only this month; also one that was brought back.
    pub only: Option<Month>,
    /// How long rows stay after they are proved: who reads them has ended by then.
    pub grace: Duration,
    /// How long an open run may stay silent.
    pub lease: Duration,
    /// Ends it early, where it stands.
    pub shutdown: &'a CancellationToken,
}

/// Archives what is due. The report says of each month what became of it.
///
/// # Errors
/// When store or lake fail; what was done before stays.
pub async fn run(parts: Archive<'_>) -> Report {
    let started = Instant::now();
    let mut report = Report::default();
    let done = parts.shutdown.run_until_cancelled(archive(parts, &mut report)).await;
    report.duration = started.elapsed();
    report.is_interrupted = done.is_none();
    report.error = done.and_then(Result::err);
    report.log();
    report
}

async fn archive(parts: Archive<'_>, report: &mut Report) -> anyhow::Result<()> {
    parts.archiving.check_privileges().await.context("months cannot be archived")?;
    for month in due::list(parts).await.context("cannot list the months")? {
        let outcome = freeze_and_prove(parts, month).await;
        let outcome = outcome.with_context(|| format!("{month} is not archived"))?;
        report.months.push(MonthReport { month, outcome });
    }
    let proved: Vec<Month> = proved(&parts.reads.list_archive_months().await?);
    if !proved.is_empty() {
        // Who began to read before a month was proved does not know that the lake answers for it.
        parts.clock.sleep(parts.grace).await;
    }
    for month in proved {
        let rows = empty(parts, month).await;
        let rows = rows.with_context(|| format!("{month} is not emptied"))?;
        report.emptied(month, rows);
    }
    Ok(())
}

/// The months of which every table is proved, or has left.
fn proved(months: &[MonthRow]) -> Vec<Month> {
    let count = |month: Month| {
        let of_month = months.iter().filter(|row| row.month == month && row.status.is_proved());
        of_month.count()
    };
    let mut proved: Vec<Month> = months
        .iter()
        .filter(|row| row.status == MonthStatus::Proved)
        .map(|row| row.month)
        .filter(|month| count(*month) == ARCHIVED_TABLES.len())
        .collect();
    proved.sort();
    proved.dedup();
    proved
}

/// Takes a month as far as it is proved.
async fn freeze_and_prove(parts: Archive<'_>, month: Month) -> anyhow::Result<Outcome> {
    let due = due::look(parts, month).await?;
    if !due.obstacles.is_empty() {
        return Ok(Outcome::NotDue(due.obstacles));
    }
    parts.archiving.freeze(&open_tables(parts, month).await?, month, parts.clock.now()).await?;
    tracing::debug!(phase = "frozen", month = %month, "frozen");
    // A batch that was under way has committed by now, and may not be synced.
    let due = due::look(parts, month).await?;
    if !due.obstacles.is_empty() {
        thaw(parts, month).await?;
        return Ok(Outcome::NotDue(due.obstacles));
    }
    parts.lake.end_sync().await?;
    tracing::debug!(phase = "compacted", month = %month, "the lake is in order");
    let mut different = Vec::new();
    for table in open_tables(parts, month).await? {
        different.extend(prove::prove(parts, table, month).await?);
        tracing::debug!(phase = "proved", month = %month, table = table.name, "proved");
    }
    if different.is_empty() {
        return Ok(Outcome::Proved { rows: due.rows });
    }
    thaw(parts, month).await?;
    Ok(Outcome::Different(different))
}

/// The tables of which a month is not proved yet.
async fn open_tables(
    parts: Archive<'_>,
    month: Month,
) -> anyhow::Result<Vec<&'static crate::domain::tables::Table>> {
    let months = parts.reads.list_archive_months().await?;
    let is_proved = |name: &str| {
        let mut of_month = months.iter().filter(|row| row.month == month);
        of_month.any(|row| row.table_name == name && row.status.is_proved())
    };
    Ok(ARCHIVED_TABLES.into_iter().filter(|table| !is_proved(table.name)).collect())
}

/// Lets a frozen month be written to again; returns whether it was frozen.
///
/// # Errors
/// When the store fails.
pub async fn thaw(parts: Archive<'_>, month: Month) -> anyhow::Result<bool> {
    let mut thawed = false;
    for table in ARCHIVED_TABLES {
        thawed |= parts.archiving.thaw(table, month).await?;
    }
    Ok(thawed)
}

/// Deletes the rows of a month that is proved, and notes that they have left.
async fn empty(parts: Archive<'_>, month: Month) -> anyhow::Result<u64> {
    let mut rows = 0;
    for table in ARCHIVED_TABLES {
        loop {
            let deleted = parts.archiving.delete_some(table, month).await?;
            tracing::debug!(phase = "deleting", month = %month, table = table.name, deleted, "deleted");
            if deleted == 0 {
                break;
            }
            rows += deleted;
        }
        parts.archiving.set_archived(table, month, parts.clock.now()).await?;
        tracing::debug!(phase = "emptied", month = %month, table = table.name, "emptied");
    }
    Ok(rows)
}
