//! Says that a site has moved.

use crate::domain::Move;

/// Warns of each; the caller has taken the sites in.
pub fn warn_of_moves(moves: &[Move]) {
    for moved in moves {
        tracing::warn!(
            site_id = moved.site_id.as_str(),
            distance_m = metres(moved),
            "{moved}; its past keeps the old place"
        );
    }
}

#[expect(clippy::cast_possible_truncation, reason = "no way on the Earth is longer than 21,000 km")]
fn metres(moved: &Move) -> i64 {
    (moved.distance_km() * 1000.0).round() as i64
}
