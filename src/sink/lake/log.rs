//! The log of a table: numbered commits, of which each is there wholly or not, and checkpoints, which
//! save reading all of them.
//!
//! `_last_checkpoint` is a hint and no more: where it is cut or leads nowhere the folder is listed.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::action::{Action, Txn, attempt, lines, parse};
use super::checkpoint;
use super::fault::Fault;
use super::snapshot::Snapshot;
use crate::clock::Clock;
use crate::domain::tables::Table;
use crate::objects::{Object, Objects, ObjectsError};
use crate::sink::ROUNDS;

const FOLDER: &str = "_delta_log";
const LAST: &str = "_delta_log/_last_checkpoint";

/// A commit, a checkpoint, and the hint at most. We write commits of 5 MiB at most.
pub(super) const MAX_COMMIT: u64 = 64 << 20;
const MAX_CHECKPOINT: u64 = 512 << 20;
const MAX_HINT: u64 = 64 << 10;

/// Commits that are read side by side.
const AT_ONCE: usize = 16;

/// The log of a table.
pub(super) struct Log {
    pub(super) table: &'static Table,
    /// The table's folder.
    pub(super) objects: Objects,
    clock: Arc<dyn Clock>,
    /// What was read last: from there only what came since is read.
    known: Mutex<Option<Arc<Snapshot>>>,
}

/// What became of a try to be the next version.
pub(super) enum Tried {
    /// It is.
    Ours,
    /// Somebody else's is.
    Theirs,
}

#[derive(Debug, Serialize, Deserialize)]
struct Hint {
    version: i64,
    size: u64,
}

impl Log {
    pub(super) fn new(table: &'static Table, objects: &Objects, clock: Arc<dyn Clock>) -> Self {
        Self { table, objects: objects.below(table.name), clock, known: Mutex::default() }
    }

    /// Now, in milliseconds.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().timestamp_millis()
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The table as it is; `None`: there is none.
    pub(super) async fn read(&self) -> Result<Option<Arc<Snapshot>>, Fault> {
        let mut known = self.known.lock().await;
        let read = match known.take() {
            Some(before) => Some(self.follow(before).await?),
            None => self.read_anew().await?.map(Arc::new),
        };
        *known = read.clone();
        Ok(read)
    }

    /// The table as it is, which has to be there.
    pub(super) async fn read_there(&self) -> Result<Arc<Snapshot>, Fault> {
        self.read().await?.ok_or_else(|| Fault::Log("it is not there any more".into()))
    }

    /// What came after what is known.
    async fn follow(&self, before: Arc<Snapshot>) -> Result<Arc<Snapshot>, Fault> {
        let after = commit_path(before.version);
        let listed = self.objects.list_after(FOLDER, Some(&after)).await?;
        if versions(&listed).is_empty() {
            return Ok(before);
        }
        let mut snapshot = Snapshot::clone(&before);
        self.replay(&mut snapshot, &listed).await?;
        Ok(Arc::new(snapshot))
    }

    async fn read_anew(&self) -> Result<Option<Snapshot>, Fault> {
        if let Some(version) = self.hint().await?
            && let Some(mut snapshot) = self.checkpoint(version).await?
        {
            let after = commit_path(version);
            let listed = self.objects.list_after(FOLDER, Some(&after)).await?;
            self.replay(&mut snapshot, &listed).await?;
            return Ok(Some(snapshot));
        }
        let listed = self.objects.list_after(FOLDER, None).await?;
        for version in checkpoints(&listed).into_iter().rev() {
            if let Some(mut snapshot) = self.checkpoint(version).await? {
                self.replay(&mut snapshot, &listed).await?;
                return Ok(Some(snapshot));
            }
        }
        if versions(&listed).is_empty() {
            return if listed.is_empty() { Ok(None) } else { Err(gap(0)) };
        }
        let mut snapshot = Snapshot { version: -1, ..Snapshot::default() };
        self.replay(&mut snapshot, &listed).await?;
        if snapshot.meta_data.is_none() || snapshot.protocol.is_none() {
            return Err(Fault::Log("its log does not say what it is".into()));
        }
        Ok(Some(snapshot))
    }

    /// The version of the newest checkpoint, if the hint can be read.
    async fn hint(&self) -> Result<Option<i64>, Fault> {
        match self.objects.get(LAST, MAX_HINT).await {
            Ok(text) => Ok(serde_json::from_slice::<Hint>(&text).ok().map(|hint| hint.version)),
            Err(ObjectsError::Missing { .. } | ObjectsError::TooLarge { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The table as a checkpoint has it; `None`: it is gone or cut.
    pub(super) async fn checkpoint(&self, version: i64) -> Result<Option<Snapshot>, Fault> {
        let path = checkpoint_path(version);
        let file = match self.objects.get(&path, MAX_CHECKPOINT).await {
            Ok(file) => file,
            Err(ObjectsError::Missing { .. } | ObjectsError::TooLarge { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Ok(actions) = checkpoint::read(file) else {
            tracing::warn!(
                table = self.table.name,
                version,
                "a checkpoint cannot be read: the log alone is"
            );
            return Ok(None);
        };
        let mut snapshot = Snapshot { checkpoint: Some(version), ..Snapshot::default() };
        snapshot.apply(version, actions).map_err(Fault::Log)?;
        let is_whole = snapshot.meta_data.is_some() && snapshot.protocol.is_some();
        Ok(is_whole.then_some(snapshot))
    }

    /// The commits of a listing that come after the snapshot, none of which may be missing.
    async fn replay(&self, snapshot: &mut Snapshot, listed: &[Object]) -> Result<(), Fault> {
        snapshot.checkpoint = snapshot.checkpoint.max(checkpoints(listed).into_iter().next_back());
        let mut versions = versions(listed);
        versions.retain(|version| *version > snapshot.version);
        for (expected, version) in (snapshot.version + 1..).zip(&versions) {
            if *version != expected {
                return Err(gap(expected));
            }
        }
        let commits = futures::stream::iter(versions).map(async |version| {
            let text = self.commit(version).await?.ok_or_else(|| gap(version))?;
            let actions = parse(&text)
                .map_err(|problem| Fault::Log(format!("version {version}: {problem}")))?;
            Ok::<_, Fault>((version, actions))
        });
        let mut commits = std::pin::pin!(commits.buffered(AT_ONCE));
        while let Some((version, actions)) = commits.try_next().await? {
            snapshot.apply(version, actions).map_err(Fault::Log)?;
        }
        Ok(())
    }

    async fn commit(&self, version: i64) -> Result<Option<Bytes>, Fault> {
        match self.objects.get(&commit_path(version), MAX_COMMIT).await {
            Ok(text) => Ok(Some(text)),
            Err(ObjectsError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Tries to be the next version after the one that was read. What is not a clear answer is looked up:
    /// who wrote it says its attempt.
    pub(super) async fn try_commit(
        &self,
        after: &Snapshot,
        operation: &str,
        mut actions: Vec<Action>,
    ) -> Result<Tried, Fault> {
        let own = Uuid::now_v7().to_string();
        let info = json!({
            "timestamp": self.now(),
            "operation": operation,
            "engineInfo": concat!("weather/", env!("CARGO_PKG_VERSION")),
            "attempt": own,
        });
        actions.insert(0, Action::CommitInfo(info));
        let text = lines(&actions).map_err(|error| Fault::Malformed(error.to_string()))?;
        let version = after.version + 1;
        let path = commit_path(version);
        for _ in 0..ROUNDS {
            tracing::debug!(
                phase = "committing",
                table = self.table.name,
                version,
                operation,
                "committing"
            );
            let unclear = match self.objects.put_new(&path, text.clone()).await {
                Ok(()) => return self.written(after, version, actions).await,
                Err(error @ (ObjectsError::Exists { .. } | ObjectsError::Unavailable { .. })) => {
                    error
                }
                Err(error) => return Err(error.into()),
            };
            match self.commit(version).await? {
                Some(found) => {
                    let found = parse(&found).unwrap_or_default();
                    if attempt(&found) == Some(own.as_str()) {
                        return self.written(after, version, actions).await;
                    }
                    return Ok(Tried::Theirs);
                }
                // A conflict of two that are both still on their way, or a put that never arrived.
                None => tracing::debug!("nobody has written version {version}: {unclear}"),
            }
        }
        Err(Fault::Fenced)
    }

    async fn written(
        &self,
        after: &Snapshot,
        version: i64,
        actions: Vec<Action>,
    ) -> Result<Tried, Fault> {
        tracing::debug!(phase = "committed", table = self.table.name, version, "committed");
        let mut known = self.known.lock().await;
        if known.as_ref().is_some_and(|known| known.version == after.version) {
            let mut snapshot = after.clone();
            snapshot.apply(version, actions).map_err(Fault::Log)?;
            *known = Some(Arc::new(snapshot));
        }
        Ok(Tried::Ours)
    }

    /// Commits what `decide` makes of the table as it is, and again where somebody was faster. `None`: there
    /// is nothing to commit.
    pub(super) async fn commit_by(
        &self,
        operation: &str,
        mut decide: impl AsyncFnMut(&Snapshot) -> Result<Option<Vec<Action>>, Fault>,
    ) -> Result<bool, Fault> {
        for _ in 0..ROUNDS {
            let snapshot = self.read_there().await?;
            let Some(actions) = decide(&snapshot).await? else { return Ok(false) };
            if let Tried::Ours = self.try_commit(&snapshot, operation, actions).await? {
                return Ok(true);
            }
        }
        Err(Fault::Fenced)
    }

    /// Writes a checkpoint of the newest version, and the hint to it; `None`: it is there.
    pub(super) async fn write_checkpoint(&self) -> Result<Option<i64>, Fault> {
        let snapshot = self.read_there().await?;
        let version = snapshot.version;
        let (file, size) = checkpoint::write(&snapshot, self.now())?;
        let is_there = snapshot.checkpoint == Some(version);
        if is_there && self.hint().await? == Some(version) {
            return Ok(None);
        }
        if !is_there {
            self.put_checkpoint(version, &file).await?;
        }
        self.put_hint(&Hint { version, size }).await?;
        let mut known = self.known.lock().await;
        if let Some(snapshot) = known.as_mut().filter(|known| known.version == version) {
            Arc::make_mut(snapshot).checkpoint = Some(version);
        }
        Ok((!is_there).then_some(version))
    }

    /// Of one version every writer makes the same: one that is there and may not be replaced stays.
    async fn put_checkpoint(&self, version: i64, file: &[u8]) -> Result<(), Fault> {
        let path = checkpoint_path(version);
        let mut upload = self.objects.upload(&path)?;
        upload.write(file).await?;
        match upload.finish().await {
            Err(error @ ObjectsError::Denied { .. }) => match self.objects.find(&path).await? {
                Some(_) => Ok(()),
                None => Err(error.into()),
            },
            written => Ok(written?),
        }
    }

    /// An account that may create and not replace leaves the hint to `weather housekeep`: who follows an old
    /// one reads more commits, and the same table.
    async fn put_hint(&self, hint: &Hint) -> Result<(), Fault> {
        let text = serde_json::to_vec(hint).map_err(|error| Fault::Malformed(error.to_string()))?;
        match self.objects.put(LAST, text).await {
            Err(ObjectsError::Denied { .. }) => {
                tracing::debug!(table = self.table.name, "the hint is left to `weather housekeep`");
                Ok(())
            }
            written => Ok(written?),
        }
    }

    /// Everything in the log's folder.
    pub(super) async fn list(&self) -> Result<Vec<Object>, Fault> {
        Ok(self.objects.list_after(FOLDER, None).await?)
    }
}

/// The last version that a store wrote.
pub(super) fn txn(store_id: &str, epoch: i64, now: i64) -> Action {
    Action::Txn(Txn {
        app_id: format!("weather/{store_id}"),
        version: epoch,
        last_updated: Some(now),
    })
}

fn gap(version: i64) -> Fault {
    Fault::Log(format!("its log lacks version {version}"))
}

fn commit_path(version: i64) -> String {
    format!("{FOLDER}/{version:020}.json")
}

fn checkpoint_path(version: i64) -> String {
    format!("{FOLDER}/{version:020}.checkpoint.parquet")
}

/// The version that a path is the commit of.
pub(super) fn version_of(path: &str) -> Option<i64> {
    number(path.strip_suffix(".json")?)
}

pub(super) fn checkpoint_of(path: &str) -> Option<i64> {
    number(path.strip_suffix(".checkpoint.parquet")?)
}

fn number(path: &str) -> Option<i64> {
    let digits = path.strip_prefix(FOLDER)?.strip_prefix('/')?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}

fn versions(listed: &[Object]) -> Vec<i64> {
    listed.iter().filter_map(|object| version_of(&object.path)).collect()
}

fn checkpoints(listed: &[Object]) -> Vec<i64> {
    listed.iter().filter_map(|object| checkpoint_of(&object.path)).collect()
}
