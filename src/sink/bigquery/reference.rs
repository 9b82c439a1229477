//! The reference page of the warehouse, from the definitions that make it.

use super::{prepare, views};
use crate::domain::tables::TABLES;
use crate::domain::views::VIEWS;

/// The page, as Markdown. A test holds `docs/BIGQUERY.md` against it.
#[must_use]
pub fn reference() -> String {
    let mut page = include_str!("reference.md").to_owned();
    page.push_str("\n## Tables\n");
    for table in TABLES {
        let key = table.key.join(", ");
        let partition = table.day_of.map(|day_of| format!("; partitioned by the day of {day_of}"));
        let facts = format!("Key: {key}{}.", partition.unwrap_or_default());
        heading(&mut page, table.name, &format!("{} {facts}", table.description));
        for column in table.columns {
            let required = if column.is_required { ", always" } else { "" };
            let data_type = prepare::type_name(column.kind);
            row(&mut page, column.name, &format!("{data_type}{required}"), column.description);
        }
    }
    page.push_str("\n## Views\n");
    for view in VIEWS {
        heading(&mut page, view.name, view.description);
        for column in view.columns {
            row(&mut page, column.name, views::type_name(column.kind), column.description);
        }
    }
    page
}

fn heading(page: &mut String, name: &str, description: &str) {
    page.push_str(&format!(
        "\n### {name}\n\n{description}\n\n| column | type | is |\n|---|---|---|\n"
    ));
}

fn row(page: &mut String, name: &str, data_type: &str, description: &str) {
    page.push_str(&format!("| `{name}` | {data_type} | {description} |\n"));
}
