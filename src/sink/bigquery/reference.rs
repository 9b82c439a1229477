//! The reference page of the warehouse, from the definitions that make it.

use super::views;
use crate::domain::views::{ROLL_UPS, VIEWS};

/// The page, as Markdown. The tables below the views are in `docs/TABLES.md`.
#[must_use]
pub fn reference() -> String {
    let mut page = include_str!("reference.md").to_owned();
    page.push_str("\n## Roll-ups\n");
    for rollup in ROLL_UPS {
        heading(&mut page, rollup.name, rollup.description);
        for column in rollup.columns() {
            row(&mut page, column.name, views::type_name(column.kind), column.description);
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
