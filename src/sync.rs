//! Mirrors the store into the sink: incremental, and exactly once in effect.
//!
//! Runs that have ended are read in the order of their numbers, from the positions that the sink holds.
//! The rows of all tables are staged, chunk by chunk, and written by one script in one transaction with
//! the new positions. It may be killed anywhere: the next start reads the positions and repeats at most
//! what was staged, to the same result.
//!
//! After anything but a clear success the state is read again: moved to where the group leads means
//! done, an epoch that is still ours means to try once more, and another epoch means that somebody
//! else wrote: state, end and rows are read anew.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::clock::{Clock as _, SystemClock};
use crate::domain::tables::{TABLES, Table};
use crate::sink::{
    Billed, Chunk, Group, Prepared, Progress, ROUNDS, Sink, SinkError, State, with_retries,
};
use crate::store::{Reads, Store};

mod chunk;
mod end;
mod group;
mod refused;
pub mod repair;
mod report;
mod standing;
mod states;
mod stop;
mod summary;
pub mod verify;

pub use report::{Report, TableReport};
pub use standing::{Standing, standing};
pub use states::Rebasing;
pub use stop::Stop;
pub use summary::Summary;

use chunk::{ChunkError, MAX_DAYS, read_chunk};
use end::{end_of_ended_runs, end_without_silent, warn_of_long_open_runs};
use group::Stager;
use refused::name_refused;
use standing::{backlog, synced_through};
use states::{find_own_state, find_state, open_state};

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
    /// Rows of each table at most that one script writes.
    pub group_rows: u32,
    /// Begin from the first row, though this store is not the one that was synced.
    pub rebase: Rebasing,
    /// How long an open run may stay silent before it is set aside.
    pub lease: Duration,
    /// Ends it early: it is dropped where it stands, which loses nothing.
    pub shutdown: &'a CancellationToken,
}

/// Syncs every table up to the runs that have ended. The report says why, if it stopped short; what
/// was written before counts.
pub async fn run(parts: Sync<'_>) -> Report {
    let started = Instant::now();
    let mut report = Report { sink: parts.sink.kind(), ..Report::default() };
    let billed_before = parts.sink.bytes_billed();
    let done = parts.shutdown.run_until_cancelled(sync(parts, &mut report)).await;
    report.lag_s = lag_s(parts, report.synced_through).await;
    report.billed = Billed { bytes: parts.sink.bytes_billed() - billed_before };
    report.duration = started.elapsed();
    report.stop = Stop::of(done);
    report.log();
    report
}

/// How many rows of each table a sync would send now, of runs that have ended.
///
/// # Errors
/// When store or sink cannot be read.
pub async fn pending(parts: Sync<'_>) -> anyhow::Result<Vec<(&'static str, u64)>> {
    let store_id = with_retries(async || parts.reads.facts().await).await?.store_id;
    let state = find_state(parts.sink, &store_id).await?.unwrap_or_default();
    let open = with_retries(async || parts.reads.list_open_runs().await).await?;
    let end = end_without_silent(&open, parts.lease);
    let mut pending = Vec::new();
    for table in TABLES {
        let mut progress = state.progress(table).cloned();
        let mut rows = 0;
        while let Some(chunk) = read(parts, table, progress.as_ref(), end).await? {
            rows += chunk.rows;
            progress = Some(chunk.progress);
        }
        pending.push((table.name, rows));
    }
    Ok(pending)
}

async fn read(
    parts: Sync<'_>,
    table: &'static Table,
    progress: Option<&Progress>,
    end: i64,
) -> Result<Option<Chunk>, ChunkError> {
    let limit = parts.chunk_rows;
    with_retries(async || read_chunk(parts.reads, table, progress, end, limit, MAX_DAYS).await)
        .await
}

/// So many times a sync begins again what it cannot go on with.
const MAX_REMEDIES: u32 = 3;

async fn sync(parts: Sync<'_>, report: &mut Report) -> anyhow::Result<()> {
    tracing::debug!(phase = "preparing", "looking at the sink");
    let store_id = with_retries(async || parts.reads.facts().await).await?.store_id;
    let mut state = open_state(parts, &store_id).await?;
    report.synced_through = Some(synced_through(&state));
    let (mut remedies, mut overtaken) = (0, 0);
    let mut may_resume = true;
    loop {
        // One end for all tables: a run that is seen in one has its rows in the others.
        let end = end_of_ended_runs(parts).await?;
        let written = write_all(parts, &store_id, &mut state, (end, may_resume), report).await;
        match written {
            Ok(Written::Moved) => {
                report.synced_through = Some(synced_through(&state).max(end - 1));
                break;
            }
            Ok(Written::Overtaken) => {
                tracing::info!("another writer was faster: reading its positions");
                overtaken += 1;
            }
            Err(error) if remedies < MAX_REMEDIES && remedy(parts, &error).await? => remedies += 1,
            Err(error) => return Err(error),
        }
        may_resume = false;
        let before = std::mem::replace(
            &mut state,
            find_own_state(parts.reads, parts.sink, &store_id).await?,
        );
        // What another sync has written need not be written any more; who only moves the epoch is in the way.
        overtaken = if state.tables == before.tables { overtaken } else { 0 };
        if overtaken == ROUNDS {
            return Err(SinkError::Fenced.into());
        }
    }
    if report.groups > 0 {
        tidy(parts.sink).await;
    }
    warn_of_long_open_runs(parts).await?;
    if !parts.sink.is_prepared(&state) {
        say(&parts.sink.finish_preparing(&store_id).await?);
    }
    Ok(())
}

/// Lets the sink put itself in order. What is not done now is done after the next sync.
async fn tidy(sink: &dyn Sink) {
    tracing::debug!(phase = "tidying", "putting the sink in order");
    match sink.end_sync().await {
        Ok(done) => done.iter().for_each(|done| tracing::info!("{done}")),
        Err(error) => {
            let hint = error.hint();
            let error = anyhow::Error::from(error);
            tracing::warn!(hint, "the sink is synced, and not put in order: {error:#}");
        }
    }
}

/// Whether what stopped the sync is out of the way: rows that were staged wrongly are staged anew, and
/// what is missing is made.
///
/// # Errors
/// What makes it plain why the sync stopped: a table that somebody altered.
async fn remedy(parts: Sync<'_>, error: &anyhow::Error) -> anyhow::Result<bool> {
    match error.downcast_ref::<SinkError>() {
        Some(SinkError::NotStaged { .. }) => {
            tracing::warn!("what was staged is not what was sent: it is staged anew");
            Ok(true)
        }
        Some(SinkError::NotFound { .. } | SinkError::Rejected { .. }) => {
            let prepared = parts.sink.prepare().await?;
            say(&prepared);
            Ok(!prepared.made.is_empty())
        }
        _ => Ok(false),
    }
}

/// Group by group, up to the end. `state` is the one that was written last.
async fn write_all(
    parts: Sync<'_>,
    store_id: &str,
    state: &mut State,
    (end, mut may_resume): (i64, bool),
    report: &mut Report,
) -> anyhow::Result<Written> {
    loop {
        let stager = Stager::new(parts, store_id, state, end, may_resume, report);
        let (mut group, is_last) = match stager.stage().await {
            Ok(Some(staged)) => staged,
            Ok(None) => return Ok(Written::Moved),
            Err(error) => return Err(name_refused(parts, store_id, state, end, error).await),
        };
        let written = write(parts.sink, store_id, &mut group).await;
        if !matches!(written, Ok(Written::Moved)) {
            for part in &group.parts {
                parts.sink.drop_staging(&part.staging).await;
            }
        }
        if let Written::Overtaken = written? {
            return Ok(Written::Overtaken);
        }
        report.count_group(&group);
        *state = group.state.moved(group.parts.iter().map(|part| part.table));
        if is_last {
            return Ok(Written::Moved);
        }
        may_resume = false;
    }
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

/// What became of a group.
enum Written {
    /// It is in the sink, and the state is where it leads.
    Moved,
    /// Somebody else wrote.
    Overtaken,
}

/// Writes a group; a table that was thought to be empty and is not is merged into.
async fn write(sink: &dyn Sink, store_id: &str, group: &mut Group) -> Result<Written, SinkError> {
    match try_write(sink, store_id, group).await {
        Err(SinkError::NotEmpty { table }) => {
            tracing::debug!(table, "it has rows: they are matched");
            group.parts.iter_mut().for_each(|part| part.fills = false);
            try_write(sink, store_id, group).await
        }
        written => written,
    }
}

async fn try_write(sink: &dyn Sink, store_id: &str, group: &Group) -> Result<Written, SinkError> {
    with_retries(async || {
        tracing::debug!(phase = "before_script", "staged");
        tracing::debug!(phase = "script", "writing");
        let Err(error) = sink.write(store_id, group).await else {
            tracing::debug!(phase = "after_script", "written");
            return Ok(Written::Moved);
        };
        tracing::debug!("not a clear success: {error}");
        // Only the state shows what an error left behind.
        let state = sink.find_state(store_id).await?.unwrap_or_default();
        if state.epoch == group.state.epoch {
            return Err(error);
        }
        let expected = group.state.clone().moved(group.parts.iter().map(|part| part.table));
        let is_ours = state.epoch == expected.epoch && state.tables == expected.tables;
        Ok(if is_ours { Written::Moved } else { Written::Overtaken })
    })
    .await
}
