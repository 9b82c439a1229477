//! The sink in a lake: Delta tables in a folder or a bucket, which any engine reads.
//!
//! Each table has a log of its own: numbered commits, of which each appears wholly or not, since an object
//! is created once and by one. A commit has rows and the state of the store, so that they cannot disagree,
//! and each table moves by itself. Who sees a run finds its rows: runs go last.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    Chunk, Difference, Group, Holds, Limits, Owner, Prepared, Rewrite, RollUpDay, Sink, SinkError,
    Staged, Staging, State, with_retries,
};
use crate::clock::Clock;
use crate::domain::proofs::Proofs;
use crate::domain::tables::{TABLES, Table, WEATHER_OBSERVATIONS};
use crate::domain::{DaySums, Days};
use crate::objects::Objects;

mod action;
mod archived;
mod checkpoint;
mod ddl;
mod fault;
mod file;
mod housekeeping;
mod key;
mod log;
mod prepare;
mod rows;
mod schema;
mod snapshot;
mod state;
mod stats;
mod status;
mod sum;
mod vacuum;
mod write;

pub use ddl::{Engine, ddl};
pub use status::TableStatus;
pub use vacuum::Swept;

use fault::Fault;
use log::{Log, txn};
use rows::Rows;
use state::TableState;

/// The sink in a lake.
pub struct Lake {
    objects: Objects,
    logs: Vec<Log>,
    clock: Arc<dyn Clock>,
    /// Rows that are on their way, by the name of their staging: nobody sees them before the commit.
    staged: Mutex<HashMap<String, Vec<(Bytes, u64)>>>,
}

impl Lake {
    /// The lake in these objects; nothing is asked of them yet.
    #[must_use]
    pub fn new(objects: Objects, clock: Arc<dyn Clock>) -> Self {
        let logs = TABLES.map(|table| Log::new(table, &objects, clock.clone())).into();
        Self { objects, logs, clock, staged: Mutex::default() }
    }

    /// Where it is, as people name it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.objects.name()
    }

    fn log(&self, table: &'static Table) -> Result<&Log, SinkError> {
        let log = self.logs.iter().find(|log| log.table.name == table.name);
        log.ok_or_else(|| SinkError::NotFound {
            what: format!("table {}", table.name),
            cause: "the lake has no such table".into(),
        })
    }

    /// The state of each table, of those that are there.
    async fn table_states(
        &self,
        store_id: &str,
    ) -> Result<Vec<(&'static Table, TableState)>, SinkError> {
        let mut states = Vec::new();
        for log in &self.logs {
            let found = async {
                match log.read().await? {
                    Some(snapshot) => TableState::find(&snapshot, store_id),
                    None => Ok(None),
                }
            };
            let found = found.await.map_err(|fault| fault.of_table(log.table))?;
            states.extend(found.map(|state| (log.table, state)));
        }
        Ok(states)
    }

    async fn read_proofs(&self, store_id: &str) -> Result<Proofs, SinkError> {
        let log = self.log(&WEATHER_OBSERVATIONS)?;
        let proofs = async {
            match log.read().await? {
                Some(snapshot) => state::proofs(&snapshot, store_id),
                None => Ok(Proofs::default()),
            }
        };
        proofs.await.map_err(|fault| fault.of_table(log.table))
    }

    /// The rows that are staged under a name.
    async fn take(&self, table: &'static Table, staging: &Staging) -> Result<Rows, Fault> {
        let files = self.staged.lock().await.get(&staging.name).cloned().unwrap_or_default();
        Rows::read(table, files)
    }
}

#[async_trait(?Send)]
impl Sink for Lake {
    fn kind(&self) -> &'static str {
        "lake"
    }

    fn limits(&self) -> Limits {
        Limits::OneChunk
    }

    fn is_archive(&self) -> bool {
        true
    }

    async fn prepare(&self) -> Result<Prepared, SinkError> {
        with_retries(async || self.prepare_all(true).await).await
    }

    fn is_prepared(&self, state: &State) -> bool {
        state.prepared.is_some()
    }

    async fn finish_preparing(&self, _store_id: &str) -> Result<Prepared, SinkError> {
        Ok(Prepared::default())
    }

    async fn check(&self) -> Result<Prepared, SinkError> {
        self.prepare_all(false).await
    }

    fn roll_up_definition(&self) -> Option<String> {
        None
    }

    async fn find_state(&self, store_id: &str) -> Result<Option<State>, SinkError> {
        let found = self.table_states(store_id).await?;
        if found.is_empty() {
            return Ok(None);
        }
        let mut state = State { proofs: self.read_proofs(store_id).await?, ..State::default() };
        for (table, of_table) in found {
            state.epochs.insert(table.name.into(), of_table.epoch);
            state.tables.extend(of_table.progress.map(|progress| (table.name.into(), progress)));
            state.changed.join(of_table.changed);
            state.rebase = state.rebase.or(of_table.rebase);
        }
        state.epoch = state.epochs.values().sum();
        if state.epochs.len() == TABLES.len() && self.is_as_made().await? {
            state.prepared = Some((env!("CARGO_PKG_VERSION").into(), self.clock.now()));
        }
        Ok(Some(state))
    }

    async fn list_other_stores(&self, store_id: &str) -> Result<Vec<String>, SinkError> {
        let mut others = BTreeSet::new();
        for log in &self.logs {
            let read = log.read().await.map_err(|fault| fault.of_table(log.table))?;
            let known = read.iter().flat_map(|snapshot| state::stores(snapshot));
            others.extend(known.filter(|id| *id != store_id).map(str::to_owned));
        }
        Ok(others.into_iter().collect())
    }

    async fn create_state(&self, store_id: &str) -> Result<(), SinkError> {
        for log in &self.logs {
            let made = log.commit_by("CREATE STATE", async |snapshot| {
                if TableState::find(snapshot, store_id)?.is_some() {
                    return Ok(None);
                }
                Ok(Some(vec![TableState::default().action(store_id)?]))
            });
            made.await.map_err(|fault| fault.of_table(log.table))?;
        }
        Ok(())
    }

    /// Table by table, of those where it differs: a start that is killed in between leaves some as they were,
    /// and the next one sets them.
    async fn set_state(&self, store_id: &str, state: &State) -> Result<(), SinkError> {
        for log in &self.logs {
            let set = log.commit_by("SET STATE", async |snapshot| {
                let found = TableState::find(snapshot, store_id)?.ok_or(Fault::Fenced)?;
                if found.epoch != state.epoch_of(log.table) {
                    return Err(Fault::Fenced);
                }
                let after = TableState::after(log.table, state);
                if (&after.progress, &after.rebase) == (&found.progress, &found.rebase) {
                    return Ok(None);
                }
                let moved = txn(store_id, after.epoch, log.now());
                Ok(Some(vec![moved, after.action(store_id)?]))
            });
            set.await.map_err(|fault| fault.of_table(log.table))?;
        }
        Ok(())
    }

    async fn set_proofs(
        &self,
        store_id: &str,
        before: &Proofs,
        after: &Proofs,
    ) -> Result<(), SinkError> {
        let log = self.log(&WEATHER_OBSERVATIONS)?;
        let set = log.commit_by("VERIFY", async |snapshot| {
            let found = state::proofs(snapshot, store_id)?;
            match found {
                // A try whose answer was lost has noted it.
                found if found == *after => Ok(None),
                found if found == *before => Ok(Some(vec![state::proofs_action(store_id, after)?])),
                _ => Err(Fault::Fenced),
            }
        });
        set.await.map(drop).map_err(|fault| fault.of_table(log.table))
    }

    fn new_staging(&self, table: &'static Table, _: &Owner<'_>, _: Holds) -> Staging {
        Staging { name: format!("{}-{}", table.name, Uuid::now_v7()) }
    }

    /// In memory: a group is one chunk.
    async fn append(&self, staging: &Staging, chunk: &Chunk) -> Result<(), SinkError> {
        let file = Bytes::from(chunk.parquet.clone());
        let mut staged = self.staged.lock().await;
        staged.entry(staging.name.clone()).or_default().push((file, chunk.rows));
        Ok(())
    }

    async fn find_staged(
        &self,
        _: &'static Table,
        _: &Owner<'_>,
    ) -> Result<Option<Staged>, SinkError> {
        Ok(None)
    }

    async fn write(&self, store_id: &str, group: &Group) -> Result<(), SinkError> {
        if group.parts.is_empty() {
            return self.end_rebase(store_id, &group.state).await;
        }
        for part in &group.parts {
            let log = self.log(part.table)?;
            let written = async {
                let rows = self.take(part.table, &part.staging).await?;
                if rows.count() != part.rows {
                    return Err(Fault::NotStaged(format!(
                        "{}: not as many rows as said",
                        part.table.name
                    )));
                }
                write::write(log, store_id, &group.state, &rows).await
            };
            written.await.map_err(|fault| fault.of_table(part.table))?;
            self.drop_staging(&part.staging).await;
        }
        Ok(())
    }

    async fn sum_days(&self, table: &'static Table, days: &[Days]) -> Result<DaySums, SinkError> {
        let log = self.log(table)?;
        sum::sum_days(log, days).await.map_err(|fault| fault.of_table(table))
    }

    async fn list_differences(
        &self,
        table: &'static Table,
        days: Days,
        staging: &Staging,
    ) -> Result<Vec<Difference>, SinkError> {
        let log = self.log(table)?;
        let found = async { sum::differences(log, days, &self.take(table, staging).await?).await };
        found.await.map_err(|fault| fault.of_table(table))
    }

    async fn rewrite(
        &self,
        store_id: &str,
        rewrite: Rewrite<'_>,
        state: &State,
    ) -> Result<(), SinkError> {
        let Rewrite { table, day, staging, may_delete, .. } = rewrite;
        let log = self.log(table)?;
        let written = async {
            let rows = match staging {
                Some(staging) => Some(self.take(table, staging).await?),
                None => None,
            };
            write::rewrite(log, store_id, state, (day, rows.as_ref()), may_delete).await
        };
        written.await.map_err(|fault| fault.of_table(table))
    }

    fn bytes_billed(&self) -> u64 {
        0
    }

    async fn list_roll_up_differences(
        &self,
        _: &State,
        _: Days,
    ) -> Result<Vec<RollUpDay>, SinkError> {
        Ok(Vec::new())
    }

    async fn roll_up_again(&self, _: &str, _: &[RollUpDay], _: &State) -> Result<(), SinkError> {
        Ok(())
    }

    async fn drop_staging(&self, staging: &Staging) {
        self.staged.lock().await.remove(&staging.name);
    }

    async fn end_sync(&self) -> Result<Vec<String>, SinkError> {
        with_retries(async || self.tidy().await).await
    }
}

impl Lake {
    /// Every table is past the rebase: none remembers it any more. Nothing moves.
    async fn end_rebase(&self, store_id: &str, state: &State) -> Result<(), SinkError> {
        for log in &self.logs {
            let ended = log.commit_by("END REBASE", async |snapshot| {
                let found = TableState::find(snapshot, store_id)?.ok_or(Fault::Fenced)?;
                if found.epoch != state.epoch_of(log.table) {
                    return Err(Fault::Fenced);
                }
                let is_over = found.rebase.is_none();
                let after = TableState { rebase: None, ..found };
                if is_over { Ok(None) } else { Ok(Some(vec![after.action(store_id)?])) }
            });
            ended.await.map_err(|fault| fault.of_table(log.table))?;
        }
        Ok(())
    }
}
