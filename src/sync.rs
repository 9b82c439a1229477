//! Mirrors the store into the sink: incremental, and exactly once in effect.
//!
//! Runs that have ended are read in the order of their numbers, from the position that the sink
//! holds, in chunks. Each chunk is staged and then written in one transaction with the new
//! position. It may be killed anywhere: the next start reads the position and repeats at most one
//! chunk, to the same result.
//!
//! After anything but a clear success the state is read again: moved to where the chunk leads means
//! done, an epoch that is still ours means to try once more, and another epoch means that somebody
//! else wrote: state, end and rows are read anew.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock as _, SystemClock};
use crate::domain::tables::{TABLES, Table};
use crate::sink::{Chunk, Prepared, Progress, Sink, SinkError, State, with_retries};
use crate::store::{Reads, Store};

mod chunk;
mod end;
mod refused;
pub mod repair;
mod report;
mod standing;
mod states;
mod stop;
pub mod verify;

pub use report::{Report, TableReport};
pub use standing::{Standing, standing};
pub use stop::Stop;

use chunk::read_chunk;
use end::{end_of_ended_runs, end_without_silent, warn_of_long_open_runs};
use refused::find_refused_row;
use standing::{backlog, synced_through};
use states::{end_rebase, find_own_states, find_states, open_states};

/// How long the store may take to say how far the sink is behind.
const LAG_PATIENCE: Duration = Duration::from_secs(2);

/// The parts that the job works with.
#[derive(Clone, Copy)]
pub struct Sync<'a> {
    /// What is mirrored.
    pub reads: &'a Reads,
    /// The same store, where silent runs are set aside.
    pub store: &'a dyn Store,
    /// Where to.
    pub sink: &'a dyn Sink,
    /// Rows of a chunk at most.
    pub chunk_rows: u32,
    /// Begin from the first row, though this store is not the one that was synced; a rebase that is
    /// under way goes on where it was.
    pub rebase: bool,
    /// How long an open run may stay silent before it is set aside.
    pub lease: Duration,
    /// Ends it early: it is dropped where it stands, which loses nothing.
    pub shutdown: &'a CancellationToken,
}

/// Syncs every table up to the runs that have ended. The report says why, if it stopped short; what
/// was written before counts.
pub async fn run(parts: Sync<'_>) -> Report {
    let started = Instant::now();
    let mut report = Report::default();
    let done = parts.shutdown.run_until_cancelled(sync(parts, &mut report)).await;
    report.lag_s = lag_s(parts, report.synced_through).await;
    report.duration = started.elapsed();
    report.stop = Stop::of(done);
    report.log();
    report
}

/// How many rows of each table a sync would send now.
///
/// # Errors
/// When store or sink cannot be read.
pub async fn pending(parts: Sync<'_>) -> anyhow::Result<Vec<(&'static str, u64)>> {
    let store_id = with_retries(async || parts.reads.facts().await).await?.store_id;
    let states = find_states(parts.sink, &store_id).await?.unwrap_or_default();
    let open = with_retries(async || parts.reads.list_open_runs().await).await?;
    let end = end_without_silent(&open, parts.lease);
    let mut pending = Vec::new();
    for table in TABLES {
        let mut progress = states.get(table.name).and_then(|state| state.progress.clone());
        let mut rows = 0;
        while let Some(chunk) = read(parts, table, progress.as_ref(), end).await? {
            rows += chunk.rows;
            progress = Some(chunk.progress);
        }
        pending.push((table.name, rows));
    }
    Ok(pending)
}

async fn sync(parts: Sync<'_>, report: &mut Report) -> anyhow::Result<()> {
    tracing::debug!(phase = "preparing", "preparing the sink");
    say(&parts.sink.prepare().await?);
    let store_id = with_retries(async || parts.reads.facts().await).await?.store_id;
    let states = open_states(parts, &store_id).await?;
    report.synced_through = Some(synced_through(&states));
    // One end for all tables: a run that is seen in one has its rows in the others.
    let end = end_of_ended_runs(parts).await?;
    warn_of_long_open_runs(parts).await?;
    for table in TABLES {
        let state = states.get(table.name).cloned().unwrap_or_default();
        let table_report = report.table(table);
        sync_table(parts, &store_id, table, state, end, table_report)
            .await
            .with_context(|| format!("{} is not synced", table.name))?;
    }
    // The last table is that of the runs.
    report.synced_through = Some(synced_through(&states).max(end - 1));
    end_rebase(parts.sink, &store_id, &states).await
}

fn say(prepared: &Prepared) {
    for made in &prepared.made {
        tracing::info!("made: {made}");
    }
    for warning in &prepared.warnings {
        tracing::warn!(hint = warning.remedy, "{}", warning.found);
    }
}

/// How far the sink is behind. Asked once, and not for long: the sync has ended, well or not.
async fn lag_s(parts: Sync<'_>, synced_through: Option<i64>) -> Option<i64> {
    let backlog = backlog(parts.reads, synced_through?, parts.lease);
    let backlog = tokio::time::timeout(LAG_PATIENCE, backlog).await.ok()?.ok()?;
    Some(
        backlog
            .oldest_finished_at
            .map_or(0, |ended| (SystemClock.now() - ended).num_seconds().max(0)),
    )
}

/// Chunk by chunk; the next one is read while this one is written.
async fn sync_table(
    parts: Sync<'_>,
    store_id: &str,
    table: &'static Table,
    mut state: State,
    mut end: i64,
    report: &mut TableReport,
) -> anyhow::Result<()> {
    loop {
        let mut next = read(parts, table, state.progress.as_ref(), end).await?;
        let overtaken = loop {
            let Some(chunk) = next else { break false };
            let (written, following) = tokio::join!(
                write(parts, store_id, &chunk, state.epoch),
                read(parts, table, Some(&chunk.progress), end)
            );
            match written {
                Err(error @ SinkError::InvalidRows { .. }) => {
                    return Err(
                        name_refused(parts, table, state.progress.as_ref(), end, error).await
                    );
                }
                Err(error) => return Err(error.into()),
                Ok(Written::Moved { epoch }) => {
                    report.count(&chunk);
                    state = State { epoch, progress: Some(chunk.progress), ..state };
                    next = following?;
                }
                Ok(Written::Overtaken) => break true,
            }
        };
        if !overtaken {
            return Ok(());
        }
        tracing::info!(table = table.name, "another writer was faster: reading its position");
        let states = find_states(parts.sink, store_id).await?;
        state = states.and_then(|mut states| states.remove(table.name)).unwrap_or_default();
        end = end_of_ended_runs(parts).await?;
    }
}

/// The error with the row that it is about, if that can be found.
async fn name_refused(
    parts: Sync<'_>,
    table: &'static Table,
    progress: Option<&Progress>,
    end: i64,
    error: SinkError,
) -> anyhow::Error {
    match find_refused_row(parts, table, progress, end).await {
        Ok(Some(row)) => anyhow::Error::new(error).context(format!("the row of {row} is refused")),
        Ok(None) => error.into(),
        Err(other) => {
            anyhow::Error::new(error).context(format!("which row it is was not found: {other}"))
        }
    }
}

async fn read(
    parts: Sync<'_>,
    table: &'static Table,
    progress: Option<&Progress>,
    end_run_seq: i64,
) -> anyhow::Result<Option<Chunk>> {
    tracing::debug!(phase = "reading", table = table.name, "reading a chunk");
    let read =
        async || read_chunk(parts.reads, table, progress, end_run_seq, parts.chunk_rows).await;
    Ok(with_retries(read).await?)
}

/// What became of a chunk.
enum Written {
    /// It is in the sink, and the table stands where it leads.
    Moved { epoch: i64 },
    /// Somebody else wrote.
    Overtaken,
}

async fn write(
    parts: Sync<'_>,
    store_id: &str,
    chunk: &Chunk,
    epoch: i64,
) -> Result<Written, SinkError> {
    with_retries(async || {
        let Err(error) = try_write(parts.sink, store_id, chunk, epoch).await else {
            return Ok(Written::Moved { epoch: epoch + 1 });
        };
        tracing::debug!(table = chunk.table.name, "not a clear success: {error}");
        // Only the state tells what an error left behind.
        let states = parts.sink.find_states(store_id).await?.unwrap_or_default();
        let state = states.get(chunk.table.name).cloned().unwrap_or_default();
        if state.epoch == epoch {
            return Err(error);
        }
        if state.progress.as_ref() == Some(&chunk.progress) {
            return Ok(Written::Moved { epoch: state.epoch });
        }
        Ok(Written::Overtaken)
    })
    .await
}

async fn try_write(
    sink: &dyn Sink,
    store_id: &str,
    chunk: &Chunk,
    epoch: i64,
) -> Result<(), SinkError> {
    let table = chunk.table.name;
    tracing::debug!(phase = "loading", table, rows = chunk.rows, "staging a chunk");
    let staging = sink.stage(chunk).await?;
    tracing::debug!(phase = "before_script", table, "staged");
    tracing::debug!(phase = "script", table, "writing");
    let merged = sink.merge(store_id, chunk, &staging, epoch).await;
    tracing::debug!(phase = "after_script", table, "written");
    sink.drop_staging(staging).await;
    merged
}
