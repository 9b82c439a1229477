//! What was in the tables before a migration, and what has to be there after it: a sample for each.
//!
//! The rows of a sample are written in the schema of before its migration, and stay: the next migration
//! meets them too. `{06:07}` stands for that time of the tests' day, as the database writes it.

/// Rows of before, and lines of after.
pub(super) struct Sample {
    pub(super) version: i64,
    /// Statements in the schema of before.
    pub(super) before: &'static [&'static str],
    /// What a query gives after the migration, one text a row.
    pub(super) after: &'static [(&'static str, &'static [&'static str])],
}

/// One for each migration, in order.
pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        version: 1,
        before: &[],
        after: &[
            ("select concat(count(*), '') from store_meta", &["1"]),
            ("select concat(last_run_seq, '') from run_counter", &["0"]),
        ],
    },
    // One site is in the file, one has left it.
    Sample {
        version: 2,
        before: &[
            "insert into sites (site_id, name, latitude, longitude, timezone, interval_minutes, tags, \
            row_hash, deactivated_at, created_at, updated_at) values \
            ('mad', 'Madrid', 40.5, -3.5, 'Europe/Madrid', 60, '[]', 7, null, {06:00}, {06:00}), \
            ('osl', 'Oslo', 59.5, 10.5, 'Europe/Oslo', 30, '[]', 8, {09:00}, {06:00}, {09:00})",
        ],
        after: &[(
            "select concat(site_id, '|', json_extract(spans, '$[0].interval_minutes'), '|', \
            cast(spans as char) like '%T06:00:00%', cast(spans as char) like '%T09:00:00%') \
            from sites order by site_id",
            &["mad|60|10", "osl|30|11"],
        )],
    },
    // An observation and the slot that it fills, from before either said how it came.
    Sample {
        version: 3,
        before: &[
            "insert into weather_observations (site_id, source, observation_time, temperature_c, \
            row_hash, ingestion_run_id, run_seq, created_at, updated_at) values \
            ('mad', 'openweathermap', {06:05}, 21.5, 1, 'r', 0, {06:07}, {06:07})",
            "insert into collection_slots (site_id, source, slot_time, status, observation_time, \
            attempts, http_status, latency_ms, ingestion_run_id, run_seq, updated_at) values \
            ('mad', 'openweathermap', {06:00}, 'collected', {06:05}, 1, 200, 12, 'r', 0, {06:07})",
        ],
        after: &[
            (
                "select concat(temperature_c, '|', coalesce(value_kind, '-'), '|', \
                coalesce(available_at, '-')) from weather_observations",
                &["21.5|-|-"],
            ),
            (
                "select concat(status, '|', coalesce(observation_source, '-')) from collection_slots",
                &["collected|-"],
            ),
        ],
    },
    Sample {
        version: 4,
        before: &[],
        after: &[
            ("select concat(count(*), '') from call_budget", &["0"]),
            ("select status from collection_slots", &["collected"]),
        ],
    },
    // Given up for an answer that could not be read, and for what the source says it lacks.
    Sample {
        version: 5,
        before: &[
            "insert into collection_slots (site_id, source, slot_time, status, attempts, latency_ms, \
            error_message, ingestion_run_id, run_seq, updated_at) values \
            ('mad', 'openweathermap', {07:00}, 'unfillable', 1, 12, 'One Call: malformed: no JSON', \
            'r', 0, {08:07}), \
            ('mad', 'openweathermap', {08:00}, 'unfillable', 1, 12, 'One Call: nothing for the hour', \
            'r', 0, {08:07})",
        ],
        after: &[
            (
                "select concat(status, '|', coalesce(error_kind, '-'), '|', run_seq) \
                from collection_slots order by slot_time",
                &["collected|-|0", "failed|malformed|1", "unfillable|-|0"],
            ),
            (
                "select concat(run_seq, '|', kind, '|', status, '|', sites, '|', failed) \
                from ingestion_runs",
                &["1|migration|closed|1|1"],
            ),
            ("select concat(last_run_seq, '') from run_counter", &["1"]),
        ],
    },
    // A site with two spans, whose order counts, and one without any.
    Sample {
        version: 6,
        before: &[
            "insert into sites (site_id, name, latitude, longitude, timezone, interval_minutes, tags, \
            spans, row_hash, created_at, updated_at) values \
            ('nyc', 'New York', 40.75, -74.5, 'America/New_York', 60, '[]', \
            '[{\"from\": \"2026-11-25T06:00:00Z\", \"until\": \"2026-11-25T07:00:00Z\", \"interval_minutes\": 30}, \
            {\"from\": \"2026-11-25T08:00:00Z\", \"until\": null, \"interval_minutes\": 60}]', 9, {06:00}, {08:00}), \
            ('tyo', 'Tokyo', 35.5, 139.5, 'Asia/Tokyo', 60, '[]', '[]', 9, {06:00}, {06:00})",
        ],
        after: &[(
            "select concat(site_id, '|', coalesce(json_extract(spans, '$[0].latitude'), '-'), '|', \
            coalesce(json_extract(spans, '$[0].interval_minutes'), '-'), '|', \
            coalesce(json_extract(spans, '$[1].interval_minutes'), '-'), '|', \
            coalesce(json_extract(spans, '$[1].longitude'), '-')) from sites order by site_id",
            &["mad|40.5|60|-|-", "nyc|40.75|30|60|-74.5", "osl|59.5|30|-|-", "tyo|-|-|-|-"],
        )],
    },
    Sample {
        version: 7,
        before: &[
            "insert into ingestion_runs (run_seq, run_id, kind, shard, status, outcome, started_at, \
            heartbeat_at, finished_at, program_version, host) values \
            (2, 'r', 'etl', '0/1', 'closed', 'succeeded', {06:07}, {06:08}, {06:08}, '0.1.0', 'here')",
            "update run_counter set last_run_seq = 2",
        ],
        after: &[(
            "select concat(run_seq, '') from ingestion_runs where started_at >= {06:07} and host = 'here'",
            &["2"],
        )],
    },
    // Runs whose kind names their source, and whose message says why they stopped.
    Sample {
        version: 8,
        before: &[
            "insert into ingestion_runs (run_seq, run_id, kind, shard, status, outcome, started_at, \
            heartbeat_at, finished_at, error_message, program_version, host) values \
            (3, 'c', 'etl:open-meteo', '0/1', 'closed', 'failed', {07:07}, {07:08}, {07:08}, \
            'open-meteo has blocked the account: no call before noon', '0.1.0', 'here'), \
            (4, 'd', 'heal:open-meteo', '0/1', 'closed', 'failed', {07:07}, {07:08}, {07:08}, \
            'open-meteo has no calls left this day: no call before noon', '0.1.0', 'here'), \
            (5, 'e', 'etl', '0/1', 'closed', 'failed', {07:07}, {07:08}, {07:08}, \
            'openweathermap refused the API key: HTTP 401', '0.1.0', 'here'), \
            (6, 'f', 'etl', '0/1', 'abandoned', 'interrupted', {07:07}, {07:08}, {07:08}, \
            'set aside: silent past its lease', '0.1.0', 'here'), \
            (7, 'g', 'heal', '0/1', 'closed', 'failed', {07:07}, {07:08}, {07:08}, \
            'the store cannot be reached', '0.1.0', 'here')",
            "update run_counter set last_run_seq = 7",
        ],
        after: &[(
            "select concat(run_seq, '|', kind, '|', coalesce(source, '-'), '|', \
            coalesce(stop_kind, '-')) from ingestion_runs order by run_seq",
            &[
                "1|migration|-|-",
                "2|etl|openweathermap|-",
                "3|etl|open-meteo|account_blocked",
                "4|heal|open-meteo|budget_spent",
                "5|etl|openweathermap|key_refused",
                "6|etl|openweathermap|set_aside",
                "7|heal|openweathermap|store",
            ],
        )],
    },
    // The observation of sample 3 keeps what it says.
    Sample {
        version: 9,
        before: &[],
        after: &[(
            "select concat(temperature_c, '|', coalesce(uv_index, '-'), '|', \
            coalesce(dew_point_c, '-'), '|', row_hash) from weather_observations",
            &["21.5|-|-|1"],
        )],
    },
    // The observation and the slot of sample 3 keep what they say.
    Sample {
        version: 10,
        before: &[],
        after: &[
            (
                "select concat(temperature_c, '|', coalesce(transform_version, '-'), '|', row_hash) \
                from weather_observations",
                &["21.5|-|1"],
            ),
            (
                "select concat(status, '|', coalesce(raw_ref, '-')) from collection_slots \
                where site_id = 'mad' order by slot_time limit 1",
                &["collected|-"],
            ),
        ],
    },
    // No month has left, and every row stays where it is.
    Sample {
        version: 11,
        before: &[],
        after: &[(
            "select concat((select count(*) from archive_months), '|', \
            (select count(*) from archived_days), '|', (select count(*) from archived_ledger), '|', \
            (select count(*) from archived_series), '|', (select count(*) from weather_observations))",
            &["0|0|0|0|1"],
        )],
    },
    // What is there stays; forecasts begin with none.
    Sample {
        version: 12,
        before: &[],
        after: &[
            ("select concat(count(*), '') from forecast_issues", &["0"]),
            ("select concat(count(*), '') from forecast_values", &["0"]),
            ("select concat(count(*), '') from forecast_slots", &["0"]),
            ("select concat(temperature_c, '|', row_hash) from weather_observations", &["21.5|1"]),
        ],
    },
];
