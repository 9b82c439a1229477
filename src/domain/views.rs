//! The views: what the query API shows of hours and days, and what BI people read in the warehouse.
//!
//! Name, columns and descriptions of each stand here once. The warehouse's views, the API's fields and
//! its document, and the reference pages are made of them; `crate::views` computes hours and days by
//! the same definitions, which a test holds against the warehouse, value by value.

use super::values::{VALUES, Value};

mod collecting;
mod columns;
mod weather;

pub use collecting::{MISSING_HOURS, SITE_FRESHNESS};
pub use weather::{OBSERVATIONS_DAILY, OBSERVATIONS_HOURLY, OBSERVATIONS_LATEST};

/// Every view; one that uses another comes after it.
pub const VIEWS: [&View; 5] = [
    &OBSERVATIONS_HOURLY,
    &OBSERVATIONS_DAILY,
    &OBSERVATIONS_LATEST,
    &SITE_FRESHNESS,
    &MISSING_HOURS,
];

/// A view.
#[derive(Debug, PartialEq)]
pub struct View {
    /// Its name in the warehouse.
    pub name: &'static str,
    /// What a row is.
    pub description: &'static str,
    /// Its columns, in order.
    pub columns: &'static [ViewColumn],
    /// What the query API has beside them.
    pub served_too: &'static [ViewColumn],
}

/// A column of a view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewColumn {
    /// Its name, a measured one with its unit.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether every row has a value.
    pub is_required: bool,
    /// What it says, with its unit.
    pub description: &'static str,
}

/// What the values of a column of a view are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unicode text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Real,
    /// Yes or no.
    Boolean,
    /// A time, UTC.
    Time,
    /// A time on the clocks of a site.
    LocalTime,
    /// A day of the calendar.
    Date,
    /// How many, by a word.
    Counts,
}

impl View {
    /// The fields that the query API answers with, in order.
    pub fn fields(&self) -> impl Iterator<Item = &'static ViewColumn> {
        self.columns.iter().chain(self.served_too)
    }

    /// Their names.
    #[must_use]
    pub fn field_names(&self) -> Vec<&'static str> {
        self.fields().map(|column| column.name).collect()
    }
}

const fn required(name: &'static str, kind: Kind, description: &'static str) -> ViewColumn {
    ViewColumn { name, kind, is_required: true, description }
}

const fn optional(name: &'static str, kind: Kind, description: &'static str) -> ViewColumn {
    ViewColumn { name, kind, is_required: false, description }
}

const fn kind(value: &Value) -> Kind {
    match value.kind {
        super::kind::Kind::Text => Kind::Text,
        super::kind::Kind::Integer => Kind::Integer,
        super::kind::Kind::Real { .. } => Kind::Real,
        super::kind::Kind::Time => Kind::Time,
        super::kind::Kind::Date => Kind::Date,
    }
}

/// A value in the hours: where nothing was reported, nothing fell.
const fn in_hourly(value: &Value) -> Option<ViewColumn> {
    let (name, kind, description) = (value.name, kind(value), value.in_hourly);
    match value.is_hourly() {
        true => Some(ViewColumn { name, kind, is_required: value.is_amount, description }),
        false => None,
    }
}

/// A value in the latest observations.
const fn in_latest(value: &Value) -> Option<ViewColumn> {
    match value.is_latest() {
        true => Some(optional(value.name, kind(value), value.in_latest)),
        false => None,
    }
}

/// So many values are in a view.
const fn count(shown: &[Option<ViewColumn>]) -> usize {
    let (mut count, mut index) = (0, 0);
    while index < shown.len() {
        count += shown[index].is_some() as usize;
        index += 1;
    }
    count
}

/// Columns, and behind them the values that are in the view.
const fn joined<const N: usize>(
    own: &[ViewColumn],
    shown: &[Option<ViewColumn>],
) -> [ViewColumn; N] {
    let mut columns = [own[0]; N];
    let (mut at, mut index) = (0, 0);
    while at < own.len() {
        columns[at] = own[at];
        at += 1;
    }
    while index < shown.len() {
        if let Some(column) = shown[index] {
            columns[at] = column;
            at += 1;
        }
        index += 1;
    }
    columns
}

/// The hours' and the latest observations' columns of the values.
const HOURLY_VALUES: [Option<ViewColumn>; VALUES.len()] = {
    let mut shown = [None; VALUES.len()];
    let mut index = 0;
    while index < VALUES.len() {
        shown[index] = in_hourly(&VALUES[index]);
        index += 1;
    }
    shown
};
const LATEST_VALUES: [Option<ViewColumn>; VALUES.len()] = {
    let mut shown = [None; VALUES.len()];
    let mut index = 0;
    while index < VALUES.len() {
        shown[index] = in_latest(&VALUES[index]);
        index += 1;
    }
    shown
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_view_has_each_column_once_and_says_what_it_is() {
        for view in VIEWS {
            let names = view.field_names();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}", view.name);
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
