//! What a forecast says of one time: the one list, as [`domain::values`](crate::domain::values) is of observations.
//!
//! It has the values of an observation but those of an area and those that name their hours; sums are of the
//! window that the row names (`window_minutes`) and ends at `valid_at`. Where a source gives a spread (an own
//! prediction does), quantiles stand beside the value.

use serde::Serialize;

use crate::domain::kind::Kind;
use crate::domain::measure::Measure;
use crate::domain::tables::Column;
use crate::domain::values::Cell;

/// Rain, snow and all of it, millimetres of water in the window.
pub const AMOUNT_MM: Measure = Measure { name: "amount_mm", decimals: 2, min: 0.0, max: 1000.0 };

/// Probability of precipitation, percent.
pub const PROBABILITY_PCT: Measure =
    Measure { name: "precipitation_probability_pct", decimals: 1, min: 0.0, max: 100.0 };

macro_rules! list {
    ($($name:ident: $kind:ident $(($decimals:literal))?, $says:literal;)*) => {
        const COUNT: usize = [$(stringify!($name)),*].len();

        /// The columns of the values, in order.
        pub const FORECAST_COLUMNS: [Column; COUNT] = [$(Column {
            name: stringify!($name),
            kind: kind!($kind $(($decimals))?),
            is_required: false,
            is_backfilled: false,
            description: $says,
        }),*];

        /// The values. `None`: the source did not say.
        #[derive(Debug, Clone, Default, PartialEq, Serialize)]
        pub struct ForecastValues {
            $(#[doc = $says] pub $name: Option<content!($kind)>,)*
        }

        impl ForecastValues {
            /// The values in the order of [`FORECAST_COLUMNS`].
            #[must_use]
            pub fn cells(&self) -> [Cell<'_>; COUNT] {
                [$(cell!($kind self.$name)),*]
            }
        }
    };
}

macro_rules! kind {
    (Real($decimals:literal)) => {
        Kind::Real { decimals: $decimals }
    };
    (Integer) => {
        Kind::Integer
    };
    (Text) => {
        Kind::Text
    };
}

macro_rules! content {
    (Real) => {
        f64
    };
    (Integer) => {
        i64
    };
    (Text) => {
        String
    };
}

macro_rules! cell {
    (Real $value:expr) => {
        Cell::Real($value)
    };
    (Integer $value:expr) => {
        Cell::Integer($value)
    };
    (Text $value:expr) => {
        Cell::Text($value.as_deref())
    };
}

list! {
    temperature_c: Real(2), "Air temperature, degrees Celsius, -95 to 65.";
    feels_like_c: Real(2), "Temperature as a person feels it, degrees Celsius, -95 to 65.";
    humidity_pct: Real(1), "Relative humidity, percent, 0 to 100.";
    pressure_msl_hpa: Real(2), "Air pressure reduced to mean sea level, hectopascals, 800 to 1100.";
    pressure_ground_hpa: Real(2), "Air pressure at the ground, hectopascals, 300 to 1100.";
    wind_speed_ms: Real(2), "Wind speed, metres per second, 0 to 150.";
    wind_gust_ms: Real(2), "Wind gust, metres per second, 0 to 150.";
    wind_direction_deg: Integer, "Direction the wind comes from (0 is north, 90 east), degrees, 0 to 360.";
    cloud_cover_pct: Real(1), "Share of the sky that clouds cover, percent, 0 to 100.";
    visibility_m: Real(0), "How far one sees, metres, 0 to 100000.";
    condition_id: Integer, "The source's number of the weather condition.";
    condition_group: Text, "The condition in one word, such as Rain.";
    uv_index: Real(2), "UV index, 0 to 50.";
    dew_point_c: Real(2), "Dew point, degrees Celsius, -95 to 65.";
    rain_mm: Real(2), "Rain in the window that ends at valid_at, millimetres, 0 to 1000; NULL: not reported.";
    snow_mm: Real(2), "Snow in that window, millimetres of water, 0 to 1000; NULL: not reported.";
    precipitation_mm: Real(2), "All precipitation in that window, millimetres of water, 0 to 1000; NULL: not reported.";
    precipitation_probability_pct: Real(1), "Probability of precipitation in that window, percent, 0 to 100.";
    temperature_spread_c: Real(2), "Standard deviation of the temperature, degrees Celsius.";
    temperature_p10_c: Real(2), "Temperature that is not reached with a probability of 10 %, degrees Celsius.";
    temperature_p50_c: Real(2), "Median of the temperature, degrees Celsius.";
    temperature_p90_c: Real(2), "Temperature that is not reached with a probability of 90 %, degrees Celsius.";
    dew_point_spread_c: Real(2), "Standard deviation of the dew point, degrees Celsius.";
    dew_point_p10_c: Real(2), "Dew point that is not reached with a probability of 10 %, degrees Celsius.";
    dew_point_p50_c: Real(2), "Median of the dew point, degrees Celsius.";
    dew_point_p90_c: Real(2), "Dew point that is not reached with a probability of 90 %, degrees Celsius.";
    pressure_msl_spread_hpa: Real(2), "Standard deviation of the pressure at sea level, hectopascals.";
    pressure_msl_p10_hpa: Real(2), "Pressure at sea level that is not reached with a probability of 10 %, hectopascals.";
    pressure_msl_p50_hpa: Real(2), "Median of the pressure at sea level, hectopascals.";
    pressure_msl_p90_hpa: Real(2), "Pressure at sea level that is not reached with a probability of 90 %, hectopascals.";
    wind_speed_spread_ms: Real(2), "Standard deviation of the wind speed, metres per second.";
    wind_speed_p10_ms: Real(2), "Wind speed that is not reached with a probability of 10 %, metres per second.";
    wind_speed_p50_ms: Real(2), "Median of the wind speed, metres per second.";
    wind_speed_p90_ms: Real(2), "Wind speed that is not reached with a probability of 90 %, metres per second.";
}

impl ForecastValues {
    /// True when nothing is said of the weather.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells().into_iter().all(Cell::is_absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::values::VALUES;

    #[test]
    fn a_value_that_an_observation_has_too_is_of_the_same_kind() {
        let mut shared = 0;
        for column in &FORECAST_COLUMNS {
            let Some(value) = VALUES.iter().find(|value| value.name == column.name) else {
                continue;
            };
            assert_eq!(value.kind, column.kind, "{}", column.name);
            shared += 1;
        }
        assert_eq!(shared, 14);
    }

    #[test]
    fn one_value_is_enough_not_to_be_empty() {
        assert!(ForecastValues::default().is_empty());
        let cloudy = ForecastValues { cloud_cover_pct: Some(0.0), ..ForecastValues::default() };
        assert!(!cloudy.is_empty());
    }
}
