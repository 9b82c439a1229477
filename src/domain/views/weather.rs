//! Hours, days and the latest observations.

use super::columns::{
    COUNTRY_THEN, LOCAL_DATE, LOCAL_TIME, OBSERVATION_TIME, SITE_ID, SITE_NAME, SOURCE,
    SOURCE_ASKED, TIMEZONE_THEN,
};
use super::of_values::{HOURLY_VALUES, LATEST_VALUES, count, joined};
use super::view::{Kind, View, ViewColumn, optional, required};

/// Hours as they were collected.
pub const OBSERVATIONS_HOURLY: View = View {
    name: "observations_hourly",
    description: "One row per site, source and hour that was collected: the weather with the site's name and local time. Rain and snow are 0 where nothing was reported. Healed hours say so (`value_kind`).",
    key: &["site_id", "source", "hour"],
    columns: &joined::<{ OF_HOUR.len() + count(&HOURLY_VALUES) }>(&OF_HOUR, &HOURLY_VALUES),
    served_too: &[],
};

const OF_HOUR: [ViewColumn; 14] = [
    SITE_ID,
    required("source", Kind::Text, "The weather service that was asked."),
    required("hour", Kind::Time, "The hour, UTC."),
    required(
        "slot_time",
        Kind::Time,
        "Start of the interval, UTC: of several in the hour the last that was collected live, else the last.",
    ),
    LOCAL_TIME,
    LOCAL_DATE,
    SITE_NAME,
    COUNTRY_THEN,
    TIMEZONE_THEN,
    OBSERVATION_TIME,
    required(
        "value_kind",
        Kind::Text,
        "live: asked for when it was due; backfill: healed later from a history. A live value goes before a healed one.",
    ),
    required(
        "value_source",
        Kind::Text,
        "The weather service that the values are from: another than `source` where the hole was healed by it.",
    ),
    optional(
        "available_at",
        Kind::Time,
        "When the values were first here, UTC; NULL: from before this was kept.",
    ),
    required(
        "staleness_minutes",
        Kind::Integer,
        "How old the observation was at the start of the interval, minutes; 0: newer than that.",
    ),
];

/// Local days, and how much of each is there.
pub const OBSERVATIONS_DAILY: View = View {
    name: "observations_daily",
    description: "One row per site, source and local day of the site's life up to now (in the warehouse up to the last sync that wrote): lowest, mean and highest values, sums, and how many of the day's slots are there. Days are those of the time zone that the site had then (23 or 25 hours at a change of the clock). A day on which a site moved has all slots of that date, in the old zone and in the new; time zone and country are those at its end.",
    key: &["site_id", "source", "local_date"],
    columns: &OF_DAY,
    served_too: &[required(
        "missing",
        Kind::Counts,
        "Missing slots by reason; of failures by kind of error.",
    )],
};

const OF_DAY: [ViewColumn; 22] = [
    SITE_ID,
    SOURCE_ASKED,
    LOCAL_DATE,
    SITE_NAME,
    COUNTRY_THEN,
    TIMEZONE_THEN,
    optional("temperature_min_c", Kind::Real, "Lowest air temperature, degrees Celsius."),
    optional(
        "temperature_mean_c",
        Kind::Real,
        "Mean air temperature of the collected slots, degrees Celsius.",
    ),
    optional("temperature_max_c", Kind::Real, "Highest air temperature, degrees Celsius."),
    optional("humidity_mean_pct", Kind::Real, "Mean relative humidity, percent."),
    optional(
        "pressure_msl_mean_hpa",
        Kind::Real,
        "Mean air pressure at mean sea level, hectopascals.",
    ),
    optional("wind_speed_mean_ms", Kind::Real, "Mean wind speed, metres per second."),
    optional("wind_speed_max_ms", Kind::Real, "Highest wind speed, metres per second."),
    optional("wind_gust_max_ms", Kind::Real, "Strongest gust, metres per second."),
    optional("cloud_cover_mean_pct", Kind::Real, "Mean cloud cover, percent."),
    optional(
        "rain_sum_mm",
        Kind::Real,
        "Rain of the hours that were collected, millimetres; an hour without a report counts as 0. NULL: none was collected.",
    ),
    optional(
        "snow_sum_mm",
        Kind::Real,
        "Snow of the hours that were collected, millimetres of water; an hour without a report counts as 0. NULL: none was collected.",
    ),
    required("slots_present", Kind::Integer, "How many of the day's slots were collected."),
    required(
        "slots_expected",
        Kind::Integer,
        "How many slots of the interval that the site had then start within the local day, the site's life and the time up to now.",
    ),
    required("coverage_pct", Kind::Real, "Share of the expected slots that is there, percent."),
    optional(
        "heating_degree_days",
        Kind::Real,
        "How far the mean temperature lies below 18 degrees Celsius, else 0. NULL: less than 80 % of the day's slots are there, or the day goes on.",
    ),
    optional(
        "cooling_degree_days",
        Kind::Real,
        "How far the mean temperature lies above 18 degrees Celsius, else 0. NULL: less than 80 % of the day's slots are there, or the day goes on.",
    ),
];

/// The latest observation of every active site.
pub const OBSERVATIONS_LATEST: View = View {
    name: "observations_latest",
    description: "The latest observation of every active site within 7 days; a site without any is listed with NULLs. An observation whose time is more than 15 minutes ahead is left out.",
    key: &["site_id", "source"],
    columns: &joined::<{ OF_LATEST.len() + count(&LATEST_VALUES) }>(&OF_LATEST, &LATEST_VALUES),
    served_too: &[],
};

const OF_LATEST: [ViewColumn; 10] = [
    SITE_ID,
    SOURCE,
    SITE_NAME,
    COUNTRY_THEN,
    TIMEZONE_THEN,
    required("latitude", Kind::Real, "Where the site stood then, degrees north."),
    required("longitude", Kind::Real, "Where the site stood then, degrees east."),
    ViewColumn { is_required: false, ..OBSERVATION_TIME },
    ViewColumn { is_required: false, ..LOCAL_TIME },
    optional("age_minutes", Kind::Integer, "Age of the observation, minutes; 0 at least."),
];

/// The latest observations for a map.
pub const SITES_GEO: View = View {
    name: "sites_geo",
    description: "observations_latest with the place of the site as a point, which maps and distances are made of.",
    key: OBSERVATIONS_LATEST.key,
    columns: &with_place(),
    served_too: &[],
};

/// The columns of the latest observations, and the place behind them.
const fn with_place() -> [ViewColumn; OBSERVATIONS_LATEST.columns.len() + 1] {
    let place = required(
        "place",
        Kind::Place,
        "Where the site stood then, as a point: longitude (degrees east), latitude (degrees north).",
    );
    let mut columns = [place; OBSERVATIONS_LATEST.columns.len() + 1];
    let mut index = 0;
    while index < OBSERVATIONS_LATEST.columns.len() {
        columns[index] = OBSERVATIONS_LATEST.columns[index];
        index += 1;
    }
    columns
}
