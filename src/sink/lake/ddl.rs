//! The statements by which other engines read the lake: its tables under their names, and for DuckDB the
//! views.

use std::fmt::Write as _;

use crate::domain::degree_days::{BASE_C, MIN_COVERAGE_PCT};
use crate::domain::freshness;
use crate::domain::tables::{TABLES, Table};
use crate::domain::values::VALUES;

/// An engine that reads the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Amazon Athena, engine version 3.
    Athena,
    /// BigQuery, by an external table.
    BigQuery,
    /// DuckDB, by its extension `delta`.
    DuckDb,
}

/// Each view of DuckDB's with its SQL.
const DUCKDB_VIEWS: [(&str, &str); 6] = [
    ("missing_hours", include_str!("views/duckdb/missing_hours.sql")),
    ("observations_daily", include_str!("views/duckdb/observations_daily.sql")),
    ("observations_hourly", include_str!("views/duckdb/observations_hourly.sql")),
    ("observations_latest", include_str!("views/duckdb/observations_latest.sql")),
    ("site_freshness", include_str!("views/duckdb/site_freshness.sql")),
    // Of observations_latest.
    ("sites_geo", include_str!("views/duckdb/sites_geo.sql")),
];

/// The statements for a lake at this URL.
#[must_use]
pub fn ddl(engine: Engine, url: &str) -> String {
    let url = url.trim_end_matches('/');
    match engine {
        Engine::DuckDb => duckdb(url),
        Engine::Athena => TABLES.iter().map(|table| athena(table, url)).collect(),
        Engine::BigQuery => TABLES.iter().map(|table| bigquery(table, url)).collect(),
    }
}

fn duckdb(url: &str) -> String {
    // DuckDB takes a path for a folder.
    let url = url.strip_prefix("file:").unwrap_or(url);
    let mut text = String::from("install delta;\nload delta;\nset timezone = 'UTC';\n");
    for table in TABLES {
        let (name, at) = (table.name, quoted(&format!("{url}/{}", table.name)));
        let _ = writeln!(text, "create or replace view {name} as select * from delta_scan({at});");
    }
    for (name, sql) in DUCKDB_VIEWS {
        let _ = writeln!(text, "create or replace view {name} as\n{};", filled(sql).trim_end());
    }
    text
}

/// Athena reads a Delta table by its log, and takes the columns from there
/// (<https://docs.aws.amazon.com/athena/latest/ug/delta-lake-tables.html>).
fn athena(table: &Table, url: &str) -> String {
    format!(
        "create external table {name}\nlocation {at}\ntblproperties ('table_type' = 'DELTA');\n",
        name = table.name,
        at = quoted(&format!("{url}/{}/", table.name)),
    )
}

/// BigQuery reads a Delta table through a connection
/// (<https://cloud.google.com/bigquery/docs/create-delta-lake-table>).
fn bigquery(table: &Table, url: &str) -> String {
    format!(
        "create external table `PROJECT.DATASET.{name}`\nwith connection `PROJECT.REGION.CONNECTION`\noptions (format = 'DELTA_LAKE', uris = [{at}]);\n",
        name = table.name,
        at = quoted(&format!("{url}/{}", table.name)),
    )
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The SQL of a view, with what its braces stand for.
fn filled(sql: &str) -> String {
    let hourly =
        VALUES.iter().filter(|value| value.is_hourly()).map(|value| match value.is_amount {
            true => format!("coalesce(o.{name}, 0) as {name}", name = value.name),
            false => format!("o.{}", value.name),
        });
    let latest =
        VALUES.iter().filter(|value| value.is_latest()).map(|value| format!("l.{}", value.name));
    // One that holds another comes before it.
    let parts = [
        ("expected_slots", include_str!("views/duckdb/expected_slots.sql").trim_end().to_owned()),
        ("zones", include_str!("views/duckdb/zones.sql").trim_end().to_owned()),
        ("hourly_values", hourly.collect::<Vec<_>>().join(",\n  ")),
        ("latest_values", latest.collect::<Vec<_>>().join(",\n  ")),
        ("fresh_minutes", freshness::MINUTES.to_string()),
        ("fresh_intervals", freshness::INTERVALS.to_string()),
        ("degree_days_base_c", format!("{BASE_C:.1}")),
        ("degree_days_coverage_pct", MIN_COVERAGE_PCT.to_string()),
    ];
    parts.iter().fold(sql.to_owned(), |sql, (name, part)| sql.replace(&format!("{{{name}}}"), part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_statement_for_each_engine() {
        for engine in [Engine::Athena, Engine::BigQuery, Engine::DuckDb] {
            let text = ddl(engine, "s3://bucket/o'lake/");
            for table in TABLES {
                assert!(text.contains(&format!("s3://bucket/o''lake/{}", table.name)), "{text}");
            }
            assert!(!text.contains(['{', '}']), "{text}");
        }
        assert!(ddl(Engine::DuckDb, "file:./lake").contains("delta_scan('./lake/sites')"));
    }
}
