//! Forecasts of OpenWeatherMap: 3-hour steps of `GET /data/2.5/forecast`
//! (<https://openweathermap.org/forecast5>), and the hours of One Call 3.0
//! (<https://openweathermap.org/api/one-call-3>).
//!
//! No answer says when its model ran. Number and step of the rows do not follow from their place in the list:
//! recorded answers have 33, 37 and 40 rows, a hole of 15 hours, and hourly steps. `rain.3h` and `snow.3h` are
//! sums of three hours, the others of one; that the window ends at the row's time is documented by other
//! services and not by this one. `temp_min` and `temp_max` are no extremes of a day, and are not stored.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::Url;

use super::one_call::Record;
use super::payload::{self, Coord, Payload, Precipitation};
use super::transform::Units;
use super::{NAME, OpenWeatherMap, answer, one_call};
use crate::domain::budget::Counts;
use crate::domain::forecast::values::{AMOUNT_MM, PROBABILITY_PCT};
use crate::domain::forecast::{ForecastValue, ForecastValues, Issue, Product};
use crate::domain::{Site, SiteId, values};
use crate::http::StatusCode;
use crate::source::fault::Fault;
use crate::source::forecast::{Checked, Draft, Forecast, Forecaster};
use crate::source::object::Object;
use crate::source::reading::{condition_id, echoed, past_time, text};
use crate::source::{SourceError, wire};

/// What is called for steps of 3 hours.
pub(super) const PATH: &str = "/data/2.5/forecast";

/// What is called for hours.
pub(super) const ONE_CALL_PATH: &str = "/data/3.0/onecall";

/// Columns that every answer fills. Rain, snow and gusts are left out where there are none.
const ALWAYS: &[&str] = &[
    "temperature_c",
    "humidity_pct",
    "pressure_msl_hpa",
    "wind_speed_ms",
    "wind_direction_deg",
    "cloud_cover_pct",
    "condition_id",
];

/// One of the two forecasts of the service.
pub struct WeatherForecast {
    service: OpenWeatherMap,
    product: Product,
}

impl OpenWeatherMap {
    /// Its forecast in steps of 3 hours.
    #[must_use]
    pub fn forecast_3h(&self) -> WeatherForecast {
        WeatherForecast { service: self.clone(), product: Product::Owm3h }
    }

    /// The hours of One Call 3.0.
    #[must_use]
    pub fn forecast_hours(&self) -> WeatherForecast {
        WeatherForecast { service: self.clone(), product: Product::OwmOneCall1h }
    }
}

impl WeatherForecast {
    fn url(&self, site: &Site) -> (Url, &'static str) {
        match self.product {
            Product::OwmOneCall1h => {
                let mut url = self.service.url(&self.service.one_call, site);
                url.query_pairs_mut().append_pair("exclude", "minutely,daily,alerts");
                (url, ONE_CALL_PATH)
            }
            _ => (self.service.url(&self.service.forecast, site), PATH),
        }
    }
}

#[async_trait]
impl Forecaster for WeatherForecast {
    fn product(&self) -> Product {
        self.product
    }

    fn model(&self) -> &'static str {
        ""
    }

    fn charge(&self) -> u32 {
        1
    }

    fn counts(&self) -> Counts {
        match self.product {
            Product::OwmOneCall1h => Counts::History,
            _ => Counts::Live,
        }
    }

    fn pause_name(&self) -> &'static str {
        match self.product {
            Product::OwmOneCall1h => one_call::PAUSE_NAME,
            _ => NAME,
        }
    }

    async fn forecast(&self, site: &Site, now: DateTime<Utc>) -> Result<Forecast, SourceError> {
        let (url, path) = self.url(site);
        let got = self.service.get(url).await?;
        let issue = if got.status == StatusCode::OK {
            transform_forecast(self.product, &site.site_id, Units::Metric, &got.body, Some(now))
        } else {
            Err(answer::fault(path, got.status, &got.body))
        };
        let mut issue = issue.map_err(|fault| self.service.failed(&got, &fault))?;
        for value in &mut issue.values {
            if let Some(text) = &mut value.values.condition_group {
                *text = wire::blanked(&self.service.key, text);
            }
        }
        Ok(Forecast { issue, http_status: got.status.as_u16() })
    }
}

/// The answer in steps of 3 hours.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Steps {
    list: Option<Vec<Object<Payload>>>,
    city: Option<Object<City>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct City {
    coord: Option<Object<Coord>>,
}

/// The answer of One Call.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Hours {
    lat: Option<f64>,
    lon: Option<f64>,
    hourly: Option<Vec<Object<Record>>>,
}

/// The issue that the body of a 200 answer of this product gives for the site asked for; `available_at`: the
/// moment of the answer, without one its first time.
///
/// # Errors
/// A [`Fault`] when the body claims an error, cannot be read, has no usable row, or a number that stands for a
/// missing value.
pub fn transform_forecast(
    product: Product,
    site_id: &SiteId,
    units: Units,
    body: &[u8],
    available_at: Option<DateTime<Utc>>,
) -> Result<Issue, Fault> {
    let (payloads, coord, expected) = match product {
        Product::OwmOneCall1h => {
            let Hours { lat, lon, hourly } = payload::parse(body)?;
            let hours = hourly.ok_or_else(|| Fault::malformed("hourly: missing"))?;
            let payloads =
                hours.into_iter().map(|Object(hour)| hour.into_payload(Coord::default()));
            (payloads.collect(), Coord { lat, lon }, (48, 60))
        }
        _ => {
            let Steps { list, city } = payload::parse(body)?;
            let list = list.ok_or_else(|| Fault::malformed("list: missing"))?;
            let coord = city.and_then(|Object(city)| city.coord).map(|Object(coord)| coord);
            let payloads: Vec<_> = list.into_iter().map(|Object(step)| step).collect();
            (payloads, coord.unwrap_or_default(), (40, 180))
        }
    };
    let mut checked = Checked::default();
    let window_minutes = window_minutes(product, &payloads);
    let rows = payloads.iter().map(|payload| row(units, payload, window_minutes, &mut checked));
    let rows: Vec<_> = rows.collect::<Result<Vec<_>, Fault>>()?.into_iter().flatten().collect();
    let first = rows.iter().map(|row| row.valid_at).min();
    let latitude = echoed(values::ANSWERED_LATITUDE, coord.lat);
    let longitude = echoed(values::ANSWERED_LONGITUDE, coord.lon);
    let draft = Draft {
        product,
        model: String::new(),
        answered: [latitude, longitude, None],
        rows,
        checked,
        expected,
        asked: ALWAYS,
    };
    draft.into_issue(site_id, available_at.or(first).unwrap_or_default())
}

/// The window of an answer's sums: three hours, unless it names sums of one.
fn window_minutes(product: Product, payloads: &[Payload]) -> i64 {
    let is_hourly = |sum: &Option<Object<Precipitation>>| {
        sum.as_ref().is_some_and(|sum| sum.last_1h.is_some() && sum.last_3h.is_none())
    };
    let names_hours = payloads.iter().any(|each| is_hourly(&each.rain) || is_hourly(&each.snow));
    if product == Product::OwmOneCall1h || names_hours { 60 } else { 180 }
}

/// A row; `None` of one that says no time.
fn row(
    units: Units,
    payload: &Payload,
    window_minutes: i64,
    checked: &mut Checked,
) -> Result<Option<ForecastValue>, Fault> {
    if payload.dt.is_none() {
        return Ok(None);
    }
    let valid_at = past_time("dt", payload.dt)?;
    let values = row_values(units, payload, window_minutes, checked)?;
    Ok(Some(ForecastValue { valid_at, window_minutes, values }))
}

fn row_values(
    units: Units,
    payload: &Payload,
    window_minutes: i64,
    checked: &mut Checked,
) -> Result<ForecastValues, Fault> {
    let main = payload.main.as_ref();
    let wind = payload.wind.as_ref();
    let condition = payload.weather.as_ref().and_then(|conditions| conditions.first());
    let celsius = |value: Option<f64>| value.map(|value| units.celsius(value));
    let speed = |value: Option<f64>| value.map(|value| units.metres_per_second(value));
    let sum = |sum: &Option<Object<Precipitation>>| {
        let sum = sum.as_ref()?;
        if window_minutes == 60 { sum.last_1h } else { sum.last_3h }
    };
    let mut real = |column, measure, value| checked.real(column, measure, value);
    let rain_mm = real("rain_mm", AMOUNT_MM, sum(&payload.rain))?;
    let snow_mm = real("snow_mm", AMOUNT_MM, sum(&payload.snow))?;
    let all_mm = rain_mm.into_iter().chain(snow_mm).reduce(|rain, snow| rain + snow);
    let pressure = main.and_then(|main| main.sea_level.or(main.pressure));
    let clouds = payload.clouds.as_ref().and_then(|clouds| clouds.all);
    let probability = payload.pop.map(|share| share * 100.0);
    Ok(ForecastValues {
        temperature_c: real(
            "temperature_c",
            values::TEMPERATURE_C,
            celsius(main.and_then(|main| main.temp)),
        )?,
        feels_like_c: real(
            "feels_like_c",
            values::FEELS_LIKE_C,
            celsius(main.and_then(|main| main.feels_like)),
        )?,
        humidity_pct: real(
            "humidity_pct",
            values::HUMIDITY_PCT,
            main.and_then(|main| main.humidity),
        )?,
        pressure_msl_hpa: real("pressure_msl_hpa", values::PRESSURE_MSL_HPA, pressure)?,
        pressure_ground_hpa: real(
            "pressure_ground_hpa",
            values::PRESSURE_GROUND_HPA,
            main.and_then(|main| main.grnd_level),
        )?,
        wind_speed_ms: real(
            "wind_speed_ms",
            values::WIND_SPEED_MS,
            speed(wind.and_then(|wind| wind.speed)),
        )?,
        wind_gust_ms: real(
            "wind_gust_ms",
            values::WIND_GUST_MS,
            speed(wind.and_then(|wind| wind.gust)),
        )?,
        cloud_cover_pct: real("cloud_cover_pct", values::CLOUD_COVER_PCT, clouds)?,
        visibility_m: real("visibility_m", values::VISIBILITY_M, payload.visibility)?,
        uv_index: real("uv_index", values::UV_INDEX, payload.uvi)?,
        dew_point_c: real(
            "dew_point_c",
            values::DEW_POINT_C,
            celsius(main.and_then(|main| main.dew_point)),
        )?,
        precipitation_mm: real("precipitation_mm", AMOUNT_MM, all_mm)?,
        precipitation_probability_pct: real(
            "precipitation_probability_pct",
            PROBABILITY_PCT,
            probability,
        )?,
        rain_mm,
        snow_mm,
        wind_direction_deg: checked
            .direction(values::WIND_DIRECTION_DEG, wind.and_then(|wind| wind.deg))?,
        condition_id: condition_id("weather[0].id", condition.and_then(|first| first.id))?,
        condition_group: text(
            "weather[0].main",
            condition.and_then(|first| first.main.as_deref()),
        )?,
        ..ForecastValues::default()
    })
}

#[cfg(test)]
mod tests;
