//! The tables that the warehouse mirrors: every column with its kind, its unit and what it says.
//!
//! One definition serves the store that reads the rows, the file they travel in, the tables that
//! are made of them, the SQL that compares them, and the reference page for BI people.

mod observations;
mod runs;
mod sites;
mod slots;

pub use super::kind::Kind;
pub use observations::WEATHER_OBSERVATIONS;
pub use runs::INGESTION_RUNS;
pub use sites::SITES;
pub use slots::COLLECTION_SLOTS;

/// Every mirrored table, in the order in which they are synced: who sees a run in the warehouse
/// finds its rows there too.
pub const TABLES: [&Table; 4] = [&SITES, &WEATHER_OBSERVATIONS, &COLLECTION_SLOTS, &INGESTION_RUNS];

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

const fn required(name: &'static str, kind: Kind, description: &'static str) -> Column {
    Column { name, kind, is_required: true, description }
}

const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Column {
    Column { name, kind, is_required: false, description }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_days_and_orders_are_columns_that_every_row_has() {
        for table in TABLES {
            let names = table.key.iter().chain(table.order_in_run).chain(&table.day_of);
            for name in names {
                let column = table.column(name).expect(name);
                assert!(column.is_required, "{}.{name}", table.name);
            }
            assert!(table.day_of.is_none() || table.column("run_seq").is_some(), "{}", table.name);
        }
    }

    #[test]
    fn a_real_number_has_its_unit_in_its_name() {
        let units =
            ["_c", "_pct", "_hpa", "_ms", "_m", "_mm", "_deg", "_index", "latitude", "longitude"];
        for table in TABLES {
            for column in table.columns {
                let is_real = matches!(column.kind, Kind::Real { .. });
                let has_unit = units.iter().any(|unit| column.name.ends_with(unit));
                assert!(!is_real || has_unit, "{}.{}", table.name, column.name);
            }
        }
    }
}
