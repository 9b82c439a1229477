//! A local day, and what the slots of one come to.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::Place;
use crate::store::FilledSlot;
use crate::views::gaps::Asked;

/// A local day of a site and source on which slots are expected: what was collected of it, and why the
/// rest is missing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Day {
    /// The site.
    pub site_id: String,
    /// The weather service that was asked; null: none ever was.
    #[schema(required = true)]
    pub source: Option<String>,
    /// The day in the time zone that the site had then.
    pub local_date: NaiveDate,
    /// The site's name for people.
    pub site_name: String,
    /// Country where the site stood at its end, two letters of ISO 3166-1.
    #[schema(required = true)]
    pub country: Option<String>,
    /// The IANA time zone that the site had at its end.
    pub timezone: String,
    /// Lowest air temperature, degrees Celsius.
    #[schema(required = true)]
    pub temperature_min_c: Option<f64>,
    /// Mean air temperature of the collected slots, degrees Celsius.
    #[schema(required = true)]
    pub temperature_mean_c: Option<f64>,
    /// Highest air temperature, degrees Celsius.
    #[schema(required = true)]
    pub temperature_max_c: Option<f64>,
    /// Mean relative humidity, percent.
    #[schema(required = true)]
    pub humidity_mean_pct: Option<f64>,
    /// Mean air pressure at mean sea level, hectopascals.
    #[schema(required = true)]
    pub pressure_msl_mean_hpa: Option<f64>,
    /// Mean wind speed, metres per second.
    #[schema(required = true)]
    pub wind_speed_mean_ms: Option<f64>,
    /// Highest wind speed, metres per second.
    #[schema(required = true)]
    pub wind_speed_max_ms: Option<f64>,
    /// Strongest gust, metres per second.
    #[schema(required = true)]
    pub wind_gust_max_ms: Option<f64>,
    /// Mean cloud cover, percent.
    #[schema(required = true)]
    pub cloud_cover_mean_pct: Option<f64>,
    /// Rain of the hours that were collected, millimetres, an hour without a report as 0; null: none was.
    #[schema(required = true)]
    pub rain_sum_mm: Option<f64>,
    /// Snow of the hours that were collected, millimetres of water, an hour without a report as 0; null: none was.
    #[schema(required = true)]
    pub snow_sum_mm: Option<f64>,
    /// How many of the day's slots were collected.
    pub slots_present: u32,
    /// How many slots of the interval that the site had then start within the local day, the site's life
    /// and the time up to now.
    pub slots_expected: u32,
    /// Share of the expected slots that is there, percent.
    pub coverage_pct: f64,
    /// Missing slots by reason; of failures by kind of error.
    pub missing: BTreeMap<String, u32>,
}

impl Day {
    /// Its fields, in order.
    pub const FIELDS: [&str; 21] = [
        "site_id",
        "source",
        "local_date",
        "site_name",
        "country",
        "timezone",
        "temperature_min_c",
        "temperature_mean_c",
        "temperature_max_c",
        "humidity_mean_pct",
        "pressure_msl_mean_hpa",
        "wind_speed_mean_ms",
        "wind_speed_max_ms",
        "wind_gust_max_ms",
        "cloud_cover_mean_pct",
        "rain_sum_mm",
        "snow_sum_mm",
        "slots_present",
        "slots_expected",
        "coverage_pct",
        "missing",
    ];

    pub(super) fn of(place: &Place, asked: &Asked, local_date: NaiveDate, tally: Tally) -> Self {
        let site = &place.site;
        let sum = |sum| tally.is_told.then(|| rounded(sum, 2));
        Self {
            site_id: site.site_id.clone(),
            source: asked.source.clone(),
            local_date,
            site_name: site.name.clone(),
            country: place.country_at(tally.last_slot),
            timezone: place.timezone_at(tally.last_slot).name().to_owned(),
            temperature_min_c: tally.temperature_c.lowest,
            temperature_mean_c: tally.temperature_c.mean(2),
            temperature_max_c: tally.temperature_c.highest,
            humidity_mean_pct: tally.humidity_pct.mean(1),
            pressure_msl_mean_hpa: tally.pressure_msl_hpa.mean(2),
            wind_speed_mean_ms: tally.wind_speed_ms.mean(2),
            wind_speed_max_ms: tally.wind_speed_ms.highest,
            wind_gust_max_ms: tally.wind_gust_ms.highest,
            cloud_cover_mean_pct: tally.cloud_cover_pct.mean(1),
            rain_sum_mm: sum(tally.rain_mm),
            snow_sum_mm: sum(tally.snow_mm),
            slots_present: tally.present,
            slots_expected: tally.expected,
            coverage_pct: tally.coverage_pct(),
            missing: tally.missing,
        }
    }
}

/// What the slots of a day come to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) expected: u32,
    /// The last slot that is expected: of the day of a move, it says where the site stood.
    pub(super) last_slot: DateTime<Utc>,
    pub(super) present: u32,
    pub(super) missing: BTreeMap<String, u32>,
    pub(super) is_told: bool,
    pub(super) temperature_c: Values,
    pub(super) humidity_pct: Values,
    pub(super) pressure_msl_hpa: Values,
    pub(super) wind_speed_ms: Values,
    pub(super) wind_gust_ms: Values,
    pub(super) cloud_cover_pct: Values,
    pub(super) rain_mm: f64,
    pub(super) snow_mm: f64,
}

impl Tally {
    /// One slot more that was told; `tells_rain`: its rain and snow have not been counted yet.
    pub(super) fn tell(&mut self, told: &FilledSlot, tells_rain: bool) {
        self.is_told = true;
        self.temperature_c.add(told.temperature_c);
        self.humidity_pct.add(told.humidity_pct);
        self.pressure_msl_hpa.add(told.pressure_msl_hpa);
        self.wind_speed_ms.add(told.wind_speed_ms);
        self.wind_gust_ms.add(told.wind_gust_ms);
        self.cloud_cover_pct.add(told.cloud_cover_pct);
        if tells_rain {
            self.rain_mm += told.rain_1h_mm.unwrap_or(0.0);
            self.snow_mm += told.snow_1h_mm.unwrap_or(0.0);
        }
    }

    fn coverage_pct(&self) -> f64 {
        rounded(100.0 * f64::from(self.present) / f64::from(self.expected.max(1)), 1)
    }
}

/// What the values of one kind come to.
#[derive(Debug, Default)]
pub(super) struct Values {
    count: u32,
    sum: f64,
    lowest: Option<f64>,
    highest: Option<f64>,
}

impl Values {
    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value else { return };
        self.count += 1;
        self.sum += value;
        self.lowest = Some(self.lowest.map_or(value, |lowest| lowest.min(value)));
        self.highest = Some(self.highest.map_or(value, |highest| highest.max(value)));
    }

    pub(super) fn mean(&self, decimals: i32) -> Option<f64> {
        (self.count > 0).then(|| rounded(self.sum / f64::from(self.count), decimals))
    }
}

/// To so many decimals, a half away from zero, as BigQuery rounds.
fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}
