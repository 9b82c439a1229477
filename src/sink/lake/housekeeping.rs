//! What keeps a lake in order: few files, checkpoints, and what nobody needs any more deleted.

use chrono::{NaiveDate, TimeDelta};

use super::fault::Fault;
use super::log::Log;
use super::status::TableStatus;
use super::vacuum::{self, Swept};
use super::{Lake, write};
use crate::sink::SinkError;

/// Commits after which a checkpoint saves reading them.
const CHECKPOINT_EVERY: i64 = 50;

/// So many files may today have: it gets one an hour.
const FILES_OF_TODAY: usize = 16;

impl Lake {
    /// Makes few files of many where a day is over, or has many already, and writes checkpoints where there
    /// are many commits; says what was done.
    ///
    /// # Errors
    /// When a table cannot be read or written.
    pub async fn tidy(&self) -> Result<Vec<String>, SinkError> {
        let mut done = self.compact().await?;
        for log in &self.logs {
            let checkpoint = async {
                let Some(snapshot) = log.read().await? else { return Ok(None) };
                match snapshot.commits_since_checkpoint() > CHECKPOINT_EVERY {
                    true => log.write_checkpoint().await,
                    false => Ok(None),
                }
            };
            let written = checkpoint.await.map_err(|fault: Fault| fault.of_table(log.table))?;
            done.extend(written.map(|version| in_words(log, version)));
        }
        Ok(done)
    }

    /// Makes few files of many, and a checkpoint where that was done; says what was done.
    ///
    /// # Errors
    /// When a table cannot be read or written.
    pub async fn compact(&self) -> Result<Vec<String>, SinkError> {
        let today = self.clock.now().date_naive();
        let is_due = |day: Option<NaiveDate>, files| match day {
            None => false,
            Some(day) if day < today => files > 1,
            Some(_) => files > FILES_OF_TODAY,
        };
        let mut done = Vec::new();
        for log in &self.logs {
            let compact = async {
                if log.read().await?.is_none() {
                    return Ok((0, 0, None));
                }
                let (before, after) = write::compact(log, is_due).await?;
                let checkpoint = if before > 0 { log.write_checkpoint().await? } else { None };
                Ok((before, after, checkpoint))
            };
            let done_here = compact.await.map_err(|fault: Fault| fault.of_table(log.table))?;
            let (before, after, checkpoint) = done_here;
            if before > 0 {
                done.push(format!("{}: {before} files became {after}", log.table.name));
            }
            done.extend(checkpoint.map(|version| in_words(log, version)));
        }
        Ok(done)
    }

    /// Writes a checkpoint of each table that has commits since the last one; says which.
    ///
    /// # Errors
    /// When a table cannot be read or written.
    pub async fn checkpoint(&self) -> Result<Vec<String>, SinkError> {
        let mut done = Vec::new();
        for log in &self.logs {
            let written =
                log.write_checkpoint().await.map_err(|fault| fault.of_table(log.table))?;
            done.extend(written.map(|version| in_words(log, version)));
        }
        Ok(done)
    }

    /// Deletes what no version of the last days needs; with `is_dry_run` only says what that is.
    ///
    /// # Errors
    /// When a table cannot be read, or nothing deleted.
    pub async fn vacuum(
        &self,
        older_than: TimeDelta,
        is_dry_run: bool,
    ) -> Result<Vec<(&'static str, Swept)>, SinkError> {
        let mut swept = Vec::new();
        for log in &self.logs {
            let of_table = vacuum::vacuum(log, older_than, is_dry_run).await;
            swept.push((log.table.name, of_table.map_err(|fault| fault.of_table(log.table))?));
        }
        Ok(swept)
    }

    /// How each table stands.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub async fn status(&self) -> Result<Vec<TableStatus>, SinkError> {
        let mut all = Vec::new();
        for log in &self.logs {
            let found = TableStatus::read(log).await.map_err(|fault| fault.of_table(log.table))?;
            all.extend(found);
        }
        Ok(all)
    }
}

fn in_words(log: &Log, version: i64) -> String {
    format!("{}: checkpoint of version {version}", log.table.name)
}
