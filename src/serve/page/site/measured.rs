//! What the charts of a site show: a line, or bars, for each value of an hour or a day. The one list of them:
//! server and script draw by it.

use crate::domain::units::Unit;
use crate::domain::{Dimension, Units};
use crate::views::{Day, Hour};

/// A value of an hour, and its field in the API.
type OfHour = (&'static str, fn(&Hour) -> Option<f64>);

/// A value of a day, and its field in the API.
type OfDay = (&'static str, fn(&Day) -> Option<f64>);

/// How a value is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Line,
    Dashed,
    Dotted,
    Bars,
}

impl Look {
    /// As style sheet and script name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Dashed => "dashed",
            Self::Dotted => "dotted",
            Self::Bars => "bars",
        }
    }
}

/// A value that a chart shows.
pub(super) struct Shown {
    /// Its name in the language files, behind `site-of-`.
    pub(super) key: &'static str,
    pub(super) look: Look,
    pub(super) hour: Option<OfHour>,
    pub(super) day: Option<OfDay>,
}

/// A chart.
pub(super) struct Kind {
    pub(super) id: &'static str,
    /// None: of a hundred.
    pub(super) dimension: Option<Dimension>,
    pub(super) shown: &'static [Shown],
    /// The lowest and the highest of a day, between which a band lies.
    pub(super) band: Option<(OfDay, OfDay)>,
    /// The least that the axis spans, in stored units, and whether it begins at 0.
    pub(super) least: f64,
    pub(super) from_zero: bool,
    /// Whether arrows show from where it comes.
    pub(super) has_arrows: bool,
    /// Whether a line shows what it comes to from the beginning.
    pub(super) has_sum: bool,
}

/// What is not said of a chart.
const PLAIN: Kind = Kind {
    id: "",
    dimension: None,
    shown: &[],
    band: None,
    least: 1.0,
    from_zero: false,
    has_arrows: false,
    has_sum: false,
};

pub(super) const KINDS: [Kind; 6] = [
    Kind {
        id: "temperature",
        dimension: Some(Dimension::Temperature),
        shown: &[
            Shown {
                key: "temperature",
                look: Look::Line,
                hour: Some(("temperature_c", |hour| hour.values.temperature_c)),
                day: Some(("temperature_mean_c", |day| day.temperature_mean_c)),
            },
            Shown {
                key: "feels",
                look: Look::Dashed,
                hour: Some(("feels_like_c", |hour| hour.values.feels_like_c)),
                day: None,
            },
            Shown {
                key: "dew",
                look: Look::Dotted,
                hour: Some(("dew_point_c", |hour| hour.values.dew_point_c)),
                day: None,
            },
        ],
        band: Some((
            ("temperature_min_c", |day| day.temperature_min_c),
            ("temperature_max_c", |day| day.temperature_max_c),
        )),
        least: 4.0,
        ..PLAIN
    },
    Kind {
        id: "rain",
        dimension: Some(Dimension::Rain),
        shown: &[Shown {
            key: "rain",
            look: Look::Bars,
            hour: Some(("rain_1h_mm", |hour| hour.values.rain_1h_mm)),
            day: Some(("rain_sum_mm", |day| day.rain_sum_mm)),
        }],
        least: 2.0,
        from_zero: true,
        has_sum: true,
        ..PLAIN
    },
    Kind {
        id: "wind",
        dimension: Some(Dimension::Wind),
        shown: &[
            Shown {
                key: "wind",
                look: Look::Line,
                hour: Some(("wind_speed_ms", |hour| hour.values.wind_speed_ms)),
                day: Some(("wind_speed_mean_ms", |day| day.wind_speed_mean_ms)),
            },
            Shown {
                key: "gust",
                look: Look::Dashed,
                hour: Some(("wind_gust_ms", |hour| hour.values.wind_gust_ms)),
                day: Some(("wind_gust_max_ms", |day| day.wind_gust_max_ms)),
            },
        ],
        least: 4.0,
        from_zero: true,
        has_arrows: true,
        ..PLAIN
    },
    Kind {
        id: "humidity",
        shown: &[
            Shown {
                key: "humidity",
                look: Look::Line,
                hour: Some(("humidity_pct", |hour| hour.values.humidity_pct)),
                day: Some(("humidity_mean_pct", |day| day.humidity_mean_pct)),
            },
            Shown {
                key: "cloud",
                look: Look::Dashed,
                hour: Some(("cloud_cover_pct", |hour| hour.values.cloud_cover_pct)),
                day: Some(("cloud_cover_mean_pct", |day| day.cloud_cover_mean_pct)),
            },
        ],
        least: 20.0,
        ..PLAIN
    },
    Kind {
        id: "pressure",
        dimension: Some(Dimension::Pressure),
        shown: &[Shown {
            key: "pressure",
            look: Look::Line,
            hour: Some(("pressure_msl_hpa", |hour| hour.values.pressure_msl_hpa)),
            day: Some(("pressure_msl_mean_hpa", |day| day.pressure_msl_mean_hpa)),
        }],
        least: 8.0,
        ..PLAIN
    },
    Kind {
        id: "coverage",
        shown: &[Shown {
            key: "coverage",
            look: Look::Line,
            hour: None,
            day: Some(("coverage_pct", |day| Some(day.coverage_pct))),
        }],
        least: 100.0,
        from_zero: true,
        ..PLAIN
    },
];

/// The field of the API that arrows are drawn of.
pub(super) const DIRECTION: &str = "wind_direction_deg";

/// The unit in which a chart is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale(Option<&'static Unit>);

impl Kind {
    pub(super) fn scale(&self, units: Units) -> Scale {
        Scale(self.dimension.map(|dimension| units.of(dimension)))
    }
}

impl Scale {
    /// A stored value in this unit.
    pub(super) fn of(self, value: f64) -> f64 {
        self.0.map_or(value, |unit| unit.of(value))
    }

    pub(super) fn of_difference(self, difference: f64) -> f64 {
        self.0.map_or(difference, |unit| unit.of_difference(difference))
    }

    pub(super) fn symbol(self) -> &'static str {
        self.0.map_or("%", |unit| unit.symbol)
    }

    pub(super) fn decimals(self) -> usize {
        self.0.map_or(0, |unit| unit.decimals)
    }

    /// By what a stored value is multiplied, and what is added to it then.
    pub(super) fn line(self) -> (f64, f64) {
        let zero = self.of(0.0);
        (self.of_difference(1.0), zero)
    }

    /// The lower bounds of its steps, where it is counted in such.
    pub(super) fn steps(self) -> &'static [f64] {
        self.0.map_or(&[], Unit::steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::values::VALUES;
    use crate::domain::views::OBSERVATIONS_DAILY;

    #[test]
    fn every_field_is_one_of_the_api() {
        let hourly: Vec<_> =
            VALUES.iter().filter(|value| value.is_hourly()).map(|value| value.name).collect();
        let daily: Vec<_> = OBSERVATIONS_DAILY.columns.iter().map(|column| column.name).collect();
        for kind in &KINDS {
            for shown in kind.shown {
                assert!(shown.hour.is_none_or(|(name, _)| hourly.contains(&name)), "{}", shown.key);
                assert!(shown.day.is_none_or(|(name, _)| daily.contains(&name)), "{}", shown.key);
            }
            let band = kind.band.into_iter().flat_map(|((low, _), (high, _))| [low, high]);
            assert!(band.into_iter().all(|name| daily.contains(&name)));
        }
        assert!(hourly.contains(&DIRECTION));
    }
}
