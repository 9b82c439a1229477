//! `sites`.

use super::table::{Column, Kind, Table, optional, required};

/// The places that are observed.
pub const SITES: Table = Table {
    name: "sites",
    description: "The places that are observed, as in the sites file. A site that leaves the file \
        is deactivated, never deleted.",
    key: &["site_id"],
    day_of: None,
    order_in_run: &[],
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    required("site_id", Kind::Text, "The site's id."),
    required("name", Kind::Text, "Its name for people."),
    required("latitude", Kind::Real { decimals: 6 }, "Degrees north, -90 to 90."),
    required("longitude", Kind::Real { decimals: 6 }, "Degrees east, -180 to 180."),
    required("timezone", Kind::Text, "IANA time zone, by which its local days go."),
    optional("country", Kind::Text, "Country, two letters of ISO 3166-1."),
    optional("elevation_m", Kind::Real { decimals: 3 }, "Height above mean sea level, metres."),
    required("interval_minutes", Kind::Integer, "How often it is observed, minutes."),
    optional("active_from", Kind::Date, "First local day on which it is observed; NULL: always."),
    optional("active_until", Kind::Date, "Last local day on which it is observed; NULL: for ever."),
    required("tags", Kind::Text, "Its tags, as a JSON list."),
    required(
        "spans",
        Kind::Text,
        "When it was in the sites file, at which interval and where, as a JSON list of {from, until, interval_minutes, latitude, longitude, timezone, country, elevation_m}; until NULL: it is in it. Of a site that moved the past keeps its place and time zone.",
    ),
    optional("deactivated_at", Kind::Time, "When it left the sites file, UTC; NULL: it is in it."),
    required("created_at", Kind::Time, "When it was first taken in, UTC."),
    required("updated_at", Kind::Time, "When it last changed, UTC."),
];
