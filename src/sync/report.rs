//! What a sync says at its end.

use std::time::Duration;

use super::Stop;
use super::summary::Summary;
use crate::domain::tables::Table;
use crate::sink::{Billed, Chunk, Group};

/// What a sync did.
#[derive(Debug, Default)]
pub struct Report {
    /// The sink.
    pub sink: &'static str,
    /// Table by table, of those that had rows.
    pub tables: Vec<TableReport>,
    /// Written by so many scripts.
    pub groups: u64,
    /// The run through which all is synced, 0 if nothing is; `None`: not known.
    pub synced_through: Option<i64>,
    /// Seconds since the first run ended that is not in the sink, 0 if all are; `None`: not known.
    pub lag_s: Option<i64>,
    /// What the sink's jobs were billed.
    pub billed: Billed,
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
    /// Sent in so many chunks.
    pub chunks: u64,
    /// Bytes sent.
    pub bytes: u64,
}

impl TableReport {
    fn count(&mut self, chunk: &Chunk) {
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

    /// A chunk that was sent.
    pub(super) fn count(&mut self, chunk: &Chunk) {
        self.table(chunk.table).count(chunk);
    }

    /// A group that was written.
    pub(super) fn count_group(&mut self, group: &Group) {
        for part in &group.parts {
            self.table(part.table).rows += part.rows;
        }
        self.groups += 1;
    }

    fn table(&mut self, table: &'static Table) -> &mut TableReport {
        let found = self.tables.iter().position(|found| found.table.name == table.name);
        let index = found.unwrap_or_else(|| {
            self.tables.push(TableReport { table, rows: 0, chunks: 0, bytes: 0 });
            self.tables.len() - 1
        });
        &mut self.tables[index]
    }

    /// The one line of the sync.
    pub(super) fn log(&self) {
        Summary::of(self).log();
    }
}
