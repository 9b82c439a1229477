//! What the map shows, and its colours: seven steps of each quantity, bounded in stored units.

use crate::domain::{Dimension, Values};
use crate::serve::page::view::View;

/// What the map can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    Temperature,
    Wind,
    Rain,
    Humidity,
    Freshness,
}

impl Quantity {
    /// In the order of the choice.
    pub(super) const ALL: [Self; 5] =
        [Self::Temperature, Self::Wind, Self::Rain, Self::Humidity, Self::Freshness];

    /// As it is chosen.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::Wind => "wind",
            Self::Rain => "rain",
            Self::Humidity => "humidity",
            Self::Freshness => "freshness",
        }
    }

    /// Of an observation; rain that is not reported is none. Freshness is no value.
    pub(super) fn of(self, values: &Values) -> Option<f64> {
        match self {
            Self::Temperature => values.temperature_c,
            Self::Wind => values.wind_speed_ms,
            Self::Rain => Some(values.rain_1h_mm.unwrap_or_default()),
            Self::Humidity => values.humidity_pct,
            Self::Freshness => None,
        }
    }

    /// Where the second to the last step begin: °C; m/s (Beaufort 2, 4, 5, 6, 7 and 8); mm; %.
    pub(super) fn bounds(self) -> [f64; 6] {
        match self {
            Self::Temperature => [-10.0, 0.0, 10.0, 18.0, 25.0, 30.0],
            Self::Wind => [1.6, 5.5, 8.0, 10.8, 13.9, 17.2],
            Self::Rain => [0.1, 0.5, 2.0, 5.0, 10.0, 20.0],
            Self::Humidity => [30.0, 45.0, 60.0, 75.0, 85.0, 95.0],
            Self::Freshness => [0.0; 6],
        }
    }

    /// The step of a value, 0 to 6.
    pub(super) fn step(self, value: f64) -> usize {
        self.bounds().iter().filter(|from| value >= **from).count()
    }

    /// The class of a step: the temperature has colours of its own, all else goes from pale to dark.
    pub(super) fn class(self, step: usize) -> &'static str {
        const OWN: [&str; 7] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6"];
        const OTHERS: [&str; 7] = ["q0", "q1", "q2", "q3", "q4", "q5", "q6"];
        let classes = if self == Self::Temperature { OWN } else { OTHERS };
        classes.get(step).copied().unwrap_or_default()
    }

    fn dimension(self) -> Option<Dimension> {
        match self {
            Self::Temperature => Some(Dimension::Temperature),
            Self::Wind => Some(Dimension::Wind),
            Self::Rain => Some(Dimension::Rain),
            Self::Humidity | Self::Freshness => None,
        }
    }

    /// A value in the reader's unit, with the unit.
    pub(super) fn written(self, t: &View, value: f64) -> String {
        self.dimension().map_or_else(|| t.percent(value), |dimension| t.quantity(dimension, value))
    }

    /// A value beside its circle: as short as can be.
    pub(super) fn short(self, t: &View, value: f64) -> String {
        let Some(dimension) = self.dimension() else { return t.number(value, 0) };
        let unit = t.units().of(dimension);
        match dimension {
            Dimension::Temperature => format!("{}°", t.number(unit.of(value), 0)),
            Dimension::Wind => t.number(unit.of(value), 0),
            _ => t.number(unit.of(value), unit.decimals),
        }
    }

    /// The steps with their colours and bounds, in the reader's unit, which stands at the last.
    pub(super) fn legend(self, t: &View) -> Vec<(&'static str, String)> {
        if self == Self::Freshness {
            return Vec::new();
        }
        let bounds = self.bounds();
        let bound = |index: usize| bounds.get(index).map(|value| self.bound(t, *value));
        let words = |step: usize| match (step.checked_sub(1).and_then(bound), bound(step)) {
            (None, Some(to)) => format!("< {to}"),
            (Some(from), Some(to)) => format!("{from} – {to}"),
            (from, None) => format!("≥ {}\u{a0}{}", from.unwrap_or_default(), self.unit(t)),
        };
        (0..=bounds.len()).map(|step| (self.class(step), words(step))).collect()
    }

    /// A bound without its unit, and without decimals where it has none.
    fn bound(self, t: &View, value: f64) -> String {
        let unit = self.dimension().map(|dimension| t.units().of(dimension));
        let shown = unit.map_or(value, |unit| unit.of(value));
        let is_whole = (shown - shown.round()).abs() < 0.05;
        let decimals = unit.map_or(0, |unit| unit.decimals.max(1));
        t.number(shown, if is_whole { 0 } else { decimals })
    }

    /// The unit of the legend.
    fn unit(self, t: &View) -> &'static str {
        match (self.dimension(), self) {
            (Some(dimension), _) => t.units().of(dimension).symbol,
            (None, Self::Humidity) => "%",
            (None, _) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The colours of the temperature, as the sheet has them.
    fn colours() -> Vec<[f64; 3]> {
        let sheet = include_str!("../../../../assets/page.css");
        let colour = |step: usize| {
            let begins = format!(".t{step} {{ color: #");
            let hex = sheet.split(&begins).nth(1).unwrap();
            [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
        };
        (0..7).map(colour).collect()
    }

    fn linear(value: f64) -> f64 {
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    }

    /// Linear colours as somebody without green cones sees them: G. M. Machado and others, "A Physiologically-based
    /// Model for Simulation of Color Vision Deficiency" (2009), severity 1.
    fn deuteranope([r, g, b]: [f64; 3]) -> [f64; 3] {
        [
            0.367_322 * r + 0.860_646 * g - 0.227_968 * b,
            0.280_085 * r + 0.672_501 * g + 0.047_413 * b,
            -0.011_820 * r + 0.042_940 * g + 0.968_881 * b,
        ]
    }

    /// CIE L*a*b* of linear sRGB under D65.
    fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
        let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let x = f((0.412_456 * r + 0.357_576 * g + 0.180_438 * b) / 0.950_47);
        let y = f(0.212_673 * r + 0.715_152 * g + 0.072_175 * b);
        let z = f((0.019_334 * r + 0.119_192 * g + 0.950_304 * b) / 1.088_83);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// How far two colours are apart (CIE 1976); 2.3 can just be seen.
    fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn the_steps_of_temperature_stay_apart_for_everybody() {
        for sight in [(|colour| colour) as fn([f64; 3]) -> [f64; 3], deuteranope] {
            let seen: Vec<_> =
                colours().into_iter().map(|colour| lab(sight(colour.map(linear)))).collect();
            for (index, one) in seen.iter().enumerate() {
                for other in &seen[index + 1..] {
                    assert!(apart(*one, *other) > 15.0, "step {index}: {one:?} and {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_value_has_the_step_that_begins_at_it() {
        let temperature = Quantity::Temperature;
        assert_eq!([-10.1, -10.0, 9.9, 30.0].map(|value| temperature.step(value)), [0, 1, 2, 6]);
        let legend = temperature.legend(&View::of_nobody());
        assert_eq!(legend[0], ("t0", "< -10".to_owned()));
        assert_eq!(legend[3], ("t3", "10 – 18".to_owned()));
        assert_eq!(legend[6], ("t6", "≥ 30\u{a0}°C".to_owned()));
    }
}
