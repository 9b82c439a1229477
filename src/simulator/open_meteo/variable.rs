//! The variables by name, each in the units that are asked for.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::simulator::climate::Weather;

/// The units that are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    fahrenheit: bool,
    wind: (&'static str, f64),
    inch: bool,
    unixtime: bool,
}

impl Units {
    pub(super) fn parse(parameters: &HashMap<String, String>) -> Result<Self, String> {
        let choice = |name: &str, default: &'static str, known: &[&'static str]| {
            let given = parameters.get(name).map_or(default, String::as_str);
            known.iter().copied().find(|known| *known == given).ok_or_else(|| {
                format!("Cannot initialize {name} from invalid String value {given} for key {name}")
            })
        };
        let wind = choice("wind_speed_unit", "kmh", &["kmh", "ms", "mph", "kn"])?;
        Ok(Self {
            fahrenheit: choice("temperature_unit", "celsius", &["celsius", "fahrenheit"])?
                == "fahrenheit",
            wind: match wind {
                "ms" => ("m/s", 1.0),
                "mph" => ("mp/h", 1.0 / 0.44704),
                "kn" => ("kn", 3600.0 / 1852.0),
                _ => ("km/h", 3.6),
            },
            inch: choice("precipitation_unit", "mm", &["mm", "inch"])? == "inch",
            unixtime: choice("timeformat", "iso8601", &["iso8601", "unixtime"])? == "unixtime",
        })
    }

    pub(super) fn time(self, time: DateTime<Utc>) -> Value {
        if self.unixtime {
            json!(time.timestamp())
        } else {
            json!(time.format("%FT%H:%M").to_string())
        }
    }

    pub(super) fn time_unit(self) -> &'static str {
        if self.unixtime { "unixtime" } else { "iso8601" }
    }

    fn temperature(self, celsius: f64) -> (f64, usize, &'static str) {
        if self.fahrenheit { (celsius * 1.8 + 32.0, 1, "°F") } else { (celsius, 1, "°C") }
    }

    fn wind(self, metres_per_second: f64) -> (f64, usize, &'static str) {
        let (unit, factor) = self.wind;
        (metres_per_second * factor, if unit == "m/s" { 2 } else { 1 }, unit)
    }

    fn depth(self, mm: f64) -> (f64, usize, &'static str) {
        if self.inch { (mm / 25.4, 3, "inch") } else { (mm, 2, "mm") }
    }
}

/// The weather of a moment, and how much of an hour its amounts are for.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) weather: Weather,
    pub(super) hours: f64,
    /// In the archive rain is all of it; a forecast gives the showers apart.
    pub(super) has_showers: bool,
}

impl Sample {
    /// A variable's value with its unit; `None` when there is no such variable.
    pub(super) fn value(&self, name: &str, units: Units) -> Option<(Value, &'static str)> {
        let weather = &self.weather;
        let fallen_mm = weather.precipitation_mm * self.hours;
        let (rain_mm, snow_mm) = if weather.is_snow { (0.0, fallen_mm) } else { (fallen_mm, 0.0) };
        // Heavy rain falls from showers.
        let showers_mm = if weather.precipitation_mm >= 4.0 { rain_mm / 2.0 } else { 0.0 };
        let snow_cm = snow_mm * 0.7; // 10 mm of water are 7 cm of snow
        let (value, decimals, unit) = match name {
            "temperature_2m" => units.temperature(weather.temperature_c),
            "apparent_temperature" => units.temperature(weather.feels_like_c),
            "relative_humidity_2m" => (weather.humidity_pct, 0, "%"),
            "pressure_msl" => (weather.pressure_msl_hpa, 1, "hPa"),
            "surface_pressure" => (weather.pressure_ground_hpa, 1, "hPa"),
            "wind_speed_10m" => units.wind(weather.wind_speed_ms),
            "wind_gusts_10m" => units.wind(weather.wind_gust_ms),
            "wind_direction_10m" => (weather.wind_direction_deg, 0, "°"),
            "cloud_cover" => (weather.cloud_cover_pct, 0, "%"),
            "visibility" => (weather.visibility_m, 2, "m"),
            "uv_index" => (weather.uv_index, 2, ""),
            "dew_point_2m" => units.temperature(weather.dew_point_c),
            "weather_code" => (f64::from(code(weather)), 0, "wmo code"),
            "precipitation_probability" => {
                ((10.0 + 30.0 * weather.precipitation_mm).min(100.0), 0, "%")
            }
            "precipitation" => units.depth(fallen_mm),
            "rain" if self.has_showers => units.depth(rain_mm - showers_mm),
            "rain" => units.depth(rain_mm),
            "showers" => units.depth(showers_mm),
            "snowfall" if units.inch => (snow_cm / 2.54, 3, "inch"),
            "snowfall" => (snow_cm, 2, "cm"),
            _ => return None,
        };
        Some((number(value, decimals), unit))
    }
}

/// Rounded, and whole where no decimals are written.
#[expect(clippy::cast_possible_truncation, reason = "weather is small")]
fn number(value: f64, decimals: usize) -> Value {
    if decimals == 0 {
        return json!(value.round() as i64);
    }
    let scale = 10_f64.powi(i32::try_from(decimals).unwrap_or_default());
    json!((value * scale).round() / scale)
}

/// WMO code 4677, as the service shortens it.
fn code(weather: &Weather) -> u8 {
    match (weather.precipitation_mm, weather.is_snow) {
        (0.01..1.0, false) => 61,
        (1.0..4.0, false) => 63,
        (4.0.., false) => 82,
        (0.01..1.0, true) => 71,
        (1.0.., true) => 73,
        _ => match weather.cloud_cover_pct {
            ..20.0 => 0,
            20.0..50.0 => 1,
            50.0..80.0 => 2,
            _ => 3,
        },
    }
}
