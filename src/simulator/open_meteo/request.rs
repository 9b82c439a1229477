//! What is asked for: the parameters, and the words of the refusal where one is no good.

use std::collections::HashMap;

use chrono::{DateTime, DurationRound as _, NaiveDate, TimeDelta, Utc};

use super::variable::{Sample, Units};
use crate::simulator::climate;
use crate::simulator::place::Site;

pub(super) type Parameters = HashMap<String, String>;

/// Places of a call at most.
const MAX_PLACES: usize = 1000;

/// What each API takes beside the variables.
const PARAMETERS: [&str; 22] = [
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
    "models",
];

/// Which of the APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    Forecast,
    Archive,
}

/// What is asked for, and valid.
pub(super) struct Request {
    pub(super) api: Api,
    pub(super) sites: Vec<Site>,
    pub(super) units: Units,
    pub(super) current: Vec<String>,
    pub(super) quarters: Vec<String>,
    pub(super) hourly: Vec<String>,
    pub(super) past_quarters: i64,
    pub(super) forecast_quarters: i64,
    pub(super) days: (DateTime<Utc>, DateTime<Utc>),
    pub(super) now: DateTime<Utc>,
    /// One model is asked for by its name, and so its forecast, errors and all.
    pub(super) is_of_model: bool,
}

impl Request {
    pub(super) fn parse(
        api: Api,
        parameters: &Parameters,
        now: DateTime<Utc>,
    ) -> Result<Self, String> {
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
            is_of_model: parameters.contains_key("models"),
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
        (None, None) if api == Api::Forecast => {
            let days = parameters.get("forecast_days").and_then(|days| days.parse().ok());
            (day(now), day(now) + TimeDelta::days(days.unwrap_or(1_i64).clamp(1, 16) - 1))
        }
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

pub(super) fn parse_day(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    day.map(|day| day.and_utc())
        .ok_or_else(|| "Invalid date format. Make sure to use 'YYYY-MM-DD'".into())
}

pub(super) fn day(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::days(1)).unwrap_or(time)
}
