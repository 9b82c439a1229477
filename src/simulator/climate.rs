//! A climate: deterministic in place, time and seed, smooth, and plausible everywhere.

use std::f64::consts::TAU;

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};

use super::place::Site;

/// The weather of one place at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weather {
    pub(super) temperature_c: f64,
    pub(super) feels_like_c: f64,
    pub(super) humidity_pct: f64,
    pub(super) pressure_msl_hpa: f64,
    pub(super) pressure_ground_hpa: f64,
    pub(super) wind_speed_ms: f64,
    pub(super) wind_gust_ms: f64,
    pub(super) wind_direction_deg: f64,
    pub(super) cloud_cover_pct: f64,
    pub(super) visibility_m: f64,
    pub(super) precipitation_mm: f64,
    pub(super) dew_point_c: f64,
    pub(super) uv_index: f64,
    /// It snows where it would rain.
    pub(super) is_snow: bool,
}

/// The weather at `site` at `time`.
#[expect(clippy::cast_precision_loss, reason = "Unix seconds")]
pub(super) fn weather(site: Site, time: DateTime<Utc>, seed: u64) -> Weather {
    let (latitude, longitude) = (site.latitude(), site.longitude());
    let days = time.timestamp() as f64 / 86_400.0;
    let system = |name, period_days| noise(site, name, days / period_days, seed);
    let front = system("front", 3.0); // -1 fair to 1 foul
    // A day at the poles has no warm and no cold hours: the sun goes round.
    let daily_c = daily_c(longitude, time, front) * latitude.to_radians().cos();
    let temperature_c =
        (seasonal_c(latitude, time) + daily_c + 4.0 * system("air", 2.0)).clamp(-60.0, 50.0);
    let wind_speed_ms = (4.0 + 4.0 * front + 3.0 * system("wind", 0.4)).max(0.0);
    let humidity_pct = (65.0 + 20.0 * front + 10.0 * system("damp", 0.7)).clamp(10.0, 100.0);
    let cloud_cover_pct = (50.0 + 70.0 * front + 25.0 * system("cloud", 0.3)).clamp(0.0, 100.0);
    let precipitation_mm = (6.0 * (front - 0.35) + 1.5 * system("shower", 0.1)).clamp(0.0, 30.0);
    let pressure_msl_hpa = 1013.0 - 18.0 * front;
    let elevation_m = (400.0 * (1.0 + noise(site, "height", 0.0, seed))).max(0.0);
    Weather {
        temperature_c,
        feels_like_c: temperature_c - 0.3 * wind_speed_ms,
        humidity_pct,
        pressure_msl_hpa,
        pressure_ground_hpa: pressure_msl_hpa - elevation_m / 8.4,
        wind_speed_ms,
        wind_gust_ms: wind_speed_ms * 1.6,
        wind_direction_deg: (180.0 + 180.0 * system("veer", 1.5)).rem_euclid(360.0),
        cloud_cover_pct,
        visibility_m: (12_000.0 - 1_500.0 * precipitation_mm - 20.0 * humidity_pct)
            .clamp(300.0, 10_000.0),
        precipitation_mm,
        dew_point_c: dew_point_c(temperature_c, humidity_pct),
        uv_index: uv_index(site, time) * (1.0 - 0.006 * cloud_cover_pct),
        is_snow: temperature_c < 1.5,
    }
}

/// Mean temperature of the latitude, and the season, which turns round at the equator.
fn seasonal_c(latitude: f64, time: DateTime<Utc>) -> f64 {
    let mean = 28.0 - 0.008 * latitude.powi(2);
    let year = TAU * (f64::from(time.ordinal0()) - 200.0) / 365.25;
    mean + 0.22 * latitude * year.cos()
}

/// Warmest at 15 h of the local sun; clouds dampen it.
fn daily_c(longitude: f64, time: DateTime<Utc>, front: f64) -> f64 {
    let hour = f64::from(time.num_seconds_from_midnight()) / 3600.0 + longitude / 15.0;
    (4.5 - 2.5 * front) * (TAU * (hour - 15.0) / 24.0).cos()
}

/// By the Magnus formula (<https://doi.org/10.1175/BAMS-86-2-225>).
fn dew_point_c(temperature_c: f64, humidity_pct: f64) -> f64 {
    let gamma = (humidity_pct / 100.0).ln() + 17.625 * temperature_c / (243.04 + temperature_c);
    243.04 * gamma / (17.625 - gamma)
}

/// Under a clear sky: 12 with the sun overhead, none when it is down.
fn uv_index(site: Site, time: DateTime<Utc>) -> f64 {
    let tilt = (-23.44 * (TAU * (f64::from(time.ordinal0()) + 11.0) / 365.25).cos()).to_radians();
    let latitude = site.latitude().to_radians();
    let hour = f64::from(time.num_seconds_from_midnight()) / 3600.0 + site.longitude() / 15.0;
    let turn = (TAU * (hour - 12.0) / 24.0).cos();
    let height = latitude.sin() * tilt.sin() + latitude.cos() * tilt.cos() * turn;
    12.0 * height.max(0.0).powf(2.4)
}

/// Smooth noise from -1 to 1: hashed values at whole numbers, a cosine between them.
fn noise(site: Site, name: &str, position: f64, seed: u64) -> f64 {
    let step = position.floor();
    let weight = (1.0 - (TAU / 2.0 * (position - step)).cos()) / 2.0;
    let (from, to) = (hashed(site, name, step, seed), hashed(site, name, step + 1.0, seed));
    from + (to - from) * weight
}

#[expect(clippy::cast_precision_loss, reason = "a share of a million")]
fn hashed(site: Site, name: &str, step: f64, seed: u64) -> f64 {
    let text = format!("{}/{name}/{step}", site.hash(seed));
    (crate::farmhash::fingerprint64(text.as_bytes()) % 1_000_001) as f64 / 500_000.0 - 1.0
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_weather_is_plausible_everywhere_and_at_all_times() {
        let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        for place in 0..200 {
            let site = Site {
                latitude_e4: place * 9_000 - 900_000,
                longitude_e4: place * 17_000 - 1_800_000,
            };
            for hour in (0..8760).step_by(97) {
                let weather = weather(site, start + TimeDelta::hours(hour), 1);
                assert!((-60.0..=50.0).contains(&weather.temperature_c), "{weather:?}");
                assert!((990.0..=1040.0).contains(&weather.pressure_msl_hpa), "{weather:?}");
                assert!((0.0..=20.0).contains(&weather.wind_speed_ms), "{weather:?}");
                assert!((0.0..360.0).contains(&weather.wind_direction_deg), "{weather:?}");
                assert!(weather.dew_point_c <= weather.temperature_c, "{weather:?}");
                assert!((-95.0..=65.0).contains(&weather.dew_point_c), "{weather:?}");
                assert!((0.0..=12.0).contains(&weather.uv_index), "{weather:?}");
            }
        }
    }

    #[test]
    fn the_same_place_and_time_have_the_same_weather_and_an_hour_changes_it_little() {
        let site = Site { latitude_e4: 404_153, longitude_e4: -36_827 };
        let time = DateTime::from_timestamp(1_764_000_000, 0).unwrap();
        assert_eq!(weather(site, time, 3), weather(site, time, 3));
        assert_ne!(weather(site, time, 3), weather(site, time, 4));
        let later = weather(site, time + TimeDelta::hours(1), 3);
        assert!((weather(site, time, 3).temperature_c - later.temperature_c).abs() < 4.0);
    }
}
