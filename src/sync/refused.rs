//! Which row it is that the sink does not take.

use super::Sync;
use super::chunk::read_chunk;
use crate::domain::tables::Table;
use crate::sink::{Chunk, Progress, SinkError, with_retries};

/// Names the row that keeps a chunk from being staged: the last one of the shortest beginning that
/// is refused as well. `None` if it is not the rows, or if they cannot be told apart.
pub(super) async fn find_refused_row(
    parts: Sync<'_>,
    table: &'static Table,
    progress: Option<&Progress>,
    end_run_seq: i64,
) -> anyhow::Result<Option<String>> {
    let first_rows = async |limit: u32| {
        with_retries(async || read_chunk(parts.reads, table, progress, end_run_seq, limit).await)
            .await
    };
    let Some(whole) = first_rows(parts.chunk_rows).await? else { return Ok(None) };
    if table.day_of.is_none() || !is_refused(parts, &whole).await? {
        return Ok(None);
    }
    tracing::warn!(table = table.name, "the sink refuses a chunk: looking for the row");
    let (mut taken, mut refused) = (0, u32::try_from(whole.rows)?);
    let mut last = whole;
    while refused - taken > 1 {
        let middle = taken + (refused - taken) / 2;
        let Some(beginning) = first_rows(middle).await? else { return Ok(None) };
        if is_refused(parts, &beginning).await? {
            (refused, last) = (middle, beginning);
        } else {
            taken = middle;
        }
    }
    Ok(last_row(&last))
}

async fn is_refused(parts: Sync<'_>, chunk: &Chunk) -> Result<bool, SinkError> {
    match with_retries(async || parts.sink.stage(chunk).await).await {
        Ok(staging) => {
            parts.sink.drop_staging(staging).await;
            Ok(false)
        }
        Err(SinkError::InvalidRows { .. }) => Ok(true),
        Err(error) => Err(error),
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
