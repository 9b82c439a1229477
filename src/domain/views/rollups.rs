//! The roll-ups: tables that the sync keeps beside the mirrored ones, so that who asks for a few hours or
//! days reads those only. They are computed in the warehouse and never in the store.

use super::columns::SITE_ID;
use super::view::{Kind, View, ViewColumn, required};
use super::weather::{OBSERVATIONS_DAILY, OBSERVATIONS_HOURLY};

/// The one column of hours and days that is not kept: `sites` knows it, and a new name changes no day.
pub const OF_SITES: &str = "site_name";

/// A roll-up.
#[derive(Debug, PartialEq)]
pub struct RollUpTable {
    /// Its name in the warehouse.
    pub name: &'static str,
    /// What a row is.
    pub description: &'static str,
    /// The columns that identify a row; `source` may be NULL.
    pub key: &'static [&'static str],
    /// The column by whose day or month the warehouse keeps it in partitions; `None`: a small table.
    pub day_of: Option<&'static str>,
    /// Whether a partition is a month: of a table that has rows for all days of a site's life, which may be
    /// more than the 4,000 partitions that a statement may write. A month of days is small.
    pub is_by_month: bool,
    /// The view that shows it with what `sites` knows.
    pub view: Option<&'static View>,
    columns: &'static [ViewColumn],
}

/// Every roll-up, in the order in which they are computed.
pub const ROLL_UPS: [&RollUpTable; 3] =
    [&SOURCES_ASKED, &OBSERVATIONS_BY_HOUR, &OBSERVATIONS_BY_DAY];

/// Hours as they were collected.
pub const OBSERVATIONS_BY_HOUR: RollUpTable = RollUpTable {
    name: "observations_by_hour",
    description: "The hours of `observations_hourly` without the site's name, kept by each sync for the days that it writes. In partitions by day of `hour` (UTC), clustered by site and source.",
    key: &["site_id", "source", "hour"],
    day_of: Some("hour"),
    is_by_month: false,
    view: Some(&OBSERVATIONS_HOURLY),
    columns: OBSERVATIONS_HOURLY.columns,
};

/// Local days, and how much of each is there.
pub const OBSERVATIONS_BY_DAY: RollUpTable = RollUpTable {
    name: "observations_by_day",
    description: "The days of `observations_daily` without the site's name, kept by each sync for the days that it writes, up to that moment. In partitions by month of `local_date`, clustered by site and source.",
    key: &["site_id", "source", "local_date"],
    day_of: Some("local_date"),
    is_by_month: true,
    view: Some(&OBSERVATIONS_DAILY),
    columns: OBSERVATIONS_DAILY.columns,
};

/// Which sources were ever asked for a site: what is expected of it begins there.
pub const SOURCES_ASKED: RollUpTable = RollUpTable {
    name: "sources_asked",
    description: "Which weather services were ever asked for a site, and since when, kept by each sync. Days and missing hours are counted for each of them.",
    key: &["site_id", "source"],
    day_of: None,
    is_by_month: false,
    view: None,
    columns: &[
        SITE_ID,
        required("source", Kind::Text, "The weather service that was asked."),
        required("first_slot_time", Kind::Time, "Start of the first interval in the ledger, UTC."),
    ],
};

impl RollUpTable {
    /// Its columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = &'static ViewColumn> {
        self.columns.iter().filter(|column| column.name != OF_SITES)
    }

    /// The roll-up that a view shows.
    #[must_use]
    pub fn of_view(view: &View) -> Option<&'static Self> {
        ROLL_UPS.into_iter().find(|rollup| rollup.view.is_some_and(|shown| shown.name == view.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roll_up_has_every_column_of_its_view_but_the_name() {
        for rollup in ROLL_UPS {
            let names: Vec<_> = rollup.columns().map(|column| column.name).collect();
            assert!(rollup.key.iter().chain(&rollup.day_of).all(|name| names.contains(name)));
            if let Some(view) = rollup.view {
                let mut shown: Vec<_> = view.columns.iter().map(|column| column.name).collect();
                shown.retain(|name| *name != "site_name");
                assert_eq!(names, shown);
                assert_eq!(names.len() + 1, view.columns.len());
            }
        }
    }
}
