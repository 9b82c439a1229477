//! `weather_observations`.

use super::{Column, Kind, Table, measured, optional, required};
use crate::domain::measure;

/// What one source said of one site at one time.
pub const WEATHER_OBSERVATIONS: Table = Table {
    name: "weather_observations",
    description: "What one weather service said of one site at one time. One row per site, source \
        and the source's own time. What the source did not say is NULL, never 0.",
    key: &["site_id", "source", "observation_time"],
    day_of: Some("observation_time"),
    order_in_run: &["observation_time", "site_id", "source"],
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    required("site_id", Kind::Text, "The site, as in `sites`."),
    required("source", Kind::Text, "The weather service that said it, such as openweathermap."),
    required(
        "observation_time",
        Kind::Time,
        "The source's own time of the observation, UTC, whole seconds. It may stand still for hours: see `collection_slots` for the hour it was asked for.",
    ),
    measured(measure::TEMPERATURE_C, "Air temperature, degrees Celsius, -95 to 65."),
    measured(
        measure::FEELS_LIKE_C,
        "Temperature as a person feels it, degrees Celsius, -95 to 65.",
    ),
    measured(
        measure::TEMPERATURE_AREA_MIN_C,
        "Lowest temperature within the area at that moment (not over the day), degrees Celsius.",
    ),
    measured(
        measure::TEMPERATURE_AREA_MAX_C,
        "Highest temperature within the area at that moment (not over the day), degrees Celsius.",
    ),
    measured(measure::HUMIDITY_PCT, "Relative humidity, percent, 0 to 100."),
    measured(
        measure::PRESSURE_MSL_HPA,
        "Air pressure reduced to mean sea level, hectopascals, 800 to 1100.",
    ),
    measured(
        measure::PRESSURE_GROUND_HPA,
        "Air pressure at the ground, hectopascals, 300 to 1100.",
    ),
    measured(measure::WIND_SPEED_MS, "Wind speed, metres per second, 0 to 150."),
    measured(measure::WIND_GUST_MS, "Wind gust, metres per second, 0 to 150."),
    optional(
        "wind_direction_deg",
        Kind::Integer,
        "Direction the wind comes from, degrees, 0 to 360: 0 is north, 90 east.",
    ),
    measured(measure::CLOUD_COVER_PCT, "Share of the sky that clouds cover, percent, 0 to 100."),
    measured(
        measure::VISIBILITY_M,
        "How far one sees, metres, 0 to 100000 (OpenWeatherMap: at most 10000).",
    ),
    measured(
        measure::RAIN_1H_MM,
        "Rain of the last hour, millimetres. NULL: not reported, which OpenWeatherMap does when there is none.",
    ),
    measured(measure::RAIN_3H_MM, "Rain of the last three hours, millimetres; NULL: not reported."),
    measured(
        measure::SNOW_1H_MM,
        "Snow of the last hour, millimetres of water. NULL: not reported.",
    ),
    measured(
        measure::SNOW_3H_MM,
        "Snow of the last three hours, millimetres of water. NULL: not reported.",
    ),
    optional(
        "condition_id",
        Kind::Integer,
        "The source's number of the weather condition (OpenWeatherMap: 2xx thunderstorm, 3xx drizzle, 5xx rain, 6xx snow, 7xx haze and dust, 800 clear, 80x clouds).",
    ),
    optional("condition_group", Kind::Text, "The condition in one word, such as Rain."),
    optional("condition_description", Kind::Text, "The condition in words, such as light rain."),
    measured(
        measure::ANSWERED_LATITUDE,
        "Latitude of the place that the source answered for, degrees north.",
    ),
    measured(
        measure::ANSWERED_LONGITUDE,
        "Longitude of the place that the source answered for, degrees east.",
    ),
    required(
        "row_hash",
        Kind::Integer,
        "FARM_FINGERPRINT of key and values, without run and times of ours: equal when the weather is.",
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
