//! Which part of the world a map shows.

/// Width to height.
const ASPECT: f64 = 2.2;

/// The least that is shown around sites, and of a box that is asked for, in units of a tenth of a degree.
const LEAST_AROUND: f64 = 100.0;
const LEAST_OF_BOX: f64 = 0.5;

/// All of the world.
const WORLD: (f64, f64) = (3600.0, 1800.0);

/// A box in units, from the left and upper edge; one that goes over 180° ends beyond the world's right edge.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Frame {
    /// Around these points with a tenth on each side, over 180° if that is shorter.
    pub(super) fn around(points: &[(f64, f64)]) -> Option<Self> {
        let (left, width) = narrowest(points)?;
        let top = points.iter().map(|(_, y)| *y).fold(f64::INFINITY, f64::min);
        let bottom = points.iter().map(|(_, y)| *y).fold(f64::NEG_INFINITY, f64::max);
        let exact = Self { x: left, y: top, width, height: bottom - top };
        Some(exact.grown(0.1, LEAST_AROUND))
    }

    /// Around a box of west, south, east and north in degrees.
    pub(super) fn of_box([west, south, east, north]: [f64; 4]) -> Self {
        let width = if west <= east { east - west } else { east + 360.0 - west };
        let (x, y) = ((west + 180.0) * 10.0, (90.0 - north) * 10.0);
        let exact = Self { x, y, width: width * 10.0, height: (north - south) * 10.0 };
        exact.grown(0.04, LEAST_OF_BOX)
    }

    /// With a share more on each side, so wide at least, of the shape of a map, and within the world.
    fn grown(self, share: f64, least: f64) -> Self {
        let (middle_x, middle_y) = (self.x + self.width / 2.0, self.y + self.height / 2.0);
        let wide = (self.width * (1.0 + 2.0 * share)).max(least);
        let high = (self.height * (1.0 + 2.0 * share)).max(least / ASPECT);
        let width = wide.max(high * ASPECT).min(WORLD.0);
        let height = high.max(width / ASPECT).min(WORLD.1);
        let y = (middle_y - height / 2.0).clamp(0.0, WORLD.1 - height);
        if width >= WORLD.0 {
            return Self { x: 0.0, y, width, height };
        }
        let x = middle_x - width / 2.0;
        // What needs not go over 180° does not; what does goes to the right.
        let x = match self.crosses() {
            true => x.rem_euclid(WORLD.0),
            false => x.clamp(0.0, WORLD.0 - width),
        };
        Self { x, y, width, height }
    }

    fn crosses(&self) -> bool {
        self.x + self.width > WORLD.0
    }

    /// Where a point is that may lie beyond 180°.
    pub(super) fn unwrapped(&self, x: f64) -> f64 {
        if x < self.x && x + WORLD.0 <= self.x + self.width { x + WORLD.0 } else { x }
    }

    /// The size of a letter on the map, in units.
    pub(super) fn letter(&self) -> f64 {
        self.width / 68.0
    }

    /// For `viewBox`.
    pub(super) fn view_box(&self) -> String {
        let Self { x, y, width, height } = self;
        format!("{x:.2} {y:.2} {width:.2} {height:.2}")
    }

    /// Where pictures of the world stand.
    pub(super) fn worlds(&self) -> Vec<i64> {
        if self.crosses() { vec![0, 3600] } else { vec![0] }
    }

    /// Column and row of a grid over it, from 0 on.
    #[expect(clippy::cast_possible_truncation, reason = "within the grid")]
    pub(super) fn cell(&self, (x, y): (f64, f64), (columns, rows): (f64, f64)) -> (i64, i64) {
        let column = ((x - self.x) / self.width * columns).floor().clamp(0.0, columns - 1.0);
        let row = ((y - self.y) / self.height * rows).floor().clamp(0.0, rows - 1.0);
        (column as i64, row as i64)
    }
}

/// The left edge and the width of the narrowest stretch with all points: around the world, what is left of it by the
/// widest hole between two that are neighbours.
fn narrowest(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let mut xs: Vec<f64> = points.iter().map(|(x, _)| *x).collect();
    xs.sort_by(f64::total_cmp);
    let (first, last) = (*xs.first()?, *xs.last()?);
    let over_180 = (first + WORLD.0 - last, first);
    let holes = xs.windows(2).map(|pair| (pair[1] - pair[0], pair[1]));
    // Of equal holes the one over 180°: then nothing goes over it.
    let (hole, left) =
        holes.fold(over_180, |widest, one| if one.0 > widest.0 { one } else { widest });
    Some((left, WORLD.0 - hole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(places: &[(f64, f64)]) -> Frame {
        let points: Vec<_> = places
            .iter()
            .map(|(longitude, latitude)| ((longitude + 180.0) * 10.0, (90.0 - latitude) * 10.0))
            .collect();
        let frame = Frame::around(&points).unwrap();
        for (x, y) in points {
            let x = frame.unwrapped(x);
            assert!(frame.x <= x && x <= frame.x + frame.width, "{frame:?}: {x}");
            assert!(frame.y <= y && y <= frame.y + frame.height, "{frame:?}: {y}");
        }
        frame
    }

    #[test]
    fn a_map_is_around_its_sites_and_ten_degrees_wide_at_least() {
        for place in [(0.0, 0.0), (180.0, 0.0), (-180.0, 90.0), (12.0, -90.0), (-179.9, 45.0)] {
            let frame = around(&[place]);
            assert!((frame.width - 100.0).abs() < 1e-6, "{place:?}: {frame:?}");
        }
        let spain = around(&[(-9.0, 36.0), (4.0, 44.0)]);
        assert!(spain.width > 130.0 && spain.width < 250.0, "{spain:?}");
        // No hole is wide enough to be left out.
        let everywhere = (0..7).map(|number| (f64::from(number) * 55.0 - 170.0, 0.0));
        let world = around(&everywhere.collect::<Vec<_>>());
        assert_eq!((world.x, world.width), (0.0, 3600.0));
        assert!(Frame::around(&[]).is_none());
    }

    #[test]
    fn a_map_goes_over_180_degrees_if_that_is_shorter() {
        let pacific = around(&[(170.0, -40.0), (-170.0, -15.0)]);
        assert!(pacific.width < 800.0 && pacific.worlds().len() == 2, "{pacific:?}");
        let asked = Frame::of_box([170.0, -50.0, -170.0, -10.0]);
        assert!(asked.worlds() == [0, 3600] && asked.width < 1000.0, "{asked:?}");
        let point = Frame::of_box([5.0, 5.0, 5.0, 5.0]);
        assert!((point.width - 0.5).abs() < 1e-9, "{point:?}");
    }
}
