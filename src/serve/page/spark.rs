//! Spark lines: two days of temperature in the space of a word.
//!
//! Written by hand, unlike the charts: a thousand of them have to fit into a page, and a chart of the
//! crate takes ten times the bytes of this.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::Expected;

/// Width of an hour, and height of the line.
const HOUR_WIDTH: i64 = 2;
const HEIGHT: f64 = 20.0;

/// A line as SVG paths, in a box of 96 by 24.
pub(super) struct Spark {
    /// The line; empty: there is nothing to draw.
    pub(super) line: String,
    /// The expected intervals that were not collected, as bands.
    pub(super) holes: String,
    /// What it shows, in words.
    pub(super) words: String,
}

/// What is known of a step.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    is_expected: bool,
    is_collected: bool,
    value: Option<f64>,
}

impl Step {
    fn is_hole(&self) -> bool {
        self.is_expected && !self.is_collected
    }
}

impl Spark {
    /// Of slots of this length, over the 48 hours up to `now`: those that were collected, in order, and
    /// those that are expected.
    pub(super) fn of(
        slots: &[(DateTime<Utc>, Option<f64>)],
        expected: impl Iterator<Item = Expected>,
        interval_minutes: i64,
        now: DateTime<Utc>,
    ) -> Self {
        let step_h = (interval_minutes / 60).clamp(1, 48);
        let steps = steps(slots, expected, step_h, now);
        let values: Vec<_> = steps.iter().map(|step| step.value).collect();
        let known = || values.iter().copied().flatten();
        let (low, high) = known()
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let holes = steps.iter().filter(|step| step.is_hole()).count();
        let words = match known().next() {
            None => "no temperature in 48 h".to_owned(),
            Some(_) => format!("{low:.1} to {high:.1} °C in 48 h{}", missing(holes)),
        };
        let width = step_h * HOUR_WIDTH;
        Self { line: line(&values, width, (low, high)), holes: bands(&steps, width), words }
    }
}

fn missing(holes: usize) -> String {
    match holes {
        0 => String::new(),
        holes => format!(", {holes} missing"),
    }
}

/// Each step; that of the present only if it is there already.
fn steps(
    slots: &[(DateTime<Utc>, Option<f64>)],
    expected: impl Iterator<Item = Expected>,
    step_h: i64,
    now: DateTime<Utc>,
) -> Vec<Step> {
    let length_s = TimeDelta::hours(step_h).num_seconds();
    let number = |time: DateTime<Utc>| time.timestamp().div_euclid(length_s);
    let count = 48 / step_h;
    let first = number(now) - count + 1;
    let mut steps = vec![Step::default(); usize::try_from(count).unwrap_or_default()];
    let index = |time: DateTime<Utc>| usize::try_from(number(time) - first).ok();
    for slot in expected {
        if let Some(step) = index(slot.slot_time).and_then(|index| steps.get_mut(index)) {
            step.is_expected = true;
        }
    }
    for (time, value) in slots {
        if let Some(step) = index(*time).and_then(|index| steps.get_mut(index)) {
            step.is_collected = true;
            step.value = value.or(step.value);
        }
    }
    steps.pop_if(|present| !present.is_collected);
    steps
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

fn bands(steps: &[Step], width: i64) -> String {
    let mut path = String::new();
    let mut x = 0;
    for run in steps.chunk_by(|a, b| a.is_hole() == b.is_hole()) {
        let wide = i64::try_from(run.len()).unwrap_or_default() * width;
        if run.first().is_some_and(Step::is_hole) {
            let _ = write!(path, "M{x} 0h{wide}v24H{x}z");
        }
        x += wide;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Interval;

    fn now() -> DateTime<Utc> {
        "2026-11-25T08:07:00Z".parse().unwrap()
    }

    fn slots(hours_ago: &[(i64, f64)]) -> Vec<(DateTime<Utc>, Option<f64>)> {
        let hour: DateTime<Utc> = "2026-11-25T08:00:00Z".parse().unwrap();
        let slot = |(ago, value): &(i64, f64)| (hour - TimeDelta::hours(*ago), Some(*value));
        hours_ago.iter().map(slot).collect()
    }

    /// Every slot of this length since so many hours ago.
    fn expected(hours: i64, interval_minutes: u32) -> impl Iterator<Item = Expected> {
        let interval = Interval::parse(interval_minutes).unwrap();
        let length = TimeDelta::minutes(interval_minutes.into());
        let first = now() - TimeDelta::hours(hours);
        let start = DateTime::from_timestamp(
            (first.timestamp() / length.num_seconds() + 1) * length.num_seconds(),
            0,
        );
        let times = std::iter::successors(start, move |time| Some(*time + length));
        times
            .take_while(|time| *time <= now())
            .map(move |slot_time| Expected { slot_time, interval })
    }

    fn hourly(slots: &[(DateTime<Utc>, Option<f64>)], expected_hours: i64) -> Spark {
        Spark::of(slots, expected(expected_hours, 60), 60, now())
    }

    #[test]
    fn a_line_breaks_where_hours_are_missing_and_the_hole_is_a_band() {
        let spark = hourly(&slots(&[(4, 1.0), (3, 11.0), (0, 6.0)]), 48);
        assert_eq!(spark.line, "M87 22h0l2 -20M95 12h0");
        assert_eq!(spark.holes, "M0 0h86v24H0zM90 0h4v24H90z");
        assert_eq!(spark.words, "1.0 to 11.0 °C in 48 h, 45 missing");
    }

    #[test]
    fn only_what_is_expected_is_a_hole() {
        let new = hourly(&slots(&[(0, 6.0)]), 1);
        assert_eq!((new.holes.as_str(), new.words.as_str()), ("", "6.0 to 6.0 °C in 48 h"));
        let young = hourly(&slots(&[(4, 1.0), (0, 6.0)]), 5);
        assert_eq!(
            (young.holes.as_str(), young.line.as_str()),
            ("M88 0h6v24H88z", "M87 22h0M95 2h0")
        );
        let silent = hourly(&[], 48);
        assert_eq!(
            (silent.holes.as_str(), silent.words.as_str()),
            ("M0 0h94v24H0z", "no temperature in 48 h")
        );
        assert_eq!(hourly(&[], 0).holes, "");
    }

    #[test]
    fn an_hour_that_was_collected_without_a_temperature_is_a_break_and_no_hole() {
        let mut slots = slots(&[(2, 1.0), (1, 2.0), (0, 3.0)]);
        slots[1].1 = None;
        let spark = hourly(&slots, 3);
        assert_eq!((spark.holes.as_str(), spark.line.as_str()), ("", "M91 22h0M95 2h0"));
    }

    #[test]
    fn the_hour_that_goes_on_is_no_hole_and_a_daily_site_has_two_steps() {
        let all: Vec<_> = (1..48).map(|ago| (ago, 3.0)).collect();
        assert_eq!(hourly(&slots(&all), 48).holes, "");
        let daily = Spark::of(&slots(&[(8, 3.0), (32, 4.0)]), expected(48, 1440), 1440, now());
        assert_eq!((daily.line.as_str(), daily.holes.as_str()), ("M24 2h0l48 20", ""));
        assert_eq!(hourly(&[], 48).words, "no temperature in 48 h");
    }
}
