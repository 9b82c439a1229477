//! SQLite's words in the statements that both databases share. SQLite does not skip along a key for
//! `group by`: the statements step from one source to the next by `min`, and in MySQL that would read
//! every row.

use std::sync::LazyLock;

use crate::store::dialect::{Dialect, Latest, RowsPerStatement};
use crate::store::{columns, forecasts};

pub(in crate::store) static DIALECT: Dialect = Dialect {
    use_index: |index| format!(" indexed by {index}"),
    use_primary_key: "",
    silent_ms: "cast((julianday('now') - julianday(heartbeat_at)) * 86400000 as integer)",
    asked_sources: ASKED_SOURCES,
    observed_sources: OBSERVED_SOURCES,
    latest: LATEST,
    now: "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
    // The transaction has the file's one write lock.
    for_update: "",
    for_share: "",
    last_of_array: "$[#-1]",
    upsert_pause: " on conflict (source) do update set paused_until = \
        max(coalesce(paused_until, excluded.paused_until), excluded.paused_until)",
    upsert_windows: UPSERT_WINDOWS,
    upsert_sites: UPSERT_SITES,
    upsert_slots: UPSERT_SLOTS,
    upsert_forecast_slots: || &UPSERT_FORECAST_SLOTS,
    upsert_series: " on conflict (table_name, site_id, source) do update set \
        first_time = min(first_time, excluded.first_time), \
        last_time = max(last_time, excluded.last_time)",
    keep_old: |key| format!(" on conflict ({}) do nothing", key.join(", ")),
    delete_some: |table, time, rows| {
        format!(
            "delete from {table} where rowid in (
                select rowid from {table} where {time} >= ? and {time} < ? limit {rows})"
        )
    },
    upsert_observations: || &UPSERT_OBSERVATIONS,
    // A statement takes 32,766 values; a batch has 500 rows.
    rows_per_statement: RowsPerStatement {
        observations: 500,
        slots: 500,
        sites: 500,
        forecast_values: 500,
        forecast_slots: 500,
    },
};

const UPSERT_WINDOWS: &str = " on conflict (account, scope, window_kind, lane) do update set \
    reserved = iif(call_budget.window_start = excluded.window_start, call_budget.reserved, 0), \
    used = iif(call_budget.window_start = excluded.window_start, call_budget.used, 0), \
    window_start = excluded.window_start";

const UPSERT_SITES: &str = " on conflict (site_id) do update set \
    name = excluded.name, latitude = excluded.latitude, longitude = excluded.longitude, \
    timezone = excluded.timezone, country = excluded.country, elevation_m = excluded.elevation_m, \
    interval_minutes = excluded.interval_minutes, active_from = excluded.active_from, \
    active_until = excluded.active_until, tags = excluded.tags, spans = excluded.spans, \
    row_hash = excluded.row_hash, deactivated_at = null, updated_at = excluded.updated_at";

static UPSERT_OBSERVATIONS: LazyLock<String> = LazyLock::new(|| {
    let replaced = columns::replaced().chain(["row_hash", "value_kind"]);
    let replaced: Vec<_> = replaced.map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        " on conflict (site_id, source, observation_time) do update set {}, \
        available_at = iif(weather_observations.row_hash = excluded.row_hash \
            and coalesce(weather_observations.value_kind, 'live') = excluded.value_kind, \
            weather_observations.available_at, excluded.available_at) \
        where excluded.value_kind = 'live' \
            or coalesce(weather_observations.value_kind, 'live') = 'backfill'",
        replaced.join(", ")
    )
});

const UPSERT_SLOTS: &str = " on conflict (site_id, source, slot_time) do update set \
    status = excluded.status, observation_time = excluded.observation_time, \
    attempts = excluded.attempts, http_status = excluded.http_status, \
    latency_ms = excluded.latency_ms, error_kind = excluded.error_kind, \
    error_message = excluded.error_message, ingestion_run_id = excluded.ingestion_run_id, \
    run_seq = excluded.run_seq, updated_at = excluded.updated_at, \
    observation_source = excluded.observation_source, raw_ref = excluded.raw_ref \
    where not (collection_slots.status = 'collected' and excluded.status <> 'collected') \
    and not (collection_slots.status = 'unfillable' and excluded.status = 'failed')";

/// As of [`UPSERT_SLOTS`].
static UPSERT_FORECAST_SLOTS: LazyLock<String> = LazyLock::new(|| {
    let replaced = forecasts::SLOT_REPLACED.map(|name| format!("{name} = excluded.{name}"));
    format!(
        " on conflict (site_id, source, model, product, slot_time) do update set {} \
        where not (forecast_slots.status = 'collected' and excluded.status <> 'collected') \
        and not (forecast_slots.status = 'unfillable' and excluded.status = 'failed')",
        replaced.join(", ")
    )
});

/// The sources that were asked for a site, by name. Binds: site.
const ASKED_SOURCES: &str = "
    with recursive asked (source) as (
        select min(source) from collection_slots where site_id = ?1
        union all
        select (
            select min(c.source) from collection_slots c
            where c.site_id = ?1 and c.source > asked.source
        ) from asked where asked.source is not null
    )
    select source, (
        select min(c.slot_time) from collection_slots c
        where c.site_id = ?1 and c.source = asked.source
    ) as first_slot
    from asked where source is not null order by source";

/// The sources that have said anything of a site, by name. Binds: site.
const OBSERVED_SOURCES: &str = "
    with recursive observed (source) as (
        select min(source) from weather_observations where site_id = ?1
        union all
        select (
            select min(o.source) from weather_observations o
            where o.site_id = ?1 and o.source > observed.source
        ) from observed where observed.source is not null
    )
    select source from observed where source is not null order by source";

/// What follows [`Latest`]'s `select`: the sources of `places`, each with the newest time up to `$until`.
/// With `in`, since of a join SQLite may read every observation and look it up among these.
macro_rules! latest {
    ($places:literal, $until:literal) => {
        concat!(
            " where (site_id, source, observation_time) in ( \
            with recursive seen (site_id, source) as (select p.site_id, \
            (select min(o.source) from weather_observations o where o.site_id = p.site_id) from ",
            $places,
            " p union all select seen.site_id, (select min(o.source) from weather_observations o \
            where o.site_id = seen.site_id and o.source > seen.source) \
            from seen where seen.source is not null) \
            select site_id, source, (select max(o.observation_time) from weather_observations o \
            where o.site_id = seen.site_id and o.source = seen.source and o.observation_time <= ",
            $until,
            ") from seen where source is not null) order by site_id, source"
        )
    };
}

/// The newest observation of each site and source.
const LATEST: Latest = Latest {
    of_all: latest!("(select site_id from sites where deactivated_at is null)", "?1"),
    of_site: latest!("(select ?1 as site_id)", "?2"),
};
