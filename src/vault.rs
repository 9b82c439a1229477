//! The vault: every answer as it came, so that hours that are past can be read anew by a better transform,
//! and a value can be shown with what it came from.
//!
//! ```text
//! <VAULT_URL>/v1/<source>/<day>/<run_id>-<n>.ndjson.zst     the answers of a batch, a line each
//! <VAULT_URL>/v1/<source>/<day>/compact-<digits>.ndjson.zst  those of a day, by site and time
//! ```
//!
//! An object is written once and never changed. A line has a name ([`RawRef`]) which it keeps when the
//! objects of its day are put together. What is written down in the store is in the vault first: see
//! `job::keep`. Decisions: `docs/decisions/0041-the-vault.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::RawRef;
use crate::domain::raw_ref::BatchName;
use crate::objects::{Object, Objects, ObjectsError};

pub mod compact;
mod line;
mod packed;
mod settings;

pub use line::{Kept, Line};
pub use packed::{Lines, pack};
pub use settings::VaultSettings;

/// What every name begins with: the version of the layout.
const LAYOUT: &str = "v1";

/// The object that is looked for, and made, to see whether anything can be written.
const MARK: &str = "format.json";

/// What it says.
const MARK_TEXT: &str = "{\"format\":1}\n";

/// How long it is tried for: somebody waits for the first call.
const CHECK_PATIENCE: Duration = Duration::from_secs(20);

/// What the name of every object ends with.
const SUFFIX: &str = ".ndjson.zst";

/// An object longer than this is none of ours: a day of 400,000 hourly sites has as much.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// What can go wrong with the vault.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The objects, by what to do next.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// It gave no answer in time.
    #[error("the vault gave no answer within {seconds} s")]
    Slow {
        /// How long it was waited for.
        seconds: u64,
    },
    /// An object is not what was written.
    #[error("{path} is broken: {cause}")]
    Broken {
        /// Which.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl VaultError {
    /// Its kind, as the log names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Objects(ObjectsError::Settings(_)) => "settings",
            Self::Objects(_) | Self::Slow { .. } => "vault_unavailable",
            Self::Broken { .. } => "vault_broken",
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Objects(ObjectsError::Settings(_)) => {
                "VAULT_URL is file:./folder, file:///srv/folder, s3://bucket/prefix or gs://bucket/prefix"
            }
            Self::Objects(_) | Self::Slow { .. } => {
                "check VAULT_URL, and that the account may create and read objects there; without \
                 VAULT_REQUIRED the collecting goes on, and what it brings is not kept"
            }
            Self::Broken { .. } => {
                "take the object from the bucket's versions or a backup; what it held is in no other place"
            }
        }
    }
}

/// The vault.
#[derive(Debug, Clone)]
pub struct Vault {
    objects: Objects,
    is_required: bool,
}

/// An object of the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The source.
    pub source: String,
    /// The day on which its answers were asked.
    pub day: NaiveDate,
    /// Its path below the layout's version.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
    /// When it was written.
    pub modified_at: DateTime<Utc>,
}

impl Stored {
    fn of(object: Object) -> Option<Self> {
        let mut parts = object.path.split('/');
        let (source, day, name) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !name.ends_with(SUFFIX) {
            return None;
        }
        let (source, day) = (source.to_owned(), day.parse().ok()?);
        let Object { path, bytes, modified_at } = object;
        Some(Self { source, day, path, bytes, modified_at })
    }

    /// Whether it has the answers of a whole day.
    #[must_use]
    pub fn is_compact(&self) -> bool {
        self.path.rsplit('/').next().is_some_and(|name| name.starts_with("compact-"))
    }
}

fn path_of(batch: &BatchName) -> String {
    format!("{batch}{SUFFIX}")
}

impl Vault {
    /// The vault below `objects`; with `is_required` nothing is collected that cannot be kept.
    #[must_use]
    pub fn new(objects: &Objects, is_required: bool) -> Self {
        Self { objects: objects.below(LAYOUT), is_required }
    }

    /// Whether nothing is collected that cannot be kept.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.is_required
    }

    /// Where it is, as people name it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.objects.name()
    }

    /// Fails unless objects can be written here.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&self) -> Result<(), VaultError> {
        let slow = VaultError::Slow { seconds: CHECK_PATIENCE.as_secs() };
        let put = self.objects.put_once(MARK, MARK_TEXT);
        Ok(tokio::time::timeout(CHECK_PATIENCE, put).await.map_err(|_| slow)??)
    }

    /// Writes the answers of a batch. One that is there already is this one: its run has the name to
    /// itself, and the answer to the first try was lost.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put(&self, batch: &BatchName, lines: Vec<u8>) -> Result<(), VaultError> {
        let path = path_of(batch);
        let packed = packed_aside(lines, &path).await?;
        Ok(self.objects.put_once(&path, packed).await?)
    }

    /// Every object, by source and day; those of one source and of a day, where they are given.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn list(&self, of: Option<(&str, NaiveDate)>) -> Result<Vec<Stored>, VaultError> {
        let folder = of.map(|(source, day)| format!("{source}/{day}")).unwrap_or_default();
        let objects = self.objects.list_after(&folder, None).await?;
        Ok(objects.into_iter().filter_map(Stored::of).collect())
    }

    /// The lines of an object.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(&self, path: &str) -> Result<Lines, VaultError> {
        Ok(Lines::of(path, self.bytes(path).await?))
    }

    async fn bytes(&self, path: &str) -> Result<Bytes, VaultError> {
        Ok(self.objects.get(path, MAX_BYTES).await?)
    }

    /// The kept answer of this name; `None`: it is not there.
    ///
    /// # Errors
    /// When the vault fails, or what should hold it is broken.
    pub async fn find(&self, raw_ref: &RawRef) -> Result<Option<Line>, VaultError> {
        let mut found = None;
        let wanted = BTreeSet::from([raw_ref.clone()]);
        let mut faults = self.find_all(&wanted, async |line| found = Some(line)).await?;
        match faults.pop() {
            Some(fault) if found.is_none() => Err(fault),
            _ => Ok(found),
        }
    }

    /// Hands on each of these kept answers that is there, once, object by object. Returns what is wrong
    /// with objects that should hold some; the others are read all the same.
    ///
    /// # Errors
    /// When the vault fails.
    pub async fn find_all(
        &self,
        wanted: &BTreeSet<RawRef>,
        mut each: impl AsyncFnMut(Line),
    ) -> Result<Vec<VaultError>, VaultError> {
        let mut faults = Vec::new();
        let mut days: BTreeMap<(String, NaiveDate), (BTreeSet<RawRef>, BTreeSet<String>)> =
            BTreeMap::new();
        for raw_ref in wanted {
            let Some((batch, _)) = raw_ref.parts() else { continue };
            let path = path_of(&batch);
            let (left, paths) = days.entry((batch.source, batch.day)).or_default();
            left.insert(raw_ref.clone());
            paths.insert(path);
        }
        for ((source, day), (mut left, paths)) in days {
            let stored = self.list(Some((&source, day))).await?;
            let own = stored.iter().filter(|stored| paths.contains(&stored.path));
            // The whole days last: they are read only for what has no object of its own any more.
            let whole_days = stored.iter().filter(|stored| stored.is_compact());
            for stored in own.chain(whole_days) {
                if left.is_empty() {
                    break;
                }
                let read = self.take(stored, &mut left, &mut each).await;
                match read {
                    Err(fault @ VaultError::Broken { .. }) => faults.push(fault),
                    read => read?,
                }
            }
        }
        Ok(faults)
    }

    /// Hands on those lines of an object that are still wanted.
    async fn take(
        &self,
        stored: &Stored,
        left: &mut BTreeSet<RawRef>,
        each: &mut impl AsyncFnMut(Line),
    ) -> Result<(), VaultError> {
        let mut lines = self.read(&stored.path).await?;
        while let Some(line) = lines.next_of(left)? {
            left.remove(&line.raw_ref);
            each(line).await;
        }
        Ok(())
    }

    async fn delete(&self, path: &str) -> Result<(), VaultError> {
        Ok(self.objects.delete(path).await?)
    }
}

/// Packs where it holds up nobody.
async fn packed_aside(lines: Vec<u8>, path: &str) -> Result<Vec<u8>, VaultError> {
    let broken = |cause: String| VaultError::Broken { path: path.to_owned(), cause };
    let packed = tokio::task::spawn_blocking(move || pack(&lines)).await;
    packed.map_err(|error| broken(error.to_string()))?.map_err(|error| broken(error.to_string()))
}
