//! The body of a good answer (<https://openweathermap.org/current#fields_json>).

use std::fmt;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use crate::simulator::climate::{self, Weather};
use crate::simulator::faults::{AHEAD, FaultKind};
use crate::simulator::place::Site;
use crate::simulator::sun::Sun;

/// The units that temperatures and speeds are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Units {
    Standard,
    Metric,
    Imperial,
}

impl Units {
    /// What is not known is standard, as at the real service.
    pub(super) fn parse(text: Option<&str>) -> Self {
        match text {
            Some("metric") => Self::Metric,
            Some("imperial") => Self::Imperial,
            _ => Self::Standard,
        }
    }

    fn temperature(self, celsius: f64) -> Value {
        number(match self {
            Self::Standard => celsius + 273.15,
            Self::Metric => celsius,
            Self::Imperial => celsius * 9.0 / 5.0 + 32.0,
        })
    }

    fn speed(self, metres_per_second: f64) -> Value {
        number(match self {
            Self::Standard | Self::Metric => metres_per_second,
            Self::Imperial => metres_per_second * 3600.0 / 1609.344,
        })
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "standard",
            Self::Metric => "metric",
            Self::Imperial => "imperial",
        })
    }
}

/// Two decimals, and none where there are none: `282`, not `282.0`.
pub(super) fn number(value: f64) -> Value {
    whole_if_it_is((value * 100.0).round() / 100.0)
}

#[expect(clippy::cast_possible_truncation, reason = "weather is small")]
fn whole_if_it_is(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
}

/// When the data was calculated: every ten minutes, and known up to five minutes later.
pub(super) fn dt(
    site: Site,
    now: DateTime<Utc>,
    calls: u32,
    fault: Option<FaultKind>,
) -> DateTime<Utc> {
    let step = match fault {
        Some(FaultKind::StaleDt) => TimeDelta::hours(6),
        _ => TimeDelta::minutes(10),
    };
    let lag_s = i64::try_from(site.hash(0) % 300).unwrap_or_default();
    let calculated = now.duration_trunc(step).unwrap_or(now) - TimeDelta::seconds(lag_s);
    match fault {
        Some(FaultKind::BackwardDt) if calls.is_multiple_of(2) => {
            calculated - TimeDelta::seconds(133)
        }
        Some(FaultKind::FutureDt) => calculated + AHEAD,
        _ => calculated,
    }
}

/// The answer for `site`, calculated at `dt`.
pub(super) fn body(site: Site, dt: DateTime<Utc>, units: Units, seed: u64) -> Value {
    let weather = climate::weather(site, dt, seed);
    let sun = Sun::of(site, dt);
    let mut body = Map::new();
    body.insert(
        "coord".into(),
        json!({
            "lon": whole_if_it_is(site.longitude()),
            "lat": whole_if_it_is(site.latitude()),
        }),
    );
    body.insert("weather".into(), json!([condition(&weather, sun.is_up_at(dt))]));
    body.insert("base".into(), json!("stations"));
    body.insert("main".into(), main(&weather, units));
    if !site.hash(seed).is_multiple_of(11) {
        body.insert("visibility".into(), number(weather.visibility_m.round()));
    }
    body.insert("wind".into(), wind(&weather, units));
    if weather.precipitation_mm >= 0.01 {
        let kind = if weather.is_snow { "snow" } else { "rain" };
        body.insert(kind.into(), json!({"1h": number(weather.precipitation_mm)}));
    }
    body.insert("clouds".into(), json!({"all": number(weather.cloud_cover_pct.round())}));
    body.insert("dt".into(), json!(dt.timestamp()));
    body.insert("sys".into(), sys(site, sun));
    body.insert("timezone".into(), json!(site.longitude_e4 / 150_000 * 3600));
    body.insert("id".into(), json!(site.hash(2) % 10_000_000));
    body.insert("name".into(), json!("Simulated"));
    body.insert("cod".into(), json!(200));
    Value::Object(body)
}

/// No sunrise and no sunset where the sun stays up or down.
fn sys(site: Site, sun: Sun) -> Value {
    let mut sys = json!({"type": 2, "id": site.hash(1) % 100_000});
    if let Sun::Rises { at, sets_at } = sun {
        sys["sunrise"] = json!(at.timestamp());
        sys["sunset"] = json!(sets_at.timestamp());
    }
    sys
}

pub(super) fn main(weather: &Weather, units: Units) -> Value {
    json!({
        "temp": units.temperature(weather.temperature_c),
        "feels_like": units.temperature(weather.feels_like_c),
        "temp_min": units.temperature(weather.temperature_c - 1.1),
        "temp_max": units.temperature(weather.temperature_c + 0.9),
        "pressure": number(weather.pressure_msl_hpa.round()),
        "humidity": number(weather.humidity_pct.round()),
        "sea_level": number(weather.pressure_msl_hpa.round()),
        "grnd_level": number(weather.pressure_ground_hpa.round()),
    })
}

/// In calm air there is no direction; gusts are given when they are strong.
pub(super) fn wind(weather: &Weather, units: Units) -> Value {
    let mut wind = json!({"speed": units.speed(weather.wind_speed_ms)});
    if weather.wind_speed_ms >= 0.2 {
        wind["deg"] = number(weather.wind_direction_deg.floor());
    }
    if weather.wind_gust_ms >= 8.0 {
        wind["gust"] = units.speed(weather.wind_gust_ms);
    }
    wind
}

/// Id, group, text and icon (<https://openweathermap.org/weather-conditions>).
pub(super) fn condition(weather: &Weather, is_day: bool) -> Value {
    let (id, main, description, icon) = match (weather.precipitation_mm, weather.is_snow) {
        (0.01..1.0, false) => (500, "Rain", "light rain", "10"),
        (1.0..4.0, false) => (501, "Rain", "moderate rain", "10"),
        (4.0.., false) => (502, "Rain", "heavy intensity rain", "10"),
        (0.01..1.0, true) => (600, "Snow", "light snow", "13"),
        (1.0.., true) => (601, "Snow", "snow", "13"),
        _ => match weather.cloud_cover_pct {
            ..11.0 => (800, "Clear", "clear sky", "01"),
            11.0..25.0 => (801, "Clouds", "few clouds", "02"),
            25.0..51.0 => (802, "Clouds", "scattered clouds", "03"),
            51.0..85.0 => (803, "Clouds", "broken clouds", "04"),
            _ => (804, "Clouds", "overcast clouds", "04"),
        },
    };
    let icon = format!("{icon}{}", if is_day { 'd' } else { 'n' });
    json!({"id": id, "main": main, "description": description, "icon": icon})
}

/// The first moment that One Call has, 1 January 1979.
pub(super) const HISTORY_SINCE: DateTime<Utc> = match DateTime::from_timestamp(283_996_800, 0) {
    Some(since) => since,
    None => DateTime::UNIX_EPOCH,
};

/// The answer of One Call 3.0 for `site` at `dt`: the one record in a list
/// (<https://openweathermap.org/api/one-call-3#history>).
pub(super) fn timemachine(site: Site, dt: DateTime<Utc>, units: Units, seed: u64) -> Value {
    let mut record = record(site, dt, units, seed);
    if let Sun::Rises { at, sets_at } = Sun::of(site, dt) {
        record["sunrise"] = json!(at.timestamp());
        record["sunset"] = json!(sets_at.timestamp());
    }
    records(site, &[record])
}

/// A record of One Call: flat, with no pressure at the ground and no spread of the temperature.
pub(super) fn record(site: Site, dt: DateTime<Utc>, units: Units, seed: u64) -> Value {
    record_of(&climate::weather(site, dt, seed), site, dt, units)
}

/// The same of this weather.
pub(super) fn record_of(weather: &Weather, site: Site, dt: DateTime<Utc>, units: Units) -> Value {
    let mut record = json!({
        "dt": dt.timestamp(),
        "temp": units.temperature(weather.temperature_c),
        "feels_like": units.temperature(weather.feels_like_c),
        "pressure": number(weather.pressure_msl_hpa.round()),
        "humidity": number(weather.humidity_pct.round()),
        "dew_point": units.temperature(weather.dew_point_c),
        "uvi": number(weather.uv_index),
        "clouds": number(weather.cloud_cover_pct.round()),
        "visibility": number(weather.visibility_m.round()),
        "wind_speed": units.speed(weather.wind_speed_ms),
        "wind_deg": number(weather.wind_direction_deg.floor()),
        "weather": [condition(weather, Sun::of(site, dt).is_up_at(dt))],
    });
    if weather.wind_gust_ms >= 8.0 {
        record["wind_gust"] = units.speed(weather.wind_gust_ms);
    }
    if weather.precipitation_mm >= 0.01 {
        let kind = if weather.is_snow { "snow" } else { "rain" };
        record[kind] = json!({"1h": number(weather.precipitation_mm)});
    }
    record
}

/// Records of a place.
pub(super) fn records(site: Site, records: &[Value]) -> Value {
    json!({
        "lat": whole_if_it_is(site.latitude()),
        "lon": whole_if_it_is(site.longitude()),
        "timezone": "Etc/UTC",
        "timezone_offset": 0,
        "data": records,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: Site = Site { latitude_e4: 404_153, longitude_e4: -36_827 };

    #[test]
    fn the_same_weather_is_written_in_three_units() {
        let dt = DateTime::from_timestamp(1_764_000_000, 0).unwrap();
        let temp = |units| body(SITE, dt, units, 0)["main"]["temp"].as_f64().unwrap();
        assert!((temp(Units::Standard) - temp(Units::Metric) - 273.15).abs() < 0.011);
        assert!((temp(Units::Imperial) - (temp(Units::Metric) * 1.8 + 32.0)).abs() < 0.02);
    }

    #[test]
    fn the_icon_knows_day_and_night_and_the_dark_pole_has_no_sunrise() {
        let noon: DateTime<Utc> = "2026-12-21T12:00:00Z".parse().unwrap();
        let icon = |hours| {
            let body = body(SITE, noon + TimeDelta::hours(hours), Units::Metric, 0);
            body["weather"][0]["icon"].as_str().unwrap().chars().last()
        };
        assert_eq!((icon(0), icon(12)), (Some('d'), Some('n')));
        let pole = Site { latitude_e4: 890_000, longitude_e4: 0 };
        let dark = body(pole, noon, Units::Metric, 0);
        assert!(dark["sys"]["sunrise"].is_null());
        assert_eq!(dark["coord"].to_string(), r#"{"lat":89,"lon":0}"#);
    }

    #[test]
    fn dt_is_before_now_and_stands_still_when_it_is_stale() {
        let now: DateTime<Utc> = "2026-11-25T08:07:00Z".parse().unwrap();
        let fresh = dt(SITE, now, 1, None);
        assert!(fresh <= now && now - fresh < TimeDelta::minutes(15));
        let stale = |hours| dt(SITE, now + TimeDelta::hours(hours), 1, Some(FaultKind::StaleDt));
        assert_eq!(stale(0), stale(3));
        let back = dt(SITE, now, 2, Some(FaultKind::BackwardDt));
        assert_eq!(fresh - back, TimeDelta::seconds(133));
    }

    #[test]
    fn whole_numbers_are_written_whole() {
        assert_eq!(number(282.0).to_string(), "282");
        assert_eq!(number(282.054).to_string(), "282.05");
    }
}
