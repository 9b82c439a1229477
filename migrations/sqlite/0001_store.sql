-- Times are UTC, as RFC 3339 text, which sorts as the times do.
-- See migrations/mysql for what each table is; the two differ in types only.

create table if not exists store_meta (
    store_id text not null primary key
);

insert into store_meta (store_id)
select lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
    || substr('89ab', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-'
    || hex(randomblob(6))
)
where not exists (select 1 from store_meta);

create table if not exists run_counter (
    id integer not null primary key,
    last_run_seq integer not null
);

insert or ignore into run_counter (id, last_run_seq) values (1, 0);

create table if not exists ingestion_runs (
    run_seq integer not null primary key,
    run_id text not null unique,
    kind text not null,
    shard text not null,
    status text not null,
    outcome text null,
    started_at text not null,
    heartbeat_at text not null,
    finished_at text null,
    sites integer not null default 0,
    collected integer not null default 0,
    failed integer not null default 0,
    skipped integer not null default 0,
    rows_loaded integer not null default 0,
    calls integer not null default 0,
    retries integer not null default 0,
    latency_mean_ms integer null,
    latency_p95_ms integer null,
    latency_max_ms integer null,
    errors_by_kind text null,
    error_message text null,
    program_version text not null,
    execution text null,
    task text null,
    host text not null
);

create index if not exists runs_by_status on ingestion_runs (status, kind);

create table if not exists sites (
    site_id text not null primary key,
    name text not null,
    latitude real not null,
    longitude real not null,
    timezone text not null,
    country text null,
    elevation_m real null,
    interval_minutes integer not null,
    active_from text null,
    active_until text null,
    tags text not null,
    row_hash integer not null,
    deactivated_at text null,
    created_at text not null,
    updated_at text not null
);

create table if not exists weather_observations (
    site_id text not null,
    source text not null,
    observation_time text not null,
    temperature_c real null,
    feels_like_c real null,
    temperature_area_min_c real null,
    temperature_area_max_c real null,
    humidity_pct real null,
    pressure_msl_hpa real null,
    pressure_ground_hpa real null,
    wind_speed_ms real null,
    wind_gust_ms real null,
    wind_direction_deg integer null,
    cloud_cover_pct real null,
    visibility_m real null,
    rain_1h_mm real null,
    rain_3h_mm real null,
    snow_1h_mm real null,
    snow_3h_mm real null,
    condition_id integer null,
    condition_group text null,
    condition_description text null,
    answered_latitude real null,
    answered_longitude real null,
    row_hash integer not null,
    ingestion_run_id text not null,
    run_seq integer not null,
    created_at text not null,
    updated_at text not null,
    primary key (site_id, source, observation_time)
);

create index if not exists observations_by_run on weather_observations (run_seq, observation_time, site_id, source);
create index if not exists observations_by_time on weather_observations (observation_time);

create table if not exists collection_slots (
    site_id text not null,
    source text not null,
    slot_time text not null,
    status text not null,
    observation_time text null,
    attempts integer not null,
    http_status integer null,
    latency_ms integer not null,
    error_kind text null,
    error_message text null,
    ingestion_run_id text not null,
    run_seq integer not null,
    updated_at text not null,
    primary key (site_id, source, slot_time)
);

create index if not exists slots_by_run on collection_slots (run_seq, slot_time, site_id, source);
create index if not exists slots_by_time on collection_slots (slot_time);

create table if not exists source_state (
    source text not null primary key,
    paused_until text null
);
