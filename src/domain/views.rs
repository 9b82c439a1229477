//! The views: what the query API shows of hours and days, and what BI people read in the warehouse.
//!
//! Name, columns and descriptions of each stand here once. The warehouse's views, the API's fields and
//! its document, and the reference pages are made of them; `crate::views` computes hours and days by
//! the same definitions, which a test holds against the warehouse, value by value.

mod collecting;
mod columns;
mod of_values;
mod rollups;
mod view;
mod weather;

pub use collecting::{MISSING_HOURS, SITE_FRESHNESS};
pub use rollups::{
    OBSERVATIONS_BY_DAY, OBSERVATIONS_BY_HOUR, OF_SITES, ROLL_UPS, RollUpTable, SOURCES_ASKED,
};
pub use view::{Kind, View, ViewColumn};
pub use weather::{OBSERVATIONS_DAILY, OBSERVATIONS_HOURLY, OBSERVATIONS_LATEST, SITES_GEO};

/// Every view; one that uses another comes after it.
pub const VIEWS: [&View; 6] = [
    &OBSERVATIONS_HOURLY,
    &OBSERVATIONS_DAILY,
    &OBSERVATIONS_LATEST,
    &SITES_GEO,
    &SITE_FRESHNESS,
    &MISSING_HOURS,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::values::VALUES;

    #[test]
    fn a_view_has_each_column_once_and_says_what_it_is() {
        for view in VIEWS {
            let names = view.field_names();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}", view.name);
            assert!(view.key.iter().all(|key| names.contains(key)), "{}", view.name);
            for column in view.fields() {
                assert!(column.description.len() > 5, "{}.{}", view.name, column.name);
            }
        }
    }

    #[test]
    fn the_values_stand_behind_what_a_view_says_of_their_row() {
        let names = OBSERVATIONS_HOURLY.field_names();
        assert_eq!(names[13..16], ["staleness_minutes", "temperature_c", "feels_like_c"]);
        let hourly = VALUES.iter().filter(|value| value.is_hourly());
        assert_eq!(names[14..], *hourly.map(|value| value.name).collect::<Vec<_>>());
        let rain = OBSERVATIONS_HOURLY.fields().find(|column| column.name == "rain_1h_mm").unwrap();
        assert!(rain.is_required && rain.description.ends_with("0 when none was reported."));
        let latest = OBSERVATIONS_LATEST.field_names();
        assert!(!latest.contains(&"pressure_ground_hpa") && latest.contains(&"wind_gust_ms"));
    }
}
