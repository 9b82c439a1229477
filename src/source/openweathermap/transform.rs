//! Payload → observation: pure, and total over whatever bytes a server may send.
//!
//! Everything in a payload is optional but the time. What is absent becomes `None`, never zero and
//! never another field's value: no `rain` means that no rain was reported, no `wind.deg` that the
//! air was calm, no `visibility` that nobody knows. Numbers are read as floating point and rounded
//! on purpose, since the service writes `282` where it wrote `282.05` before. Place, name and id
//! of the answer do not identify the site; the coordinates we asked for do.

use clap::ValueEnum;

use super::NAME;
use super::payload::Payload;
use crate::domain::observation::Values;
use crate::domain::values;
use crate::domain::{Observation, SiteId};
use crate::source::fault::Fault;
use crate::source::reading::{
    condition_id, echoed, round, says_nothing, text, time, whole_degrees,
};

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
    pub(super) fn celsius(self, temperature: f64) -> f64 {
        match self {
            Self::Metric => temperature,
            Self::Standard => temperature - 273.15,
            Self::Imperial => (temperature - 32.0) / 1.8,
        }
    }

    pub(super) fn metres_per_second(self, speed: f64) -> f64 {
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
    observation(site_id, units, &Payload::parse(body)?)
}

/// The observation that a payload gives for the site asked for.
fn observation(site_id: &SiteId, units: Units, payload: &Payload) -> Result<Observation, Fault> {
    let nothing = || Fault::malformed("no weather in the answer: every value is absent");
    past_observation(site_id, units, payload)?.ok_or_else(nothing)
}

/// The same of a record of the past, which may have no value: `None`.
pub(super) fn past_observation(
    site_id: &SiteId,
    units: Units,
    payload: &Payload,
) -> Result<Option<Observation>, Fault> {
    let values = values(units, payload)?;
    if says_nothing(&values) {
        return Ok(None);
    }
    let (site_id, observation_time) = (site_id.clone(), time("dt", payload.dt)?);
    Ok(Some(Observation { site_id, source: NAME, observation_time, values }))
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
        temperature_c: round(values::TEMPERATURE_C, celsius(main.and_then(|m| m.temp)))?,
        feels_like_c: round(values::FEELS_LIKE_C, celsius(main.and_then(|m| m.feels_like)))?,
        temperature_area_min_c: round(
            values::TEMPERATURE_AREA_MIN_C,
            celsius(main.and_then(|m| m.temp_min)),
        )?,
        temperature_area_max_c: round(
            values::TEMPERATURE_AREA_MAX_C,
            celsius(main.and_then(|m| m.temp_max)),
        )?,
        humidity_pct: round(values::HUMIDITY_PCT, main.and_then(|m| m.humidity))?,
        pressure_msl_hpa: round(values::PRESSURE_MSL_HPA, pressure_msl_hpa)?,
        pressure_ground_hpa: round(values::PRESSURE_GROUND_HPA, main.and_then(|m| m.grnd_level))?,
        wind_speed_ms: round(values::WIND_SPEED_MS, metres_per_second(wind.and_then(|w| w.speed)))?,
        wind_gust_ms: round(values::WIND_GUST_MS, metres_per_second(wind.and_then(|w| w.gust)))?,
        wind_direction_deg: whole_degrees(wind.and_then(|w| w.deg))?,
        cloud_cover_pct: round(
            values::CLOUD_COVER_PCT,
            payload.clouds.as_ref().and_then(|clouds| clouds.all),
        )?,
        visibility_m: round(values::VISIBILITY_M, payload.visibility)?,
        rain_1h_mm: round(values::RAIN_1H_MM, rain.and_then(|r| r.last_1h))?,
        rain_3h_mm: round(values::RAIN_3H_MM, rain.and_then(|r| r.last_3h))?,
        snow_1h_mm: round(values::SNOW_1H_MM, snow.and_then(|s| s.last_1h))?,
        snow_3h_mm: round(values::SNOW_3H_MM, snow.and_then(|s| s.last_3h))?,
        condition_id: condition_id("weather[0].id", condition.and_then(|c| c.id))?,
        condition_group: text("weather[0].main", condition.and_then(|c| c.main.as_deref()))?,
        condition_description: text(
            "weather[0].description",
            condition.and_then(|c| c.description.as_deref()),
        )?,
        answered_latitude: echoed(values::ANSWERED_LATITUDE, coord.and_then(|c| c.lat)),
        answered_longitude: echoed(values::ANSWERED_LONGITUDE, coord.and_then(|c| c.lon)),
        uv_index: round(values::UV_INDEX, payload.uvi)?,
        dew_point_c: round(values::DEW_POINT_C, celsius(main.and_then(|m| m.dew_point)))?,
    })
}

#[cfg(test)]
mod tests;
