//! `coords`: a point.

use serde::{Deserialize, Serialize};

use crate::domain::Coordinates;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::values::{LATITUDE, LONGITUDE, Unfit, parameter_schema, text_schema};

const ALLOWED: &str = "POINT(longitude latitude) in degrees, as in POINT(-3.7 40.4)";

/// A point, longitude first.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Point(pub(crate) Coordinates);

impl Point {
    /// What a query without one is refused with.
    pub(crate) fn is_missing() -> Problem {
        Problem::parameter("coords", "is missing", ALLOWED)
    }
}

impl TryFrom<String> for Point {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let point = parse_point(&text);
        point.map(Self).ok_or_else(|| Unfit::shown(&text, "is no point", ALLOWED))
    }
}

parameter_schema!(
    Point,
    "EdrPointText",
    text_schema(format!(r"^POINT ?\({LONGITUDE} {LATITUDE}\)$"))
);

/// A point as well-known text, without height.
fn parse_point(text: &str) -> Option<Coordinates> {
    let (kind, rest) = text.trim().split_at_checked("POINT".len())?;
    let inside = rest.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let mut numbers = inside.split_whitespace().map(str::parse);
    let (Some(Ok(longitude)), Some(Ok(latitude)), None) =
        (numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    Coordinates::parse(latitude, longitude).filter(|_| kind.eq_ignore_ascii_case("POINT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_longitude_and_latitude() {
        let parse = |text| parse_point(text).map(|at| (at.longitude(), at.latitude()));
        for good in ["POINT(-3.7 40.4)", "point (-3.7 40.4)", " POINT( -3.70  4.04e1 ) "] {
            assert_eq!(parse(good), Some((-3.7, 40.4)), "{good}");
        }
        for bad in [
            "",
            "POINT",
            "POINT()",
            "POINT(40)",
            "POINT(-3.7,40.4)",
            "POINT(-3.7 40.4 600)",
            "POINT Z (-3.7 40.4 600)",
            "POINT(40.4 -93.7)",
            "POINT(200 0)",
            "POINT(nan 0)",
            "POINT(-3.7 40.4",
            "LINES(-3.7 40.4)",
            "MULTIPOINT((-3.7 40.4))",
            "POLYGON((0 0,1 0,1 1,0 0))",
            "PÖINT(-3.7 40.4)",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
