//! A table as its log says it is at a version.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::action::{Action, Add, DomainMetadata, MetaData, Protocol, Remove, Txn};
use super::schema::DAY;
use super::stats;
use crate::domain::Day;

/// A table at a version.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    pub(super) version: i64,
    pub(super) protocol: Option<Protocol>,
    pub(super) meta_data: Option<MetaData>,
    /// The data files, by path.
    pub(super) files: BTreeMap<String, DataFile>,
    /// What applications keep, by domain.
    pub(super) domains: BTreeMap<String, String>,
    pub(super) txns: BTreeMap<String, Txn>,
    /// The files that were taken out and are not forgotten yet, by path.
    pub(super) removes: BTreeMap<String, Remove>,
    /// The newest checkpoint that was seen.
    pub(super) checkpoint: Option<i64>,
}

/// A data file of a table.
#[derive(Debug, Clone)]
pub(super) struct DataFile {
    pub(super) add: Add,
    pub(super) day: Day,
}

impl DataFile {
    pub(super) fn path(&self) -> &str {
        &self.add.path
    }

    pub(super) fn bytes(&self) -> u64 {
        self.add.size.try_into().unwrap_or_default()
    }

    /// How many rows its commit says that it has.
    pub(super) fn said_rows(&self) -> u64 {
        stats::rows(self.add.stats.as_deref()).unwrap_or_default()
    }
}

impl Snapshot {
    /// The table one version on.
    ///
    /// # Errors
    /// What this program does not know.
    pub(super) fn apply(&mut self, version: i64, actions: Vec<Action>) -> Result<(), String> {
        for action in actions {
            self.apply_one(action).map_err(|problem| format!("version {version}: {problem}"))?;
        }
        self.version = version;
        Ok(())
    }

    pub(super) fn apply_one(&mut self, action: Action) -> Result<(), String> {
        match action {
            Action::CommitInfo(_) => {}
            Action::Protocol(protocol) if protocol == Protocol::ours() => {
                self.protocol = Some(protocol);
            }
            Action::Protocol(protocol) => return Err(unknown(&protocol)),
            Action::MetaData(meta_data) => {
                if let Some(name) = meta_data.configuration.keys().next() {
                    return Err(format!("it has the property {name}"));
                }
                self.meta_data = Some(meta_data);
            }
            Action::Txn(txn) => {
                self.txns.insert(txn.app_id.clone(), txn);
            }
            Action::DomainMetadata(DomainMetadata { domain, removed: true, .. }) => {
                self.domains.remove(&domain);
            }
            Action::DomainMetadata(DomainMetadata { domain, configuration, .. }) => {
                self.domains.insert(domain, configuration);
            }
            Action::Add(add) => {
                let day = day_of(&add)?;
                self.removes.remove(&add.path);
                self.files.insert(add.path.clone(), DataFile { add, day });
            }
            Action::Remove(remove) => {
                self.files.remove(&remove.path);
                self.removes.insert(remove.path.clone(), remove);
            }
        }
        Ok(())
    }

    /// The data files of a day.
    pub(super) fn files_of(&self, day: Day) -> impl Iterator<Item = &DataFile> {
        self.files.values().filter(move |file| file.day == day)
    }

    /// Every day that has a file, with its files.
    pub(super) fn by_day(&self) -> BTreeMap<Day, Vec<&DataFile>> {
        let mut days: BTreeMap<Day, Vec<&DataFile>> = BTreeMap::new();
        for file in self.files.values() {
            days.entry(file.day).or_default().push(file);
        }
        days
    }

    /// How many commits there are since the newest checkpoint.
    pub(super) fn commits_since_checkpoint(&self) -> i64 {
        self.version - self.checkpoint.unwrap_or(-1)
    }
}

fn unknown(protocol: &Protocol) -> String {
    let Protocol { min_reader_version, min_writer_version, .. } = protocol;
    let features = [&protocol.reader_features, &protocol.writer_features];
    let features: Vec<_> = features.into_iter().flatten().flatten().cloned().collect();
    format!(
        "its protocol is reader {min_reader_version}, writer {min_writer_version}, with {}",
        features.join(", ")
    )
}

/// The day that a file is of, by its partition.
fn day_of(add: &Add) -> Result<Day, String> {
    let Some(value) = add.partition_values.get(DAY) else { return Ok(None) };
    let day = value.as_deref().and_then(|day| day.parse::<NaiveDate>().ok());
    day.map(Some).ok_or_else(|| format!("the file {} is of no day", add.path))
}
