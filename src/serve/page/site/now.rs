//! How it is at a site now, in a sentence.

use chrono::{DateTime, TimeDelta, Utc};

use super::Scope;
use crate::domain::{Dimension, freshness, source_time};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::reader::Reader;
use crate::views::{self, Hour};

/// So far back lies what the sentence needs: a day of rain, and the pressure of three hours before a newest
/// hour that is still fresh.
const BACK: TimeDelta = TimeDelta::hours(30);

/// After so many hours the pressure is compared.
const PRESSURE: TimeDelta = TimeDelta::hours(3);

/// The newest hour of a site.
pub(super) struct Latest {
    pub(super) is_fresh: bool,
    pub(super) temperature: Option<String>,
    /// What else there is to say, each in a few words.
    pub(super) parts: Vec<String>,
    pub(super) time: String,
    pub(super) age: String,
}

/// What is known of the present; `None`: nothing for more than a day.
pub(super) async fn read(reader: &Reader, scope: &Scope) -> Result<Option<Latest>, Problem> {
    let Some(source) = &scope.asked.source else { return Ok(None) };
    let times = (scope.now - BACK, scope.now + TimeDelta::hours(1));
    let hours = views::hours(&reader.store, &scope.place, source, times).await?;
    let until = source_time::last_believed(scope.now);
    let newest = hours.iter().rfind(|hour| hour.observation_time <= until);
    Ok(newest.map(|newest| Latest::of(newest, &hours, scope)))
}

impl Latest {
    fn of(newest: &Hour, hours: &[Hour], scope: &Scope) -> Self {
        let age = scope.now - newest.observation_time;
        let interval = scope.place.site.interval_minutes;
        let view = &scope.view;
        let temperature = newest.values.temperature_c;
        let parts = [
            feels(newest, scope),
            condition(newest, scope),
            wind(newest, scope),
            rain(newest, hours, scope),
            newest.values.humidity_pct.map(|value| {
                view.say("site-now-humidity").with("value", view.percent(value)).to_string()
            }),
            pressure(newest, hours, scope),
        ];
        Self {
            is_fresh: freshness::is_fresh(age, interval),
            temperature: temperature.map(|value| view.quantity(Dimension::Temperature, value)),
            parts: parts.into_iter().flatten().collect(),
            time: view.moment(newest.observation_time, scope.place.life.timezone),
            age: view.ago(age),
        }
    }
}

/// Feels like, and dew point.
fn feels(hour: &Hour, scope: &Scope) -> Option<String> {
    let view = &scope.view;
    let said = |key: &'static str, value: f64| {
        let value = view.quantity(Dimension::Temperature, value);
        view.say(key).with("value", value).to_string()
    };
    let feels = hour.values.feels_like_c.map(|value| said("site-now-feels", value));
    let dew = hour.values.dew_point_c.map(|value| said("site-now-dew", value));
    let both: Vec<_> = feels.into_iter().chain(dew).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

fn condition(hour: &Hour, scope: &Scope) -> Option<String> {
    let stored = hour.values.condition_description.as_deref()?;
    Some(scope.view.language().condition(hour.values.condition_id, stored))
}

/// Speed, where it comes from, and gusts.
fn wind(hour: &Hour, scope: &Scope) -> Option<String> {
    let view = &scope.view;
    let speed = view.quantity(Dimension::Wind, hour.values.wind_speed_ms?);
    let said = match hour.values.wind_direction_deg {
        Some(degrees) => {
            view.say("site-now-wind-from").with("from", view.language().compass(degrees))
        }
        None => view.say("site-now-wind"),
    };
    let wind = said.with("value", speed).to_string();
    let gust = hour.values.wind_gust_ms.map(|gust| {
        view.say("site-now-gust").with("value", view.quantity(Dimension::Wind, gust)).to_string()
    });
    Some([wind].into_iter().chain(gust).collect::<Vec<_>>().join(", "))
}

/// Of the last hour, and of the day up to it.
fn rain(newest: &Hour, hours: &[Hour], scope: &Scope) -> Option<String> {
    let view = &scope.view;
    let hour = view.quantity(Dimension::Rain, newest.values.rain_1h_mm?);
    let day = view.quantity(Dimension::Rain, rain_of_a_day(newest, hours));
    Some(view.say("site-now-rain").with("hour", hour).with("day", day).to_string())
}

/// An observation that fills two hours has rained once.
fn rain_of_a_day(newest: &Hour, hours: &[Hour]) -> f64 {
    let since: DateTime<Utc> = newest.hour - TimeDelta::hours(24);
    let day = hours.iter().filter(|hour| hour.hour > since && hour.hour <= newest.hour);
    let (mut seen, mut sum) = (Vec::new(), 0.0);
    for hour in day {
        let observation = (hour.value_source.as_str(), hour.observation_time);
        if !seen.contains(&observation) {
            seen.push(observation);
            sum += hour.values.rain_1h_mm.unwrap_or(0.0);
        }
    }
    sum
}

/// The pressure, and how it has changed.
fn pressure(newest: &Hour, hours: &[Hour], scope: &Scope) -> Option<String> {
    let view = &scope.view;
    let pressure = newest.values.pressure_msl_hpa?;
    let value = view.quantity(Dimension::Pressure, pressure);
    let before = hours.iter().find(|hour| hour.hour == newest.hour - PRESSURE);
    let change = before.and_then(|before| Some(pressure - before.values.pressure_msl_hpa?));
    let Some(change) = change else {
        return Some(view.say("site-now-pressure").with("value", value).to_string());
    };
    let unit = view.units().of(Dimension::Pressure);
    // A change is small: it has a decimal more than the value.
    let number = view.number(unit.of_difference(change.abs()), unit.decimals + 1);
    let sign = if change < 0.0 { "−" } else { "+" };
    let said = view.say("site-now-pressure-change").with("value", value);
    Some(said.with("change", format!("{sign}{number}")).to_string())
}
