//! The files of `kits/` that are made from the definitions of the views: what dbt and Looker know of them.

use crate::domain::views::{VIEWS, View, ViewColumn};

mod dbt;
mod looker;

/// The files, by their paths below `kits/`.
pub(super) fn files() -> Vec<(String, String)> {
    let mut files = vec![("dbt/models/sources.yml".to_owned(), dbt::sources())];
    files.extend(VIEWS.map(|view| (looker::path(view), looker::view(view))));
    files
}

/// The columns of a view and whether each belongs to its key.
fn columns(view: &'static View) -> impl Iterator<Item = (&'static ViewColumn, bool)> {
    view.columns.iter().map(|column| (column, view.key.contains(&column.name)))
}
