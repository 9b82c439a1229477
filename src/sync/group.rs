//! A group: the rows of all tables that one script writes, staged chunk by chunk.
//!
//! Who reads the sink never sees a slot without the observation that fills it, nor a run without its
//! slots. So observations are read first, as many as there are, then the slots, and runs last; slots go
//! only with the last of the observations, and runs only with the last of the slots. And since a run
//! that is still open may have taken over a row of one that has ended, the rows of open runs come along:
//! slots first, so that their observations, read after them, are there too; and those of a table as of one
//! moment, since open runs take rows from each other too. They come again once their run has ended.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::{NaiveDate, SubsecRound as _};
use futures::StreamExt as _;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;

use super::Sync;
use super::chunk::{ChunkError, Chunks, MAX_DAYS, read_chunk};
use super::report::Report;
use super::states::has_given_out;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::position::Position;
use crate::domain::tables::{
    COLLECTION_SLOTS, INGESTION_RUNS, SITES, TABLES, Table, WEATHER_OBSERVATIONS,
};
use crate::retry::Transient;
use crate::sink::{
    self, Chunk, Group, Holds, Limits, Owner, Part, Progress, RollUp, RolledUp, Sink, SinkError,
    Staging, State, with_retries,
};

/// Bytes of a part at most, as they are sent.
const MAX_BYTES: u64 = 1 << 30;

/// The rows of a table that are staged.
struct Staged {
    table: &'static Table,
    staging: Staging,
    rows: u64,
    bytes: u64,
    days: BTreeSet<NaiveDate>,
    touched: BTreeSet<NaiveDate>,
    /// Where the table stands once they are written; `None`: where it stood.
    progress: Option<Progress>,
}

impl Staged {
    fn new(table: &'static Table, staging: Staging) -> Self {
        let (days, touched) = (BTreeSet::new(), BTreeSet::new());
        Self { table, staging, rows: 0, bytes: 0, days, touched, progress: None }
    }

    fn add(&mut self, chunk: &Chunk) {
        self.rows += chunk.rows;
        self.bytes += chunk.parquet.len() as u64;
        self.days.extend(&chunk.days);
        self.touched.extend(&chunk.touched);
        self.progress = Some(chunk.progress.clone());
    }
}

/// Why rows are not staged.
#[derive(Debug, thiserror::Error)]
enum StageError {
    #[error(transparent)]
    Read(#[from] ChunkError),
    /// After the sink's own tries.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

impl Transient for StageError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Read(error) if error.is_transient())
    }
}

fn not_synced(table: &Table) -> String {
    format!("{} is not synced", table.name)
}

/// A part of which a chunk has arrived, or has not.
type Loaded = (usize, Result<(), SinkError>);

/// Reads a group, and stages it.
pub(super) struct Stager<'a> {
    parts: Sync<'a>,
    owner: Owner<'a>,
    state: &'a State,
    /// The first run that has not ended.
    end: i64,
    /// Whether what an interrupted start had staged may be there.
    may_resume: bool,
    staged: Vec<Staged>,
    loads: FuturesUnordered<LocalBoxFuture<'a, Loaded>>,
    /// How many rows of each part.
    on_their_way: BTreeMap<usize, u64>,
    report: &'a mut Report,
}

impl<'a> Stager<'a> {
    pub(super) fn new(
        parts: Sync<'a>,
        store_id: &'a str,
        state: &'a State,
        end: i64,
        may_resume: bool,
        report: &'a mut Report,
    ) -> Self {
        let owner = Owner { store_id, epoch: state.epoch };
        let (staged, loads) = (Vec::new(), FuturesUnordered::new());
        let on_their_way = BTreeMap::new();
        Self { parts, owner, state, end, may_resume, staged, loads, on_their_way, report }
    }

    /// The next group, and whether nothing is left after it; `None` when there is nothing to write.
    /// What is staged is dropped if that fails.
    pub(super) async fn stage(mut self) -> anyhow::Result<Option<(Group, bool)>> {
        match self.stage_all().await {
            Ok(is_last) => Ok(self.into_group(is_last)),
            Err(error) => {
                self.loads.clear();
                for staged in &self.staged {
                    self.parts.sink.drop_staging(&staged.staging).await;
                }
                Err(error)
            }
        }
    }

    async fn stage_all(&mut self) -> anyhow::Result<bool> {
        if self.parts.sink.limits() == Limits::OneChunk {
            return self.stage_one_chunk().await;
        }
        self.stage_table(&SITES).await?;
        let has_observations = self.stage_table(&WEATHER_OBSERVATIONS).await?;
        let has_slots = has_observations && self.stage_table(&COLLECTION_SLOTS).await?;
        let is_last = has_slots && self.stage_table(&INGESTION_RUNS).await?;
        let is_dated = |staged: &Staged| staged.table.day_of.is_some();
        if has_observations && self.staged.iter().any(is_dated) {
            // With runs there are their slots, and with slots their observations.
            if has_slots {
                self.stage_open_runs(&COLLECTION_SLOTS).await?;
            }
            self.stage_open_runs(&WEATHER_OBSERVATIONS).await?;
        }
        while let Some((_, loaded)) = self.loads.next().await {
            loaded?;
        }
        Ok(is_last)
    }

    /// Stages a chunk of the first table that has one; whether none has. Runs that are still open send nothing:
    /// of a table that moves by itself everything up to its position is there, and nothing beyond.
    async fn stage_one_chunk(&mut self) -> anyhow::Result<bool> {
        for table in TABLES {
            let progress = self.state.progress(table).cloned();
            let (rows, days) = self.room(None);
            if let Some(chunk) = self.read(table, progress.as_ref(), self.end, rows, days).await? {
                let part = self.new_part(table, Holds::RowsInOrder);
                self.load(part, chunk).await?;
                while let Some(loaded) = self.loads.next().await {
                    self.arrived(loaded)?;
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Stages the rows of a table past its position, as many as a group may have; whether those are all.
    async fn stage_table(&mut self, table: &'static Table) -> anyhow::Result<bool> {
        let mut progress = self.state.progress(table).cloned();
        let mut part = None;
        loop {
            let (rows, days) = self.room(part);
            let Some(chunk) = self.read(table, progress.as_ref(), self.end, rows, days).await?
            else {
                return Ok(true);
            };
            let is_full = chunk.rows >= u64::from(self.parts.chunk_rows);
            if part.is_none()
                && is_full
                && self.may_resume
                && let Some(resumed) = self.resume(table).await?
            {
                (progress, part) = (self.staged[resumed].progress.clone(), Some(resumed));
                continue;
            }
            progress = Some(chunk.progress.clone());
            let into = part.unwrap_or_else(|| self.new_part(table, Holds::RowsInOrder));
            self.load(into, chunk).await?;
            part = Some(into);
            if !self.has_room(part) {
                return self.is_exhausted(table, progress.as_ref()).await;
            }
        }
    }

    /// Stages the rows that runs which are still open have written so far, as of one moment.
    async fn stage_open_runs(&mut self, table: &'static Table) -> anyhow::Result<()> {
        let parts = self.staged.len();
        let staged = with_retries(async || {
            self.forget_parts(parts).await?;
            self.try_stage_open_runs(table).await
        });
        staged.await.map_err(|error| match error {
            StageError::Read(error) => anyhow::Error::new(error).context(not_synced(table)),
            StageError::Sink(error) => error.into(),
        })
    }

    async fn try_stage_open_runs(&mut self, table: &'static Table) -> Result<(), StageError> {
        let before = Position { run_seq: self.end - 1, run_id: String::new(), key: None };
        let mut chunks = Chunks::past(self.parts.reads, table, before, self.parts.chunk_rows);
        let mut part = None;
        while let Some(chunk) = self.beside_loads(chunks.next()).await?? {
            let into = part.unwrap_or_else(|| self.new_part(table, Holds::SomeRows));
            part = Some(into);
            self.load(into, chunk).await?;
            // The position stays where the ended runs end.
            self.staged[into].progress = None;
        }
        Ok(())
    }

    /// Drops what is staged but for the first parts.
    async fn forget_parts(&mut self, first: usize) -> Result<(), SinkError> {
        if self.staged.len() == first {
            return Ok(());
        }
        while let Some(loaded) = self.loads.next().await {
            self.arrived(loaded)?;
        }
        for staged in self.staged.split_off(first) {
            self.parts.sink.drop_staging(&staged.staging).await;
        }
        Ok(())
    }

    /// How many rows, of how many days, still fit into a part.
    fn room(&self, part: Option<usize>) -> (u32, usize) {
        let staged = part.map_or(0, |part| self.staged[part].rows);
        let rows = u64::from(self.parts.group_rows).saturating_sub(staged);
        let rows = rows.clamp(1, self.parts.chunk_rows.into());
        let days = part.map_or(0, |part| self.staged[part].days.len());
        (u32::try_from(rows).unwrap_or(u32::MAX), MAX_DAYS.saturating_sub(days).max(1))
    }

    fn has_room(&self, part: Option<usize>) -> bool {
        part.is_none_or(|part| {
            let staged = &self.staged[part];
            staged.rows < self.parts.group_rows.into()
                && staged.bytes < MAX_BYTES
                && staged.days.len() < MAX_DAYS
        })
    }

    /// Whether there is no row of the table past `progress`.
    async fn is_exhausted(
        &mut self,
        table: &'static Table,
        progress: Option<&Progress>,
    ) -> anyhow::Result<bool> {
        Ok(self.read(table, progress, self.end, 1, 1).await?.is_none())
    }

    /// Goes on with what an interrupted start had staged, as the part with this index; not with rows of a
    /// store that has gone back since. Runs are few, and staged anew.
    async fn resume(&mut self, table: &'static Table) -> anyhow::Result<Option<usize>> {
        if table.order_in_run.is_empty() {
            return Ok(None);
        }
        let Some(found) = self.parts.sink.find_staged(table, &self.owner).await? else {
            return Ok(None);
        };
        if let Progress::To(position) = &found.progress
            && !has_given_out(self.parts.reads, position).await?
        {
            self.parts.sink.drop_staging(&found.staging).await;
            return Ok(None);
        }
        tracing::info!(table = table.name, rows = found.rows, "rows that were staged are used");
        let sink::Staged { staging, rows, days, touched, progress } = found;
        let progress = Some(progress);
        self.staged.push(Staged { table, staging, rows, bytes: 0, days, touched, progress });
        Ok(Some(self.staged.len() - 1))
    }

    /// Reads a chunk, while what was read before is on its way.
    async fn read(
        &mut self,
        table: &'static Table,
        progress: Option<&Progress>,
        end: i64,
        rows: u32,
        days: usize,
    ) -> anyhow::Result<Option<Chunk>> {
        tracing::debug!(phase = "reading", table = table.name, "reading a chunk");
        let reads = self.parts.reads;
        let read = with_retries(async || read_chunk(reads, table, progress, end, rows, days).await);
        self.beside_loads(read).await?.with_context(|| not_synced(table))
    }

    /// What comes of reading, while what was read before is on its way.
    async fn beside_loads<T>(&mut self, read: impl Future<Output = T>) -> Result<T, SinkError> {
        let mut read = std::pin::pin!(read);
        loop {
            if self.loads.is_empty() {
                return Ok(read.await);
            }
            tokio::select! {
                biased;
                Some(loaded) = self.loads.next() => self.arrived(loaded)?,
                found = &mut read => return Ok(found),
            }
        }
    }

    /// Sends a chunk on its way into a part. Those of one part arrive in their order, so that what a
    /// killed start has staged is all up to its last row; small tables go side by side.
    async fn load(&mut self, part: usize, chunk: Chunk) -> Result<(), SinkError> {
        while self.on_their_way.contains_key(&part) || self.is_too_much(&chunk) {
            match self.loads.next().await {
                Some(loaded) => self.arrived(loaded)?,
                None => break,
            }
        }
        self.report.count(&chunk);
        let (table, rows) = (chunk.table, chunk.rows);
        tracing::debug!(phase = "loading", table = table.name, rows, "staging a chunk");
        self.on_their_way.insert(part, rows);
        self.staged[part].add(&chunk);
        let (sink, staging) = (self.parts.sink, self.staged[part].staging.clone());
        self.loads.push(Box::pin(async move { (part, sink.append(&staging, &chunk).await) }));
        Ok(())
    }

    /// Whether more would be on its way than a chunk holds.
    fn is_too_much(&self, chunk: &Chunk) -> bool {
        let rows: u64 = self.on_their_way.values().sum();
        rows > 0 && rows + chunk.rows > self.parts.chunk_rows.into()
    }

    fn new_part(&mut self, table: &'static Table, holds: Holds) -> usize {
        let staging = self.parts.sink.new_staging(table, &self.owner, holds);
        self.staged.push(Staged::new(table, staging));
        self.staged.len() - 1
    }

    fn arrived(&mut self, (part, loaded): Loaded) -> Result<(), SinkError> {
        self.on_their_way.remove(&part);
        loaded
    }
}

impl Stager<'_> {
    /// What is staged, with the state as it is to be; `None` if that would change nothing.
    fn into_group(self, is_last: bool) -> Option<(Group, bool)> {
        let Self { parts, state, staged, .. } = self;
        let mut after = state.clone();
        if is_last {
            after.rebase = None;
        }
        for staged in &staged {
            let name = staged.table.name;
            if let Some(progress) = &staged.progress {
                after.tables.insert(name.into(), progress.clone());
            }
            let epoch = state.epoch_of(staged.table) + 1;
            after.changed.add(name, staged.days.iter().copied(), epoch);
        }
        after.changed.prune(&state.proofs);
        let touched = staged.iter().flat_map(|staged| staged.touched.iter().copied()).collect();
        let roll_up = roll_up(parts.sink, &mut after, touched, is_last);
        if staged.is_empty() && after.rebase == state.rebase && roll_up != RollUp::Everything {
            return None;
        }
        let may_fill = state.rebase.is_none();
        let fills = |table: &Table| may_fill && state.progress(table).is_none();
        let mut filled = BTreeSet::new();
        let part = |staged: Staged| Part {
            fills: fills(staged.table) && filled.insert(staged.table.name),
            table: staged.table,
            staging: staged.staging,
            rows: staged.rows,
            days: staged.days,
        };
        let parts = staged.into_iter().map(part).collect();
        Some((Group { parts, state: after, roll_up }, is_last))
    }
}

/// What of the roll-ups is to be computed, up to now; noted in `state`, which is the one after.
fn roll_up(
    sink: &dyn Sink,
    state: &mut State,
    touched: BTreeSet<NaiveDate>,
    is_last: bool,
) -> RollUp {
    let Some(definition) = sink.roll_up_definition() else { return RollUp::Nothing };
    let before = state.rolled_up.take();
    let roll_up = match &before {
        Some(before) if before.definition == definition => {
            RollUp::Days { touched, since: Some(before.at) }
        }
        _ if is_last && !state.tables.is_empty() => RollUp::Everything,
        _ => RollUp::Nothing,
    };
    state.rolled_up = match roll_up {
        RollUp::Nothing => before,
        _ => Some(RolledUp { at: SystemClock.now().trunc_subsecs(0), definition }),
    };
    roll_up
}
