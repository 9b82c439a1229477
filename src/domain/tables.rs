//! The tables that the warehouse mirrors: every column with its kind, its unit and what it says.
//!
//! One definition serves the store that reads the rows, the file they travel in, the tables that
//! are made of them, the SQL that compares them, and the reference page for BI people.

mod forecasts;
mod observations;
mod runs;
mod sites;
mod slots;
mod table;

pub use forecasts::{FORECAST_ISSUES, FORECAST_SLOTS, FORECAST_VALUES};
pub use observations::WEATHER_OBSERVATIONS;
pub use runs::INGESTION_RUNS;
pub use sites::SITES;
pub use slots::COLLECTION_SLOTS;
pub use table::{Column, Kind, Table};

/// Every mirrored table, in the order in which they are synced: who sees a run in the warehouse
/// finds its rows there too.
pub const TABLES: [&Table; 4] = [&SITES, &WEATHER_OBSERVATIONS, &COLLECTION_SLOTS, &INGESTION_RUNS];

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
