//! The views for BI people: what each is stands in [`domain::views`](crate::domain::views), its SQL in
//! a file of its own. Braces in a file name what is put there: a table or view, the columns of the
//! values, a part that several files share, a number of the domain.

use super::Names;
use crate::domain::freshness;
use crate::domain::tables::TABLES;
use crate::domain::values::{VALUES, Value};
use crate::domain::views::{Kind, VIEWS, View};

/// The SQL of each view, as its file has it.
const FILES: [(&str, &str); VIEWS.len()] = [
    ("observations_hourly", include_str!("views/observations_hourly.sql")),
    ("observations_daily", include_str!("views/observations_daily.sql")),
    ("observations_latest", include_str!("views/observations_latest.sql")),
    ("site_freshness", include_str!("views/site_freshness.sql")),
    ("missing_hours", include_str!("views/missing_hours.sql")),
];

/// The type of a column, as the API names it.
pub(super) fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "STRING",
        Kind::Integer => "INTEGER",
        Kind::Real => "FLOAT",
        Kind::Boolean => "BOOLEAN",
        Kind::Time => "TIMESTAMP",
        Kind::LocalTime => "DATETIME",
        Kind::Date => "DATE",
        Kind::Counts => "JSON",
    }
}

/// The SQL of a view in the dataset that is meant.
pub(super) fn query(view: &View, names: &Names) -> String {
    let file = FILES.iter().find(|(name, _)| *name == view.name);
    let mut query = file.map_or("", |(_, sql)| sql).to_owned();
    for (name, part) in parts() {
        query = query.replace(&format!("{{{name}}}"), &part);
    }
    let tables = TABLES.iter().map(|table| table.name);
    for name in tables.chain(VIEWS.iter().map(|view| view.name)) {
        query = query.replace(&format!("{{{name}}}"), &names.public(name));
    }
    query
}

/// What several files have in common, and what they do not know themselves. One that holds another
/// comes before it.
fn parts() -> [(&'static str, String); 6] {
    [
        ("expected_slots", include_str!("views/expected_slots.sql").trim_end().to_owned()),
        ("zones", include_str!("views/zones.sql").trim_end().to_owned()),
        ("hourly_values", list(Value::is_hourly, hourly)),
        ("latest_values", list(Value::is_latest, |value| format!("l.{}", value.name))),
        ("fresh_minutes", freshness::MINUTES.to_string()),
        ("fresh_intervals", freshness::INTERVALS.to_string()),
    ]
}

/// A column for each value that is in a view.
fn list(is_shown: fn(&Value) -> bool, column: fn(&Value) -> String) -> String {
    let columns = VALUES.iter().filter(|value| is_shown(value)).map(column);
    columns.collect::<Vec<_>>().join(",\n  ")
}

/// Where nothing was reported, nothing fell.
fn hourly(value: &Value) -> String {
    let name = value.name;
    match value.is_amount {
        true => format!("coalesce(o.{name}, 0) as {name}"),
        false => format!("o.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::run::{ETL, StopKind};

    #[test]
    fn a_pause_is_known_by_the_kinds_that_runs_stop_with() {
        let sql = include_str!("views/missing_hours.sql");
        let kinds = StopKind::PAUSES.map(|kind| format!("'{}'", kind.as_str())).join(", ");
        assert!(sql.contains(&format!("r.stop_kind in ({kinds})")), "{kinds}");
        assert!(sql.contains(&format!("r.kind = '{ETL}'")));
    }

    #[test]
    fn every_view_has_its_file_and_nothing_in_braces_is_left() {
        let names = Names { project: "p".into(), dataset: "d".into(), internal: "i".into() };
        for view in VIEWS {
            let query = query(view, &names);
            assert!(query.contains("select") && !query.contains(['{', '}']), "{}", view.name);
        }
    }
}
