//! Payload → observation: pure, and total over whatever bytes a server may send.
//!
//! Everything in a payload is optional but the time. What is absent becomes `None`, never zero and
//! never another field's value: no `rain` means that no rain was reported, no `wind.deg` that the
//! air was calm, no `visibility` that nobody knows. Numbers are read as floating point and rounded
//! on purpose, since the service writes `282` where it wrote `282.05` before. Place, name and id
//! of the answer do not identify the site; the coordinates we asked for do.

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use super::NAME;
use super::fault::Fault;
use super::payload::Payload;
use crate::domain::measure::{self, Measure};
use crate::domain::observation::{MAX_TEXT_CHARS, Values};
use crate::domain::{ErrorKind, Observation, SiteId};

/// The units that a payload is in, by the name of the API's `units` parameter
/// (<https://openweathermap.org/current#data>). Pressure, visibility and precipitation are the
/// same in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Units {
    /// °C and m/s.
    Metric,
    /// K and m/s.
    Standard,
    /// °F and mph.
    Imperial,
}

impl Units {
    fn celsius(self, temperature: f64) -> f64 {
        match self {
            Self::Metric => temperature,
            Self::Standard => temperature - 273.15,
            Self::Imperial => (temperature - 32.0) / 1.8,
        }
    }

    fn metres_per_second(self, speed: f64) -> f64 {
        /// One international mile (1609.344 m) per hour.
        const MILE_PER_HOUR: f64 = 0.44704;
        match self {
            Self::Metric | Self::Standard => speed,
            Self::Imperial => speed * MILE_PER_HOUR,
        }
    }
}

/// The observation that the `/weather` body of a 200 answer gives for the site asked for.
///
/// # Errors
/// A [`Fault`] when the body claims an error, cannot be read, has no time or no value, or holds a
/// value out of its physical range.
pub fn transform(site_id: &SiteId, units: Units, body: &[u8]) -> Result<Observation, Fault> {
    let payload = Payload::parse(body)?;
    let values = values(units, &payload)?;
    let Values { answered_latitude, answered_longitude, .. } = values;
    if values == (Values { answered_latitude, answered_longitude, ..Values::default() }) {
        return Err(Fault::malformed("no weather in the answer: every value is absent"));
    }
    Ok(Observation {
        site_id: site_id.clone(),
        source: NAME,
        observation_time: observation_time(payload.dt)?,
        values,
    })
}

/// Whole seconds; both databases and the warehouse hold the years 1970 to 9999.
fn observation_time(dt: Option<f64>) -> Result<DateTime<Utc>, Fault> {
    const LAST_SECOND_OF_9999: f64 = 253_402_300_799.0;
    let dt = dt.ok_or_else(|| Fault::malformed("dt: missing: the answer says no time"))?;
    if !(0.0..=LAST_SECOND_OF_9999).contains(&dt) {
        let message =
            format!("dt: {dt} is out of range: expected Unix seconds until the year 9999");
        return Err(Fault { kind: ErrorKind::OutOfRange, message });
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the range just checked")]
    let seconds = dt as i64;
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| Fault::malformed("dt: no time"))
}

fn values(units: Units, payload: &Payload) -> Result<Values, Fault> {
    let main = payload.main.as_ref();
    let wind = payload.wind.as_ref();
    let rain = payload.rain.as_ref();
    let snow = payload.snow.as_ref();
    let coord = payload.coord.as_ref();
    let condition = payload.weather.as_ref().and_then(|conditions| conditions.first());
    let celsius = |value: Option<f64>| value.map(|value| units.celsius(value));
    let metres_per_second = |value: Option<f64>| value.map(|value| units.metres_per_second(value));
    let pressure_msl_hpa = main.and_then(|main| main.sea_level.or(main.pressure));
    Ok(Values {
        temperature_c: round(measure::TEMPERATURE_C, celsius(main.and_then(|m| m.temp)))?,
        feels_like_c: round(measure::FEELS_LIKE_C, celsius(main.and_then(|m| m.feels_like)))?,
        temperature_area_min_c: round(
            measure::TEMPERATURE_AREA_MIN_C,
            celsius(main.and_then(|m| m.temp_min)),
        )?,
        temperature_area_max_c: round(
            measure::TEMPERATURE_AREA_MAX_C,
            celsius(main.and_then(|m| m.temp_max)),
        )?,
        humidity_pct: round(measure::HUMIDITY_PCT, main.and_then(|m| m.humidity))?,
        pressure_msl_hpa: round(measure::PRESSURE_MSL_HPA, pressure_msl_hpa)?,
        pressure_ground_hpa: round(measure::PRESSURE_GROUND_HPA, main.and_then(|m| m.grnd_level))?,
        wind_speed_ms: round(
            measure::WIND_SPEED_MS,
            metres_per_second(wind.and_then(|w| w.speed)),
        )?,
        wind_gust_ms: round(measure::WIND_GUST_MS, metres_per_second(wind.and_then(|w| w.gust)))?,
        wind_direction_deg: whole_degrees(wind.and_then(|w| w.deg))?,
        cloud_cover_pct: round(
            measure::CLOUD_COVER_PCT,
            payload.clouds.as_ref().and_then(|clouds| clouds.all),
        )?,
        visibility_m: round(measure::VISIBILITY_M, payload.visibility)?,
        rain_1h_mm: round(measure::RAIN_1H_MM, rain.and_then(|r| r.last_1h))?,
        rain_3h_mm: round(measure::RAIN_3H_MM, rain.and_then(|r| r.last_3h))?,
        snow_1h_mm: round(measure::SNOW_1H_MM, snow.and_then(|s| s.last_1h))?,
        snow_3h_mm: round(measure::SNOW_3H_MM, snow.and_then(|s| s.last_3h))?,
        condition_id: condition_id(condition.and_then(|c| c.id))?,
        condition_group: text("weather[0].main", condition.and_then(|c| c.main.as_deref()))?,
        condition_description: text(
            "weather[0].description",
            condition.and_then(|c| c.description.as_deref()),
        )?,
        answered_latitude: round(measure::ANSWERED_LATITUDE, coord.and_then(|c| c.lat))?,
        answered_longitude: round(measure::ANSWERED_LONGITUDE, coord.and_then(|c| c.lon))?,
    })
}

fn round(measure: Measure, value: Option<f64>) -> Result<Option<f64>, Fault> {
    Ok(value.map(|value| measure.round(value)).transpose()?)
}

fn whole_degrees(degrees: Option<f64>) -> Result<Option<i32>, Fault> {
    let rounded = round(measure::WIND_DIRECTION_DEG, degrees)?;
    #[expect(clippy::cast_possible_truncation, reason = "0 to 360")]
    Ok(rounded.map(|degrees| degrees as i32))
}

fn condition_id(id: Option<f64>) -> Result<Option<i64>, Fault> {
    /// Whole numbers beyond this have no exact floating-point form.
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    match id {
        Some(id) if id.fract() != 0.0 || id.abs() > MAX_EXACT => {
            Err(Fault::malformed(&format!("weather[0].id: {id} is no whole number")))
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
        id => Ok(id.map(|id| id as i64)),
    }
}

fn text(field: &str, text: Option<&str>) -> Result<Option<String>, Fault> {
    match text {
        Some(text) if text.chars().count() > MAX_TEXT_CHARS => {
            Err(Fault::malformed(&format!("{field}: longer than {MAX_TEXT_CHARS} characters")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests;
