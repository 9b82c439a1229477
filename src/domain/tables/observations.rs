//! `weather_observations`: its key, the [values](crate::domain::values), and what we know of the row.

use super::table::{Column, Kind, Table, optional, required};
use crate::domain::Quantity;
use crate::domain::values::{FIRST, VALUES, Value};

/// What one source said of one site at one time.
pub const WEATHER_OBSERVATIONS: Table = Table {
    name: "weather_observations",
    description: "What one weather service said of one site at one time. One row per site, source \
        and the source's own time. What the source did not say is NULL, never 0.",
    key: &["site_id", "source", "observation_time"],
    day_of: Some("observation_time"),
    order_in_run: &["observation_time", "site_id", "source"],
    columns: &COLUMNS,
};

const COUNT: usize = KEY.len() + VALUES.len() + STAMP.len() + LATER_STAMP.len();

/// So many values were there when the columns of [`LATER_STAMP`] came, which stand behind them.
const BEFORE_LATER_STAMP: usize = 23;

/// The values of the beginning stand between key and stamp. Those that came later stand at the end:
/// where a table is there, its columns keep their places.
const COLUMNS: [Column; COUNT] = {
    let mut columns = [KEY[0]; COUNT];
    let mut index = 0;
    while index < COUNT {
        let stamp = KEY.len() + FIRST;
        columns[index] = if index < KEY.len() {
            KEY[index]
        } else if index < stamp {
            of_value(&VALUES[index - KEY.len()])
        } else if index < stamp + STAMP.len() {
            STAMP[index - stamp]
        } else {
            later(index - KEY.len() - STAMP.len())
        };
        index += 1;
    }
    columns
};

/// A column of those that came later, by its number among the values.
const fn later(number: usize) -> Column {
    if number < BEFORE_LATER_STAMP {
        of_value(&VALUES[number])
    } else if number < BEFORE_LATER_STAMP + LATER_STAMP.len() {
        LATER_STAMP[number - BEFORE_LATER_STAMP]
    } else {
        of_value(&VALUES[number - LATER_STAMP.len()])
    }
}

const fn of_value(value: &Value) -> Column {
    optional(value.name, value.kind, value.description)
}

const KEY: [Column; 3] = [
    required("site_id", Kind::Text, "The site, as in `sites`."),
    required("source", Kind::Text, "The weather service that said it, such as openweathermap."),
    required(
        "observation_time",
        Kind::Time,
        "The source's own time of the observation, UTC, whole seconds. It may stand still for hours: see `collection_slots` for the hour it was asked for.",
    ),
];

const STAMP: [Column; 7] = [
    required(
        "row_hash",
        Kind::Integer,
        "FARM_FINGERPRINT of key and values, without the run and the times of writing: equal when the weather is.",
    ),
    required(
        "ingestion_run_id",
        Kind::Text,
        "The run that wrote the row last, as in `ingestion_runs`.",
    ),
    required(
        "run_seq",
        Kind::Integer,
        "The number of that run; runs are numbered in the order of their commits.",
    ),
    required("created_at", Kind::Time, "When the row was first written, UTC."),
    required("updated_at", Kind::Time, "When the row was last written, UTC."),
    optional(
        "value_kind",
        Kind::Text,
        "live: asked for when it was due; backfill: healed later from the source's history. NULL: live, from before this column was kept.",
    ),
    optional(
        "available_at",
        Kind::Time,
        "When these values were first here, UTC: what a forecast or a report of that time could have known. NULL: from before this column was kept.",
    ),
];

const LATER_STAMP: [Column; 1] = [optional(
    "transform_version",
    Kind::Integer,
    "Version of the transform that made the values of the answer, raised when the same answer may give other ones. NULL: from before this column was kept.",
)];

impl Quantity {
    /// Its column.
    #[must_use]
    pub fn column(&self) -> Option<&'static Column> {
        WEATHER_OBSERVATIONS.column(self.name())
    }
}
