//! Puts the objects of a day together: small ones cost as much to keep and to list as large ones, and lines
//! of one site beside each other pack better.
//!
//! A day that is over for 24 hours becomes one object, by site and time. Its name is made of what it holds,
//! so that the same lines make the same object. What it was made of goes seven days later, if every line
//! of it is there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use super::{Line, SUFFIX, Stored, Vault, VaultError, pack};
use crate::domain::RawRef;

/// How long a day has to be over: what was asked on it is put by then.
const AGE: TimeDelta = TimeDelta::hours(24);

/// How long the objects of which a day was made stay beside it.
const STAYS: TimeDelta = TimeDelta::days(7);

/// Bytes of lines in a frame, about.
const FRAME_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of lines that are sorted at a time, about.
const PASS_BYTES: u64 = 64 * 1024 * 1024;

/// What was put together.
#[derive(Debug, Default)]
pub struct Compacted {
    /// Days of a source that became one object.
    pub days: u64,
    /// Objects of which they were made.
    pub objects: u64,
    /// Bytes of these.
    pub bytes_before: u64,
    /// Bytes of what they became.
    pub bytes_after: u64,
    /// Objects that were deleted, since their lines are in another one for seven days.
    pub deleted: u64,
    /// What is wrong with objects; their days stay as they are.
    pub faults: Vec<VaultError>,
}

/// Puts together what is due at `now`.
///
/// # Errors
/// When the vault fails.
pub async fn compact(vault: &Vault, now: DateTime<Utc>) -> Result<Compacted, VaultError> {
    let mut compacted = Compacted::default();
    let mut days: BTreeMap<(String, NaiveDate), Vec<Stored>> = BTreeMap::new();
    for stored in vault.list(None).await? {
        days.entry((stored.source.clone(), stored.day)).or_default().push(stored);
    }
    for ((source, day), stored) in days {
        let end = (day + TimeDelta::days(1)).and_hms_opt(0, 0, 0).map(|end| end.and_utc());
        if end.is_none_or(|end| end + AGE > now) {
            continue;
        }
        let day = Day { vault, folder: format!("{source}/{day}"), stored };
        match day.compact(now, &mut compacted).await {
            Err(error @ VaultError::Broken { .. }) => compacted.faults.push(error),
            done => done?,
        }
    }
    Ok(compacted)
}

/// The objects of a source and day.
struct Day<'a> {
    vault: &'a Vault,
    folder: String,
    stored: Vec<Stored>,
}

/// The order of lines: by site and time; the name decides between those that are equal.
type Key = (String, DateTime<Utc>, RawRef);

fn key(line: &Line) -> Key {
    let site_id = line.site_ids.first().cloned().unwrap_or_default();
    (site_id, line.asked_at, line.raw_ref.clone())
}

impl Day<'_> {
    async fn compact(self, now: DateTime<Utc>, done: &mut Compacted) -> Result<(), VaultError> {
        let newest = self.stored.iter().filter(|stored| stored.is_compact());
        let newest = newest.max_by_key(|stored| (stored.modified_at, stored.path.clone()));
        let others: Vec<&Stored> =
            self.stored.iter().filter(|stored| Some(*stored) != newest).collect();
        let Some(newest) = newest else { return self.put_together(done).await };
        let there = self.names(newest).await?;
        for other in others {
            if !self.names(other).await?.is_subset(&there) {
                return self.put_together(done).await;
            }
            if newest.modified_at + STAYS <= now {
                self.vault.delete(&other.path).await?;
                done.deleted += 1;
            }
        }
        Ok(())
    }

    /// The names of all lines of an object.
    async fn names(&self, stored: &Stored) -> Result<BTreeSet<RawRef>, VaultError> {
        let mut lines = self.vault.read(&stored.path).await?;
        let mut names = BTreeSet::new();
        while let Some(line) = lines.next_line()? {
            names.insert(line.raw_ref);
        }
        Ok(names)
    }

    async fn put_together(&self, done: &mut Compacted) -> Result<(), VaultError> {
        let (mut packed, mut digest) = (Vec::new(), Sha256::new());
        for (first, end) in self.passes().await? {
            let lines = self.lines(|site_id| {
                *site_id >= *first && end.as_ref().is_none_or(|end| *site_id < **end)
            });
            let mut frame = Vec::new();
            for text in lines.await?.into_values() {
                digest.update(&text);
                frame.extend_from_slice(&text);
                if frame.len() >= FRAME_BYTES {
                    packed.extend(self.frame(&frame)?);
                    frame.clear();
                }
            }
            if !frame.is_empty() {
                packed.extend(self.frame(&frame)?);
            }
        }
        let digits: String = digest.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect();
        let path = format!("{}/compact-{digits}{SUFFIX}", self.folder);
        done.days += 1;
        done.objects += self.stored.len() as u64;
        done.bytes_before += self.stored.iter().map(|stored| stored.bytes).sum::<u64>();
        done.bytes_after += packed.len() as u64;
        Ok(self.vault.objects.put_once(&path, packed).await?)
    }

    fn frame(&self, lines: &[u8]) -> Result<Vec<u8>, VaultError> {
        let broken = |error: std::io::Error| VaultError::Broken {
            path: self.folder.clone(),
            cause: error.to_string(),
        };
        pack(lines).map_err(broken)
    }

    /// The first sites of passes, each with that of the next: so many sites as fit into memory.
    async fn passes(&self) -> Result<Vec<(String, Option<String>)>, VaultError> {
        let mut bytes: BTreeMap<String, u64> = BTreeMap::new();
        for stored in &self.stored {
            let mut lines = self.vault.read(&stored.path).await?;
            while let Some(text) = lines.next_text()? {
                let length = text.len() as u64;
                let line = super::packed::parse(&stored.path, text)?;
                *bytes.entry(key(&line).0).or_default() += length;
            }
        }
        let mut firsts = Vec::new();
        let mut sum = PASS_BYTES;
        for (site_id, length) in bytes {
            if sum + length > PASS_BYTES {
                firsts.push(site_id);
                sum = 0;
            }
            sum += length;
        }
        let ends = firsts.iter().skip(1).cloned().map(Some).chain([None]);
        Ok(firsts.iter().cloned().zip(ends).collect())
    }

    /// The lines of these sites, each once, in order.
    async fn lines(
        &self,
        is_of: impl Fn(&str) -> bool,
    ) -> Result<BTreeMap<Key, Vec<u8>>, VaultError> {
        let mut found = BTreeMap::new();
        for stored in &self.stored {
            let mut lines = self.vault.read(&stored.path).await?;
            while let Some(text) = lines.next_text()? {
                let key = key(&super::packed::parse(&stored.path, text)?);
                if is_of(&key.0) {
                    found.insert(key, text.to_vec());
                }
            }
        }
        Ok(found)
    }
}
