//! A site as a line of the list, and its JSON and CSV.

use chrono::{DateTime, Utc};

use super::now::Now;
use super::spark::Scale;
use super::{COLUMNS, age};
use crate::cli::colour::Tone;
use crate::cli::output::{Column, Line, Row};
use crate::domain::{Dimension, Units};

/// A site in the units of a person, on the scale of all lines.
pub(super) struct Shown<'a> {
    pub(super) now: &'a Now,
    pub(super) units: Units,
    pub(super) scale: Scale,
}

impl Shown<'_> {
    /// The line of the list.
    pub(super) fn line(&self) -> Line {
        let Self { now, units, scale } = self;
        let value = |dimension, value: Option<f64>| {
            value.map_or_else(dash, |value| units.of(dimension).show(value))
        };
        let cells = vec![
            now.site_id.clone(),
            now.name.clone(),
            value(Dimension::Temperature, now.values.temperature_c),
            sky(now),
            wind(now, *units),
            value(Dimension::Rain, now.values.rain_1h_mm.or(now.observation_time.map(|_| 0.0))),
            now.values.humidity_pct.map_or_else(dash, |humidity| format!("{humidity:.0} %")),
            age(now).unwrap_or_else(dash),
            scale.draw(now.hours()),
        ];
        Line { cells, tone: tone(now) }
    }
}

impl Row for Now {
    const COLUMNS: &[Column] = COLUMNS;

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
        let scale = Scale::of(self.temperatures.iter());
        Shown { now: self, units: Units::METRIC, scale }.line().cells
    }
}

fn dash() -> String {
    "–".to_owned()
}

/// How the sky is; why nobody knows, where the observation is too old.
pub(super) fn sky(now: &Now) -> String {
    let condition = now.values.condition_description.clone();
    now.trouble.clone().or(condition).or(now.values.condition_group.clone()).unwrap_or_else(dash)
}

pub(super) fn tone(now: &Now) -> Tone {
    match (now.fresh, now.observation_time) {
        (true, _) => Tone::Plain,
        (false, Some(_)) => Tone::Warning,
        (false, None) => Tone::Bad,
    }
}

/// Where the wind goes, in steps of 45°, from north on.
const ARROWS: [char; 8] = ['↓', '↙', '←', '↖', '↑', '↗', '→', '↘'];

/// An arrow to where the wind goes, and its speed.
pub(super) fn wind(now: &Now, units: Units) -> String {
    let Some(speed_ms) = now.values.wind_speed_ms else { return dash() };
    let speed = units.of(Dimension::Wind).show(speed_ms);
    match now.values.wind_direction_deg {
        Some(from_deg) => format!("{} {speed}", arrow(from_deg)),
        None => speed,
    }
}

fn arrow(from_deg: i64) -> char {
    let eighth = (from_deg.rem_euclid(360) * 2 + 45).div_euclid(90) % 8;
    ARROWS[usize::try_from(eighth).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrow_points_where_the_wind_goes() {
        for (from_deg, to) in [
            (0, '↓'),
            (22, '↓'),
            (23, '↙'),
            (90, '←'),
            (180, '↑'),
            (270, '→'),
            (337, '↘'),
            (338, '↓'),
            (360, '↓'),
        ] {
            assert_eq!(arrow(from_deg), to, "{from_deg}");
        }
    }
}
