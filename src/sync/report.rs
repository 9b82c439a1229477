//! What a sync says at its end.

use std::time::Duration;

use super::Stop;
use crate::domain::tables::Table;
use crate::sink::Chunk;

/// What a sync did.
#[derive(Debug, Default)]
pub struct Report {
    /// Table by table, in their order.
    pub tables: Vec<TableReport>,
    /// The run through which all is synced, 0 if nothing is; `None`: not known.
    pub synced_through: Option<i64>,
    /// Seconds since the first run ended that is not in the sink, 0 if all are; `None`: not known.
    pub lag_s: Option<i64>,
    /// How long it took.
    pub duration: Duration,
    /// Why it stopped short, if it did.
    pub stop: Option<Stop>,
}

/// What was written of a table.
#[derive(Debug)]
pub struct TableReport {
    /// The table.
    pub table: &'static Table,
    /// Rows written.
    pub rows: u64,
    /// In so many chunks.
    pub chunks: u64,
    /// Bytes sent.
    pub bytes: u64,
}

impl TableReport {
    pub(super) fn count(&mut self, chunk: &Chunk) {
        self.rows += chunk.rows;
        self.chunks += 1;
        self.bytes += chunk.parquet.len() as u64;
    }
}

impl Report {
    /// Rows written, of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    pub(super) fn table(&mut self, table: &'static Table) -> &mut TableReport {
        self.tables.push(TableReport { table, rows: 0, chunks: 0, bytes: 0 });
        let last = self.tables.len() - 1;
        &mut self.tables[last]
    }

    /// The one line of the sync.
    pub(super) fn log(&self) {
        let sum = |of: fn(&TableReport) -> u64| self.tables.iter().map(of).sum::<u64>();
        let duration_ms = u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX);
        let outcome = match &self.stop {
            None => "succeeded",
            Some(Stop::Interrupted) => "interrupted",
            Some(_) => "failed",
        };
        tracing::info!(
            outcome,
            rows_synced = self.rows(),
            chunks = sum(|table| table.chunks),
            bytes_sent = sum(|table| table.bytes),
            lag_s = self.lag_s,
            duration_ms,
            "sync_summary"
        );
    }
}
