//! The variables that are scored.

/// A variable that both a forecast and an observation have, under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its column, with its unit.
    pub name: &'static str,
    /// Whether it is a direction: errors go the short way round.
    pub is_direction: bool,
}

const fn plain(name: &'static str) -> Variable {
    Variable { name, is_direction: false }
}

/// Every one, the first by default.
pub const VARIABLES: [Variable; 8] = [
    plain("temperature_c"),
    plain("dew_point_c"),
    plain("humidity_pct"),
    plain("pressure_msl_hpa"),
    plain("wind_speed_ms"),
    plain("wind_gust_ms"),
    Variable { name: "wind_direction_deg", is_direction: true },
    plain("cloud_cover_pct"),
];

impl Variable {
    /// The variable of this name.
    ///
    /// # Errors
    /// The names that there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known = VARIABLES.into_iter().find(|variable| variable.name == text);
        known.ok_or_else(|| {
            let names = VARIABLES.map(|variable| variable.name).join(", ");
            format!("`{text}` is no variable that is scored: expected {names}")
        })
    }
}
