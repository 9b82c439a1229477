//! Deletes what no version of the last days needs: the only place that deletes.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::fault::Fault;
use super::log::{Log, checkpoint_of, version_of};
use super::snapshot::Snapshot;
use crate::objects::Object;

/// How long what was taken out of a table is kept: a reader that has begun ends, and who restores a version
/// finds its files.
pub(super) const KEPT: TimeDelta = TimeDelta::days(7);

/// How long commits below a checkpoint are kept.
const COMMITS_KEPT: TimeDelta = TimeDelta::days(30);

/// What is deleted, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Data files that no version needs, and what killed puts left in a folder.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Commits and checkpoints below a later checkpoint.
    pub commits: usize,
}

/// Deletes, unless it is only asked, what is older than `older_than` and needed by no version since.
pub(super) async fn vacuum(
    log: &Log,
    older_than: TimeDelta,
    is_dry_run: bool,
) -> Result<Swept, Fault> {
    let snapshot = log.read_there().await?;
    let orphans = orphans(log, &snapshot, older_than).await?;
    let commits = old_commits(log, &snapshot).await?;
    let leftovers = log.objects.list_leftovers(log.clock().now() - older_than);
    if !is_dry_run && !commits.is_empty() {
        log.write_checkpoint().await?; // the hint may be one of before
    }
    if !is_dry_run {
        for object in orphans.iter().chain(&commits) {
            log.objects.delete(&object.path).await?;
        }
        for leftover in &leftovers {
            // One that is gone, or cannot be deleted, harms nobody.
            let _ = leftover.delete();
        }
    }
    let bytes = orphans.iter().map(|object| object.bytes);
    let bytes = bytes.chain(leftovers.iter().map(|leftover| leftover.bytes)).sum();
    Ok(Swept { files: orphans.len() + leftovers.len(), bytes, commits: commits.len() })
}

/// Data files that no version since then has, and that were written before.
async fn orphans(
    log: &Log,
    snapshot: &Snapshot,
    older_than: TimeDelta,
) -> Result<Vec<Object>, Fault> {
    let oldest = log.clock().now() - older_than;
    let is_kept = |removed: &i64| *removed >= oldest.timestamp_millis();
    let removed = snapshot.removes.values();
    let recent = removed.filter(|remove| remove.deletion_timestamp.as_ref().is_none_or(is_kept));
    let needed = snapshot.files.keys().chain(recent.map(|remove| &remove.path));
    let needed: BTreeSet<&str> = needed.map(String::as_str).collect();
    let mut found = data_files(log).await?;
    found.retain(|file| !needed.contains(file.path.as_str()) && file.modified_at < oldest);
    Ok(found)
}

/// Every data file that is there, whether a version has it or not.
pub(super) async fn data_files(log: &Log) -> Result<Vec<Object>, Fault> {
    let mut found = log.objects.list_after("", None).await?;
    found.retain(|file| file.path.ends_with(".parquet") && !file.path.starts_with('_'));
    Ok(found)
}

/// Commits and checkpoints that a later checkpoint makes needless, and that are old.
async fn old_commits(log: &Log, snapshot: &Snapshot) -> Result<Vec<Object>, Fault> {
    let Some(checkpoint) = snapshot.checkpoint else { return Ok(Vec::new()) };
    if log.checkpoint(checkpoint).await?.is_none() {
        return Ok(Vec::new());
    }
    let oldest = log.clock().now() - COMMITS_KEPT;
    let mut listed = log.list().await?;
    listed.retain(|object| {
        let version = version_of(&object.path).or_else(|| checkpoint_of(&object.path));
        version.is_some_and(|version| version < checkpoint) && object.modified_at < oldest
    });
    Ok(listed)
}
