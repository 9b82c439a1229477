//! Spark lines: two days of temperature in the space of a word.
//!
//! Written by hand, unlike the charts: a thousand of them have to fit into a page, and a chart of the
//! crate takes ten times the bytes of this.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

/// Width of an hour, and height of the line.
const HOUR_WIDTH: i64 = 2;
const HEIGHT: f64 = 20.0;

/// A line as SVG paths, in a box of 96 by 24.
pub(super) struct Spark {
    /// The line; empty: there is nothing to draw.
    pub(super) line: String,
    /// The intervals without a value, as bands.
    pub(super) holes: String,
    /// What it shows, in words.
    pub(super) words: String,
}

impl Spark {
    /// Of slots of this length, over the 48 hours up to `now`.
    pub(super) fn of(
        slots: &[(DateTime<Utc>, Option<f64>)],
        interval_minutes: i64,
        now: DateTime<Utc>,
    ) -> Self {
        let step_h = (interval_minutes / 60).clamp(1, 48);
        let values = values(slots, step_h, now);
        let known = || values.iter().copied().flatten();
        let (low, high) = known()
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let holes = values.iter().filter(|value| value.is_none()).count() as u64;
        let words = match known().next() {
            None => "no temperature in 48 h".to_owned(),
            Some(_) => format!("{low:.1} to {high:.1} °C in 48 h{}", missing(holes)),
        };
        let width = step_h * HOUR_WIDTH;
        Self { line: line(&values, width, (low, high)), holes: bands(&values, width), words }
    }
}

fn missing(holes: u64) -> String {
    match holes {
        0 => String::new(),
        holes => format!(", {holes} missing"),
    }
}

/// A value for each step; the step of the present counts only if it is there already.
fn values(
    slots: &[(DateTime<Utc>, Option<f64>)],
    step_h: i64,
    now: DateTime<Utc>,
) -> Vec<Option<f64>> {
    let step = TimeDelta::hours(step_h);
    let number = |time: DateTime<Utc>| time.timestamp().div_euclid(step.num_seconds());
    let steps = 48 / step_h;
    let first = number(now) - steps + 1;
    let mut values = vec![None; usize::try_from(steps).unwrap_or_default()];
    for (time, value) in slots {
        let index = usize::try_from(number(*time) - first).ok();
        if let Some(cell) = index.and_then(|index| values.get_mut(index)) {
            *cell = value.or(*cell);
        }
    }
    if values.last() == Some(&None) {
        values.pop();
    }
    values
}

/// Relative steps are shorter, and compress better. A value alone is a dot.
fn line(values: &[Option<f64>], width: i64, (low, high): (f64, f64)) -> String {
    let scale = HEIGHT / (high - low).max(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "between 2 and 22")]
    let y = |value: f64| (22.0 - (value - low) * scale).round() as i64;
    let (mut path, mut last) = (String::new(), None);
    for (x, value) in (0..).map(|index| index * width + width / 2).zip(values) {
        match (value.map(y), last) {
            (Some(y), Some(before)) => {
                let _ = write!(path, "l{width} {}", y - before);
            }
            (Some(y), None) => {
                let _ = write!(path, "M{x} {y}h0");
            }
            (None, _) => {}
        }
        last = value.map(y);
    }
    path
}

fn bands(values: &[Option<f64>], width: i64) -> String {
    let mut path = String::new();
    let mut x = 0;
    for run in values.chunk_by(|a, b| a.is_some() == b.is_some()) {
        let wide = i64::try_from(run.len()).unwrap_or_default() * width;
        if run.first() == Some(&None) {
            let _ = write!(path, "M{x} 0h{wide}v24H{x}z");
        }
        x += wide;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-25T08:07:00Z".parse().unwrap()
    }

    fn slots(hours_ago: &[(i64, f64)]) -> Vec<(DateTime<Utc>, Option<f64>)> {
        let hour: DateTime<Utc> = "2026-11-25T08:00:00Z".parse().unwrap();
        let slot = |(ago, value): &(i64, f64)| (hour - TimeDelta::hours(*ago), Some(*value));
        hours_ago.iter().map(slot).collect()
    }

    #[test]
    fn a_line_breaks_where_hours_are_missing_and_the_hole_is_a_band() {
        let spark = Spark::of(&slots(&[(4, 1.0), (3, 11.0), (0, 6.0)]), 60, now());
        assert_eq!(spark.line, "M87 22h0l2 -20M95 12h0");
        assert_eq!(spark.holes, "M0 0h86v24H0zM90 0h4v24H90z");
        assert_eq!(spark.words, "1.0 to 11.0 °C in 48 h, 45 missing");
    }

    #[test]
    fn the_hour_that_goes_on_is_no_hole_and_a_daily_site_has_two_steps() {
        let all: Vec<_> = (1..48).map(|ago| (ago, 3.0)).collect();
        assert_eq!(Spark::of(&slots(&all), 60, now()).holes, "");
        let daily = Spark::of(&slots(&[(8, 3.0), (32, 4.0)]), 1440, now());
        assert_eq!((daily.line.as_str(), daily.holes.as_str()), ("M24 2h0l48 20", ""));
        assert_eq!(Spark::of(&[], 60, now()).words, "no temperature in 48 h");
    }
}
