//! Which row it is that the sink does not take.

use super::Sync;
use super::chunk::{MAX_DAYS, read_chunk};
use crate::domain::tables::{TABLES, Table};
use crate::sink::{Chunk, Holds, Owner, Progress, SinkError, State, with_retries};

/// The error with the row that it is about, if that can be found.
pub(super) async fn name_refused(
    parts: Sync<'_>,
    store_id: &str,
    state: &State,
    end: i64,
    error: anyhow::Error,
) -> anyhow::Error {
    if !matches!(error.downcast_ref(), Some(SinkError::InvalidRows { .. })) {
        return error;
    }
    let search = Search { parts, owner: Owner { store_id, epoch: state.epoch }, end };
    tracing::warn!("the sink refuses rows: looking for the one");
    for table in TABLES {
        match search.in_table(table, state.progress(table)).await {
            Ok(None) => {}
            Ok(Some(row)) => return error.context(format!("the row of {row} is refused")),
            Err(other) => return error.context(format!("which row it is was not found: {other}")),
        }
    }
    error
}

/// Looks for a row that is refused.
struct Search<'a> {
    parts: Sync<'a>,
    owner: Owner<'a>,
    end: i64,
}

impl Search<'_> {
    /// Chunk by chunk, as they would be sent.
    async fn in_table(
        &self,
        table: &'static Table,
        progress: Option<&Progress>,
    ) -> anyhow::Result<Option<String>> {
        if table.day_of.is_none() {
            return Ok(None);
        }
        let mut progress = progress.cloned();
        while let Some(chunk) =
            self.first_rows(table, progress.as_ref(), self.parts.chunk_rows).await?
        {
            if self.is_refused(&chunk).await? {
                return self.in_chunk(chunk, progress.as_ref()).await;
            }
            progress = Some(chunk.progress);
        }
        Ok(None)
    }

    /// The last row of the shortest beginning that is refused as well.
    async fn in_chunk(
        &self,
        whole: Chunk,
        progress: Option<&Progress>,
    ) -> anyhow::Result<Option<String>> {
        let table = whole.table;
        let (mut taken, mut refused) = (0, u32::try_from(whole.rows)?);
        let mut last = whole;
        while refused - taken > 1 {
            let middle = taken + (refused - taken) / 2;
            let Some(beginning) = self.first_rows(table, progress, middle).await? else {
                return Ok(None);
            };
            if self.is_refused(&beginning).await? {
                (refused, last) = (middle, beginning);
            } else {
                taken = middle;
            }
        }
        Ok(last_row(&last))
    }

    async fn first_rows(
        &self,
        table: &'static Table,
        progress: Option<&Progress>,
        limit: u32,
    ) -> anyhow::Result<Option<Chunk>> {
        let (reads, end) = (self.parts.reads, self.end);
        let read = async || read_chunk(reads, table, progress, end, limit, MAX_DAYS).await;
        Ok(with_retries(read).await?)
    }

    async fn is_refused(&self, chunk: &Chunk) -> Result<bool, SinkError> {
        let sink = self.parts.sink;
        let staging = sink.new_staging(chunk.table, &self.owner, Holds::SomeRows);
        let appended = sink.append(&staging, chunk).await;
        sink.drop_staging(&staging).await;
        match appended {
            Ok(()) => Ok(false),
            Err(SinkError::InvalidRows { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// The key of the last row of a chunk.
fn last_row(chunk: &Chunk) -> Option<String> {
    let Progress::To(position) = &chunk.progress else { return None };
    Some(position.key.as_ref().map_or_else(
        || format!("run {}", position.run_seq),
        |key| format!("{} {} {}", key.site_id, key.source, key.time.format("%FT%TZ")),
    ))
}
