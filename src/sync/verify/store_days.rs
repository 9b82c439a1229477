//! What the store's rows of each day come to, and whether some are still to be synced.

use std::collections::BTreeMap;

use crate::columnar::Row;
use crate::domain::tables::Table;
use crate::domain::{Day, DaySum};
use crate::sink::Progress;
use crate::sync::chunk::{ChunkError, position_of};

/// What the store's rows of a day come to.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::sync) struct StoreDay {
    pub(super) sum: DaySum,
    pub(super) is_pending: bool,
    /// Its rows have left the store: they are the lake's.
    pub(in crate::sync) is_archived: bool,
}

/// Sums the store's rows by day.
pub(super) struct StoreDays<'a> {
    table: &'static Table,
    progress: Option<&'a Progress>,
    days: BTreeMap<Day, StoreDay>,
}

impl<'a> StoreDays<'a> {
    pub(super) fn new(table: &'static Table, progress: Option<&'a Progress>) -> Self {
        Self { table, progress, days: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, row: Row<'_>) -> Result<(), ChunkError> {
        let time = self.table.day_of.and_then(|day_of| row.time(day_of));
        let is_past = self.is_past(row)?;
        let day = self.days.entry(time.map(|time| time.date_naive())).or_default();
        day.sum.add(row.fingerprint());
        day.is_pending |= is_past;
        Ok(())
    }

    /// Whether a row is past the position.
    fn is_past(&self, row: Row<'_>) -> Result<bool, ChunkError> {
        match self.progress {
            None => Ok(true),
            Some(Progress::Whole(_)) => Ok(false),
            Some(Progress::To(position)) => match row.integer("run_seq") {
                Some(run_seq) if run_seq == position.run_seq => {
                    Ok(position_of(self.table, row)?.key > position.key)
                }
                run_seq => Ok(run_seq > Some(position.run_seq)),
            },
        }
    }

    pub(super) fn finish(mut self) -> BTreeMap<Day, StoreDay> {
        if let Some(Progress::Whole(fingerprint)) = self.progress {
            for day in self.days.values_mut() {
                day.is_pending = day.sum.fingerprint != *fingerprint;
            }
        }
        self.days
    }
}
