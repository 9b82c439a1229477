//! What the sink knows of a store: how far it is synced, and what is known of what is there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::position::Position;
use crate::domain::proofs::{Changes, Proofs};
use crate::domain::tables::{TABLES, Table};

/// In the place of a run's id, where another store has taken this one's place; its id follows.
const SUPERSEDED: &str = "superseded by store ";

/// Where everything stands for a store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// Goes up with each write.
    pub epoch: i64,
    /// In a sink of which each table moves by itself: the epoch of each, by its name. Their sum is the epoch
    /// above. None where all tables move at once.
    pub epochs: BTreeMap<String, i64>,
    /// What has been written of each table, by its name; a table that is not there: nothing.
    pub tables: BTreeMap<String, Progress>,
    /// Which days were written, and when.
    pub changed: Changes,
    /// Which days were found equal, and when.
    pub proofs: Proofs,
    /// Up to when the roll-ups are computed; `None`: not at all.
    pub rolled_up: Option<RolledUp>,
    /// A rebase that is under way.
    pub rebase: Option<Rebase>,
    /// By which definitions everything was found prepared, and when.
    pub prepared: Option<(String, DateTime<Utc>)>,
    /// What reading a day of each table takes, bytes; by name.
    pub day_bytes: BTreeMap<String, u64>,
}

/// How much of a table has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Every row up to here.
    To(Position),
    /// The whole table when its rows had this fingerprint.
    Whole(i64),
}

/// Up to when the roll-ups are computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledUp {
    /// Slots that start later are not expected yet.
    pub at: DateTime<Utc>,
    /// The fingerprint of the definition: by another one all is computed anew.
    pub definition: String,
}

/// A rebase that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebase {
    /// When it began.
    pub since: DateTime<Utc>,
    /// The run number that it began with: a copy of the store from before has not given it out. Once
    /// every table is past it, the rebase is over.
    pub up_to: i64,
}

impl State {
    /// What has been written of a table.
    #[must_use]
    pub fn progress(&self, table: &Table) -> Option<&Progress> {
        self.tables.get(table.name)
    }

    /// How far a table with days is synced.
    #[must_use]
    pub fn position(&self, table: &Table) -> Option<&Position> {
        match self.progress(table) {
            Some(Progress::To(position)) => Some(position),
            _ => None,
        }
    }

    /// The epoch that a write to this table goes by.
    #[must_use]
    pub fn epoch_of(&self, table: &Table) -> i64 {
        let at_once = if self.epochs.is_empty() { self.epoch } else { 0 };
        self.epochs.get(table.name).copied().unwrap_or(at_once)
    }

    /// Whether the tables move one by one, and one of them has no state of this store yet.
    #[must_use]
    pub fn lacks_a_table(&self) -> bool {
        !self.epochs.is_empty() && TABLES.iter().any(|table| !self.epochs.contains_key(table.name))
    }

    /// The same once these tables were written.
    #[must_use]
    pub fn moved<'a>(mut self, tables: impl IntoIterator<Item = &'a Table>) -> Self {
        if self.epochs.is_empty() {
            self.epoch += 1;
            return self;
        }
        for table in tables {
            *self.epochs.entry(table.name.into()).or_default() += 1;
        }
        self.epoch = self.epochs.values().sum();
        self
    }

    /// The positions of all tables.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.tables.values().filter_map(|progress| match progress {
            Progress::To(position) => Some(position),
            Progress::Whole(_) => None,
        })
    }

    /// Whether another store has taken this one's place.
    #[must_use]
    pub fn is_superseded(&self) -> bool {
        self.positions().any(|position| position.run_id.starts_with(SUPERSEDED))
    }

    /// Whether rows of this table are there, of a store that is not refused.
    #[must_use]
    pub fn has_rows(&self, table: &Table) -> bool {
        !self.is_superseded() && self.tables.contains_key(table.name)
    }

    /// The positions are those of no run, of these tables and also where there was none: the store is
    /// refused from then on, as a restored one is.
    #[must_use]
    pub fn superseded(mut self, tables: &[&Table], by: &str) -> Self {
        for table in tables {
            let run_seq = self.position(table).map_or(0, |position| position.run_seq);
            let run_id = format!("{SUPERSEDED}{by}");
            let position = Position { run_seq, run_id, key: None };
            self.tables.insert(table.name.into(), Progress::To(position));
        }
        self.rebase = None;
        self
    }
}
