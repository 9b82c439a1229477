//! `bbox`: a box of longitudes and latitudes.

use serde::{Deserialize, Serialize};

use super::{LATITUDE, LONGITUDE};
use crate::domain::Coordinates;
use crate::serve::answer::values::{Unfit, parameter_schema, text_schema};

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
        let allowed = "west,south,east,north in degrees, as in -10,35,5,45";
        Self::parse(&text).ok_or_else(|| Unfit::shown(&text, "is no box", allowed))
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
