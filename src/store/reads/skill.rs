//! What forecasts said in a bucket of leads, and what was observed, site by site.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::Reads;
use crate::domain::forecast::LeadBucket;
use crate::store::StoreError;
use crate::store::pool::Statement;

/// What the newest issue of a bucket said of a time.
#[derive(Debug, Clone, PartialEq, FromRow)]
#[expect(missing_docs, reason = "the columns of forecast_values, see docs/TABLES.md")]
pub struct ScoredValue {
    pub source: String,
    pub model: String,
    pub product: String,
    pub available_at: DateTime<Utc>,
    pub valid_at: DateTime<Utc>,
    pub window_minutes: i64,
    pub temperature_c: Option<f64>,
    pub dew_point_c: Option<f64>,
    pub humidity_pct: Option<f64>,
    pub pressure_msl_hpa: Option<f64>,
    pub wind_speed_ms: Option<f64>,
    pub wind_gust_ms: Option<f64>,
    pub wind_direction_deg: Option<i64>,
    pub cloud_cover_pct: Option<f64>,
    pub precipitation_mm: Option<f64>,
    pub precipitation_probability_pct: Option<f64>,
    pub temperature_spread_c: Option<f64>,
    pub dew_point_spread_c: Option<f64>,
    pub pressure_msl_spread_hpa: Option<f64>,
    pub wind_speed_spread_ms: Option<f64>,
}

/// What was observed, of what is scored.
#[derive(Debug, Clone, PartialEq, FromRow)]
#[expect(missing_docs, reason = "the columns of weather_observations, see docs/TABLES.md")]
pub struct ObservedValue {
    pub source: String,
    pub observation_time: DateTime<Utc>,
    pub value_kind: Option<String>,
    pub temperature_c: Option<f64>,
    pub dew_point_c: Option<f64>,
    pub humidity_pct: Option<f64>,
    pub pressure_msl_hpa: Option<f64>,
    pub wind_speed_ms: Option<f64>,
    pub wind_gust_ms: Option<f64>,
    pub wind_direction_deg: Option<i64>,
    pub cloud_cover_pct: Option<f64>,
    pub rain_1h_mm: Option<f64>,
    pub snow_1h_mm: Option<f64>,
}

const SCORED: &str = "source, model, product, available_at, valid_at, window_minutes, temperature_c, \
    dew_point_c, humidity_pct, pressure_msl_hpa, wind_speed_ms, wind_gust_ms, wind_direction_deg, \
    cloud_cover_pct, precipitation_mm, precipitation_probability_pct, temperature_spread_c, \
    dew_point_spread_c, pressure_msl_spread_hpa, wind_speed_spread_ms";

impl Reads {
    /// What was said of a site for the times from `from` up to `to`, at leads of this bucket: of several issues
    /// in it the newest counts, alone. By source, model, product and time.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_scored(
        &self,
        site_id: &str,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        bucket: LeadBucket,
    ) -> Result<Vec<ScoredValue>, StoreError> {
        let statement = Statement::made(format!(
            "select {SCORED} from (
                select v.*, row_number() over (
                    partition by source, model, product, valid_at order by available_at desc
                ) as newest
                from forecast_values v
                where site_id = ? and valid_at >= ? and valid_at < ?
                    and lead_minutes > ? and lead_minutes <= ?
            ) said where newest = 1 order by source, model, product, valid_at"
        ));
        let (above, most) = bucket.minutes();
        let statement = statement.bind(site_id).bind(from).bind(to).bind(above).bind(most);
        self.all(statement).await
    }

    /// What was observed at a site from `from` up to `to`, by source and time.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_observed(
        &self,
        site_id: &str,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<ObservedValue>, StoreError> {
        let statement = Statement::of(
            "select source, observation_time, value_kind, temperature_c, dew_point_c, humidity_pct,
                pressure_msl_hpa, wind_speed_ms, wind_gust_ms, wind_direction_deg, cloud_cover_pct,
                rain_1h_mm, snow_1h_mm
            from weather_observations
            where site_id = ? and observation_time >= ? and observation_time < ?
            order by source, observation_time",
        );
        self.all(statement.bind(site_id).bind(from).bind(to)).await
    }
}
