//! Forecasts as they were said, and as they would have been said at a time.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;

use super::Reads;
use crate::store::StoreError;
use crate::store::pool::Statement;

/// What was said last of one time.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns of forecast_values, see docs/TABLES.md")]
pub struct SaidValue {
    pub site_id: String,
    pub source: String,
    pub model: String,
    pub product: String,
    pub available_at: DateTime<Utc>,
    pub valid_at: DateTime<Utc>,
    pub lead_minutes: i64,
    pub window_minutes: i64,
    pub temperature_c: Option<f64>,
    pub feels_like_c: Option<f64>,
    pub humidity_pct: Option<f64>,
    pub pressure_msl_hpa: Option<f64>,
    pub pressure_ground_hpa: Option<f64>,
    pub wind_speed_ms: Option<f64>,
    pub wind_gust_ms: Option<f64>,
    pub wind_direction_deg: Option<i64>,
    pub cloud_cover_pct: Option<f64>,
    pub visibility_m: Option<f64>,
    pub condition_id: Option<i64>,
    pub condition_group: Option<String>,
    pub uv_index: Option<f64>,
    pub dew_point_c: Option<f64>,
    pub rain_mm: Option<f64>,
    pub snow_mm: Option<f64>,
    pub precipitation_mm: Option<f64>,
    pub precipitation_probability_pct: Option<f64>,
}

/// The columns of [`SaidValue`].
const SAID: &str = "site_id, source, model, product, available_at, valid_at, lead_minutes, window_minutes, \
    temperature_c, feels_like_c, humidity_pct, pressure_msl_hpa, pressure_ground_hpa, wind_speed_ms, \
    wind_gust_ms, wind_direction_deg, cloud_cover_pct, visibility_m, condition_id, condition_group, uv_index, \
    dew_point_c, rain_mm, snow_mm, precipitation_mm, precipitation_probability_pct";

/// The head of an issue.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns of forecast_issues, see docs/TABLES.md")]
pub struct IssueRow {
    pub site_id: String,
    pub source: String,
    pub model: String,
    pub product: String,
    pub available_at: DateTime<Utc>,
    pub issue_id: String,
    pub issued_at: Option<DateTime<Utc>>,
    pub issued_by: String,
    pub first_valid_at: DateTime<Utc>,
    pub last_valid_at: DateTime<Utc>,
    pub step_minutes: Option<i64>,
    pub value_count: i64,
    pub value_kind: String,
}

/// The columns of [`IssueRow`].
const ISSUE: &str = "site_id, source, model, product, available_at, issue_id, issued_at, issued_by, \
    first_valid_at, last_valid_at, step_minutes, value_count, value_kind";

impl Reads {
    /// What was said of a site, up to `as_of`, of the times from `from` up to `to`: for each source, model,
    /// product and time the newest issue's values. By source, model, product and time.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_said(
        &self,
        site_id: &str,
        as_of: DateTime<Utc>,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<SaidValue>, StoreError> {
        let statement = Statement::made(format!(
            "select {SAID} from (
                select v.*, row_number() over (
                    partition by source, model, product, valid_at order by available_at desc
                ) as newest
                from forecast_values v
                where site_id = ? and valid_at >= ? and valid_at < ? and available_at <= ?
            ) said where newest = 1 order by source, model, product, valid_at"
        ));
        self.all(statement.bind(site_id).bind(from).bind(to).bind(as_of)).await
    }

    /// The newest issue of each series of a site, or of every site, up to `as_of`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_newest_issues(
        &self,
        site_id: Option<&str>,
        as_of: DateTime<Utc>,
    ) -> Result<Vec<IssueRow>, StoreError> {
        let of_site = if site_id.is_some() { "and site_id = ?" } else { "" };
        let mut statement = Statement::made(format!(
            "select {ISSUE} from forecast_issues join (
                select site_id, source, model, product, max(available_at) as available_at
                from forecast_issues where available_at <= ? {of_site}
                group by site_id, source, model, product
            ) newest using (site_id, source, model, product, available_at)
            order by site_id, source, model, product"
        ));
        statement = statement.bind(as_of);
        if let Some(site_id) = site_id {
            statement = statement.bind(site_id);
        }
        self.all(statement).await
    }

    /// The issues of a site, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_issues(
        &self,
        site_id: &str,
        as_of: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<IssueRow>, StoreError> {
        let statement = Statement::made(format!(
            "select {ISSUE} from forecast_issues where site_id = ? and available_at <= ?
            order by available_at desc, source, model, product limit {limit}"
        ));
        self.all(statement.bind(site_id).bind(as_of)).await
    }

    /// When the first issue of a site, or of any, was available; `None` without one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn first_issue(
        &self,
        site_id: Option<&str>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let statement = match site_id {
            Some(site_id) => Statement::of(
                "select min(available_at) as first_at from forecast_issues where site_id = ?",
            )
            .bind(site_id),
            None => Statement::of("select min(available_at) as first_at from forecast_issues"),
        };
        let (first,): (Option<DateTime<Utc>>,) = self.one(statement).await?;
        Ok(first)
    }
}
