//! Observations: what one source said of one site at one time.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::site::SiteId;

/// One row of `weather_observations`: its key and its values. Units stand in the names, ranges in
/// [`measure`](super::measure); `None` means that the source did not say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observation {
    /// The site that was asked for.
    pub site_id: SiteId,
    /// The source that answered.
    pub source: &'static str,
    /// The source's own time, whole seconds.
    pub observation_time: DateTime<Utc>,
    /// The values.
    #[serde(flatten)]
    pub values: Values,
}

/// The values of an observation.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Values {
    /// Air temperature, −95 to 65 °C.
    pub temperature_c: Option<f64>,
    /// Temperature as a person feels it, −95 to 65 °C.
    pub feels_like_c: Option<f64>,
    /// Lowest temperature over the area now (not over the day), −95 to 65 °C.
    pub temperature_area_min_c: Option<f64>,
    /// Highest temperature over the area now (not over the day), −95 to 65 °C.
    pub temperature_area_max_c: Option<f64>,
    /// Relative humidity, 0 to 100 %.
    pub humidity_pct: Option<f64>,
    /// Air pressure at mean sea level, 800 to 1100 hPa.
    pub pressure_msl_hpa: Option<f64>,
    /// Air pressure at the ground, 300 to 1100 hPa.
    pub pressure_ground_hpa: Option<f64>,
    /// Wind speed, 0 to 150 m/s.
    pub wind_speed_ms: Option<f64>,
    /// Wind gust, 0 to 150 m/s.
    pub wind_gust_ms: Option<f64>,
    /// Direction the wind comes from, 0 to 360 degrees; 0 is north.
    pub wind_direction_deg: Option<i32>,
    /// Cloud cover, 0 to 100 %.
    pub cloud_cover_pct: Option<f64>,
    /// Visibility, 0 to 100,000 m.
    pub visibility_m: Option<f64>,
    /// Rain of the last hour, 0 to 500 mm.
    pub rain_1h_mm: Option<f64>,
    /// Rain of the last three hours, 0 to 1000 mm.
    pub rain_3h_mm: Option<f64>,
    /// Snow of the last hour, 0 to 500 mm of water.
    pub snow_1h_mm: Option<f64>,
    /// Snow of the last three hours, 0 to 1000 mm of water.
    pub snow_3h_mm: Option<f64>,
    /// The source's own number for the weather condition; unknown ones are kept.
    pub condition_id: Option<i64>,
    /// The condition's group, such as `Rain`.
    pub condition_group: Option<String>,
    /// The condition in words, such as `light rain`.
    pub condition_description: Option<String>,
    /// Latitude that the source answered for, −90 to 90 degrees.
    pub answered_latitude: Option<f64>,
    /// Longitude that the source answered for, −180 to 180 degrees.
    pub answered_longitude: Option<f64>,
}

/// What a text column of an observation holds at most.
pub const MAX_TEXT_CHARS: usize = 255;
