//! Rows that are of a place each, as GeoJSON (RFC 7946).

use std::io::{self, Write as _};

use super::cell::Cell;
use crate::domain::views::ViewColumn;

/// What stands before the features.
pub(super) const BEGIN: &[u8] = b"{\"type\":\"FeatureCollection\",\"features\":[";

/// The columns that identify a feature, in a collection of sites and one of sites and sources.
const IDENTITY: [&str; 2] = ["site_id", "source"];

/// A feature up to its properties.
pub(super) fn begin_feature(
    bytes: &mut Vec<u8>,
    columns: &[ViewColumn],
    cells: &[Cell<'_>],
) -> io::Result<()> {
    let of = |name: &str| {
        let index = columns.iter().position(|column| column.name == name)?;
        cells.get(index)
    };
    let text = |name: &&str| match of(name) {
        Some(Cell::Text(text)) => Some(text.as_ref()),
        _ => None,
    };
    let id = IDENTITY.iter().filter_map(text).collect::<Vec<_>>().join("/");
    bytes.extend_from_slice(b"{\"type\":\"Feature\",\"id\":");
    serde_json::to_writer(&mut *bytes, &id)?;
    match (of("longitude"), of("latitude")) {
        (Some(Cell::Real(longitude)), Some(Cell::Real(latitude))) => write!(
            bytes,
            ",\"geometry\":{{\"type\":\"Point\",\"coordinates\":[{longitude},{latitude}]}}"
        )?,
        _ => bytes.extend_from_slice(b",\"geometry\":null"),
    }
    bytes.extend_from_slice(b",\"properties\":");
    Ok(())
}
