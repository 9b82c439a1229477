//! A local day, and what the slots of one come to.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::Place;
use crate::domain::degree_days::{self, Bases};
use crate::store::FilledSlot;
use crate::views::gaps::ExpectedSource;

/// A local day of a site and source on which slots are expected: what was collected of it, and why the
/// rest is missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields of domain::views::OBSERVATIONS_DAILY")]
pub struct Day {
    pub site_id: String,
    pub source: Option<String>,
    pub local_date: NaiveDate,
    pub site_name: String,
    pub country: Option<String>,
    pub timezone: String,
    pub temperature_min_c: Option<f64>,
    pub temperature_mean_c: Option<f64>,
    pub temperature_max_c: Option<f64>,
    pub humidity_mean_pct: Option<f64>,
    pub pressure_msl_mean_hpa: Option<f64>,
    pub wind_speed_mean_ms: Option<f64>,
    pub wind_speed_max_ms: Option<f64>,
    pub wind_gust_max_ms: Option<f64>,
    pub cloud_cover_mean_pct: Option<f64>,
    pub rain_sum_mm: Option<f64>,
    pub snow_sum_mm: Option<f64>,
    pub slots_present: u32,
    pub slots_expected: u32,
    pub coverage_pct: f64,
    pub heating_degree_days: Option<f64>,
    pub cooling_degree_days: Option<f64>,
    pub missing: BTreeMap<String, u32>,
}

impl Day {
    pub(super) fn of(
        place: &Place,
        asked: &ExpectedSource,
        local_date: NaiveDate,
        tally: Tally,
        (now, bases): (DateTime<Utc>, Bases),
    ) -> Self {
        let site = &place.site;
        let sum = |sum| tally.is_filled.then(|| rounded(sum, 2));
        let timezone = place.timezone_at(tally.last_slot);
        let is_over = local_date < now.with_timezone(&timezone).date_naive();
        let is_whole = is_over && degree_days::is_covered(tally.present, tally.expected);
        let mean = tally.temperature_c.mean(2).filter(|_| is_whole);
        let degree_days = mean.map(|mean| bases.degree_days(mean));
        Self {
            site_id: site.site_id.clone(),
            source: asked.source.clone(),
            local_date,
            site_name: site.name.clone(),
            country: place.country_at(tally.last_slot),
            timezone: timezone.name().to_owned(),
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
            heating_degree_days: degree_days.map(|(heating, _)| heating),
            cooling_degree_days: degree_days.map(|(_, cooling)| cooling),
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
    pub(super) is_filled: bool,
    pub(super) temperature_c: Figures,
    pub(super) humidity_pct: Figures,
    pub(super) pressure_msl_hpa: Figures,
    pub(super) wind_speed_ms: Figures,
    pub(super) wind_gust_ms: Figures,
    pub(super) cloud_cover_pct: Figures,
    pub(super) rain_mm: f64,
    pub(super) snow_mm: f64,
}

impl Tally {
    /// Adds a filled slot; `counts_rain`: its rain and snow have not been counted yet.
    pub(super) fn add(&mut self, filled: &FilledSlot, counts_rain: bool) {
        self.is_filled = true;
        self.temperature_c.add(filled.values.temperature_c);
        self.humidity_pct.add(filled.values.humidity_pct);
        self.pressure_msl_hpa.add(filled.values.pressure_msl_hpa);
        self.wind_speed_ms.add(filled.values.wind_speed_ms);
        self.wind_gust_ms.add(filled.values.wind_gust_ms);
        self.cloud_cover_pct.add(filled.values.cloud_cover_pct);
        if counts_rain {
            self.rain_mm += filled.values.rain_1h_mm.unwrap_or(0.0);
            self.snow_mm += filled.values.snow_1h_mm.unwrap_or(0.0);
        }
    }

    fn coverage_pct(&self) -> f64 {
        rounded(100.0 * f64::from(self.present) / f64::from(self.expected.max(1)), 1)
    }
}

/// What the values of one kind come to.
#[derive(Debug, Default)]
pub(super) struct Figures {
    count: u32,
    sum: f64,
    lowest: Option<f64>,
    highest: Option<f64>,
}

impl Figures {
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
