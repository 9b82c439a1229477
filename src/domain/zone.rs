//! Which time zone a place is in: by the borders of OpenStreetMap, as
//! timezone-boundary-builder publishes them (ODbL 1.0, © OpenStreetMap contributors).
//!
//! The borders are simplified: within about a hundred metres of one it may be the zone behind it. The sites
//! file has the last word.

use std::sync::LazyLock;

use chrono_tz::Tz;
use tzf_rs::EmbeddedFinder;

use super::coordinates::Coordinates;

/// Reads the borders where they stand in the program: 4 MB that are touched where a place is asked for.
static FINDER: LazyLock<EmbeddedFinder> = LazyLock::new(EmbeddedFinder::new);

/// The time zone at `coordinates`; `None` where it is one that this program does not know. At sea it is that
/// of the longitude.
#[must_use]
pub fn zone_at(coordinates: Coordinates) -> Option<Tz> {
    FINDER.get_tz_name(coordinates.longitude(), coordinates.latitude()).parse().ok()
}

#[cfg(test)]
mod tests;
