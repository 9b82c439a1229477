//! Open-Meteo's forecast, hour by hour: `GET /v1/forecast` of one model that is named
//! (<https://open-meteo.com/en/docs>).
//!
//! When a model ran is in its description, `GET /data/MODEL/static/meta.json`
//! (<https://open-meteo.com/en/docs/model-updates>), which is free. It proves the time of issue only where it
//! is the same before and after the call, and where servers have had the run for ten minutes: until then one
//! server may answer by the run before.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use url::Url;

use super::payload::{Place, Variable, place};
use super::transform::{self, WATER_MM_PER_SNOW_CM};
use super::{FORECAST_PATH, NAME, OpenMeteo, names};
use crate::domain::budget::Counts;
use crate::domain::forecast::values::{AMOUNT_MM, PROBABILITY_PCT};
use crate::domain::forecast::{ForecastValue, ForecastValues, Issue, IssuedBy, Product};
use crate::domain::{Site, SiteId, values};
use crate::http::{Request, StatusCode};
use crate::source::fault::Fault;
use crate::source::forecast::{Checked, Draft, Forecast, Forecaster};
use crate::source::object::Object;
use crate::source::reading::{condition_id, echoed, past_time};
use crate::source::{SourceError, wire};

const PRECIPITATION: Variable = ("precipitation", "mm");
const PROBABILITY: Variable = ("precipitation_probability", "%");

/// What is asked for of each hour.
const HOURLY: [Variable; 18] = [
    transform::TEMPERATURE,
    transform::APPARENT_TEMPERATURE,
    transform::HUMIDITY,
    transform::PRESSURE_MSL,
    transform::SURFACE_PRESSURE,
    transform::WIND_SPEED,
    transform::WIND_GUSTS,
    transform::WIND_DIRECTION,
    transform::CLOUD_COVER,
    transform::VISIBILITY,
    transform::WEATHER_CODE,
    transform::UV_INDEX,
    transform::DEW_POINT,
    transform::RAIN,
    transform::SHOWERS,
    transform::SNOWFALL,
    PRECIPITATION,
    PROBABILITY,
];

/// The columns that these fill.
const ASKED: &[&str] = &[
    "temperature_c",
    "feels_like_c",
    "humidity_pct",
    "pressure_msl_hpa",
    "pressure_ground_hpa",
    "wind_speed_ms",
    "wind_gust_ms",
    "wind_direction_deg",
    "cloud_cover_pct",
    "visibility_m",
    "condition_id",
    "uv_index",
    "dew_point_c",
    "rain_mm",
    "snow_mm",
    "precipitation_mm",
    "precipitation_probability_pct",
];

/// Days of a call.
const DAYS: usize = 7;

/// What a call counts as: its 18 variables as 1.8 calls, and whole calls are reserved
/// (<https://github.com/open-meteo/open-meteo/issues/1295>).
const CHARGE: u32 = 2;

/// A week of hours is some 15 kB.
const MAX_BYTES: usize = 256 * 1024;

/// A description of a model is some 300 bytes.
const MAX_META_BYTES: usize = 16 * 1024;

/// How long a run has to be available before every server has it.
const SETTLED: TimeDelta = TimeDelta::minutes(10);

/// The forecast of one model.
pub struct ModelForecast {
    service: OpenMeteo,
    model: String,
}

impl OpenMeteo {
    /// The forecast of this model.
    #[must_use]
    pub fn model_forecast(&self, model: &str) -> ModelForecast {
        ModelForecast { service: self.clone(), model: model.to_owned() }
    }

    /// The run that the description of a model names; `None` where it cannot be had: nothing is proven then.
    async fn served_run(&self, model: &str) -> Option<Run> {
        let path = format!("/data/{model}/static/meta.json");
        let mut url = wire::endpoint(&self.base_url, "/v1", &path);
        if let Some(key) = &self.key {
            url.query_pairs_mut().append_pair("apikey", key.expose_secret());
        }
        let request = Request { url, max_bytes: MAX_META_BYTES };
        let got = self.fetch.fetch(request).await.ok()?;
        let is_good = got.status == StatusCode::OK;
        let Object(meta): Object<Meta> =
            serde_json::from_slice(&got.body).ok().filter(|_| is_good)?;
        Some(Run {
            started_at: past_time("", meta.last_run_initialisation_time).ok()?,
            served_since: past_time("", meta.last_run_availability_time).ok()?,
        })
    }
}

/// The description of a model; Unix seconds.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    last_run_initialisation_time: Option<f64>,
    last_run_availability_time: Option<f64>,
}

/// A run of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    started_at: DateTime<Utc>,
    served_since: DateTime<Utc>,
}

/// When the run behind an answer was started, as far as two descriptions, read before and after it, prove.
fn issued_at(before: Option<Run>, after: Option<Run>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let run = before.filter(|before| Some(*before) == after)?;
    let is_settled = run.served_since + SETTLED <= now && run.started_at <= run.served_since;
    is_settled.then_some(run.started_at)
}

impl ModelForecast {
    fn url(&self, site: &Site) -> Url {
        let mut url = self.service.forecast.clone();
        url.query_pairs_mut()
            .append_pair("latitude", &site.coordinates.latitude().to_string())
            .append_pair("longitude", &site.coordinates.longitude().to_string())
            .append_pair("models", &self.model)
            .append_pair("hourly", &names(&HOURLY))
            .append_pair("forecast_days", &DAYS.to_string());
        url
    }
}

#[async_trait]
impl Forecaster for ModelForecast {
    fn product(&self) -> Product {
        Product::OmHourly
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn charge(&self) -> u32 {
        CHARGE
    }

    fn counts(&self) -> Counts {
        Counts::Live
    }

    fn pause_name(&self) -> &'static str {
        NAME
    }

    fn calls_at_once(&self) -> usize {
        self.service.calls_at_once()
    }

    async fn forecast(&self, site: &Site, now: DateTime<Utc>) -> Result<Forecast, SourceError> {
        let before = self.service.served_run(&self.model).await;
        let got = self.service.get(self.url(site), FORECAST_PATH, MAX_BYTES).await?;
        let read = transform_hours(&site.site_id, &self.model, &got.body, now);
        let mut issue = read.map_err(|fault| self.service.unreadable(fault))?;
        if let Some(issued_at) = issued_at(before, self.service.served_run(&self.model).await, now)
        {
            (issue.issued_at, issue.issued_by) = (Some(issued_at), IssuedBy::Meta);
        }
        Ok(Forecast { issue, http_status: got.status.as_u16() })
    }
}

/// The issue that the body of a 200 answer gives for the site asked for, available now.
///
/// # Errors
/// As for OpenWeatherMap's.
pub fn transform_hours(
    site_id: &SiteId,
    model: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Issue, Fault> {
    let place = place(body)?;
    let block = place.block("hourly")?.ok_or_else(|| Fault::malformed("hourly: missing"))?;
    let times = block.times()?;
    block.check_lists(&HOURLY, times.len())?;
    let mut checked = Checked::default();
    let mut rows = Vec::with_capacity(times.len());
    for (at, seconds) in times.into_iter().enumerate() {
        let valid_at = past_time("hourly.time", Some(seconds))?;
        let values = row_values(|variable| block.value_at(variable, at), &mut checked)?;
        rows.push(ForecastValue { valid_at, window_minutes: 60, values });
    }
    let draft = Draft {
        product: Product::OmHourly,
        model: model.to_owned(),
        answered: answered(&place),
        rows,
        checked,
        expected: (DAYS * 24, 60),
        asked: ASKED,
    };
    draft.into_issue(site_id, now)
}

fn answered(place: &Place) -> [Option<f64>; 3] {
    let elevation_m = place.number("elevation").filter(|metres| metres.abs() < 10_000.0);
    [
        echoed(values::ANSWERED_LATITUDE, place.number("latitude")),
        echoed(values::ANSWERED_LONGITUDE, place.number("longitude")),
        elevation_m.map(|metres| (metres * 10.0).round() / 10.0),
    ]
}

fn row_values(
    value: impl Fn(Variable) -> Result<Option<f64>, Fault>,
    checked: &mut Checked,
) -> Result<ForecastValues, Fault> {
    let condition = condition_id("weather_code", value(transform::WEATHER_CODE)?)?;
    let rain = value(transform::RAIN)?;
    let rain = rain.map(|rain| (rain, value(transform::SHOWERS)));
    let rain_mm = match rain {
        Some((rain, showers)) => Some(rain + showers?.unwrap_or_default()),
        None => None,
    };
    let snow_mm = value(transform::SNOWFALL)?.map(|snow_cm| snow_cm * WATER_MM_PER_SNOW_CM);
    let mut real = |column, measure, value| checked.real(column, measure, value);
    Ok(ForecastValues {
        temperature_c: real(
            "temperature_c",
            values::TEMPERATURE_C,
            value(transform::TEMPERATURE)?,
        )?,
        feels_like_c: real(
            "feels_like_c",
            values::FEELS_LIKE_C,
            value(transform::APPARENT_TEMPERATURE)?,
        )?,
        humidity_pct: real("humidity_pct", values::HUMIDITY_PCT, value(transform::HUMIDITY)?)?,
        pressure_msl_hpa: real(
            "pressure_msl_hpa",
            values::PRESSURE_MSL_HPA,
            value(transform::PRESSURE_MSL)?,
        )?,
        pressure_ground_hpa: real(
            "pressure_ground_hpa",
            values::PRESSURE_GROUND_HPA,
            value(transform::SURFACE_PRESSURE)?,
        )?,
        wind_speed_ms: real("wind_speed_ms", values::WIND_SPEED_MS, value(transform::WIND_SPEED)?)?,
        wind_gust_ms: real("wind_gust_ms", values::WIND_GUST_MS, value(transform::WIND_GUSTS)?)?,
        cloud_cover_pct: real(
            "cloud_cover_pct",
            values::CLOUD_COVER_PCT,
            value(transform::CLOUD_COVER)?,
        )?,
        visibility_m: real("visibility_m", values::VISIBILITY_M, value(transform::VISIBILITY)?)?,
        uv_index: real("uv_index", values::UV_INDEX, value(transform::UV_INDEX)?)?,
        dew_point_c: real("dew_point_c", values::DEW_POINT_C, value(transform::DEW_POINT)?)?,
        rain_mm: real("rain_mm", AMOUNT_MM, rain_mm)?,
        snow_mm: real("snow_mm", AMOUNT_MM, snow_mm)?,
        precipitation_mm: real("precipitation_mm", AMOUNT_MM, value(PRECIPITATION)?)?,
        precipitation_probability_pct: real(
            "precipitation_probability_pct",
            PROBABILITY_PCT,
            value(PROBABILITY)?,
        )?,
        wind_direction_deg: checked
            .direction(values::WIND_DIRECTION_DEG, value(transform::WIND_DIRECTION)?)?,
        condition_id: condition,
        condition_group: condition
            .and_then(super::condition::find)
            .map(|(group, _)| group.to_owned()),
        ..ForecastValues::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(started_at: i64, served_since: i64) -> Option<Run> {
        let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        Some(Run { started_at: time(started_at), served_since: time(served_since) })
    }

    #[test]
    fn the_time_of_issue_is_proven_by_two_equal_descriptions_of_a_run_that_is_ten_minutes_there() {
        let now = DateTime::from_timestamp(1_795_600_800, 0).unwrap();
        let (start, minutes) =
            (now.timestamp() - 6 * 3600, |minutes: i64| now.timestamp() - minutes * 60);
        let of = |before, after| issued_at(before, after, now).map(|time| time.timestamp());
        let settled = run(start, minutes(10));
        assert_eq!(of(settled, settled), Some(start));
        assert_eq!(of(run(start, minutes(9)), run(start, minutes(9))), None);
        assert_eq!(of(settled, run(start + 3600, minutes(10))), None);
        assert_eq!(of(settled, None), None);
        assert_eq!(of(None, settled), None);
        assert_eq!(of(run(start, start - 1), run(start, start - 1)), None);
    }

    #[test]
    fn a_call_is_charged_by_its_variables_rounded_up() {
        assert_eq!(CHARGE as usize, HOURLY.len().div_ceil(10));
    }
}
