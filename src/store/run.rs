//! Runs as a job opens and closes them: what they start with, who holds the lock, how they end.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::run::StopReason;
use crate::domain::{Outcome, RunCounts, Shard};

/// A run that this job has opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its place in the order of commits.
    pub run_seq: i64,
    /// Its name (UUIDv7).
    pub run_id: Uuid,
}

/// What a run starts with.
#[derive(Debug, Clone)]
pub struct RunStart {
    /// Its name (UUIDv7).
    pub run_id: Uuid,
    /// The job, such as `etl`.
    pub kind: &'static str,
    /// Whose slots it fills; `None`: those of no source in particular, and so it excludes all others of its
    /// kind.
    pub source: Option<&'static str>,
    /// Its part of the sites.
    pub shard: Shard,
    /// How long an open run may stay silent before it is set aside.
    pub lease: Duration,
    /// By the injected clock.
    pub started_at: DateTime<Utc>,
    /// Who runs it.
    pub host: RunHost,
}

/// Who runs a run.
#[derive(Debug, Clone, Default)]
pub struct RunHost {
    /// Host name.
    pub host: String,
    /// Execution of the Cloud Run job, if that is where we are.
    pub execution: Option<String>,
    /// Task of that execution, if that is where we are.
    pub task: Option<String>,
}

/// The answer to a start.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// The run is open.
    Opened(Run),
    /// Another one is at it.
    Held(Holder),
}

/// The run that holds the lock.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Holder {
    /// Its name.
    pub run_id: String,
    /// Its part of the sites.
    pub shard: String,
    /// Where it runs.
    pub host: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// How long it has been silent, in milliseconds by the database's clock.
    pub silent_ms: i64,
}

/// A run that is open, of whatever kind.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct OpenRun {
    /// Its place in the order of commits.
    pub run_seq: i64,
    /// The job, such as `etl`.
    pub kind: String,
    /// Whose slots it fills; `None`: those of no source in particular.
    pub source: Option<String>,
    /// What it holds the lock as.
    #[sqlx(flatten)]
    pub holder: Holder,
}

impl OpenRun {
    /// Whether it has been silent past its lease. A heartbeat that far in the future is from before
    /// the database's clock was set back: a run at work beats again by the new time, and one that is
    /// dead must not hold the lock until that time comes.
    #[must_use]
    pub fn is_silent(&self, lease: Duration) -> bool {
        u128::from(self.holder.silent_ms.unsigned_abs()) > lease.as_millis()
    }

    /// Whether it has been open for three leases: what ended after it waits for it, which somebody
    /// should know.
    #[must_use]
    pub fn is_open_for_long(&self, lease: Duration, now: DateTime<Utc>) -> bool {
        (now - self.holder.started_at).to_std().is_ok_and(|open| open >= lease * 3)
    }

    /// Whether it is of this job and source. A run of no source is of every one.
    ///
    /// A program of before migration 0008 names no source, or names it in the kind (`etl:open-meteo`). Such a
    /// run may have been opened while the migration was under way, and holds the lock until it ends.
    #[must_use]
    pub fn is_of(&self, kind: &str, source: Option<&str>) -> bool {
        let own_kind = self.kind.split_once(':').map_or(&*self.kind, |(kind, _)| kind);
        let is_same = |own: &str| source.is_none_or(|source| source == own);
        own_kind == kind && self.source.as_deref().is_none_or(is_same)
    }

    pub(super) fn is_in_the_way_of(&self, start: &RunStart) -> bool {
        let shard = self.holder.shard.parse::<Shard>();
        self.is_of(start.kind, start.source)
            && shard.map_or(true, |own| own.conflicts_with(start.shard))
    }
}

/// What a run ends with.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// By the injected clock.
    pub finished_at: DateTime<Utc>,
    /// What it counted.
    pub counts: RunCounts,
    /// Why it stopped short, if it did.
    pub stop: Option<StopReason>,
}
