//! Payload → observations: pure, and total over whatever bytes a server may send.
//!
//! | column | the service's name | its unit, as requested | the column's unit |
//! |---|---|---|---|
//! | `temperature_c` | `temperature_2m` | °C | the same |
//! | `feels_like_c` | `apparent_temperature` | °C | the same |
//! | `humidity_pct` | `relative_humidity_2m` | % | the same |
//! | `pressure_msl_hpa` | `pressure_msl` | hPa | the same |
//! | `pressure_ground_hpa` | `surface_pressure` | hPa | the same |
//! | `wind_speed_ms` | `wind_speed_10m` | m/s (`wind_speed_unit=ms`; km/h if not asked for) | the same |
//! | `wind_gust_ms` | `wind_gusts_10m` | m/s, the highest of the preceding step | the same |
//! | `wind_direction_deg` | `wind_direction_10m` | ° | the same |
//! | `cloud_cover_pct` | `cloud_cover` | % | the same |
//! | `visibility_m` | `visibility` | m; the archive has none | the same |
//! | `rain_1h_mm` | `rain` and `showers` | mm, the sum of the preceding step | of an hour |
//! | `snow_1h_mm` | `snowfall` | cm **of snow**, the sum of the preceding step | of an hour, as water |
//! | `condition_id` | `weather_code` | WMO code | the same |
//! | `uv_index` | `uv_index` | none; the archive has none | the same |
//! | `dew_point_c` | `dew_point_2m` | °C | the same |
//!
//! Units and valid times are those of <https://open-meteo.com/en/docs> (hourly and 15-minutely
//! parameter definition) and <https://open-meteo.com/en/docs/historical-weather-api>. Three traps:
//!
//! - **The step.** In `hourly` a sum is that of the preceding hour, but in `current` and
//!   `minutely_15` that of the preceding 15 minutes (`"interval": 900`). So the rain of the last
//!   hour is added up from four steps of `minutely_15`, and is not known if one of them is not.
//! - **Snow.** The documentation says "for the water equivalent in millimeter, divide by 7. E.g.
//!   7 cm snow = 10 mm precipitation water equivalent": cm × 10 / 7 are mm of water.
//! - **Rain.** `rain` in a forecast is the one of large weather systems, `showers` come on top; in
//!   the archive `rain` is all of it. A model without `showers` says null.
//!
//! Nothing is said of the lowest and highest temperature of the area, nor of three hours. The
//! place answered for is the centre of the model's grid cell, some kilometres off.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::payload::{Block, Place, Variable, place, places};
use super::{NAME, condition};
use crate::domain::observation::Values;
use crate::domain::values;
use crate::domain::{Observation, SiteId};
use crate::source::fault::Fault;
use crate::source::history::{HistoryCall, Missing, Recalled};
use crate::source::reading::{
    condition_id, echoed, past_time, round, says_nothing, time, whole_degrees,
};

pub(super) const TEMPERATURE: Variable = ("temperature_2m", "°C");
pub(super) const APPARENT_TEMPERATURE: Variable = ("apparent_temperature", "°C");
pub(super) const HUMIDITY: Variable = ("relative_humidity_2m", "%");
pub(super) const PRESSURE_MSL: Variable = ("pressure_msl", "hPa");
pub(super) const SURFACE_PRESSURE: Variable = ("surface_pressure", "hPa");
pub(super) const WIND_SPEED: Variable = ("wind_speed_10m", "m/s");
pub(super) const WIND_GUSTS: Variable = ("wind_gusts_10m", "m/s");
pub(super) const WIND_DIRECTION: Variable = ("wind_direction_10m", "°");
pub(super) const CLOUD_COVER: Variable = ("cloud_cover", "%");
pub(super) const VISIBILITY: Variable = ("visibility", "m");
pub(super) const WEATHER_CODE: Variable = ("weather_code", "wmo code");
pub(super) const RAIN: Variable = ("rain", "mm");
pub(super) const SHOWERS: Variable = ("showers", "mm");
pub(super) const SNOWFALL: Variable = ("snowfall", "cm");
pub(super) const UV_INDEX: Variable = ("uv_index", "");
pub(super) const DEW_POINT: Variable = ("dew_point_2m", "°C");

/// What is asked for of the present moment.
pub(super) const CURRENT: [Variable; 13] = [
    TEMPERATURE,
    APPARENT_TEMPERATURE,
    HUMIDITY,
    PRESSURE_MSL,
    SURFACE_PRESSURE,
    WIND_SPEED,
    WIND_GUSTS,
    WIND_DIRECTION,
    CLOUD_COVER,
    VISIBILITY,
    WEATHER_CODE,
    UV_INDEX,
    DEW_POINT,
];

/// What is asked for of each quarter of the last hour.
pub(super) const QUARTERS: [Variable; 3] = [RAIN, SHOWERS, SNOWFALL];

/// What is asked for of each hour of the archive.
pub(super) const ARCHIVE: [Variable; 13] = [
    TEMPERATURE,
    APPARENT_TEMPERATURE,
    HUMIDITY,
    PRESSURE_MSL,
    SURFACE_PRESSURE,
    WIND_SPEED,
    WIND_GUSTS,
    WIND_DIRECTION,
    CLOUD_COVER,
    WEATHER_CODE,
    RAIN,
    SNOWFALL,
    DEW_POINT,
];

/// What is asked for of each hour of the last days: the forecast API tells showers apart, how far one
/// sees, and the UV index.
pub(super) const RECENT: [Variable; 16] = [
    TEMPERATURE,
    APPARENT_TEMPERATURE,
    HUMIDITY,
    PRESSURE_MSL,
    SURFACE_PRESSURE,
    WIND_SPEED,
    WIND_GUSTS,
    WIND_DIRECTION,
    CLOUD_COVER,
    VISIBILITY,
    WEATHER_CODE,
    RAIN,
    SHOWERS,
    SNOWFALL,
    UV_INDEX,
    DEW_POINT,
];

/// Water in fallen snow: 7 cm of snow are 10 mm of water.
pub(super) const WATER_MM_PER_SNOW_CM: f64 = 10.0 / 7.0;

/// The observation that the body of a 200 answer for one site gives.
///
/// # Errors
/// A [`Fault`] when the body claims an error, cannot be read, has no time or no value, or holds a
/// value in another unit or out of its physical range.
pub fn transform(site_id: &SiteId, body: &[u8]) -> Result<Observation, Fault> {
    let place = &place(body)?;
    let missing = || Fault::malformed("current: missing: the answer says nothing of now");
    let current = place.block("current")?.ok_or_else(missing)?;
    let observation_time = time("current.time", current.time()?)?;
    let quarters = Quarters::of(place, observation_time)?;
    let amounts = Amounts {
        rain_mm: add(quarters.sum(RAIN)?, quarters.sum(SHOWERS)?),
        snow_cm: quarters.sum(SNOWFALL)?,
    };
    let values = values(place, amounts, |variable| current.value(variable))?;
    if says_nothing(&values) {
        return Err(Fault::malformed("no weather in the answer: every value is absent"));
    }
    Ok(Observation { site_id: site_id.clone(), source: NAME, observation_time, values })
}

/// What the body of a 200 answer says of each site-hour of `call`, of which these variables were asked
/// for.
///
/// # Errors
/// A [`Fault`] when the body as a whole cannot be read, or is of another number of places than were
/// asked for: which of them is missing, nothing says. What is wrong with one site or hour is said
/// there.
pub(super) fn recall(
    call: &HistoryCall<'_>,
    variables: &[Variable],
    body: &[u8],
) -> Result<Vec<Recalled>, Fault> {
    let places = places(body)?;
    if places.len() != call.sites.len() {
        let (answered, asked) = (places.len(), call.sites.len());
        return Err(Fault::malformed(&format!("{answered} places answered, {asked} asked for")));
    }
    let of_sites = call.sites.iter().zip(places);
    let recalled = of_sites
        .flat_map(|(site, place)| recall_site(&site.site_id, place.as_ref(), variables, call));
    Ok(recalled.collect())
}

fn recall_site(
    site_id: &SiteId,
    place: Result<&Place, &Fault>,
    variables: &[Variable],
    call: &HistoryCall<'_>,
) -> Vec<Recalled> {
    let hours = place.map_err(Fault::clone).and_then(|place| Hours::of(place, variables));
    let found = |hour| match &hours {
        Ok(hours) => hours.observation(site_id, hour),
        Err(fault) => Err(Missing::Unreadable(fault.clone())),
    };
    call.hours()
        .map(|hour| Recalled { site_id: site_id.clone(), hour, found: found(hour) })
        .collect()
}

/// The past hours of a place.
struct Hours<'a> {
    place: &'a Place,
    block: Block<'a>,
    at: HashMap<i64, usize>,
}

impl<'a> Hours<'a> {
    /// # Errors
    /// When they cannot be read: no hours at all, one without a time, another unit.
    fn of(place: &'a Place, variables: &[Variable]) -> Result<Self, Fault> {
        let block = place.block("hourly")?.ok_or_else(|| Fault::malformed("hourly: missing"))?;
        let times = block.times()?;
        block.check_lists(variables, times.len())?;
        let times = times.into_iter().map(|seconds| past_time("hourly.time", Some(seconds)));
        let at = times
            .enumerate()
            .map(|(at, time)| Ok((time?.timestamp(), at)))
            .collect::<Result<_, Fault>>()?;
        Ok(Self { place, block, at })
    }

    /// Days are asked for, and a day has all of its hours: one that is not there is no hour without a
    /// value, but an answer for another time.
    fn observation(&self, site_id: &SiteId, hour: DateTime<Utc>) -> Result<Observation, Missing> {
        let elsewhen = || {
            let message = format!("hourly.time: {hour} was asked for and is not among the hours");
            Missing::Unreadable(Fault::malformed(&message))
        };
        let at = *self.at.get(&hour.timestamp()).ok_or_else(elsewhen)?;
        let value = |variable| self.block.value_at(variable, at);
        let values = value(RAIN)
            .and_then(|rain| {
                Ok(Amounts { rain_mm: add(rain, value(SHOWERS)?), snow_cm: value(SNOWFALL)? })
            })
            .and_then(|amounts| values(self.place, amounts, value))
            .map_err(Missing::of)?;
        if says_nothing(&values) {
            return Err(Missing::Silent);
        }
        let site_id = site_id.clone();
        Ok(Observation { site_id, source: NAME, observation_time: hour, values })
    }
}

/// The four quarters of the hour that ends with an observation.
struct Quarters<'a> {
    block: Option<Block<'a>>,
    at: Vec<usize>,
}

impl<'a> Quarters<'a> {
    fn of(place: &'a Place, end: DateTime<Utc>) -> Result<Self, Fault> {
        let block = place.block("minutely_15")?;
        let times = block.map(|block| block.times()).transpose()?.unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "Unix seconds until the year 9999")]
        let end = end.timestamp() as f64;
        let is_of_the_hour = |time: f64| end - 3600.0 < time && time <= end;
        let at = times.into_iter().enumerate().filter(|(_, time)| is_of_the_hour(*time));
        Ok(Self { block, at: at.map(|(at, _)| at).collect() })
    }

    /// What fell in the hour; `None` unless all four quarters are known.
    fn sum(&self, variable: Variable) -> Result<Option<f64>, Fault> {
        let Some(block) = self.block.filter(|_| self.at.len() == 4) else { return Ok(None) };
        let mut sum = Some(0.0);
        for at in &self.at {
            let value = block.value_at(variable, *at)?;
            sum = sum.zip(value).map(|(sum, value)| sum + value);
        }
        Ok(sum)
    }
}

/// What fell in an hour.
#[derive(Clone, Copy)]
struct Amounts {
    rain_mm: Option<f64>,
    snow_cm: Option<f64>,
}

/// Rain, and the showers on top where the model tells them apart.
fn add(rain: Option<f64>, showers: Option<f64>) -> Option<f64> {
    rain.map(|rain| rain + showers.unwrap_or_default())
}

fn values(
    place: &Place,
    amounts: Amounts,
    value: impl Fn(Variable) -> Result<Option<f64>, Fault>,
) -> Result<Values, Fault> {
    let condition_id = condition_id("weather_code", value(WEATHER_CODE)?)?;
    let condition = condition_id.and_then(condition::find);
    let snow_mm = amounts.snow_cm.map(|snow_cm| snow_cm * WATER_MM_PER_SNOW_CM);
    Ok(Values {
        temperature_c: round(values::TEMPERATURE_C, value(TEMPERATURE)?)?,
        feels_like_c: round(values::FEELS_LIKE_C, value(APPARENT_TEMPERATURE)?)?,
        humidity_pct: round(values::HUMIDITY_PCT, value(HUMIDITY)?)?,
        pressure_msl_hpa: round(values::PRESSURE_MSL_HPA, value(PRESSURE_MSL)?)?,
        pressure_ground_hpa: round(values::PRESSURE_GROUND_HPA, value(SURFACE_PRESSURE)?)?,
        wind_speed_ms: round(values::WIND_SPEED_MS, value(WIND_SPEED)?)?,
        wind_gust_ms: round(values::WIND_GUST_MS, value(WIND_GUSTS)?)?,
        wind_direction_deg: whole_degrees(value(WIND_DIRECTION)?)?,
        cloud_cover_pct: round(values::CLOUD_COVER_PCT, value(CLOUD_COVER)?)?,
        visibility_m: round(values::VISIBILITY_M, value(VISIBILITY)?)?,
        rain_1h_mm: round(values::RAIN_1H_MM, amounts.rain_mm)?,
        snow_1h_mm: round(values::SNOW_1H_MM, snow_mm)?,
        condition_id,
        condition_group: condition.map(|(group, _)| group.to_owned()),
        condition_description: condition.map(|(_, words)| words.to_owned()),
        answered_latitude: echoed(values::ANSWERED_LATITUDE, place.number("latitude")),
        answered_longitude: echoed(values::ANSWERED_LONGITUDE, place.number("longitude")),
        uv_index: round(values::UV_INDEX, value(UV_INDEX)?)?,
        dew_point_c: round(values::DEW_POINT_C, value(DEW_POINT)?)?,
        ..Values::default()
    })
}

#[cfg(test)]
mod tests;
