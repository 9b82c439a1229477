//! What a table is, and a column of one.

pub use crate::domain::kind::Kind;

/// A mirrored table.
#[derive(Debug, PartialEq)]
pub struct Table {
    /// Its name, in store and warehouse.
    pub name: &'static str,
    /// What a row is.
    pub description: &'static str,
    /// The columns that identify a row.
    pub key: &'static [&'static str],
    /// The time by whose day the warehouse keeps it in partitions; `None`: a small table that is
    /// sent whole.
    pub day_of: Option<&'static str>,
    /// What the order of rows within a run is, after `run_seq`: for a table of which a run has
    /// many rows.
    pub order_in_run: &'static [&'static str],
    /// Its columns, in order.
    pub columns: &'static [Column],
}

/// A column of a table or view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Its name, a measured one with its unit.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether every row has a value.
    pub is_required: bool,
    /// Whether the migration that added it gave a value to rows that were there: a sink that has those rows
    /// gets them again.
    pub is_backfilled: bool,
    /// What it says, with unit and range.
    pub description: &'static str,
}

impl Table {
    /// The column with this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Where the column stands.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The names of the columns, in order.
    pub fn column_names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|column| column.name)
    }
}

pub(super) const fn required(name: &'static str, kind: Kind, description: &'static str) -> Column {
    Column { name, kind, is_required: true, is_backfilled: false, description }
}

pub(super) const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Column {
    Column { name, kind, is_required: false, is_backfilled: false, description }
}

/// A column that came later, and was filled for rows of before.
pub(super) const fn backfilled(
    name: &'static str,
    kind: Kind,
    description: &'static str,
) -> Column {
    Column { name, kind, is_required: false, is_backfilled: true, description }
}
