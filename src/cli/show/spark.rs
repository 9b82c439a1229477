//! Hours of temperature in the space of a word.

/// The steps, from the lowest to the highest.
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// An hour as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Hour {
    /// Its temperature, degrees Celsius.
    Known(f64),
    /// A temperature is expected, and there is none.
    Missing,
    /// None is expected: the site was not there yet, or the hour is not over.
    NotExpected,
}

/// From the lowest to the highest temperature of all that is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Scale {
    /// Of all these; where there is none, any scale will do.
    pub(super) fn of<'a>(temperatures: impl Iterator<Item = &'a Option<f64>>) -> Self {
        let known = temperatures.copied().flatten();
        let widen = |scale: Self, value: f64| Self {
            low: scale.low.min(value),
            high: scale.high.max(value),
        };
        known.fold(Self { low: f64::INFINITY, high: f64::NEG_INFINITY }, widen)
    }

    /// Whether there is any temperature.
    pub(super) fn is_known(self) -> bool {
        self.low <= self.high
    }

    fn step(self, value: f64) -> char {
        let share = (value - self.low) / (self.high - self.low);
        // Of one temperature alone there is no share: it stands in the middle.
        let share = if share.is_finite() { share } else { 0.5 };
        let step = STEPS.iter().enumerate().rev().find(|(step, _)| share >= begin_of(*step));
        step.map_or(STEPS[0], |(_, step)| *step)
    }

    /// A character an hour.
    pub(super) fn draw(self, hours: impl Iterator<Item = Hour>) -> String {
        let step = |hour| match hour {
            Hour::Known(temperature) => self.step(temperature),
            Hour::Missing => '·',
            Hour::NotExpected => ' ',
        };
        hours.map(step).collect()
    }
}

/// The share at which a step begins.
#[expect(clippy::cast_precision_loss, reason = "8 at most")]
fn begin_of(step: usize) -> f64 {
    step as f64 / STEPS.len() as f64
}

#[cfg(test)]
mod tests {
    use super::Hour::{Known, Missing, NotExpected};
    use super::*;

    #[test]
    fn the_lowest_and_the_highest_of_all_lines_are_the_ends_of_the_scale() {
        let scale = Scale::of([Some(-10.0), None, Some(-6.0), Some(10.0), Some(30.0)].iter());
        assert_eq!(scale, Scale { low: -10.0, high: 30.0 });
        let cold = [NotExpected, Known(-10.0), Missing, Known(-6.0)];
        assert_eq!(scale.draw(cold.into_iter()), " ▁·▁");
        assert_eq!(scale.draw([Known(10.0), Known(30.0), NotExpected].into_iter()), "▅█ ");
    }

    #[test]
    fn a_line_without_a_span_lies_in_the_middle_and_one_without_a_value_is_dots() {
        let scale = Scale::of([Some(7.0), Some(7.0)].iter());
        assert_eq!(scale.draw([Known(7.0), Known(7.0)].into_iter()), "▅▅");
        let none = Scale::of([None].iter());
        assert!(!none.is_known());
        assert_eq!(none.draw([Missing, Missing].into_iter()), "··");
    }
}
