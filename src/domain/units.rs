//! In which units a person reads values. Everything is stored, served and exported in metric units; this is
//! the last step before a person's eye.
//!
//! A choice is written as `metric` or `imperial`, then what differs from it: `imperial,wind:kn`.

use std::fmt;
use std::str::FromStr;

/// How a value is converted.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// `value × factor + offset`.
    Linear { factor: f64, offset: f64 },
    /// Metres per second as wind force.
    Beaufort,
}

const fn times(factor: f64) -> Scale {
    Scale::Linear { factor, offset: 0.0 }
}

/// A unit that a person may choose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// As it is chosen.
    pub code: &'static str,
    /// As it stands behind a value.
    pub symbol: &'static str,
    /// Decimals that are shown.
    pub decimals: usize,
    scale: Scale,
}

const fn unit(code: &'static str, symbol: &'static str, decimals: usize, scale: Scale) -> Unit {
    Unit { code, symbol, decimals, scale }
}

/// What can be read in several units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Stored in degrees Celsius.
    Temperature,
    /// Speed of the wind, stored in metres per second.
    Wind,
    /// What fell, stored in millimetres.
    Rain,
    /// Stored in hectopascals.
    Pressure,
    /// Stored in metres.
    Visibility,
}

/// A dimension and its units.
struct Choices {
    name: &'static str,
    units: &'static [Unit],
}

/// A mile (international) and a nautical mile, in metres.
const MILE_M: f64 = 1609.344;
const NAUTICAL_MILE_M: f64 = 1852.0;
/// The pressure of a metre of mercury of 0 °C at standard gravity, in hectopascals: 13,595.1 kg/m³ ×
/// 9.80665 m/s² (ISO 80000-4, BS 350).
const METRE_OF_MERCURY_HPA: f64 = 13_595.1 * 9.806_65 / 100.0;

/// In the order of [`Dimension`].
static CHOICES: [Choices; 5] = [
    Choices {
        name: "temperature",
        units: &[
            unit("c", "°C", 1, times(1.0)),
            unit("f", "°F", 1, Scale::Linear { factor: 1.8, offset: 32.0 }),
            unit("k", "K", 1, Scale::Linear { factor: 1.0, offset: 273.15 }),
        ],
    },
    Choices {
        name: "wind",
        units: &[
            unit("ms", "m/s", 1, times(1.0)),
            unit("kmh", "km/h", 0, times(3.6)),
            unit("mph", "mph", 0, times(3600.0 / MILE_M)),
            unit("kn", "kn", 0, times(3600.0 / NAUTICAL_MILE_M)),
            unit("bft", "Bft", 0, Scale::Beaufort),
        ],
    },
    Choices {
        name: "rain",
        units: &[unit("mm", "mm", 1, times(1.0)), unit("in", "in", 2, times(1.0 / 25.4))],
    },
    Choices {
        name: "pressure",
        units: &[
            unit("hpa", "hPa", 0, times(1.0)),
            unit("inhg", "inHg", 2, times(1.0 / (0.0254 * METRE_OF_MERCURY_HPA))),
            unit("mmhg", "mmHg", 0, times(1.0 / (0.001 * METRE_OF_MERCURY_HPA))),
        ],
    },
    Choices {
        name: "visibility",
        units: &[unit("km", "km", 1, times(0.001)), unit("mi", "mi", 1, times(1.0 / MILE_M))],
    },
];

impl Dimension {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Temperature, Self::Wind, Self::Rain, Self::Pressure, Self::Visibility];

    fn choices(self) -> &'static Choices {
        &CHOICES[self as usize]
    }

    /// As it is named in a choice.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.choices().name
    }

    /// Its units.
    #[must_use]
    pub fn units(self) -> &'static [Unit] {
        self.choices().units
    }

    /// That of a column, by the unit in its name.
    #[must_use]
    pub fn of_column(name: &str) -> Option<Self> {
        match name.rsplit_once('_')?.1 {
            "c" => Some(Self::Temperature),
            "ms" => Some(Self::Wind),
            "mm" => Some(Self::Rain),
            "hpa" => Some(Self::Pressure),
            "m" if name == "visibility_m" => Some(Self::Visibility),
            _ => None,
        }
    }
}

/// Lower bounds of the wind forces 1 to 12, metres per second at 10 m (WMO-No. 8, 2021, annex 5.B).
static FORCES_MS: [f64; 12] = [0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7];

#[expect(clippy::cast_precision_loss, reason = "12 at most")]
fn force(speed_ms: f64) -> f64 {
    FORCES_MS.iter().filter(|from| speed_ms >= **from).count() as f64
}

impl Unit {
    /// A stored value in this unit.
    #[must_use]
    pub fn of(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear { factor, offset } => value * factor + offset,
            Scale::Beaufort => force(value),
        }
    }

    /// A difference of two stored values in this unit: 1 °C more is 1.8 °F more.
    #[must_use]
    pub fn of_difference(&self, difference: f64) -> f64 {
        match self.scale {
            Scale::Linear { factor, .. } => difference * factor,
            Scale::Beaufort => difference,
        }
    }

    /// The lower bounds of its steps in stored units, from 1 on, where it is counted in such.
    #[must_use]
    pub fn steps(&self) -> &'static [f64] {
        match self.scale {
            Scale::Linear { .. } => &[],
            Scale::Beaufort => &FORCES_MS,
        }
    }

    /// A stored value in this unit, as it is shown: `12.4 °C`.
    #[must_use]
    pub fn show(&self, value: f64) -> String {
        let (decimals, symbol) = (self.decimals, self.symbol);
        let number = format!("{:.decimals$}", self.of(value));
        // What rounds to nothing has no sign.
        let is_nothing = number.chars().all(|c| matches!(c, '-' | '0' | '.'));
        let number = if is_nothing { number.trim_start_matches('-') } else { &number };
        format!("{number} {symbol}")
    }
}

/// The units that a person reads values in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Units([usize; Dimension::ALL.len()]);

impl Units {
    /// °C, km/h, mm, hPa, km.
    pub const METRIC: Self = Self([0, 1, 0, 0, 0]);
    /// °F, mph, in, inHg, mi.
    pub const IMPERIAL: Self = Self([1, 2, 1, 1, 1]);

    /// The unit of a dimension.
    #[must_use]
    pub fn of(&self, dimension: Dimension) -> &'static Unit {
        &dimension.units()[self.0[dimension as usize]]
    }

    /// The systems, as they are chosen.
    const SYSTEMS: [(&'static str, Self); 2] =
        [("metric", Self::METRIC), ("imperial", Self::IMPERIAL)];

    /// What may differ from a system, as it is chosen: `temperature:c|f|k, wind:…`.
    #[must_use]
    pub fn forms() -> String {
        let form = |dimension: Dimension| {
            let codes: Vec<_> = dimension.units().iter().map(|unit| unit.code).collect();
            format!("{}:{}", dimension.name(), codes.join("|"))
        };
        Dimension::ALL.map(form).join(", ")
    }

    fn set(&mut self, exception: &str) -> Option<()> {
        let (name, code) = exception.split_once(':')?;
        let dimension = Dimension::ALL.into_iter().find(|dimension| dimension.name() == name)?;
        let place = dimension.units().iter().position(|unit| unit.code == code)?;
        self.0[dimension as usize] = place;
        Some(())
    }
}

impl Default for Units {
    fn default() -> Self {
        Self::METRIC
    }
}

/// A choice of units that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no unit: expected metric or imperial, then by commas what differs: {forms}", forms = Units::forms())]
pub struct NoUnit(String);

impl FromStr for Units {
    type Err = NoUnit;

    /// A system first, if it is not `metric`; of two exceptions of a dimension the last counts.
    fn from_str(text: &str) -> Result<Self, NoUnit> {
        let text = text.to_ascii_lowercase();
        let mut parts = text.split(',').map(str::trim).peekable();
        let system = parts.peek().and_then(|first| {
            Self::SYSTEMS.into_iter().find_map(|(name, units)| (name == *first).then_some(units))
        });
        if system.is_some() {
            parts.next();
        }
        let mut units = system.unwrap_or_default();
        for exception in parts {
            units.set(exception).ok_or_else(|| NoUnit(super::text::quoted(exception)))?;
        }
        Ok(units)
    }
}

impl fmt::Display for Units {
    /// The shortest text that is read as these units.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let differences = |system: &Self| {
            let pairs = Dimension::ALL.into_iter().zip(system.0.iter().zip(&self.0));
            let differing = pairs.filter(|(_, (system, own))| system != own);
            let texts = differing
                .map(|(dimension, _)| format!(",{}:{}", dimension.name(), self.of(dimension).code));
            texts.collect::<Vec<_>>()
        };
        let of_systems = Self::SYSTEMS.map(|(name, system)| (name, differences(&system)));
        let shortest = of_systems.iter().min_by_key(|(_, differences)| differences.len());
        let Some((name, differences)) = shortest else { return Ok(()) };
        write!(f, "{name}{}", differences.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(text: &str) -> [&'static str; 5] {
        let units: Units = text.parse().unwrap();
        Dimension::ALL.map(|dimension| units.of(dimension).symbol)
    }

    #[test]
    fn a_system_is_chosen_and_what_differs_from_it() {
        let metric = ["°C", "km/h", "mm", "hPa", "km"];
        assert_eq!(symbols("metric"), metric);
        assert_eq!(symbols("imperial"), ["°F", "mph", "in", "inHg", "mi"]);
        assert_eq!(symbols("Imperial, wind:kn"), ["°F", "kn", "in", "inHg", "mi"]);
        assert_eq!(symbols("temperature:k,wind:bft"), ["K", "Bft", "mm", "hPa", "km"]);
        assert_eq!(symbols("wind:ms,wind:kmh"), metric);
    }

    #[test]
    fn what_is_no_unit_gets_the_units() {
        for text in
            ["furlong", "", "imperial,", "wind:furlong", "metric,imperial", "speed:kn", "wind"]
        {
            let said = text.parse::<Units>().unwrap_err().to_string();
            assert!(
                said.contains("metric or imperial") && said.contains("wind:ms|kmh|mph|kn|bft"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_choice_is_written_shortly_and_read_again() {
        for text in ["metric", "imperial", "imperial,wind:kn", "metric,temperature:k,visibility:mi"]
        {
            assert_eq!(text.parse::<Units>().unwrap().to_string(), text);
        }
        assert_eq!("metric,wind:kmh".parse::<Units>().unwrap().to_string(), "metric");
    }

    #[test]
    fn a_difference_has_no_offset() {
        let fahrenheit = "imperial".parse::<Units>().unwrap().of(Dimension::Temperature);
        assert!((fahrenheit.of(-40.0) - -40.0).abs() < 1e-12);
        assert!((fahrenheit.of_difference(10.0) - 18.0).abs() < 1e-12);
    }

    #[test]
    fn the_forces_begin_where_the_standard_says() {
        let beaufort = "wind:bft".parse::<Units>().unwrap().of(Dimension::Wind);
        for (speed_ms, words) in [
            (0.0, "0 Bft"),
            (0.29, "0 Bft"),
            (0.3, "1 Bft"),
            (3.39, "2 Bft"),
            (17.2, "8 Bft"),
            (32.69, "11 Bft"),
            (32.7, "12 Bft"),
            (90.0, "12 Bft"),
        ] {
            assert_eq!(beaufort.show(speed_ms), words);
        }
    }

    #[test]
    fn a_value_is_shown_with_its_unit_and_nothing_has_no_sign() {
        let metric = Units::METRIC;
        assert_eq!(metric.of(Dimension::Temperature).show(-0.04), "0.0 °C");
        assert_eq!(metric.of(Dimension::Temperature).show(-12.35), "-12.3 °C");
        assert_eq!(metric.of(Dimension::Wind).show(3.6), "13 km/h");
        assert_eq!(Units::IMPERIAL.of(Dimension::Pressure).show(1013.25), "29.92 inHg");
        assert_eq!(Units::IMPERIAL.of(Dimension::Rain).show(25.4), "1.00 in");
    }

    #[test]
    fn every_value_with_such_a_unit_has_its_dimension() {
        use crate::domain::QUANTITIES;
        for quantity in QUANTITIES.iter() {
            let is_convertible = matches!(quantity.unit.code, "Cel" | "m/s" | "mm" | "hPa" | "m");
            let dimension = Dimension::of_column(quantity.name());
            assert_eq!(dimension.is_some(), is_convertible, "{}", quantity.name());
        }
    }
}
