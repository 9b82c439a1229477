//! The views for BI people: what each is stands in [`domain::views`](crate::domain::views), its SQL in
//! a file of its own. Braces in a file name what is put there: a table or view, the columns of the
//! values, a part that several files share, a number of the domain, or what of all rows is asked for.
//!
//! The hours and days are shown as the [roll-ups](super::rollups) keep them. Such a view only joins the
//! name of the site to them: no window, no group, no full join stands between a condition on time and the
//! partitions, so that it reaches them.

use super::Names;
use crate::domain::degree_days::{BASE_C, MIN_COVERAGE_PCT};
use crate::domain::freshness;
use crate::domain::tables::TABLES;
use crate::domain::values::{VALUES, Value};
use crate::domain::views::{Kind, OBSERVATIONS_LATEST, OF_SITES, ROLL_UPS, RollUpTable, View};

/// The SQL of each view that computes something, as its file has it.
const FILES: [(&str, &str); 4] = [
    ("observations_latest", include_str!("views/observations_latest.sql")),
    ("sites_geo", include_str!("views/sites_geo.sql")),
    ("site_freshness", include_str!("views/site_freshness.sql")),
    ("missing_hours", MISSING_HOURS),
];

/// Of the view and of its [function](super::functions).
pub(super) const MISSING_HOURS: &str = include_str!("views/missing_hours.sql");

/// What of all rows a query reads and asks for, as SQL.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The moment up to which slots are expected.
    pub(super) as_of: String,
    /// Within which times slots are expected: an array of `since` and `until`, which is left out.
    pub(super) stretches: String,
    /// What must hold of an expected slot (`t.slot_time`) and the time zone of its site (`z.timezone`).
    pub(super) is_asked_for: String,
    /// What must hold of each row that has a site.
    pub(super) sites: Option<String>,
    /// What must hold of slots, observations and runs.
    pub(super) slots: Option<String>,
    pub(super) observations: Option<String>,
    pub(super) runs: Option<String>,
}

impl Asked {
    /// Everything up to that moment.
    pub(super) fn everything(as_of: &str) -> Self {
        let stretches = "[struct(timestamp '0001-01-01 00:00:00+00' as since, timestamp '9999-12-31 00:00:00+00' as until)]";
        Self {
            as_of: as_of.into(),
            stretches: stretches.into(),
            is_asked_for: "true".into(),
            sites: None,
            slots: None,
            observations: None,
            runs: None,
        }
    }

    /// A table or view, of which only those rows are read.
    fn relation(&self, names: &Names, table: &str) -> String {
        let (of_sites, own) = match table {
            "collection_slots" => (&self.sites, &self.slots),
            "weather_observations" => (&self.sites, &self.observations),
            "ingestion_runs" => (&None, &self.runs),
            "sites" | "sources_asked" => (&self.sites, &None),
            _ => (&None, &None),
        };
        let conditions: Vec<_> = of_sites.iter().chain(own).map(|of| format!("({of})")).collect();
        let table = names.public(table);
        match conditions.is_empty() {
            true => table,
            false => format!("(select * from {table} where {})", conditions.join(" and ")),
        }
    }
}

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
        Kind::Counts | Kind::Texts => "JSON",
        Kind::Place => "GEOGRAPHY",
    }
}

/// The SQL of a view in the dataset that is meant.
pub(super) fn query(view: &View, names: &Names) -> String {
    if let Some(rollup) = RollUpTable::of_view(view) {
        return shown(view, rollup, names);
    }
    let file = FILES.iter().find(|(name, _)| *name == view.name);
    rendered(file.map_or("", |(_, sql)| sql), names, &Asked::everything("current_timestamp()"))
}

/// A roll-up with what `sites` knows.
fn shown(view: &View, rollup: &RollUpTable, names: &Names) -> String {
    let column = |name: &str| match name {
        OF_SITES => format!("s.name as {OF_SITES}"),
        name => format!("r.{name}"),
    };
    let columns = view.columns.iter().map(|of| column(of.name)).collect::<Vec<_>>().join(",\n  ");
    let (kept, sites) = (names.public(rollup.name), names.public("sites"));
    format!("select\n  {columns}\nfrom {kept} r\nleft join {sites} s on s.site_id = r.site_id\n")
}

/// A file's SQL in the dataset that is meant.
pub(super) fn rendered(file: &str, names: &Names, asked: &Asked) -> String {
    let mut query = file.to_owned();
    for (name, part) in parts() {
        query = query.replace(&format!("{{{name}}}"), &part);
    }
    let own = [
        ("as_of", &asked.as_of),
        ("stretches", &asked.stretches),
        ("is_asked_for", &asked.is_asked_for),
    ];
    for (name, part) in own {
        query = query.replace(&format!("{{{name}}}"), part);
    }
    let tables = TABLES.iter().map(|table| table.name);
    let rollups = ROLL_UPS.iter().map(|rollup| rollup.name);
    for name in tables.chain(rollups).chain([OBSERVATIONS_LATEST.name]) {
        query = query.replace(&format!("{{{name}}}"), &asked.relation(names, name));
    }
    query
}

/// What several files have in common, and what they do not know themselves. One that holds another
/// comes before it.
fn parts() -> [(&'static str, String); 9] {
    [
        ("expected_slots", include_str!("views/expected_slots.sql").trim_end().to_owned()),
        ("zones", include_str!("views/zones.sql").trim_end().to_owned()),
        ("hourly_values", list(Value::is_hourly, hourly)),
        ("latest_values", list(Value::is_latest, |value| format!("l.{}", value.name))),
        ("latest_columns", OBSERVATIONS_LATEST.field_names().join(",\n  ")),
        ("fresh_minutes", freshness::MINUTES.to_string()),
        ("fresh_intervals", freshness::INTERVALS.to_string()),
        ("degree_days_base_c", format!("{BASE_C:.1}")),
        ("degree_days_coverage_pct", MIN_COVERAGE_PCT.to_string()),
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
    use crate::domain::views::VIEWS;

    fn names() -> Names {
        Names { project: "p".into(), dataset: "d".into(), internal: "i".into() }
    }

    #[test]
    fn a_pause_is_known_by_the_kinds_that_runs_stop_with() {
        let sql = MISSING_HOURS;
        let kinds = StopKind::PAUSES.map(|kind| format!("'{}'", kind.as_str())).join(", ");
        assert!(sql.contains(&format!("r.stop_kind in ({kinds})")), "{kinds}");
        assert!(sql.contains(&format!("r.kind = '{ETL}'")));
    }

    #[test]
    fn every_view_has_its_sql_and_nothing_in_braces_is_left() {
        for view in VIEWS {
            let query = query(view, &names());
            assert!(query.contains("select") && !query.contains(['{', '}']), "{}", view.name);
        }
    }

    /// What BigQuery can carry a condition through, down to the partitions.
    #[test]
    fn a_view_of_a_roll_up_is_a_projection_and_a_plain_join() {
        let thin = VIEWS.into_iter().filter_map(|view| Some((view, RollUpTable::of_view(view)?)));
        let queries: Vec<_> = thin.map(|(view, rollup)| shown(view, rollup, &names())).collect();
        assert_eq!(queries.len(), 2);
        for query in queries {
            for heavy in ["with ", "group by", "over (", "full ", "distinct", "union", "where"] {
                assert!(!query.contains(heavy), "{heavy}: {query}");
            }
            assert_eq!(query.matches("join").count(), 1, "{query}");
        }
    }
}
