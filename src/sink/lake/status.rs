//! How a table of the lake stands.

use chrono::{DateTime, Utc};

use super::fault::Fault;
use super::log::Log;
use super::state::{TableState, stores};
use super::vacuum::data_files;
use crate::domain::Day;
use crate::sink::Progress;

/// How a table stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableStatus {
    /// Its name.
    pub table: &'static str,
    /// Its newest version.
    pub version: i64,
    /// Its data files.
    pub files: usize,
    /// The rows that its commits say they have.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The newest version that has a checkpoint.
    pub checkpoint: Option<i64>,
    /// Its last day.
    pub last_day: Day,
    /// The run up to which it is synced, of the store that is furthest.
    pub run_seq: Option<i64>,
    /// When that was written.
    pub moved_at: Option<DateTime<Utc>>,
    /// Data files that no version has, of whatever age.
    pub orphans: usize,
}

impl TableStatus {
    pub(super) async fn read(log: &Log) -> Result<Option<Self>, Fault> {
        let Some(snapshot) = log.read().await? else { return Ok(None) };
        let mut run_seq = None;
        for store_id in stores(&snapshot) {
            let state = TableState::find(&snapshot, store_id)?;
            if let Some(Progress::To(position)) = state.and_then(|state| state.progress) {
                run_seq = run_seq.max(Some(position.run_seq));
            }
        }
        let moved = snapshot.txns.values().filter_map(|txn| txn.last_updated).max();
        let is_named = |path: &String| {
            snapshot.files.contains_key(path) || snapshot.removes.contains_key(path)
        };
        let unnamed = data_files(log).await?.iter().filter(|file| !is_named(&file.path)).count();
        Ok(Some(Self {
            table: log.table.name,
            version: snapshot.version,
            files: snapshot.files.len(),
            rows: snapshot.files.values().map(|file| file.said_rows()).sum(),
            bytes: snapshot.files.values().map(|file| file.bytes()).sum(),
            checkpoint: snapshot.checkpoint,
            last_day: snapshot.files.values().filter_map(|file| file.day).max(),
            run_seq,
            moved_at: moved.and_then(DateTime::from_timestamp_millis),
            orphans: unnamed,
        }))
    }
}
