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
use crate::domain::position::Position;
use crate::domain::tables::{TABLES, Table};
use crate::sink::{Chunk, Progress, Sink, SinkError, State, States, insist};
use crate::store::Store;

mod chunk;
mod refused;
pub mod repair;
mod report;
mod standing;
mod stop;
pub mod verify;

pub use report::{Report, TableReport};
pub use standing::{Standing, standing};

use standing::synced_through;
pub use stop::Stop;

use chunk::read_chunk;
use refused::find_refused_row;

/// How long the store may take to say how far the sink is behind.
const LAG_PATIENCE: Duration = Duration::from_secs(2);

/// The parts that the job works with.
#[derive(Clone, Copy)]
pub struct Sync<'a> {
    /// What is mirrored.
    pub store: &'a dyn Store,
    /// Where to.
    pub sink: &'a dyn Sink,
    /// Rows of a chunk at most.
    pub chunk_rows: u32,
    /// Begin from the first row, though this store is not the one that was synced.
    pub rebase: bool,
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
    let store_id = insist(async || parts.store.facts().await).await?.store_id;
    let states = find_states(parts.sink, &store_id).await?.unwrap_or_default();
    let end = insist(async || parts.store.end_of_ended_runs().await).await?;
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
    for made in parts.sink.prepare().await? {
        tracing::info!("made: {made}");
    }
    let store_id = insist(async || parts.store.facts().await).await?.store_id;
    let states = open_states(parts, &store_id).await?;
    report.synced_through = Some(synced_through(&states));
    // One end for all tables: a run that is seen in one has its rows in the others.
    let end = insist(async || parts.store.end_of_ended_runs().await).await?;
    for table in TABLES {
        let state = states.get(table.name).cloned().unwrap_or_default();
        let table_report = report.table(table);
        sync_table(parts, &store_id, table, state, end, table_report)
            .await
            .with_context(|| format!("{} is not synced", table.name))?;
    }
    // The last table is that of the runs.
    report.synced_through = Some(synced_through(&states).max(end - 1));
    Ok(())
}

/// How far the sink is behind. Asked once, and not for long: the sync has ended, well or not.
async fn lag_s(parts: Sync<'_>, synced_through: Option<i64>) -> Option<i64> {
    let backlog = parts.store.backlog(synced_through?);
    let backlog = tokio::time::timeout(LAG_PATIENCE, backlog).await.ok()?.ok()?;
    Some(
        backlog
            .oldest_finished_at
            .map_or(0, |ended| (SystemClock.now() - ended).num_seconds().max(0)),
    )
}

/// Where the tables stand: made at the first sync, and proven to be of this store.
async fn open_states(parts: Sync<'_>, store_id: &str) -> anyhow::Result<States> {
    if parts.rebase {
        rebase(parts, store_id).await?;
    }
    match find_own_states(parts.store, parts.sink, store_id).await {
        Err(error) => match error.downcast()? {
            Stop::NeverSynced => {}
            Stop::OtherStore { .. } if parts.rebase => {}
            stop => return Err(stop.into()),
        },
        found => return found,
    }
    insist(async || parts.sink.create_states(store_id).await).await?;
    Ok(find_states(parts.sink, store_id).await?.unwrap_or_default())
}

/// Where the tables stand, proven to be of this store.
///
/// # Errors
/// [`Stop`] when the sink does not know this store as it is.
async fn find_own_states(
    store: &dyn Store,
    sink: &dyn Sink,
    store_id: &str,
) -> anyhow::Result<States> {
    let Some(states) = find_states(sink, store_id).await? else {
        let others = insist(async || sink.list_other_stores(store_id).await).await?;
        let other = others.into_iter().next();
        return Err(other
            .map_or(Stop::NeverSynced, |found| Stop::OtherStore { found, own: store_id.into() })
            .into());
    };
    for position in positions(&states) {
        let run = insist(async || store.find_run(&position.run_seq.to_string()).await).await?;
        if run.is_none_or(|run| run.run_id != position.run_id) {
            let (run_seq, run_id) = (position.run_seq, position.run_id.clone());
            return Err(Stop::RestoredStore { run_seq, run_id }.into());
        }
    }
    Ok(states)
}

/// Begins anew: the runs of this store get numbers above all that the sink knows.
async fn rebase(parts: Sync<'_>, store_id: &str) -> anyhow::Result<()> {
    let mut highest = 0;
    let others = insist(async || parts.sink.list_other_stores(store_id).await).await?;
    for id in others.iter().map(String::as_str).chain([store_id]) {
        let states = find_states(parts.sink, id).await?.unwrap_or_default();
        highest = positions(&states).map(|position| position.run_seq).fold(highest, i64::max);
    }
    insist(async || parts.store.raise_run_seq(highest).await).await?;
    for other in &others {
        insist(async || parts.sink.supersede_states(other, store_id).await).await?;
    }
    if find_states(parts.sink, store_id).await?.is_some() {
        insist(async || parts.sink.reset_states(store_id).await).await?;
    }
    tracing::warn!(
        run_seq = highest,
        "rebased: every row is sent again, later runs count from here"
    );
    Ok(())
}

fn positions(states: &States) -> impl Iterator<Item = &Position> {
    states.values().filter_map(|state| match &state.progress {
        Some(Progress::To(position)) => Some(position),
        _ => None,
    })
}

async fn find_states(sink: &dyn Sink, store_id: &str) -> Result<Option<States>, SinkError> {
    insist(async || sink.find_states(store_id).await).await
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
        end = insist(async || parts.store.end_of_ended_runs().await).await?;
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
        async || read_chunk(parts.store, table, progress, end_run_seq, parts.chunk_rows).await;
    Ok(insist(read).await?)
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
    insist(async || {
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
