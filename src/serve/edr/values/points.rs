//! `coords` of a position: a point, or several.

use std::str::FromStr as _;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema as _;
use utoipa::openapi::Ref;
use utoipa::openapi::schema::AnyOfBuilder;
use wkt::Wkt;
use wkt::types::Dimension;

use super::is_whole;
use super::point::Point;
use crate::domain::Coordinates;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::values::{LATITUDE, LONGITUDE};
use crate::serve::answer::values::{Unfit, parameter_schema, text_schema};

const ALLOWED: &str =
    "POINT(longitude latitude) in degrees, as in POINT(-3.7 40.4), or a MULTIPOINT of at most 100";

/// The most points: for each the nearest site is looked for.
const MOST: usize = 100;

/// A point, or several, longitude first.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) enum Points {
    One(Coordinates),
    Several(Vec<Coordinates>),
}

impl Points {
    /// What a query without one is refused with.
    pub(crate) fn is_missing() -> Problem {
        Problem::parameter("coords", "is missing", ALLOWED)
    }

    /// Each of them.
    pub(crate) fn all(&self) -> &[Coordinates] {
        match self {
            Self::One(point) => std::slice::from_ref(point),
            Self::Several(points) => points,
        }
    }

    pub(crate) fn are_several(&self) -> bool {
        matches!(self, Self::Several(_))
    }
}

impl TryFrom<String> for Points {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        if let Ok(Point(point)) = Point::try_from(text.clone()) {
            return Ok(Self::One(point));
        }
        parse(&text).map(Self::Several).ok_or_else(|| Unfit::shown(&text, "is no point", ALLOWED))
    }
}

parameter_schema!(Points, "EdrPointsText", {
    let point = format!(r"\({LONGITUDE} {LATITUDE}\)");
    let several = text_schema(format!(r"^MULTIPOINT ?\({point}(,{point}){{0,9}}\)$"));
    AnyOfBuilder::new().item(Ref::from_schema_name(Point::name())).item(several)
});

/// Several points, each in brackets of its own or not. Other kinds of geometry are not read at all.
fn parse(text: &str) -> Option<Vec<Coordinates>> {
    let text = text.trim();
    let is_several = text.get(.."MULTIPOINT".len())?.eq_ignore_ascii_case("MULTIPOINT");
    let Some(Wkt::MultiPoint(points)) =
        (is_several && is_whole(text)).then(|| Wkt::<f64>::from_str(text).ok()).flatten()
    else {
        return None;
    };
    let is_flat = points.dimension() == Dimension::XY;
    let places = points.points().iter().map(|point| {
        let corner = point.coord()?;
        Coordinates::parse(corner.y, corner.x)
    });
    let places = places.collect::<Option<Vec<_>>>()?;
    (is_flat && (1..=MOST).contains(&places.len())).then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_one_or_several() {
        let points = |text: &str| Points::try_from(text.to_owned()).ok();
        let at = |points: &Points| {
            points.all().iter().map(|at| (at.longitude(), at.latitude())).collect::<Vec<_>>()
        };
        let one = points("POINT(-3.7 40.4)").unwrap();
        assert_eq!((at(&one), one.are_several()), (vec![(-3.7, 40.4)], false));
        for text in ["MULTIPOINT((-3.7 40.4),(180 -90))", "multipoint (-3.7 40.4, 180 -90)"] {
            let several = points(text).unwrap();
            assert_eq!(at(&several), [(-3.7, 40.4), (180.0, -90.0)], "{text}");
            assert!(several.are_several());
        }
        assert!(points("MULTIPOINT((-3.7 40.4))").unwrap().are_several());
        let many = |count: usize| format!("MULTIPOINT({})", vec!["(1 1)"; count].join(","));
        assert!(points(&many(100)).is_some() && points(&many(101)).is_none());
        for bad in [
            "MULTIPOINT",
            "MULTIPOINT EMPTY",
            "MULTIPOINT()",
            "MULTIPOINT((-3.7 95))",
            "MULTIPOINT((-3.7))",
            "MULTIPOINT Z((1 1 1))",
            "MULTIPOINT((1 1)) POINT(1 1)",
            "MULTIPOINT((1 1)",
            "LINESTRING(1 1,2 2)",
            "",
        ] {
            assert!(points(bad).is_none(), "{bad}");
        }
    }
}
