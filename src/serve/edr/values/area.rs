//! `coords` of an area: polygons.

use std::str::FromStr as _;

use geo::{BoundingRect as _, LineString, Rect};
use geo::{Intersects as _, MultiPolygon, Point, Polygon, Validation as _};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, SchemaFormat, Type};
use wkt::Wkt;
use wkt::types::Dimension;

use super::is_whole;
use crate::domain::Coordinates;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::values::{Unfit, parameter_schema};

const ALLOWED: &str = "POLYGON((longitude latitude, ...)) or MULTIPOLYGON in degrees, whose rings are closed and do \
    not cross, of at most 1000 corners, as in POLYGON((-10 35,5 35,5 45,-10 45,-10 35)); what goes over the date \
    line is a MULTIPOLYGON of what is on each side of it";

/// The most corners: what is cut out of a country's border for a map has some hundred.
const MAX_CORNERS: usize = 1000;

/// An area on the plane of longitude and latitude, as the standard has it; its border is part of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Area {
    text: String,
    #[serde(skip)]
    polygons: MultiPolygon,
    #[serde(skip)]
    bounds: Rect,
}

impl Area {
    /// What a query without one is refused with.
    pub(crate) fn is_missing() -> Problem {
        Problem::parameter("coords", "is missing", ALLOWED)
    }

    /// Whether a place is in it or on its border. The meridians of 180 and -180 degrees are one.
    pub(crate) fn covers(&self, place: Coordinates) -> bool {
        let (longitude, latitude) = (place.longitude(), place.latitude());
        let is_at = |longitude: f64| {
            let point = Point::new(longitude, latitude);
            self.bounds.intersects(&point) && self.polygons.intersects(&point)
        };
        is_at(longitude) || (longitude.abs() >= 180.0 && is_at(-longitude))
    }
}

impl TryFrom<String> for Area {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let polygons = parse(&text).map_err(|problem| Unfit::shown(&text, &problem, ALLOWED))?;
        let bounds = polygons.bounding_rect();
        let bounds = bounds.ok_or_else(|| Unfit::shown(&text, "is no area", ALLOWED))?;
        Ok(Self { text, polygons, bounds })
    }
}

parameter_schema!(
    Area,
    "EdrAreaText",
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("wkt-polygon".into())))
        .description(Some("A polygon or several (well-known text), longitude first."))
        .examples([serde_json::json!("POLYGON((-10 35,5 35,5 45,-10 45,-10 35))")])
);

/// The polygons, or what is wrong with them.
fn parse(text: &str) -> Result<MultiPolygon, String> {
    let polygons: Vec<Polygon> =
        rings(text).ok_or("is no area")?.into_iter().map(polygon).collect::<Result<_, _>>()?;
    if corners(&polygons) > MAX_CORNERS {
        return Err(format!("has {} corners", corners(&polygons)));
    }
    if polygons.iter().any(|polygon| !is_on_earth(polygon)) {
        return Err("has a corner that is not on the Earth".into());
    }
    match polygons.iter().find_map(|polygon| polygon.check_validation().err()) {
        Some(fault) => Err(format!("is no area: {fault}")),
        None => Ok(MultiPolygon(polygons)),
    }
}

/// The rings of each polygon, as they are written. Other kinds of geometry, which may hold one another without an end,
/// are not read at all.
fn rings(text: &str) -> Option<Vec<Vec<LineString>>> {
    let text = text.trim();
    let kind = text.split(|c: char| !c.is_ascii_alphabetic()).next()?.to_ascii_uppercase();
    let is_area = ["POLYGON", "MULTIPOLYGON"].contains(&kind.as_str()) && is_whole(text);
    let polygons = match is_area.then(|| Wkt::<f64>::from_str(text).ok()).flatten()? {
        Wkt::Polygon(polygon) => vec![polygon],
        Wkt::MultiPolygon(polygons) => polygons.polygons().to_vec(),
        _ => return None,
    };
    let is_flat = polygons.iter().all(|polygon| polygon.dimension() == Dimension::XY);
    let has_all = polygons.iter().all(|polygon| !polygon.rings().is_empty());
    let read = |polygon: &wkt::types::Polygon| {
        let line = |ring: &wkt::types::LineString| {
            ring.coords().iter().map(|corner| (corner.x, corner.y)).collect()
        };
        polygon.rings().iter().map(line).collect()
    };
    (is_flat && has_all && !polygons.is_empty()).then(|| polygons.iter().map(read).collect())
}

/// A polygon of these rings, the outer one first. Where one is open the library would close it.
fn polygon(mut rings: Vec<LineString>) -> Result<Polygon, String> {
    match rings.iter().position(|ring| ring.0.len() < 4 || !ring.is_closed()) {
        Some(number) => Err(format!(
            "has an open ring, number {}: its last corner has to be its first",
            number + 1
        )),
        None => {
            let outer = rings.remove(0);
            Ok(Polygon::new(outer, rings))
        }
    }
}

fn all_rings(polygon: &Polygon) -> impl Iterator<Item = &LineString> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

/// The last of a ring is its first again, and does not count.
fn corners(polygons: &[Polygon]) -> usize {
    polygons.iter().flat_map(all_rings).map(|ring| ring.0.len() - 1).sum()
}

fn is_on_earth(polygon: &Polygon) -> bool {
    let mut corners = all_rings(polygon).flat_map(|ring| &ring.0);
    corners.all(|corner| Coordinates::parse(corner.y, corner.x).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(text: &str) -> Result<Area, String> {
        Area::try_from(text.to_owned()).map_err(|unfit| unfit.to_string())
    }

    fn covers(text: &str, longitude: f64, latitude: f64) -> bool {
        area(text).unwrap().covers(Coordinates::parse(latitude, longitude).unwrap())
    }

    #[test]
    fn an_area_has_its_border_and_not_its_holes() {
        let ring = "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (4 4, 6 4, 6 6, 4 6, 4 4))";
        for (longitude, latitude, expected) in [
            (1.0, 1.0, true),
            (0.0, 0.0, true),
            (0.0, 5.0, true),
            (5.0, 5.0, false),
            (4.0, 5.0, true),
            (10.1, 5.0, false),
        ] {
            assert_eq!(covers(ring, longitude, latitude), expected, "{longitude} {latitude}");
        }
        let two = "multipolygon(((170 -5,180 -5,180 5,170 5,170 -5)),((-180 -5,-170 -5,-170 5,-180 5,-180 -5)))";
        for longitude in [175.0, 180.0, -180.0, -175.0] {
            assert!(covers(two, longitude, 0.0), "{longitude}");
        }
        assert!(!covers(two, 0.0, 0.0));
        let east = "POLYGON((170 -5,180 -5,180 5,170 5,170 -5))";
        assert!(covers(east, -180.0, 0.0) && !covers(east, -179.9, 0.0));
        assert!(covers("POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))", 12.0, 90.0));
    }

    #[test]
    fn what_is_open_crosses_itself_or_is_too_much_is_refused_and_said() {
        let many: String =
            (0..1001).map(|n| format!("{} {},", f64::from(n) / 100.0, n % 2)).collect();
        let many = format!("POLYGON(({many}5 50,0 0))");
        for (text, problem) in [
            ("POLYGON((0 0,1 0,1 1,0 1))", "open ring, number 1"),
            ("POLYGON((0 0,9 0,9 9,0 0),(2 1,3 1,3 2))", "open ring, number 2"),
            ("POLYGON((0 0,1 0,0 0))", "open ring"),
            ("POLYGON((0 0,2 2,2 0,0 2,0 0))", "self-intersection"),
            ("POLYGON((0 0,9 0,9 9,0 9,0 0),(20 20,21 20,21 21,20 20))", "not contained"),
            ("POLYGON((0 0,200 0,200 1,0 1,0 0))", "not on the Earth"),
            ("POLYGON((0 0,1e400 0,1 1,0 0))", "not on the Earth"),
            ("POLYGON((0 0,0 91,1 1,0 0))", "not on the Earth"),
            (&many, "has 1002 corners"),
            ("POLYGON EMPTY", "is no area"),
            ("MULTIPOLYGON EMPTY", "is no area"),
            ("MULTIPOLYGON(((0 0,1 0,1 1,0 0)),EMPTY)", "is no area"),
            ("POLYGON Z((0 0 1,1 0 1,1 1 1,0 0 1))", "is no area"),
            ("POLYGON((0 0,1 0,1 1,0 0)) POINT(0 0)", "is no area"),
            ("POLYGON((0 0,1 0,1 1,0 0", "is no area"),
            ("POINT(0 0)", "is no area"),
            ("GEOMETRYCOLLECTION(POLYGON((0 0,1 0,1 1,0 0)))", "is no area"),
            ("POLYGON((a b,1 0,1 1,0 0))", "is no area"),
            ("pölygon", "is no area"),
            ("", "is no area"),
        ] {
            let said = area(text).unwrap_err();
            assert!(said.contains(problem), "{text}: {said}");
        }
    }
}
