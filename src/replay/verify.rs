//! Whether the vault holds what the ledger says: every object is whole, every name resolves.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use futures::TryStreamExt as _;

use crate::domain::RawRef;
use crate::store::Reads;
use crate::vault::{Vault, VaultError};

/// What was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Objects that were read to their end.
    pub objects: u64,
    /// Lines in them.
    pub lines: u64,
    /// Slots that name an answer.
    pub slots: u64,
    /// Names of the ledger that no object has.
    pub unresolved: Vec<RawRef>,
    /// What is wrong with objects.
    pub faults: Vec<String>,
}

/// Reads every object of these days, and looks for the answers of the slots of these days.
///
/// # Errors
/// When store or vault fail.
pub async fn verify(
    reads: &Reads,
    vault: &Vault,
    (first, last): (NaiveDate, NaiveDate),
) -> anyhow::Result<Verified> {
    let mut verified = Verified::default();
    for stored in vault.list(None).await? {
        if (first..=last).contains(&stored.day) {
            read_whole(vault, &stored.path, &mut verified).await?;
        }
    }
    for day in first.iter_days().take_while(|day| *day <= last) {
        resolve(reads, vault, day, &mut verified).await?;
    }
    Ok(verified)
}

async fn read_whole(vault: &Vault, path: &str, verified: &mut Verified) -> Result<(), VaultError> {
    verified.objects += 1;
    let read = async {
        let mut lines = vault.read(path).await?;
        while lines.next_line()?.is_some() {
            verified.lines += 1;
        }
        Ok(())
    };
    match read.await {
        Err(fault @ VaultError::Broken { .. }) => {
            verified.faults.push(fault.to_string());
            Ok(())
        }
        read => read,
    }
}

/// The names in the slots of a day.
async fn resolve(
    reads: &Reads,
    vault: &Vault,
    day: NaiveDate,
    verified: &mut Verified,
) -> anyhow::Result<()> {
    let start = day.and_time(NaiveTime::MIN).and_utc();
    let mut slots = reads.read_raw_refs((start, start + TimeDelta::days(1)));
    let mut left = BTreeSet::new();
    while let Some(name) = slots.try_next().await? {
        verified.slots += 1;
        match RawRef::parse(&name) {
            Some(raw_ref) => drop(left.insert(raw_ref)),
            None => verified.faults.push(format!("`{name}` is not the name of a kept answer")),
        }
    }
    let wanted = left.clone();
    let found = async |line: crate::vault::Line| {
        left.remove(&line.raw_ref);
    };
    vault.find_all(&wanted, found).await?;
    verified.unresolved.extend(left);
    Ok(())
}
