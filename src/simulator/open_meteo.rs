//! Open-Meteo's endpoints: limit, key, parameters, faults, answer.
//!
//! Written from <https://open-meteo.com/en/docs>,
//! <https://open-meteo.com/en/docs/historical-weather-api> and the service's own source
//! (<https://github.com/open-meteo/open-meteo>): its parameters, units, valid times, and the
//! reasons of its errors.

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, DurationRound as _, NaiveDate, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::answer::AHEAD;
use super::climate::{self, Weather};
use super::endpoint::{self, json_response};
use super::faults::{self, FaultKind};
use super::place::Site;
use super::quota::{Charge, QuotaWindow};
use super::{Call, Simulator};

type Parameters = HashMap<String, String>;

/// Places of a call at most.
const MAX_PLACES: usize = 1000;

/// What each API takes beside the variables.
const PARAMETERS: [&str; 21] = [
    "latitude",
    "longitude",
    "elevation",
    "current",
    "minutely_15",
    "hourly",
    "temperature_unit",
    "wind_speed_unit",
    "precipitation_unit",
    "timeformat",
    "timezone",
    "past_days",
    "past_hours",
    "past_minutely_15",
    "forecast_days",
    "forecast_hours",
    "forecast_minutely_15",
    "start_date",
    "end_date",
    "cell_selection",
    "apikey",
];

/// Which of the APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Forecast,
    Archive,
}

pub(super) async fn forecast(
    simulator: State<Simulator>,
    parameters: Query<Parameters>,
) -> Response {
    answer(Api::Forecast, simulator, parameters).await
}

pub(super) async fn archive(
    simulator: State<Simulator>,
    parameters: Query<Parameters>,
) -> Response {
    answer(Api::Archive, simulator, parameters).await
}

async fn answer(
    api: Api,
    State(simulator): State<Simulator>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let now = simulator.state.clock.now();
    let in_flight = simulator.enter();
    let (mut response, fault) = if in_flight.is_over(simulator.state.config.calls_at_once) {
        (crowded(), None)
    } else {
        let played = played(api, &simulator, &parameters, now);
        if let Some(time) = simulator.state.config.answers_after {
            endpoint::wait(time).await;
        }
        played
    };
    endpoint::date(&mut response, now);
    let said = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    let path = if api == Api::Forecast { "/v1/forecast" } else { "/v1/archive" };
    let is_answered = !matches!(fault, Some(FaultKind::Dropped | FaultKind::Slow));
    simulator.record(Call {
        time: now,
        path,
        latitude: said("latitude"),
        longitude: said("longitude"),
        past: parameters.get("start_date").map(|from| format!("{from}/{}", said("end_date"))),
        status: is_answered.then(|| response.status().as_u16()),
        fault,
    });
    if fault == Some(FaultKind::Slow) {
        endpoint::wait(simulator.state.config.slow_for).await;
    }
    response
}

fn played(
    api: Api,
    simulator: &Simulator,
    parameters: &Parameters,
    now: DateTime<Utc>,
) -> (Response, Option<FaultKind>) {
    if let Some(window) = over_quota(simulator, parameters, now) {
        return (limited(window, None), None);
    }
    let config = &simulator.state.config;
    if let Some(key) = parameters.get("apikey")
        && !(config.api_keys.is_empty() || config.api_keys.contains(key))
    {
        return (refusal(StatusCode::BAD_REQUEST, "The supplied API key is invalid."), None);
    }
    let mut request = match Request::parse(api, parameters, now) {
        Ok(request) => request,
        Err(reason) => return (refusal(StatusCode::BAD_REQUEST, &reason), None),
    };
    let first = request.sites[0];
    let calls = simulator.count_site(first);
    let fault = faults::find_for_call(&config.faults, &request.sites, calls, now, config.seed);
    let shown = match fault {
        Some(FaultKind::StaleDt) => now.duration_trunc(TimeDelta::hours(6)).unwrap_or(now),
        Some(FaultKind::BackwardDt) if calls.is_multiple_of(2) => now - TimeDelta::minutes(15),
        Some(FaultKind::FutureDt) => now + AHEAD,
        _ => now,
    };
    if fault == Some(FaultKind::StaleDt) {
        let (from, to) = request.days;
        let length = to - from + TimeDelta::days(1);
        request.days = (from - length, to - length);
    }
    let of_place = |site| faults::find(&config.faults, site, calls, now, config.seed);
    let places = request.sites.iter().enumerate().filter_map(|(at, site)| {
        spoiled(request.place(at, *site, shown)(config.seed), of_place(*site))
    });
    let mut places: Vec<Value> = places.collect();
    match fault {
        Some(FaultKind::OutOfRange) => make_impossible(&mut places),
        Some(FaultKind::OtherPlace) => move_away(&mut places),
        _ => {}
    }
    let is_one = request.sites.len() == 1 && places.len() == 1;
    let body = if is_one { places.remove(0) } else { Value::Array(places) };
    let body = body.to_string().replace(&format!("\"{NO_NUMBER}\""), "-nan");
    let retry_after_seconds = config.retry_after.as_secs();
    (play(fault, &body, first, calls, retry_after_seconds), fault)
}

/// Stands for a number that JSON has no form for, until the body is text.
const NO_NUMBER: &str = "no number";

/// What is said of a place, with the fault that is the place's own; `None`: nothing is.
fn spoiled(mut place: Value, fault: Option<FaultKind>) -> Option<Value> {
    match fault {
        Some(FaultKind::LostPlace) => return None,
        Some(FaultKind::NullPlace) => return Some(Value::Null),
        Some(FaultKind::BareNan) => place["latitude"] = json!(NO_NUMBER),
        Some(FaultKind::OtherUnit) => {
            for units in ["/current_units/temperature_2m", "/hourly_units/temperature_2m"] {
                if let Some(unit) = place.pointer_mut(units) {
                    *unit = json!("°F");
                }
            }
        }
        _ => {}
    }
    Some(place)
}

/// Counts a call; the window whose limit it is over, if it is. The free service knows callers by
/// their address, and here all have one.
fn over_quota(
    simulator: &Simulator,
    parameters: &Parameters,
    now: DateTime<Utc>,
) -> Option<QuotaWindow> {
    let config = &simulator.state.config;
    let charge = Charge {
        service: "open-meteo",
        key: parameters.get("apikey").map(String::as_str).unwrap_or_default(),
        tenths: tenths(parameters),
        windows: &[
            (QuotaWindow::Minute, config.calls_per_minute),
            (QuotaWindow::Day, config.calls_per_day),
            (QuotaWindow::Month, config.calls_per_month),
        ],
    };
    simulator.count_call(charge, now)
}

/// What a call counts as: one for each place, more in proportion from 10 variables and from 14 days
/// on (<https://github.com/open-meteo/open-meteo/issues/439>).
fn tenths(parameters: &Parameters) -> u64 {
    let count = |name: &str| {
        let list = parameters.get(name).map(String::as_str).unwrap_or_default();
        list.split(',').filter(|each| !each.is_empty()).count() as u64
    };
    let variables = count("current") + count("minutely_15") + count("hourly");
    let given = |name: &str| parameters.get(name).and_then(|text| parse_day(text).ok());
    let days = given("start_date").zip(given("end_date"));
    let days = days.map_or(1, |(first, last)| (last - first).num_days().unsigned_abs() + 1);
    (count("latitude").max(1) * variables.max(10) * days.max(14)).div_ceil(14)
}

/// The answer, or the fault in its place.
fn play(
    fault: Option<FaultKind>,
    body: &str,
    site: Site,
    calls: u32,
    retry_after_seconds: u64,
) -> Response {
    match fault {
        Some(FaultKind::Unauthorized) => {
            let reason = "API key required. Please add &apikey= to the URL.";
            refusal(StatusCode::UNAUTHORIZED, reason)
        }
        Some(FaultKind::BadRequest) => {
            refusal(StatusCode::BAD_REQUEST, "No data is available for this location")
        }
        Some(FaultKind::NotFound) => refusal(StatusCode::NOT_FOUND, "Not Found"),
        Some(FaultKind::RateLimited) => limited(QuotaWindow::Minute, None),
        Some(FaultKind::RateLimitedRetryAfter) => {
            limited(QuotaWindow::Minute, Some(retry_after_seconds))
        }
        Some(FaultKind::ServerError) => {
            endpoint::server_error(site.hash(3).wrapping_add(calls.into()))
        }
        Some(FaultKind::Dropped) => endpoint::dropped(),
        Some(FaultKind::Truncated) => {
            let half = body.char_indices().nth(body.chars().count() / 2).map_or(0, |(at, _)| at);
            json_response(StatusCode::OK, body[..half].to_owned())
        }
        Some(FaultKind::Html) => endpoint::page(),
        Some(FaultKind::Forbidden) => endpoint::forbidden(),
        Some(FaultKind::Sentence) => endpoint::sentence(),
        Some(FaultKind::Crowded) => crowded(),
        Some(FaultKind::WrongJson) => json_response(StatusCode::OK, "[]".to_owned()),
        Some(FaultKind::Empty) => json_response(StatusCode::OK, String::new()),
        Some(FaultKind::StatusInBody) => {
            let body = json!({"error": true, "reason": "Internal Server Error"});
            json_response(StatusCode::OK, body.to_string())
        }
        _ => json_response(StatusCode::OK, body.to_owned()),
    }
}

fn refusal(status: StatusCode, reason: &str) -> Response {
    json_response(status, json!({"error": true, "reason": reason}).to_string())
}

/// More calls of an address are in flight than the service takes at once: it says no time.
fn crowded() -> Response {
    refusal(StatusCode::TOO_MANY_REQUESTS, "Too many concurrent requests")
}

/// Says which limit, and no time, unless a fault asks for it.
fn limited(window: QuotaWindow, retry_after_seconds: Option<u64>) -> Response {
    let reason = match window {
        QuotaWindow::Minute => {
            "Minutely API request limit exceeded. Please try again in one minute."
        }
        _ => "Daily API request limit exceeded. Please try again tomorrow.",
    };
    let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, reason);
    if let Some(seconds) = retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A temperature that cannot be, wherever there is one.
fn make_impossible(places: &mut [Value]) {
    for place in places {
        if let Some(value) = place.pointer_mut("/current/temperature_2m") {
            *value = json!(999);
        }
        if let Some(values) = place.pointer_mut("/hourly/temperature_2m") {
            let count = values.as_array().map_or(0, Vec::len);
            *values = json!(vec![999; count]);
        }
    }
}

fn move_away(places: &mut [Value]) {
    for place in places {
        let latitude = place["latitude"].as_f64().unwrap_or_default();
        place["latitude"] = json!(if latitude > 0.0 { latitude - 4.5 } else { latitude + 4.5 });
    }
}

/// The units that are asked for.
#[derive(Debug, Clone, Copy)]
struct Units {
    fahrenheit: bool,
    wind: (&'static str, f64),
    inch: bool,
    unixtime: bool,
}

impl Units {
    fn parse(parameters: &Parameters) -> Result<Self, String> {
        let choice = |name: &str, default: &'static str, known: &[&'static str]| {
            let given = parameters.get(name).map_or(default, String::as_str);
            known.iter().copied().find(|known| *known == given).ok_or_else(|| {
                format!("Cannot initialize {name} from invalid String value {given} for key {name}")
            })
        };
        let wind = choice("wind_speed_unit", "kmh", &["kmh", "ms", "mph", "kn"])?;
        Ok(Self {
            fahrenheit: choice("temperature_unit", "celsius", &["celsius", "fahrenheit"])?
                == "fahrenheit",
            wind: match wind {
                "ms" => ("m/s", 1.0),
                "mph" => ("mp/h", 1.0 / 0.44704),
                "kn" => ("kn", 3600.0 / 1852.0),
                _ => ("km/h", 3.6),
            },
            inch: choice("precipitation_unit", "mm", &["mm", "inch"])? == "inch",
            unixtime: choice("timeformat", "iso8601", &["iso8601", "unixtime"])? == "unixtime",
        })
    }

    fn time(self, time: DateTime<Utc>) -> Value {
        if self.unixtime {
            json!(time.timestamp())
        } else {
            json!(time.format("%FT%H:%M").to_string())
        }
    }

    fn time_unit(self) -> &'static str {
        if self.unixtime { "unixtime" } else { "iso8601" }
    }

    fn temperature(self, celsius: f64) -> (f64, usize, &'static str) {
        if self.fahrenheit { (celsius * 1.8 + 32.0, 1, "°F") } else { (celsius, 1, "°C") }
    }

    fn wind(self, metres_per_second: f64) -> (f64, usize, &'static str) {
        let (unit, factor) = self.wind;
        (metres_per_second * factor, if unit == "m/s" { 2 } else { 1 }, unit)
    }

    fn depth(self, mm: f64) -> (f64, usize, &'static str) {
        if self.inch { (mm / 25.4, 3, "inch") } else { (mm, 2, "mm") }
    }
}

/// What is asked for, and valid.
struct Request {
    api: Api,
    sites: Vec<Site>,
    units: Units,
    current: Vec<String>,
    quarters: Vec<String>,
    hourly: Vec<String>,
    past_quarters: i64,
    forecast_quarters: i64,
    days: (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
}

impl Request {
    fn parse(api: Api, parameters: &Parameters, now: DateTime<Utc>) -> Result<Self, String> {
        if let Some(unknown) = parameters.keys().find(|name| !PARAMETERS.contains(&name.as_str())) {
            return Err(format!("Unknown parameter '{unknown}'"));
        }
        let list = |name: &str| -> Vec<String> {
            let text = parameters.get(name).map(String::as_str).unwrap_or_default();
            text.split(',').filter(|each| !each.is_empty()).map(str::to_owned).collect()
        };
        let steps = |name: &str, default: i64| match parameters.get(name).map(|text| text.parse()) {
            None => Ok(default),
            Some(Ok(steps)) if (0..=9216).contains(&steps) => Ok(steps),
            Some(_) => Err(format!("Invalid value for key {name}")),
        };
        let request = Self {
            api,
            sites: sites(&list("latitude"), &list("longitude"))?,
            units: Units::parse(parameters)?,
            current: list("current"),
            quarters: list("minutely_15"),
            hourly: list("hourly"),
            past_quarters: steps("past_minutely_15", 0)?,
            forecast_quarters: steps("forecast_minutely_15", 288)?,
            days: days(api, parameters, now)?,
            now,
        };
        for (key, names) in [
            ("current", &request.current),
            ("minutely_15", &request.quarters),
            ("hourly", &request.hourly),
        ] {
            let sample = Sample {
                weather: climate::weather(request.sites[0], now, 0),
                hours: 1.0,
                has_showers: true,
            };
            if let Some(unknown) =
                names.iter().find(|name| sample.value(name, request.units).is_none())
            {
                return Err(format!(
                    "Cannot initialize WeatherVariable from invalid String value {unknown} for key {key}"
                ));
            }
        }
        Ok(request)
    }

    /// What is said of a place. A list has a `location_id` from the second place on.
    fn place(
        &self,
        at: usize,
        site: Site,
        now: DateTime<Utc>,
    ) -> impl FnOnce(u64) -> Value + use<'_> {
        move |seed| {
            let mut place = Map::new();
            // The centre of the grid cell, and not the place asked for.
            place.insert("latitude".into(), json!(cell(site.latitude())));
            place.insert("longitude".into(), json!(cell(site.longitude())));
            place.insert("generationtime_ms".into(), json!(0.25));
            place.insert("utc_offset_seconds".into(), json!(0));
            place.insert("timezone".into(), json!("GMT"));
            place.insert("timezone_abbreviation".into(), json!("GMT"));
            place.insert("elevation".into(), json!(38.0));
            if at > 0 {
                place.insert("location_id".into(), json!(at));
            }
            if !self.current.is_empty() {
                self.insert_current(&mut place, site, quarter(now), seed);
            }
            if !self.quarters.is_empty() {
                self.insert_quarters(&mut place, site, quarter(now), seed);
            }
            if !self.hourly.is_empty() {
                self.insert_hours(&mut place, site, seed);
            }
            Value::Object(place)
        }
    }

    fn insert_current(
        &self,
        place: &mut Map<String, Value>,
        site: Site,
        time: DateTime<Utc>,
        seed: u64,
    ) {
        let sample =
            Sample { weather: climate::weather(site, time, seed), hours: 0.25, has_showers: true };
        let mut units = json!({"time": self.units.time_unit(), "interval": "seconds"});
        let mut values = json!({"time": self.units.time(time), "interval": 900});
        for name in &self.current {
            if let Some((value, unit)) = sample.value(name, self.units) {
                units[name] = json!(if value.is_null() { "undefined" } else { unit });
                values[name] = value;
            }
        }
        place.insert("current_units".into(), units);
        place.insert("current".into(), values);
    }

    /// The hour's amount, evenly over its quarters, as where no model has finer steps.
    fn insert_quarters(
        &self,
        place: &mut Map<String, Value>,
        site: Site,
        now: DateTime<Utc>,
        seed: u64,
    ) {
        let sample =
            Sample { weather: climate::weather(site, now, seed), hours: 0.25, has_showers: true };
        let steps = -self.past_quarters..self.forecast_quarters;
        let times = steps.map(|step| now + TimeDelta::minutes(15 * step));
        self.insert_list(
            place,
            "minutely_15",
            &self.quarters,
            times.map(|time| (time, Some(sample))),
        );
    }

    fn insert_hours(&self, place: &mut Map<String, Value>, site: Site, seed: u64) {
        let (first, last) = self.days;
        let hours = (last - first).num_hours() + 24;
        // What the archive does not have yet is null.
        let known_until = match self.api {
            Api::Forecast => DateTime::<Utc>::MAX_UTC,
            Api::Archive => day(self.now) - TimeDelta::days(2),
        };
        let has_showers = self.api == Api::Forecast;
        let samples = (0..hours).map(|hour| first + TimeDelta::hours(hour)).map(|time| {
            let weather = climate::weather(site, time, seed);
            (time, (time < known_until).then_some(Sample { weather, hours: 1.0, has_showers }))
        });
        self.insert_list(place, "hourly", &self.hourly, samples);
    }

    fn insert_list(
        &self,
        place: &mut Map<String, Value>,
        key: &str,
        names: &[String],
        samples: impl Iterator<Item = (DateTime<Utc>, Option<Sample>)>,
    ) {
        let samples: Vec<_> = samples.collect();
        let times: Vec<Value> = samples.iter().map(|(time, _)| self.units.time(*time)).collect();
        let mut units = json!({"time": self.units.time_unit()});
        let mut lists = json!({ "time": times });
        for name in names {
            let mut shown = "undefined";
            let list: Vec<Value> = samples
                .iter()
                .map(|(_, sample)| match sample.and_then(|sample| sample.value(name, self.units)) {
                    Some((value, unit)) if !value.is_null() => {
                        shown = unit;
                        value
                    }
                    _ => Value::Null,
                })
                .collect();
            units[name] = json!(shown);
            lists[name] = json!(list);
        }
        place.insert(format!("{key}_units"), units);
        place.insert(key.into(), lists);
    }
}

/// The weather of a moment, and how much of an hour its amounts are for.
#[derive(Clone, Copy)]
struct Sample {
    weather: Weather,
    hours: f64,
    /// In the archive rain is all of it; a forecast tells the showers apart.
    has_showers: bool,
}

impl Sample {
    /// A variable's value with its unit; `None` when there is no such variable.
    fn value(&self, name: &str, units: Units) -> Option<(Value, &'static str)> {
        let weather = &self.weather;
        let fallen_mm = weather.precipitation_mm * self.hours;
        let (rain_mm, snow_mm) = if weather.is_snow { (0.0, fallen_mm) } else { (fallen_mm, 0.0) };
        // Heavy rain falls from showers.
        let showers_mm = if weather.precipitation_mm >= 4.0 { rain_mm / 2.0 } else { 0.0 };
        let snow_cm = snow_mm * 0.7; // 10 mm of water are 7 cm of snow
        let (value, decimals, unit) = match name {
            "temperature_2m" => units.temperature(weather.temperature_c),
            "apparent_temperature" => units.temperature(weather.feels_like_c),
            "relative_humidity_2m" => (weather.humidity_pct, 0, "%"),
            "pressure_msl" => (weather.pressure_msl_hpa, 1, "hPa"),
            "surface_pressure" => (weather.pressure_ground_hpa, 1, "hPa"),
            "wind_speed_10m" => units.wind(weather.wind_speed_ms),
            "wind_gusts_10m" => units.wind(weather.wind_gust_ms),
            "wind_direction_10m" => (weather.wind_direction_deg, 0, "°"),
            "cloud_cover" => (weather.cloud_cover_pct, 0, "%"),
            "visibility" => (weather.visibility_m, 2, "m"),
            "uv_index" => (weather.uv_index, 2, ""),
            "dew_point_2m" => units.temperature(weather.dew_point_c),
            "weather_code" => (f64::from(code(weather)), 0, "wmo code"),
            "precipitation" => units.depth(fallen_mm),
            "rain" if self.has_showers => units.depth(rain_mm - showers_mm),
            "rain" => units.depth(rain_mm),
            "showers" => units.depth(showers_mm),
            "snowfall" if units.inch => (snow_cm / 2.54, 3, "inch"),
            "snowfall" => (snow_cm, 2, "cm"),
            _ => return None,
        };
        Some((number(value, decimals), unit))
    }
}

/// Rounded, and whole where no decimals are written.
#[expect(clippy::cast_possible_truncation, reason = "weather is small")]
fn number(value: f64, decimals: usize) -> Value {
    if decimals == 0 {
        return json!(value.round() as i64);
    }
    let scale = 10_f64.powi(i32::try_from(decimals).unwrap_or_default());
    json!((value * scale).round() / scale)
}

/// WMO code 4677, as the service shortens it.
fn code(weather: &Weather) -> u8 {
    match (weather.precipitation_mm, weather.is_snow) {
        (0.01..1.0, false) => 61,
        (1.0..4.0, false) => 63,
        (4.0.., false) => 82,
        (0.01..1.0, true) => 71,
        (1.0.., true) => 73,
        _ => match weather.cloud_cover_pct {
            ..20.0 => 0,
            20.0..50.0 => 1,
            50.0..80.0 => 2,
            _ => 3,
        },
    }
}

fn sites(latitudes: &[String], longitudes: &[String]) -> Result<Vec<Site>, String> {
    if latitudes.is_empty() || longitudes.is_empty() {
        return Err("Parameter 'latitude' and 'longitude' must not be empty".into());
    }
    if latitudes.len() != longitudes.len() {
        let reason = "Parameter 'latitude' and 'longitude' must have the same number of elements";
        return Err(reason.into());
    }
    if latitudes.len() > MAX_PLACES {
        return Err(format!(
            "Parameter 'latitude' and 'longitude' must not exceed {MAX_PLACES} coordinates."
        ));
    }
    let places = latitudes.iter().zip(longitudes);
    places
        .map(|(latitude, longitude)| {
            Site::parse(latitude, longitude).map_err(|problem| match problem {
                "wrong longitude" => {
                    format!("Longitude must be in range of -180 to 180°. Given: {longitude}.")
                }
                _ => format!("Latitude must be in range of -90 to 90°. Given: {latitude}."),
            })
        })
        .collect()
}

/// The days asked for: today, where none are.
fn days(
    api: Api,
    parameters: &Parameters,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), String> {
    let (from, to) = (parameters.get("start_date"), parameters.get("end_date"));
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (parse_day(from)?, parse_day(to)?),
        (None, None) if api == Api::Forecast => (day(now), day(now)),
        _ => return Err("Both 'start_date' and 'end_date' must be set in the url".into()),
    };
    if to < from {
        return Err("End-date must be larger or equals than start-date".into());
    }
    let earliest = NaiveDate::from_ymd_opt(1940, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
    let earliest = earliest.map_or(DateTime::UNIX_EPOCH, |day| day.and_utc());
    let latest = day(now);
    for (name, given) in [("start_date", from), ("end_date", to)] {
        if api == Api::Archive && !(earliest..=latest).contains(&given) {
            return Err(format!(
                "Parameter '{name}' is out of allowed range from 1940-01-01 to {}",
                latest.format("%F")
            ));
        }
    }
    Ok((from, to))
}

fn parse_day(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    day.map(|day| day.and_utc())
        .ok_or_else(|| "Invalid date format. Make sure to use 'YYYY-MM-DD'".into())
}

fn day(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::days(1)).unwrap_or(time)
}

fn quarter(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::minutes(15)).unwrap_or(time)
}

/// The centre of a cell of a tenth of a degree.
fn cell(degrees: f64) -> f64 {
    (degrees * 10.0).round() / 10.0
}
