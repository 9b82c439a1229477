//! `within` and `within-units`: how far from a point.

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, Type};

use crate::serve::answer::problem::Problem;
use crate::serve::answer::values::{Unfit, parameter_schema};

/// The longest distance as a number: in the smallest unit, to the other side of the Earth.
const MOST: f64 = 20_040_000.0;

/// A distance, in its unit.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Within(f64);

impl TryFrom<String> for Within {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let number = text.trim().parse().ok().filter(|number| (0.0..=MOST).contains(number));
        number.map(Self).ok_or_else(|| Unfit::shown(&text, "is no distance", allowed()))
    }
}

fn allowed() -> String {
    format!("0 to {MOST}, in within-units")
}

parameter_schema!(
    Within,
    "EdrWithin",
    ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0.0)).maximum(Some(MOST))
);

/// A name that the program knows.
type Name = &'static str;

/// The unit of a distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Units(Name);

/// Each unit, and its length in kilometres.
const UNITS: [(&str, f64); 3] = [("km", 1.0), ("m", 0.001), ("mi", 1.609_344)];

impl Units {
    /// The names of all.
    pub(crate) fn names() -> [&'static str; 3] {
        UNITS.map(|(name, _)| name)
    }

    fn km(self) -> f64 {
        UNITS.iter().find(|(name, _)| *name == self.0).map_or(1.0, |(_, km)| *km)
    }
}

impl TryFrom<String> for Units {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let known = Self::names().into_iter().find(|name| *name == text);
        let unfit = || Unfit::shown(&text, "is no unit of this", Self::names().join(", "));
        known.map(Self).ok_or_else(unfit)
    }
}

parameter_schema!(
    Units,
    "EdrUnits",
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Units::names()))
);

/// The distance in kilometres, which is the unit that is meant if none is named: OWSLib has no way to name one.
pub(crate) fn radius_km(within: Option<Within>, units: Option<Units>) -> Result<f64, Problem> {
    let within = within.ok_or_else(|| Problem::parameter("within", "is missing", allowed()))?;
    Ok(within.0 * units.map_or(1.0, Units::km))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_a_number_and_one_of_three_units() {
        let km = |within: &str, units: &str| {
            let within = Within::try_from(within.to_owned()).ok()?;
            let units = Units::try_from(units.to_owned()).ok()?;
            radius_km(Some(within), Some(units)).ok()
        };
        assert_eq!(km("25", "km"), Some(25.0));
        assert_eq!(km("2.5e3", "m"), Some(2.5));
        assert_eq!(km("10", "mi"), Some(16.09344));
        assert_eq!(km("0", "km"), Some(0.0));
        for (within, units) in [
            ("-1", "km"),
            ("nan", "km"),
            ("inf", "km"),
            ("1e30", "m"),
            ("", "km"),
            ("5 km", "km"),
            ("1", "KM"),
            ("1", "furlong"),
            ("1", ""),
        ] {
            assert_eq!(km(within, units), None, "{within} {units}");
        }
    }

    #[test]
    fn a_unit_without_a_distance_is_refused_and_a_distance_without_a_unit_is_in_kilometres() {
        let problem = radius_km(None, Some(Units("km"))).unwrap_err();
        assert_eq!(serde_json::to_value(problem).unwrap()["parameter"], "within");
        assert_eq!(radius_km(Some(Within(2.0)), None).ok(), Some(2.0));
    }
}
