//! The measured quantities as others name them: label, unit and standard name.
//!
//! [`measure`] says what a value may be, the [table](super::tables) what it means;
//! here it is told to programs that know neither: units by UCUM (<https://ucum.org>), quantities by
//! the CF standard names (<https://cfconventions.org>).

use super::measure::{self, Measure};
use super::tables::{Column, WEATHER_OBSERVATIONS};

/// A quantity that observations tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    /// Its column.
    pub measure: Measure,
    /// Its name for people.
    pub label: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// Which physical quantity it is, a CF standard name.
    pub standard_name: &'static str,
    /// So many hours that a value is the total of; `None`: it is of the moment.
    pub total_hours: Option<u8>,
}

/// A unit of measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Its UCUM code.
    pub code: &'static str,
    /// Its name.
    pub label: &'static str,
}

const CELSIUS: Unit = Unit { code: "Cel", label: "degree Celsius" };
const PERCENT: Unit = Unit { code: "%", label: "percent" };
const HECTOPASCAL: Unit = Unit { code: "hPa", label: "hectopascal" };
const METRE_PER_SECOND: Unit = Unit { code: "m/s", label: "metre per second" };
const DEGREE: Unit = Unit { code: "deg", label: "degree" };
const METRE: Unit = Unit { code: "m", label: "metre" };
const MILLIMETRE: Unit = Unit { code: "mm", label: "millimetre" };

const fn momentary(
    measure: Measure,
    label: &'static str,
    unit: Unit,
    standard_name: &'static str,
) -> Quantity {
    Quantity { measure, label, unit, standard_name, total_hours: None }
}

const fn total(
    measure: Measure,
    label: &'static str,
    hours: u8,
    standard_name: &'static str,
) -> Quantity {
    Quantity { measure, label, unit: MILLIMETRE, standard_name, total_hours: Some(hours) }
}

const AIR: &str = "air_temperature";
const RAIN: &str = "thickness_of_rainfall_amount";
const SNOW: &str = "lwe_thickness_of_snowfall_amount";

/// Every quantity, in the order of the table.
pub const QUANTITIES: [Quantity; 16] = [
    momentary(measure::TEMPERATURE_C, "Air temperature", CELSIUS, AIR),
    momentary(measure::FEELS_LIKE_C, "Feels like", CELSIUS, "apparent_air_temperature"),
    momentary(measure::TEMPERATURE_AREA_MIN_C, "Lowest temperature in the area", CELSIUS, AIR),
    momentary(measure::TEMPERATURE_AREA_MAX_C, "Highest temperature in the area", CELSIUS, AIR),
    momentary(measure::HUMIDITY_PCT, "Relative humidity", PERCENT, "relative_humidity"),
    momentary(
        measure::PRESSURE_MSL_HPA,
        "Air pressure at mean sea level",
        HECTOPASCAL,
        "air_pressure_at_mean_sea_level",
    ),
    momentary(
        measure::PRESSURE_GROUND_HPA,
        "Air pressure at the ground",
        HECTOPASCAL,
        "surface_air_pressure",
    ),
    momentary(measure::WIND_SPEED_MS, "Wind speed", METRE_PER_SECOND, "wind_speed"),
    momentary(measure::WIND_GUST_MS, "Wind gust", METRE_PER_SECOND, "wind_speed_of_gust"),
    momentary(measure::WIND_DIRECTION_DEG, "Wind direction", DEGREE, "wind_from_direction"),
    momentary(measure::CLOUD_COVER_PCT, "Cloud cover", PERCENT, "cloud_area_fraction"),
    momentary(measure::VISIBILITY_M, "Visibility", METRE, "visibility_in_air"),
    total(measure::RAIN_1H_MM, "Rain of the last hour", 1, RAIN),
    total(measure::RAIN_3H_MM, "Rain of the last three hours", 3, RAIN),
    total(measure::SNOW_1H_MM, "Snow of the last hour, as water", 1, SNOW),
    total(measure::SNOW_3H_MM, "Snow of the last three hours, as water", 3, SNOW),
];

impl Quantity {
    /// The name of its column, with the unit.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.measure.name
    }

    /// Its column.
    #[must_use]
    pub fn column(&self) -> Option<&'static Column> {
        WEATHER_OBSERVATIONS.column(self.name())
    }

    /// The address of its standard name in the vocabulary server of the CF conventions.
    #[must_use]
    pub fn standard_name_uri(&self) -> String {
        format!("http://vocab.nerc.ac.uk/standard_name/{}/", self.standard_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tables::Kind;

    #[test]
    fn every_measured_column_but_a_place_is_a_quantity() {
        let is_measured = |column: &&Column| {
            matches!(column.kind, Kind::Real { .. }) && !column.name.starts_with("answered_")
                || column.name == measure::WIND_DIRECTION_DEG.name
        };
        let columns = WEATHER_OBSERVATIONS.columns.iter().filter(is_measured);
        let names: Vec<_> = columns.map(|column| column.name).collect();
        assert_eq!(QUANTITIES.map(|quantity| quantity.name()).to_vec(), names);
    }

    #[test]
    fn the_unit_is_the_one_in_the_name() {
        let units = [
            ("_c", "Cel"),
            ("_pct", "%"),
            ("_hpa", "hPa"),
            ("_ms", "m/s"),
            ("_deg", "deg"),
            ("_m", "m"),
            ("_mm", "mm"),
        ];
        for quantity in QUANTITIES {
            let unit = units.iter().find(|(end, _)| quantity.name().ends_with(end));
            assert_eq!(unit.unwrap().1, quantity.unit.code, "{}", quantity.name());
            let is_total = quantity.name().contains("1h") || quantity.name().contains("3h");
            assert_eq!(quantity.total_hours.is_some(), is_total, "{}", quantity.name());
        }
    }
}
