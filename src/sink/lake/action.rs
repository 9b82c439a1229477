//! The actions of a Delta log, one a line, as far as a table of ours has them
//! (<https://github.com/delta-io/delta/blob/master/PROTOCOL.md>).
//!
//! What is not here was not written by this program: the line cannot be read, and the table counts as
//! altered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line of a commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Action {
    /// Says who wrote it, and why.
    CommitInfo(Value),
    Protocol(Protocol),
    MetaData(MetaData),
    Txn(Txn),
    DomainMetadata(DomainMetadata),
    Add(Add),
    Remove(Remove),
}

/// What a reader and a writer have to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Protocol {
    pub(super) min_reader_version: i32,
    pub(super) min_writer_version: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reader_features: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) writer_features: Option<Vec<String>>,
}

impl Protocol {
    /// That of every table: nothing that a reader has to know, and domains, which hold the positions.
    pub(super) fn ours() -> Self {
        Self {
            min_reader_version: 1,
            min_writer_version: 7,
            reader_features: None,
            writer_features: Some(vec!["domainMetadata".into()]),
        }
    }
}

/// What the table is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetaData {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    pub(super) format: Format,
    pub(super) schema_string: String,
    pub(super) partition_columns: Vec<String>,
    #[serde(default)]
    pub(super) configuration: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) created_time: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Format {
    pub(super) provider: String,
    #[serde(default)]
    pub(super) options: BTreeMap<String, String>,
}

/// The last version that an application wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Txn {
    pub(super) app_id: String,
    pub(super) version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_updated: Option<i64>,
}

/// What an application keeps with the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DomainMetadata {
    pub(super) domain: String,
    pub(super) configuration: String,
    pub(super) removed: bool,
}

/// A data file that belongs to the table from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Add {
    pub(super) path: String,
    pub(super) partition_values: BTreeMap<String, Option<String>>,
    pub(super) size: i64,
    pub(super) modification_time: i64,
    pub(super) data_change: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stats: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<BTreeMap<String, Option<String>>>,
}

/// A data file that belongs to it no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Remove {
    pub(super) path: String,
    #[serde(default)]
    pub(super) deletion_timestamp: Option<i64>,
    pub(super) data_change: bool,
    #[serde(default)]
    pub(super) extended_file_metadata: Option<bool>,
    #[serde(default)]
    pub(super) partition_values: Option<BTreeMap<String, Option<String>>>,
    #[serde(default)]
    pub(super) size: Option<i64>,
}

impl Remove {
    /// Takes a file out of the table, at that time in milliseconds.
    pub(super) fn of(add: &Add, now: i64, data_change: bool) -> Self {
        Self {
            path: add.path.clone(),
            deletion_timestamp: Some(now),
            data_change,
            extended_file_metadata: Some(true),
            partition_values: Some(add.partition_values.clone()),
            size: Some(add.size),
        }
    }
}

/// The actions as a commit has them.
pub(super) fn lines(actions: &[Action]) -> serde_json::Result<String> {
    let mut text = String::new();
    for action in actions {
        text.push_str(&serde_json::to_string(action)?);
        text.push('\n');
    }
    Ok(text)
}

/// The actions of a commit.
///
/// # Errors
/// What is wrong with the first line that is none of ours.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Action>, String> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let parse = |(number, line): (usize, &[u8])| {
        serde_json::from_slice(line).map_err(|error| format!("line {}: {error}", number + 1))
    };
    lines.enumerate().map(parse).collect()
}

/// The attempt that wrote a commit.
pub(super) fn attempt(actions: &[Action]) -> Option<&str> {
    actions.iter().find_map(|action| match action {
        Action::CommitInfo(info) => info.get("attempt")?.as_str(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: &str = r#"{"commitInfo":{"attempt":"a","operation":"CREATE TABLE","timestamp":1}}
{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["domainMetadata"]}}
{"metaData":{"id":"x","name":"t","format":{"provider":"parquet","options":{}},"schemaString":"{}","partitionColumns":["day"],"configuration":{},"createdTime":1}}
{"domainMetadata":{"domain":"weather.sync.x","configuration":"{}","removed":false}}
{"add":{"path":"day=2026-11-28/a.parquet","partitionValues":{"day":"2026-11-28"},"size":22911,"modificationTime":1,"dataChange":true,"stats":"{\"numRecords\":213}"}}
"#;

    #[test]
    fn a_commit_is_written_as_it_was_read() {
        let actions = parse(CREATE.as_bytes()).unwrap();
        assert_eq!(lines(&actions).unwrap(), CREATE);
        assert_eq!(attempt(&actions), Some("a"));
    }

    #[test]
    fn what_this_program_does_not_know_cannot_be_read() {
        let deletion = r#"{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true,"deletionVector":{}}}"#;
        for (text, words) in [
            (deletion, "deletionVector"),
            (r#"{"cdc":{"path":"a"}}"#, "cdc"),
            ("{\"txn\":", "line 1"),
            ("no json", "line 1"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
