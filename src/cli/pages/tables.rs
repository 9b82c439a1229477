//! `docs/TABLES.md`: every table of the store with its columns.

use crate::domain::tables::{Column, Kind, TABLES, Table};

pub(super) fn page() -> String {
    let tables: String = TABLES.iter().map(|table| section(table)).collect();
    [include_str!("tables.md"), &tables, include_str!("tables_more.md")].concat()
}

fn section(table: &Table) -> String {
    let key = table.key.join("`, `");
    let partition = table
        .day_of
        .map(|day_of| format!(" BigQuery keeps it in partitions by the day of `{day_of}`."));
    let rows: String = table.columns.iter().map(row).collect();
    format!(
        "\n## {}\n\n{} Key: `{key}`.{}\n\n| column | type | is |\n|---|---|---|\n{rows}",
        table.name,
        table.description,
        partition.unwrap_or_default()
    )
}

fn row(column: &Column) -> String {
    let always = if column.is_required { ", always" } else { "" };
    format!("| `{}` | {}{always} | {} |\n", column.name, kind(column.kind), column.description)
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".into(),
        Kind::Integer => "whole number".into(),
        Kind::Real { decimals } => format!("number, {decimals} decimals"),
        Kind::Time => "time".into(),
        Kind::Date => "day".into(),
    }
}
