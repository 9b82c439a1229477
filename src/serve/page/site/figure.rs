//! The charts of a site.

use chrono::{DateTime, TimeDelta, Utc};

use super::Scope;
use super::marks::{self, Kind, Mark};
use crate::serve::page::chart::{Band, Drawn, Pieces, Plan};
use crate::serve::page::local;
use crate::views::Hour;

/// A chart, and what stands around it.
pub(super) struct Figure {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    /// What it shows, in words.
    pub(super) words: String,
    /// Whether there is a second line.
    pub(super) has_second: bool,
    /// Elements by the crate.
    pub(super) inner: String,
    /// What is missing or stands still: class, words, place.
    pub(super) bands: Vec<(&'static str, String, Band)>,
    /// Rings around healed values: words and place.
    pub(super) rings: Vec<(String, f64, f64)>,
    /// Each hour with its value: words and place.
    pub(super) hits: Vec<(String, Band)>,
}

/// A value of an hour, if the source said it.
type Value = fn(&Hour) -> Option<f64>;

/// What a chart shows.
struct Kindred {
    id: &'static str,
    title: &'static str,
    unit: &'static str,
    /// Values of an hour: one for each line.
    values: &'static [(&'static str, Value)],
    decimals: usize,
    is_bars: bool,
    least: f64,
    from_zero: bool,
}

const KINDS: [Kindred; 5] = [
    Kindred {
        id: "temperature",
        title: "Temperature",
        unit: "°C",
        values: &[("", |hour| hour.values.temperature_c)],
        decimals: 1,
        is_bars: false,
        least: 4.0,
        from_zero: false,
    },
    Kindred {
        id: "pressure",
        title: "Pressure at sea level",
        unit: "hPa",
        values: &[("", |hour| hour.values.pressure_msl_hpa)],
        decimals: 1,
        is_bars: false,
        least: 8.0,
        from_zero: false,
    },
    Kindred {
        id: "wind",
        title: "Wind",
        unit: "m/s",
        values: &[
            ("", |hour| hour.values.wind_speed_ms),
            ("gusts ", |hour| hour.values.wind_gust_ms),
        ],
        decimals: 1,
        is_bars: false,
        least: 4.0,
        from_zero: true,
    },
    Kindred {
        id: "rain",
        title: "Rain of each hour",
        unit: "mm",
        values: &[("", |hour| hour.values.rain_1h_mm)],
        decimals: 1,
        is_bars: true,
        least: 2.0,
        from_zero: true,
    },
    Kindred {
        id: "humidity",
        title: "Relative humidity",
        unit: "%",
        values: &[("", |hour| hour.values.humidity_pct)],
        decimals: 0,
        is_bars: false,
        least: 20.0,
        from_zero: false,
    },
];

pub(super) fn all(scope: &Scope, hours: &[Hour], marks: &[Mark]) -> Vec<Figure> {
    let ticks = local::ticks(scope.times, scope.place.life.timezone);
    let step = TimeDelta::minutes(scope.place.site.interval_minutes.max(60));
    let figures = KINDS.iter().filter_map(|kind| {
        let lines = kind.values.iter().map(|(_, value)| pieces(hours, step, *value)).collect();
        let Kindred { is_bars, least, from_zero, .. } = *kind;
        let plan =
            Plan { times: scope.times, ticks: &ticks, step, lines, is_bars, least, from_zero };
        match plan.draw() {
            Ok(drawn) => Some(kind.figure(scope, hours, marks, (drawn, step))),
            Err(error) => {
                tracing::error!(error_kind = "answer", "a chart cannot be drawn: {error}");
                None
            }
        }
    });
    figures.collect()
}

/// A line ends where an hour or its value is missing.
fn pieces(hours: &[Hour], step: TimeDelta, value: Value) -> Pieces {
    let mut pieces = Pieces::new();
    let mut last: Option<DateTime<Utc>> = None;
    for hour in hours {
        let Some(value) = value(hour) else { continue };
        let follows = last.is_some_and(|last| hour.hour - last <= step);
        match pieces.last_mut().filter(|_| follows) {
            Some(piece) => piece.push((hour.hour, value)),
            None => pieces.push(vec![(hour.hour, value)]),
        }
        last = Some(hour.hour);
    }
    pieces
}

impl Kindred {
    fn figure(
        &self,
        scope: &Scope,
        hours: &[Hour],
        marks: &[Mark],
        (drawn, step): (Drawn, TimeDelta),
    ) -> Figure {
        let first = |hour: &Hour| self.values.first().and_then(|(_, value)| value(hour));
        let bands = marks.iter().filter(|mark| mark.kind != Kind::Healed);
        let ring = |hour: &Hour| {
            let value = first(hour)?;
            Some((self.line(hour, scope), drawn.x(hour.hour + step / 2), drawn.y(value)))
        };
        let second = self.values.get(1);
        Figure {
            has_second: second
                .is_some_and(|(_, value)| hours.iter().any(|hour| value(hour).is_some())),
            id: self.id,
            title: self.title,
            unit: self.unit,
            words: self.words(hours, scope),
            bands: bands
                .map(|mark| (mark.kind.class(), mark.line(), drawn.band(mark.from, mark.to)))
                .collect(),
            rings: hours.iter().filter(|hour| marks::is_healed(hour)).filter_map(ring).collect(),
            hits: hours
                .iter()
                .map(|hour| (self.line(hour, scope), drawn.band(hour.hour, hour.hour + step)))
                .collect(),
            inner: drawn.inner,
        }
    }

    /// An hour's values in words.
    fn line(&self, hour: &Hour, scope: &Scope) -> String {
        let time = local::time(hour.slot_time, scope.place.life.timezone);
        let (decimals, unit) = (self.decimals, self.unit);
        let values = self.values.iter().filter_map(|(name, value)| {
            value(hour).map(|value| format!("{name}{value:.decimals$} {unit}"))
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let values = if values.is_empty() { "no value".to_owned() } else { values };
        let healed = if marks::is_healed(hour) { " (healed)" } else { "" };
        format!("{time}: {values}{healed}")
    }

    /// From the lowest to the highest.
    fn words(&self, hours: &[Hour], scope: &Scope) -> String {
        let (decimals, unit) = (self.decimals, self.unit);
        let values = || {
            hours.iter().filter_map(|hour| self.values.first().and_then(|(_, value)| value(hour)))
        };
        let (low, high) = values()
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let hours = (scope.times.1 - scope.times.0).num_hours();
        match values().next() {
            None => format!("no value in {hours} hours"),
            Some(_) if self.is_bars => {
                format!("{:.decimals$} {unit} in all in {hours} hours", values().sum::<f64>())
            }
            Some(_) => format!("{low:.decimals$} to {high:.decimals$} {unit} in {hours} hours"),
        }
    }
}
