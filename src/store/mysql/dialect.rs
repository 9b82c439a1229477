//! MySQL's words in the statements that both databases share. By `group by` of the beginning of a key
//! MySQL skips along it, from one group to the next: `explain` says "Using index for group-by". With a
//! site that is given the site has to be in the `group by`, or every row of the site is read.

use std::sync::LazyLock;

use crate::store::dialect::{Dialect, Latest, RowsPerStatement};
use crate::store::{columns, forecasts};

pub(in crate::store) static DIALECT: Dialect = Dialect {
    use_index: |index| format!(" force index ({index})"),
    use_primary_key: " force index (primary)",
    silent_ms: "timestampdiff(microsecond, heartbeat_at, utc_timestamp(6)) div 1000",
    asked_sources: ASKED_SOURCES,
    observed_sources: OBSERVED_SOURCES,
    latest: LATEST,
    now: "utc_timestamp(6)",
    for_update: " for update",
    for_share: " for share",
    last_of_array: "$[last]",
    upsert_pause: " as new on duplicate key update paused_until = \
        greatest(coalesce(source_state.paused_until, new.paused_until), new.paused_until)",
    upsert_windows: UPSERT_WINDOWS,
    upsert_sites: UPSERT_SITES,
    upsert_slots: UPSERT_SLOTS,
    upsert_forecast_slots: || &UPSERT_FORECAST_SLOTS,
    upsert_series: " as new on duplicate key update \
        first_time = least(archived_series.first_time, new.first_time), \
        last_time = greatest(archived_series.last_time, new.last_time)",
    keep_old: |key| {
        format!(" on duplicate key update {0} = {0}", key.first().unwrap_or(&"site_id"))
    },
    delete_some: |table, time, rows| {
        format!("delete from {table} where {time} >= ? and {time} < ? order by {time} limit {rows}")
    },
    upsert_observations: || &UPSERT_OBSERVATIONS,
    // A statement fits into one TLS record (16 KiB) with its values: of some 300 bytes an observation, 230
    // a slot with its raw_ref. The driver leaves Nagle's algorithm on: the second record of a statement would wait for the
    // server's delayed acknowledgement of the first, some 40 ms each time.
    rows_per_statement: RowsPerStatement {
        observations: 40,
        slots: 60,
        sites: 30,
        forecast_values: 40,
        forecast_slots: 50,
    },
};

/// An upsert locks a row that is there for writing at once; MySQL assigns from left to right, so that the
/// start comes last.
const UPSERT_WINDOWS: &str = " as new on duplicate key update \
    reserved = if(call_budget.window_start = new.window_start, call_budget.reserved, 0), \
    used = if(call_budget.window_start = new.window_start, call_budget.used, 0), \
    window_start = new.window_start";

const UPSERT_SITES: &str = " as new on duplicate key update \
    name = new.name, latitude = new.latitude, longitude = new.longitude, \
    timezone = new.timezone, country = new.country, elevation_m = new.elevation_m, \
    interval_minutes = new.interval_minutes, active_from = new.active_from, \
    active_until = new.active_until, tags = new.tags, spans = new.spans, \
    row_hash = new.row_hash, deactivated_at = null, updated_at = new.updated_at";

/// MySQL assigns from left to right: what the other assignments read comes last.
static UPSERT_OBSERVATIONS: LazyLock<String> = LazyLock::new(|| {
    let stays = "new.value_kind = 'backfill' \
        and coalesce(weather_observations.value_kind, 'live') = 'live'";
    let is_same = "weather_observations.row_hash = new.row_hash \
        and coalesce(weather_observations.value_kind, 'live') = new.value_kind";
    let mut sql = format!(
        " as new on duplicate key update \
        available_at = if({stays} or {is_same}, weather_observations.available_at, new.available_at)"
    );
    for column in columns::replaced().chain(["row_hash", "value_kind"]) {
        sql.push_str(&format!(
            ", {column} = if({stays}, weather_observations.{column}, new.{column})"
        ));
    }
    sql
});

/// The row that is there stays: a slot once collected stays so, and one that cannot be filled does
/// not become failed.
macro_rules! stays {
    () => {
        "if(collection_slots.status = 'collected' and new.status <> 'collected' \
        or collection_slots.status = 'unfillable' and new.status = 'failed', collection_slots."
    };
}

/// MySQL assigns from left to right, so `status`, which every other assignment reads, comes last.
const UPSERT_SLOTS: &str = concat!(
    " as new on duplicate key update ",
    "observation_time = ",
    stays!(),
    "observation_time, new.observation_time), ",
    "attempts = ",
    stays!(),
    "attempts, new.attempts), ",
    "http_status = ",
    stays!(),
    "http_status, new.http_status), ",
    "latency_ms = ",
    stays!(),
    "latency_ms, new.latency_ms), ",
    "error_kind = ",
    stays!(),
    "error_kind, new.error_kind), ",
    "error_message = ",
    stays!(),
    "error_message, new.error_message), ",
    "ingestion_run_id = ",
    stays!(),
    "ingestion_run_id, new.ingestion_run_id), ",
    "run_seq = ",
    stays!(),
    "run_seq, new.run_seq), ",
    "updated_at = ",
    stays!(),
    "updated_at, new.updated_at), ",
    "observation_source = ",
    stays!(),
    "observation_source, new.observation_source), ",
    "raw_ref = ",
    stays!(),
    "raw_ref, new.raw_ref), ",
    "status = ",
    stays!(),
    "status, new.status)",
);

/// As of [`UPSERT_SLOTS`].
static UPSERT_FORECAST_SLOTS: LazyLock<String> = LazyLock::new(|| {
    let replaced = forecasts::SLOT_REPLACED.map(|name| {
        format!(
            "{name} = if(forecast_slots.status = 'collected' and new.status <> 'collected' \
            or forecast_slots.status = 'unfillable' and new.status = 'failed', \
            forecast_slots.{name}, new.{name})"
        )
    });
    format!(" as new on duplicate key update {}", replaced.join(", "))
});

/// The sources that were asked for a site, by name. Binds: site.
const ASKED_SOURCES: &str = "
    select source, min(slot_time) as first_slot from collection_slots
    where site_id = ? group by site_id, source order by source";

/// The sources that have said anything of a site, by name. Binds: site.
const OBSERVED_SOURCES: &str = "
    select source from weather_observations
    where site_id = ? group by site_id, source order by source";

/// The newest observation of each site and source.
const LATEST: Latest = Latest {
    of_all: " join (select site_id, source, max(observation_time) as observation_time \
        from weather_observations where observation_time <= ? group by site_id, source) newest \
        using (site_id, source, observation_time) \
        where site_id in (select site_id from sites where deactivated_at is null) \
        order by site_id, source",
    of_site: " join (select site_id, source, max(observation_time) as observation_time \
        from weather_observations where site_id = ? and observation_time <= ? \
        group by site_id, source) newest \
        using (site_id, source, observation_time) order by site_id, source",
};
