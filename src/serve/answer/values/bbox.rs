//! `bbox`: a box of longitudes and latitudes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{LATITUDE, LONGITUDE, Unfit, parameter_schema, text_schema};
use crate::domain::Coordinates;

/// A box; one that begins east of where it ends goes over the date line.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Bbox {
    south_west: Coordinates,
    north_east: Coordinates,
}

impl Bbox {
    fn parse(text: &str) -> Option<Self> {
        let numbers: Result<Vec<f64>, _> =
            text.split(',').map(|number| number.trim().parse()).collect();
        let [west, south, east, north] = numbers.ok()?[..] else { return None };
        let south_west = Coordinates::parse(south, west)?;
        let north_east = Coordinates::parse(north, east)?;
        (south <= north).then_some(Self { south_west, north_east })
    }

    /// Whether it has anything in common with a box that does not go over the date line, edges included.
    pub(crate) fn meets(self, [west, south, east, north]: [f64; 4]) -> bool {
        let (own_west, own_east) = (self.south_west.longitude(), self.north_east.longitude());
        let (begins, ends) = (own_west <= east, west <= own_east);
        let is_beside = if own_west <= own_east { begins && ends } else { begins || ends };
        is_beside && self.south_west.latitude() <= north && south <= self.north_east.latitude()
    }

    /// West, south, east and north, in degrees.
    pub(crate) fn edges(self) -> [f64; 4] {
        let (south_west, north_east) = (self.south_west, self.north_east);
        let (west, south) = (south_west.longitude(), south_west.latitude());
        [west, south, north_east.longitude(), north_east.latitude()]
    }

    /// Whether a place is in it, edges included.
    pub(crate) fn contains(self, place: Coordinates) -> bool {
        let (west, east) = (self.south_west.longitude(), self.north_east.longitude());
        let (after, before) = (west <= place.longitude(), place.longitude() <= east);
        let is_between = if west <= east { after && before } else { after || before };
        let latitudes = self.south_west.latitude()..=self.north_east.latitude();
        is_between && latitudes.contains(&place.latitude())
    }
}

impl TryFrom<String> for Bbox {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let allowed = "west,south,east,north in degrees, south not above north, as in -10,35,5,45";
        Self::parse(&text).ok_or_else(|| Unfit::shown(&text, "is no box", allowed))
    }
}

impl fmt::Display for Bbox {
    /// As it is asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [west, south, east, north] = self.edges();
        write!(f, "{west},{south},{east},{north}")
    }
}

parameter_schema!(
    Bbox,
    "EdrBox",
    text_schema(format!("^{LONGITUDE},{LATITUDE},{LONGITUDE},{LATITUDE}$"))
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_has_its_edges_and_may_go_over_the_date_line() {
        let place = |latitude, longitude| Coordinates::parse(latitude, longitude).unwrap();
        let spain = Bbox::parse("-10, 35,5,45").unwrap();
        assert!(spain.contains(place(35.0, -10.0)) && spain.contains(place(40.4, -3.7)));
        assert!(!spain.contains(place(46.0, -3.7)) && !spain.contains(place(40.4, 170.0)));
        let pacific = Bbox::parse("170,-50,-170,50").unwrap();
        assert!(pacific.contains(place(0.0, 175.0)) && pacific.contains(place(0.0, -175.0)));
        assert!(!pacific.contains(place(0.0, 0.0)));
        assert!(spain.meets([5.0, 45.0, 6.0, 46.0]) && !spain.meets([5.1, 35.0, 6.0, 45.0]));
        assert!(
            !spain.meets([-10.0, 46.0, 5.0, 50.0]) && spain.meets([-180.0, -90.0, 180.0, 90.0])
        );
        assert!(pacific.meets([-175.0, 0.0, 0.0, 1.0]) && pacific.meets([0.0, 0.0, 175.0, 1.0]));
        assert!(!pacific.meets([-160.0, 0.0, 160.0, 1.0]));
    }

    #[test]
    fn what_is_no_box_is_none() {
        for bad in
            ["", "1,2,3", "1,2,3,4,5", "0,10,1,5", "-181,0,0,0", "0,0,0,91", "a,b,c,d", "nan,0,0,0"]
        {
            assert_eq!(Bbox::parse(bad), None, "{bad}");
        }
    }
}
