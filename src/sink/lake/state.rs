//! Where a store stands: of each table a domain in its own log, which moves in the commit that writes the
//! rows. What was proved is of all tables, and stands with the first of the large ones.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::action::{Action, DomainMetadata};
use super::fault::Fault;
use super::snapshot::Snapshot;
use crate::domain::position::{Position, RowKey};
use crate::domain::proofs::{Changes, Proofs};
use crate::domain::tables::Table;
use crate::sink::{Progress, Rebase, State};

const STATE: &str = "weather.sync.";
const PROOFS: &str = "weather.proofs.";

/// Where a table stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct TableState {
    pub(super) epoch: i64,
    pub(super) progress: Option<Progress>,
    pub(super) changed: Changes,
    pub(super) rebase: Option<Rebase>,
}

#[derive(Serialize, Deserialize)]
struct StateText {
    epoch: i64,
    progress: Option<ProgressText>,
    #[serde(default)]
    changed: Changes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rebase: Option<RebaseText>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ProgressText {
    To { run_seq: i64, run_id: String, key: Option<(DateTime<Utc>, String, String)> },
    Whole(i64),
}

#[derive(Serialize, Deserialize)]
struct RebaseText {
    since: DateTime<Utc>,
    up_to: i64,
}

impl From<&Progress> for ProgressText {
    fn from(progress: &Progress) -> Self {
        match progress {
            Progress::Whole(fingerprint) => Self::Whole(*fingerprint),
            Progress::To(Position { run_seq, run_id, key }) => Self::To {
                run_seq: *run_seq,
                run_id: run_id.clone(),
                key: key.clone().map(|key| (key.time, key.site_id, key.source)),
            },
        }
    }
}

impl From<ProgressText> for Progress {
    fn from(text: ProgressText) -> Self {
        match text {
            ProgressText::Whole(fingerprint) => Self::Whole(fingerprint),
            ProgressText::To { run_seq, run_id, key } => {
                let key = key.map(|(time, site_id, source)| RowKey { time, site_id, source });
                Self::To(Position { run_seq, run_id, key })
            }
        }
    }
}

impl TableState {
    /// Where the table stands for a store; `None`: nothing of it was ever here.
    pub(super) fn find(snapshot: &Snapshot, store_id: &str) -> Result<Option<Self>, Fault> {
        let Some(text) = snapshot.domains.get(&format!("{STATE}{store_id}")) else {
            return Ok(None);
        };
        let text: StateText = serde_json::from_str(text)
            .map_err(|error| Fault::Log(format!("its state of store {store_id}: {error}")))?;
        Ok(Some(Self {
            epoch: text.epoch,
            progress: text.progress.map(Progress::from),
            changed: text.changed,
            rebase: text.rebase.map(|RebaseText { since, up_to }| Rebase { since, up_to }),
        }))
    }

    /// What of the state of all tables is this one's, at the epoch after that of `state`.
    pub(super) fn after(table: &Table, state: &State) -> Self {
        Self {
            epoch: state.epoch_of(table) + 1,
            progress: state.progress(table).cloned(),
            changed: state.changed.of_table(table.name),
            rebase: state.rebase.clone(),
        }
    }

    pub(super) fn action(&self, store_id: &str) -> Result<Action, Fault> {
        let rebase = self.rebase.as_ref();
        let text = StateText {
            epoch: self.epoch,
            progress: self.progress.as_ref().map(ProgressText::from),
            changed: self.changed.clone(),
            rebase: rebase
                .map(|Rebase { since, up_to }| RebaseText { since: *since, up_to: *up_to }),
        };
        domain(format!("{STATE}{store_id}"), &text)
    }
}

/// The stores that a table knows.
pub(super) fn stores(snapshot: &Snapshot) -> impl Iterator<Item = &str> {
    snapshot.domains.keys().filter_map(|domain| domain.strip_prefix(STATE))
}

/// What was proved, as the table has it that holds it.
pub(super) fn proofs(snapshot: &Snapshot, store_id: &str) -> Result<Proofs, Fault> {
    match snapshot.domains.get(&format!("{PROOFS}{store_id}")) {
        None => Ok(Proofs::default()),
        Some(text) => serde_json::from_str(text)
            .map_err(|error| Fault::Log(format!("what was proved of store {store_id}: {error}"))),
    }
}

pub(super) fn proofs_action(store_id: &str, proofs: &Proofs) -> Result<Action, Fault> {
    domain(format!("{PROOFS}{store_id}"), proofs)
}

fn domain(domain: String, configuration: &impl Serialize) -> Result<Action, Fault> {
    let configuration = serde_json::to_string(configuration)
        .map_err(|error| Fault::Malformed(error.to_string()))?;
    Ok(Action::DomainMetadata(DomainMetadata { domain, configuration, removed: false }))
}
