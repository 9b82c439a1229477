//! The one list of what an observation says.
//!
//! Everything that has to know the values takes them from here: the struct that a transform fills,
//! the columns of store and warehouse with what is said of them, the upserts of both databases, the
//! [fingerprint](super::fingerprint), the views, the fields of the API and its quantities.
//!
//! A new value is an entry at the **end** of the list, a migration for each database, and a line in
//! the transform of each source that knows it. At the end, since the columns of a table that is there
//! keep their places, and so do the values in a fingerprint ([`FIRST`]).

use std::sync::LazyLock;

use serde::Serialize;

use super::kind::Kind;
use super::measure::Measure;
use super::quantity::{
    CELSIUS, DEGREE, HECTOPASCAL, INDEX, METRE, METRE_PER_SECOND, PERCENT, Quantity, momentary,
    total,
};

mod device;

/// So many values were there from the beginning. Those that came later stand behind the other columns
/// of their table, and in a fingerprint by name, where there is one: see
/// [`fingerprint`](super::fingerprint).
pub const FIRST: usize = 21;

use Shown::{Everywhere, Hourly, Nowhere};

const AIR: &str = "air_temperature";
const RAIN: &str = "thickness_of_rainfall_amount";
const SNOW: &str = "lwe_thickness_of_snowfall_amount";

device::values! {
    temperature_c = TEMPERATURE_C: Real(2, -95, 65),
        "Air temperature, degrees Celsius", Everywhere,
        momentary("Air temperature", CELSIUS, AIR);
    feels_like_c = FEELS_LIKE_C: Real(2, -95, 65),
        "Temperature as a person feels it, degrees Celsius", Everywhere,
        momentary("Feels like", CELSIUS, "apparent_air_temperature");
    temperature_area_min_c = TEMPERATURE_AREA_MIN_C: Real(2, -95, 65),
        "Lowest temperature within the area at that moment (not over the day), degrees Celsius",
        Nowhere, momentary("Lowest temperature in the area", CELSIUS, AIR);
    temperature_area_max_c = TEMPERATURE_AREA_MAX_C: Real(2, -95, 65),
        "Highest temperature within the area at that moment (not over the day), degrees Celsius",
        Nowhere, momentary("Highest temperature in the area", CELSIUS, AIR);
    humidity_pct = HUMIDITY_PCT: Real(1, 0, 100),
        "Relative humidity, percent", Everywhere,
        momentary("Relative humidity", PERCENT, "relative_humidity");
    pressure_msl_hpa = PRESSURE_MSL_HPA: Real(2, 800, 1100),
        "Air pressure reduced to mean sea level, hectopascals", Everywhere,
        momentary("Air pressure at mean sea level", HECTOPASCAL, "air_pressure_at_mean_sea_level");
    pressure_ground_hpa = PRESSURE_GROUND_HPA: Real(2, 300, 1100),
        "Air pressure at the ground, hectopascals", Hourly,
        momentary("Air pressure at the ground", HECTOPASCAL, "surface_air_pressure");
    wind_speed_ms = WIND_SPEED_MS: Real(2, 0, 150),
        "Wind speed, metres per second", Everywhere,
        momentary("Wind speed", METRE_PER_SECOND, "wind_speed");
    wind_gust_ms = WIND_GUST_MS: Real(2, 0, 150),
        "Wind gust, metres per second", Everywhere,
        momentary("Wind gust", METRE_PER_SECOND, "wind_speed_of_gust");
    wind_direction_deg = WIND_DIRECTION_DEG: Whole(0, 360),
        "Direction the wind comes from (0 is north, 90 east), degrees", Everywhere,
        momentary("Wind direction", DEGREE, "wind_from_direction");
    cloud_cover_pct = CLOUD_COVER_PCT: Real(1, 0, 100),
        "Share of the sky that clouds cover, percent", Everywhere,
        momentary("Cloud cover", PERCENT, "cloud_area_fraction");
    visibility_m = VISIBILITY_M: Real(0, 0, 100_000),
        "How far one sees, metres" + " (OpenWeatherMap: at most 10000)", Everywhere,
        momentary("Visibility", METRE, "visibility_in_air");
    rain_1h_mm = RAIN_1H_MM: Amount(2, 0, 500),
        "Rain of the last hour, millimetres" + ", which OpenWeatherMap does when there is none",
        Everywhere, total("Rain of the last hour", 1, RAIN);
    rain_3h_mm = RAIN_3H_MM: Amount(2, 0, 1000),
        "Rain of the last three hours, millimetres", Nowhere,
        total("Rain of the last three hours", 3, RAIN);
    snow_1h_mm = SNOW_1H_MM: Amount(2, 0, 500),
        "Snow of the last hour, millimetres of water", Everywhere,
        total("Snow of the last hour, as water", 1, SNOW);
    snow_3h_mm = SNOW_3H_MM: Amount(2, 0, 1000),
        "Snow of the last three hours, millimetres of water", Nowhere,
        total("Snow of the last three hours, as water", 3, SNOW);
    condition_id: Number(),
        "The source's number of the weather condition" + " (OpenWeatherMap: 2xx thunderstorm, \
         3xx drizzle, 5xx rain, 6xx snow, 7xx haze and dust, 800 clear, 80x clouds)", Hourly;
    condition_group: Text(), "The condition in one word, such as Rain", Everywhere;
    condition_description: Text(), "The condition in words, such as light rain", Everywhere;
    answered_latitude = ANSWERED_LATITUDE: Real(4, -90, 90),
        "Latitude of the place that the source answered for, degrees north", Nowhere;
    answered_longitude = ANSWERED_LONGITUDE: Real(4, -180, 180),
        "Longitude of the place that the source answered for, degrees east", Nowhere;
    uv_index = UV_INDEX: Real(2, 0, 50),
        "UV index" + " (OpenWeatherMap: only of past hours)", Everywhere,
        momentary("UV index", INDEX, "ultraviolet_index");
    dew_point_c = DEW_POINT_C: Real(2, -95, 65),
        "Dew point, degrees Celsius" + " (OpenWeatherMap: only of past hours)", Everywhere,
        momentary("Dew point", CELSIUS, "dew_point_temperature");
}

/// Every quantity, in the order of the values.
pub static QUANTITIES: LazyLock<Vec<Quantity>> =
    LazyLock::new(|| VALUES.iter().filter_map(|value| value.quantity).collect());

/// One value of an observation: an entry of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// Its column and field, with its unit.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What it may be, if it is measured.
    pub measure: Option<Measure>,
    /// Whether it is what fell: where hours are shown, what was not reported is 0.
    pub is_amount: bool,
    /// What it says, with unit and range.
    pub description: &'static str,
    /// The same for a reader of the latest observations.
    pub in_latest: &'static str,
    /// The same for a reader of the hours.
    pub in_hourly: &'static str,
    /// In which views it is.
    pub shown: Shown,
    /// As programs that know nothing of us name it.
    pub quantity: Option<Quantity>,
}

/// The views that a value is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Only in its table.
    Nowhere,
    /// In the hours.
    Hourly,
    /// In the hours and in the latest observations.
    Everywhere,
}

impl Value {
    /// Whether the hours have it.
    #[must_use]
    pub const fn is_hourly(&self) -> bool {
        matches!(self.shown, Hourly | Everywhere)
    }

    /// Whether the latest observations have it.
    #[must_use]
    pub const fn is_latest(&self) -> bool {
        matches!(self.shown, Everywhere)
    }
}

/// A value as it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell<'a> {
    /// Of [`Kind::Real`].
    Real(Option<f64>),
    /// Of [`Kind::Integer`].
    Integer(Option<i64>),
    /// Of [`Kind::Text`].
    Text(Option<&'a str>),
}

impl Cell<'_> {
    /// Whether the source did not say.
    #[must_use]
    pub fn is_absent(self) -> bool {
        matches!(self, Self::Real(None) | Self::Integer(None) | Self::Text(None))
    }
}

/// Where a value is put.
#[derive(Debug)]
pub enum CellMut<'a> {
    /// Of [`Kind::Real`].
    Real(&'a mut Option<f64>),
    /// Of [`Kind::Integer`].
    Integer(&'a mut Option<i64>),
    /// Of [`Kind::Text`].
    Text(&'a mut Option<String>),
}

impl Values {
    /// Each value that the hours have, with its entry.
    pub fn hourly(&self) -> impl Iterator<Item = (&'static Value, Cell<'_>)> {
        VALUES.iter().zip(self.cells()).filter(|(value, _)| value.is_hourly())
    }

    /// The same, to be set.
    pub fn hourly_mut(&mut self) -> impl Iterator<Item = (&'static Value, CellMut<'_>)> {
        VALUES.iter().zip(self.cells_mut()).filter(|(value, _)| value.is_hourly())
    }

    /// With 0 for what fell and was not reported.
    #[must_use]
    pub fn with_zero_amounts(mut self) -> Self {
        for (value, cell) in VALUES.iter().zip(self.cells_mut()) {
            if let (true, CellMut::Real(amount)) = (value.is_amount, cell) {
                amount.get_or_insert(0.0);
            }
        }
        self
    }
}

const fn measured(name: &'static str, (decimals, min, max): (u8, i32, i32)) -> Measure {
    Measure { name, decimals, min: min as f64, max: max as f64 }
}

#[cfg(test)]
mod tests;
