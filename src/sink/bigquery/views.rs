//! The views for BI people: their SQL in files of their own, every column described here.

use super::Names;
use crate::domain::tables::TABLES;

/// A view.
pub(super) struct View {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) columns: &'static [ViewColumn],
    sql: &'static str,
}

/// A column of a view.
pub(super) struct ViewColumn {
    pub(super) name: &'static str,
    /// As the API names it.
    pub(super) data_type: &'static str,
    pub(super) description: &'static str,
}

/// Every view; one that uses another comes after it.
pub(super) const VIEWS: [View; 5] = [
    View {
        name: "observations_hourly",
        description: "One row per site, source and hour that was collected: the weather with the site's name and local time. Rain and snow are 0 where nothing was reported. Healed hours say so (`value_kind`).",
        columns: HOURLY,
        sql: include_str!("views/observations_hourly.sql"),
    },
    View {
        name: "observations_daily",
        description: "One row per site, source and local day of the site's life up to now: lowest, mean and highest values, sums, and how many of the day's slots are there. Days are those of the time zone that the site had then (23 or 25 hours at a change of the clock). A day on which a site moved has all slots of that date, in the old zone and in the new; time zone and country are those at its end.",
        columns: DAILY,
        sql: include_str!("views/observations_daily.sql"),
    },
    View {
        name: "observations_latest",
        description: "The latest observation of every active site within 7 days; a site without any is listed with NULLs. An observation whose time is more than 15 minutes ahead is left out.",
        columns: LATEST,
        sql: include_str!("views/observations_latest.sql"),
    },
    View {
        name: "site_freshness",
        description: "Is every active site being collected? Sites before their first day or after their last are left out. Age of its last observation (none that is more than 15 minutes ahead), success of 24 hours, last error within 7 days.",
        columns: FRESHNESS,
        sql: include_str!("views/site_freshness.sql"),
    },
    View {
        name: "missing_hours",
        description: "Every slot of a site's life up to now that has no value, and why: it was never tried, paused (the account was blocked, the key refused or the call budget spent), failed, or cannot be filled. Counted at the interval that the site had then, from active_from or, without it, from when the site was taken in. `weather gaps` lists the same.",
        columns: MISSING,
        sql: include_str!("views/missing_hours.sql"),
    },
];

const fn column(
    name: &'static str,
    data_type: &'static str,
    description: &'static str,
) -> ViewColumn {
    ViewColumn { name, data_type, description }
}

const SITE_ID: ViewColumn = column("site_id", "STRING", "The site, as in `sites`.");
const SOURCE: ViewColumn = column("source", "STRING", "The weather service that said it.");
const SOURCE_ASKED: ViewColumn =
    column("source", "STRING", "The weather service that was asked; NULL: none ever was.");
const SITE_NAME: ViewColumn = column("site_name", "STRING", "The site's name for people.");
const TIMEZONE: ViewColumn = column("timezone", "STRING", "The site's IANA time zone.");
const TIMEZONE_THEN: ViewColumn =
    column("timezone", "STRING", "The IANA time zone that the site had then.");
const COUNTRY_THEN: ViewColumn =
    column("country", "STRING", "Country where the site stood then, two letters of ISO 3166-1.");
const SLOT_TIME: ViewColumn = column("slot_time", "TIMESTAMP", "Start of the interval, UTC.");
const LOCAL_TIME: ViewColumn =
    column("local_time", "DATETIME", "The same moment on the site's clocks.");
const LOCAL_DATE: ViewColumn = column("local_date", "DATE", "The site's local day.");
const OBSERVATION_TIME: ViewColumn =
    column("observation_time", "TIMESTAMP", "The source's own time of the observation, UTC.");
const TEMPERATURE: ViewColumn =
    column("temperature_c", "FLOAT", "Air temperature, degrees Celsius.");
const FEELS_LIKE: ViewColumn =
    column("feels_like_c", "FLOAT", "Temperature as a person feels it, degrees Celsius.");
const HUMIDITY: ViewColumn = column("humidity_pct", "FLOAT", "Relative humidity, percent.");
const PRESSURE: ViewColumn =
    column("pressure_msl_hpa", "FLOAT", "Air pressure reduced to mean sea level, hectopascals.");
const WIND_SPEED: ViewColumn = column("wind_speed_ms", "FLOAT", "Wind speed, metres per second.");
const WIND_GUST: ViewColumn = column("wind_gust_ms", "FLOAT", "Wind gust, metres per second.");
const WIND_DIRECTION: ViewColumn = column(
    "wind_direction_deg",
    "INTEGER",
    "Direction the wind comes from, degrees: 0 is north, 90 east.",
);
const CLOUDS: ViewColumn =
    column("cloud_cover_pct", "FLOAT", "Share of the sky that clouds cover, percent.");
const VISIBILITY: ViewColumn = column("visibility_m", "FLOAT", "How far one sees, metres.");
const CONDITION_GROUP: ViewColumn =
    column("condition_group", "STRING", "The condition in one word, such as Rain.");
const CONDITION: ViewColumn =
    column("condition_description", "STRING", "The condition in words, such as light rain.");

const HOURLY: &[ViewColumn] = &[
    SITE_ID,
    SOURCE,
    column("hour", "TIMESTAMP", "The hour, UTC."),
    column(
        "slot_time",
        "TIMESTAMP",
        "Start of the interval, UTC: of several in the hour the last that was collected live, else the last.",
    ),
    LOCAL_TIME,
    LOCAL_DATE,
    SITE_NAME,
    COUNTRY_THEN,
    TIMEZONE_THEN,
    OBSERVATION_TIME,
    column(
        "value_kind",
        "STRING",
        "live: asked for when it was due; backfill: healed later from a history. A live value goes before a healed one.",
    ),
    column(
        "value_source",
        "STRING",
        "The weather service that the values are from: another than `source` where the hole was healed by it.",
    ),
    column("available_at", "TIMESTAMP", "When the values were first here, UTC."),
    column(
        "staleness_minutes",
        "INTEGER",
        "How old the observation was at the start of the interval, minutes; 0: newer than that.",
    ),
    TEMPERATURE,
    FEELS_LIKE,
    HUMIDITY,
    PRESSURE,
    column("pressure_ground_hpa", "FLOAT", "Air pressure at the ground, hectopascals."),
    WIND_SPEED,
    WIND_GUST,
    WIND_DIRECTION,
    CLOUDS,
    VISIBILITY,
    column("rain_1h_mm", "FLOAT", "Rain of the last hour, millimetres; 0 when none was reported."),
    column(
        "snow_1h_mm",
        "FLOAT",
        "Snow of the last hour, millimetres of water; 0 when none was reported.",
    ),
    column("condition_id", "INTEGER", "The source's number of the weather condition."),
    CONDITION_GROUP,
    CONDITION,
];

const DAILY: &[ViewColumn] = &[
    SITE_ID,
    SOURCE_ASKED,
    LOCAL_DATE,
    SITE_NAME,
    COUNTRY_THEN,
    TIMEZONE_THEN,
    column("temperature_min_c", "FLOAT", "Lowest air temperature, degrees Celsius."),
    column(
        "temperature_mean_c",
        "FLOAT",
        "Mean air temperature of the collected slots, degrees Celsius.",
    ),
    column("temperature_max_c", "FLOAT", "Highest air temperature, degrees Celsius."),
    column("humidity_mean_pct", "FLOAT", "Mean relative humidity, percent."),
    column("pressure_msl_mean_hpa", "FLOAT", "Mean air pressure at mean sea level, hectopascals."),
    column("wind_speed_mean_ms", "FLOAT", "Mean wind speed, metres per second."),
    column("wind_speed_max_ms", "FLOAT", "Highest wind speed, metres per second."),
    column("wind_gust_max_ms", "FLOAT", "Strongest gust, metres per second."),
    column("cloud_cover_mean_pct", "FLOAT", "Mean cloud cover, percent."),
    column(
        "rain_sum_mm",
        "FLOAT",
        "Rain of the hours that were collected, millimetres; an hour without a report counts as 0.",
    ),
    column(
        "snow_sum_mm",
        "FLOAT",
        "Snow of the hours that were collected, millimetres of water; an hour without a report counts as 0.",
    ),
    column("slots_present", "INTEGER", "How many of the day's slots were collected."),
    column(
        "slots_expected",
        "INTEGER",
        "How many slots of the interval that the site had then start within the local day, the site's life and the time up to now.",
    ),
    column("coverage_pct", "FLOAT", "Share of the expected slots that is there, percent."),
];

const LATEST: &[ViewColumn] = &[
    SITE_ID,
    SOURCE,
    SITE_NAME,
    COUNTRY_THEN,
    TIMEZONE_THEN,
    column("latitude", "FLOAT", "Where the site stood then, degrees north."),
    column("longitude", "FLOAT", "Where the site stood then, degrees east."),
    OBSERVATION_TIME,
    LOCAL_TIME,
    column("age_minutes", "INTEGER", "Age of the observation, minutes; 0 at least."),
    TEMPERATURE,
    FEELS_LIKE,
    HUMIDITY,
    PRESSURE,
    WIND_SPEED,
    WIND_GUST,
    WIND_DIRECTION,
    CLOUDS,
    VISIBILITY,
    column("rain_1h_mm", "FLOAT", "Rain of the last hour, millimetres; NULL: not reported."),
    column(
        "snow_1h_mm",
        "FLOAT",
        "Snow of the last hour, millimetres of water; NULL: not reported.",
    ),
    CONDITION_GROUP,
    CONDITION,
];

const FRESHNESS: &[ViewColumn] = &[
    SITE_ID,
    SOURCE,
    SITE_NAME,
    TIMEZONE,
    column("interval_minutes", "INTEGER", "How often the site is observed, minutes."),
    column("last_observation_time", "TIMESTAMP", "The source's time of the last observation, UTC."),
    column("age_minutes", "INTEGER", "Age of the last observation, minutes; 0 at least."),
    column(
        "is_fresh",
        "BOOLEAN",
        "Whether it is no older than 2 hours, or two of the site's intervals.",
    ),
    column("slots_tried_24h", "INTEGER", "How many slots of the last 24 hours were tried."),
    column("slots_collected_24h", "INTEGER", "How many of them were collected."),
    column("success_rate_24h_pct", "FLOAT", "Share of them that was collected, percent."),
    column("last_failure_time", "TIMESTAMP", "Start of the last interval that failed, UTC."),
    column("last_error_kind", "STRING", "Why that one failed, as a kind."),
    column("last_error_message", "STRING", "Why that one failed, in words."),
];

const MISSING: &[ViewColumn] = &[
    SITE_ID,
    SOURCE_ASKED,
    SLOT_TIME,
    LOCAL_TIME,
    LOCAL_DATE,
    SITE_NAME,
    TIMEZONE_THEN,
    column(
        "status",
        "STRING",
        "never_tried, paused, failed, quarantined (the answer held a value out of its physical range) or unfillable.",
    ),
    column("error_kind", "STRING", "Why it failed, as a kind."),
    column("error_message", "STRING", "Why it failed or cannot be filled, in words."),
];

impl View {
    /// Its SQL in the dataset that is meant.
    pub(super) fn query(&self, names: &Names) -> String {
        let expected = include_str!("views/expected_slots.sql").trim_end();
        let zones = include_str!("views/zones.sql").trim_end();
        let query = self.sql.replace("{expected_slots}", expected);
        let mut query = query.replace("{zones}", zones);
        let tables = TABLES.iter().map(|table| table.name);
        for name in tables.chain(VIEWS.iter().map(|view| view.name)) {
            query = query.replace(&format!("{{{name}}}"), &names.public(name));
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::run::{ACCOUNT_BLOCKED, BUDGET_SPENT, KEY_REFUSED};

    #[test]
    fn a_pause_is_known_by_the_words_that_runs_stop_with() {
        let sql = include_str!("views/missing_hours.sql");
        for words in [ACCOUNT_BLOCKED, KEY_REFUSED, BUDGET_SPENT] {
            assert!(sql.contains(&format!("' {words}'")), "{words}");
        }
    }
}
