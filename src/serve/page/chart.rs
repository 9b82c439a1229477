//! Charts as SVG, written by hand: a plot that is as wide as its place, with labels that keep their size.
//!
//! What is drawn lies in a box of [`WIDE`] by [`HIGH`] that is stretched over the plot, its strokes not; labels
//! stand beside it at shares of its width and height. So a chart is as high on a phone as on a desk, and the
//! script can take its place without a jump. Colours are classes.

use std::fmt::Write as _;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

/// Size of the plot, in its own units.
pub(super) const WIDE: f64 = 2000.0;
pub(super) const HIGH: f64 = 1000.0;

/// About so many marks stand on an axis of values.
const MARKS: f64 = 4.0;

/// Points that follow one another without a hole.
pub(super) type Piece = Vec<(DateTime<Utc>, f64)>;

/// Time, from left to right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Across {
    /// The first moment, and the one after the last.
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
}

/// Values, from below to above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Up {
    low: f64,
    high: f64,
    step: f64,
}

impl Across {
    /// How far a time is from the left, 0 to 1.
    pub(super) fn share(&self, time: DateTime<Utc>) -> f64 {
        let length = seconds(self.to) - seconds(self.from);
        ((seconds(time) - seconds(self.from)) / length.max(1.0)).clamp(0.0, 1.0)
    }

    /// Where each step of this length begins, counted from 1970.
    pub(super) fn steps(&self, length: TimeDelta) -> Vec<DateTime<Utc>> {
        let before = self.from - TimeDelta::microseconds(1);
        let first = before.duration_trunc(length).unwrap_or(before) + length;
        let steps = std::iter::successors(Some(first), |step| Some(*step + length));
        steps.take_while(|step| *step < self.to).collect()
    }

    fn x(&self, time: DateTime<Utc>) -> i64 {
        whole(self.share(time) * WIDE)
    }

    /// Bands of the whole height, each from one time to another.
    pub(super) fn bands(
        &self,
        times: impl IntoIterator<Item = (DateTime<Utc>, DateTime<Utc>)>,
    ) -> String {
        let mut path = String::new();
        for (from, to) in times {
            let (x, end) = (self.x(from), self.x(to));
            if end > x {
                let _ = write!(path, "M{x} 0H{end}V{HIGH}H{x}z");
            }
        }
        path
    }

    /// Lines of the whole height.
    pub(super) fn borders(&self, times: impl IntoIterator<Item = DateTime<Utc>>) -> String {
        let mut path = String::new();
        for time in times {
            let _ = write!(path, "M{} 0V{HIGH}", self.x(time));
        }
        path
    }
}

impl Up {
    /// With all of these values on it, at least so much from end to end, in steps that people count in.
    pub(super) fn of(
        values: impl IntoIterator<Item = f64>,
        least: f64,
        from_zero: bool,
    ) -> Option<Self> {
        let (low, high) = values
            .into_iter()
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return None;
        }
        let spare = ((least - (high - low)) / 2.0).max(0.0);
        let (low, high) = match from_zero {
            true => (0.0, high.max(least)),
            false => (low - spare, high + spare),
        };
        let step = step((high - low) / MARKS);
        Some(Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, step })
    }

    /// How far a value is from above, 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        ((self.high - value) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> i64 {
        whole(self.share(value) * HIGH)
    }

    /// Where marks stand.
    pub(super) fn marks(&self) -> impl Iterator<Item = f64> {
        let Self { low, step, .. } = *self;
        let count = whole((self.high - low) / step);
        (0..=count).map(move |number| low + number_of(number) * step)
    }

    /// Decimals that tell the marks apart.
    pub(super) fn decimals(&self) -> usize {
        match self.step {
            step if step >= 1.0 => 0,
            step if step >= 0.1 => 1,
            _ => 2,
        }
    }

    /// Lines of the whole width.
    pub(super) fn grid(&self) -> String {
        let mut path = String::new();
        for value in self.marks() {
            let _ = write!(path, "M0 {}H{WIDE}", self.y(value));
        }
        path
    }

    /// A line through these pieces; a value alone is a dot.
    pub(super) fn line(&self, across: &Across, pieces: &[Piece]) -> String {
        let mut path = String::new();
        for piece in pieces {
            for (index, (time, value)) in piece.iter().enumerate() {
                let letter = if index == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{letter}{} {}", across.x(*time), self.y(*value));
            }
            if piece.len() == 1 {
                path.push_str("h0");
            }
        }
        path
    }

    /// A dot at each of these.
    pub(super) fn dots(&self, across: &Across, points: &[(DateTime<Utc>, f64)]) -> String {
        let mut path = String::new();
        for (time, value) in points {
            let _ = write!(path, "M{} {}h0", across.x(*time), self.y(*value));
        }
        path
    }

    /// A bar from 0 for each of these, from one time to another.
    pub(super) fn bars(
        &self,
        across: &Across,
        bars: &[(DateTime<Utc>, DateTime<Utc>, f64)],
    ) -> String {
        let mut path = String::new();
        for (from, to, value) in bars.iter().filter(|(.., value)| *value > 0.0) {
            let (x, end) = (across.x(*from), across.x(*to));
            // A little between two bars, where there is room.
            let gap = i64::from(end - x > 6);
            let _ = write!(
                path,
                "M{} {}V{}H{}V{}z",
                x + gap,
                self.y(0.0),
                self.y(*value),
                end - gap,
                self.y(0.0)
            );
        }
        path
    }

    /// What lies between the lowest and the highest of each time.
    pub(super) fn band(
        &self,
        across: &Across,
        pieces: &[Vec<(DateTime<Utc>, f64, f64)>],
    ) -> String {
        let mut path = String::new();
        for piece in pieces {
            let above = piece.iter().map(|(time, _, high)| (*time, *high));
            let below = piece.iter().rev().map(|(time, low, _)| (*time, *low));
            for (index, (time, value)) in above.chain(below).enumerate() {
                let letter = if index == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{letter}{} {}", across.x(time), self.y(value));
            }
            path.push('z');
        }
        path
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is no less.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(0.01).log10().floor());
    // A little less will do: sums of tenths are not exact.
    let mut factors = [1.0, 2.0, 5.0, 10.0].into_iter();
    let factor = factors.find(|factor| factor * power >= least * 0.999);
    factor.unwrap_or(10.0) * power
}

#[expect(clippy::cast_possible_truncation, reason = "within a chart")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "a handful of marks")]
fn number_of(count: i64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "exact up to the year 285 million")]
fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-11-25T{hour:02}:00:00Z").parse().unwrap()
    }

    const DAY: fn() -> Across = || Across { from: at(0), to: at(20) };

    #[test]
    fn an_axis_has_round_marks_and_all_values_between_them() {
        let marks = |values: &[f64], least, from_zero| {
            let up = Up::of(values.iter().copied(), least, from_zero).unwrap();
            up.marks().collect::<Vec<_>>()
        };
        assert_eq!(marks(&[1.2, 9.8], 4.0, false), [0.0, 5.0, 10.0]);
        assert_eq!(marks(&[10.0], 4.0, false), [8.0, 9.0, 10.0, 11.0, 12.0]);
        assert_eq!(marks(&[0.0, 0.3], 2.0, true), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(marks(&[-40.0, 45.0], 4.0, false), [-50.0, 0.0, 50.0]);
        assert_eq!(Up::of([], 4.0, false), None);
        let inches = Up::of([29.9, 29.96], 0.2, false).unwrap();
        assert_eq!(inches.decimals(), 2);
    }

    #[test]
    fn a_line_breaks_where_a_piece_ends_and_a_value_alone_is_a_dot() {
        let up = Up { low: 0.0, high: 10.0, step: 5.0 };
        let pieces = [vec![(at(0), 0.0), (at(1), 10.0)], vec![(at(5), 5.0)]];
        assert_eq!(up.line(&DAY(), &pieces), "M0 1000L100 0M500 500h0");
        assert_eq!(up.dots(&DAY(), &pieces[1]), "M500 500h0");
        assert_eq!(
            up.bars(&DAY(), &[(at(0), at(1), 5.0), (at(1), at(2), 0.0)]),
            "M1 1000V500H99V1000z"
        );
        let band = [vec![(at(0), 0.0, 10.0), (at(1), 5.0, 10.0)]];
        assert_eq!(up.band(&DAY(), &band), "M0 0L100 0L100 500L0 1000z");
        assert_eq!(up.grid(), "M0 1000H2000M0 500H2000M0 0H2000");
    }

    #[test]
    fn bands_end_at_the_edges() {
        let across = Across { from: at(5), to: at(10) };
        assert_eq!(across.bands([(at(0), at(6)), (at(11), at(12))]), "M0 0H400V1000H0z");
        assert_eq!(across.borders([at(6)]), "M400 0V1000");
    }
}
