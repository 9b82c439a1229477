-- See migrations/mysql for what this is.

create table if not exists forecast_issues (
    site_id text not null,
    source text not null,
    model text not null,
    product text not null,
    available_at text not null,
    issue_id text not null,
    issued_at text null,
    issued_by text not null,
    first_valid_at text not null,
    last_valid_at text not null,
    step_minutes integer null,
    value_count integer not null,
    answered_latitude real null,
    answered_longitude real null,
    answered_elevation_m real null,
    values_hash integer not null,
    value_kind text not null,
    ingestion_run_id text not null,
    run_seq integer not null,
    created_at text not null,
    primary key (site_id, source, model, product, available_at)
);

create unique index if not exists forecast_issues_by_name on forecast_issues (issue_id);
create index if not exists forecast_issues_by_run on forecast_issues (run_seq, available_at, site_id, source);
create index if not exists forecast_issues_by_time on forecast_issues (available_at);

create table if not exists forecast_values (
    site_id text not null,
    source text not null,
    model text not null,
    product text not null,
    available_at text not null,
    valid_at text not null,
    lead_minutes integer not null,
    window_minutes integer not null,
    temperature_c real null,
    feels_like_c real null,
    humidity_pct real null,
    pressure_msl_hpa real null,
    pressure_ground_hpa real null,
    wind_speed_ms real null,
    wind_gust_ms real null,
    wind_direction_deg integer null,
    cloud_cover_pct real null,
    visibility_m real null,
    condition_id integer null,
    condition_group text null,
    uv_index real null,
    dew_point_c real null,
    rain_mm real null,
    snow_mm real null,
    precipitation_mm real null,
    precipitation_probability_pct real null,
    temperature_spread_c real null,
    temperature_p10_c real null,
    temperature_p50_c real null,
    temperature_p90_c real null,
    dew_point_spread_c real null,
    dew_point_p10_c real null,
    dew_point_p50_c real null,
    dew_point_p90_c real null,
    pressure_msl_spread_hpa real null,
    pressure_msl_p10_hpa real null,
    pressure_msl_p50_hpa real null,
    pressure_msl_p90_hpa real null,
    wind_speed_spread_ms real null,
    wind_speed_p10_ms real null,
    wind_speed_p50_ms real null,
    wind_speed_p90_ms real null,
    row_hash integer not null,
    ingestion_run_id text not null,
    run_seq integer not null,
    primary key (site_id, source, model, product, available_at, valid_at)
);

create index if not exists forecast_values_by_run on forecast_values (run_seq, available_at, site_id, source);
create index if not exists forecast_values_by_valid on forecast_values (site_id, valid_at);
create index if not exists forecast_values_by_time on forecast_values (available_at);

create table if not exists forecast_slots (
    site_id text not null,
    source text not null,
    model text not null,
    product text not null,
    slot_time text not null,
    status text not null,
    issue_key text null,
    unchanged integer not null,
    null_fields text null,
    attempts integer not null,
    http_status integer null,
    latency_ms integer not null,
    error_kind text null,
    error_message text null,
    ingestion_run_id text not null,
    run_seq integer not null,
    updated_at text not null,
    raw_ref text null,
    primary key (site_id, source, model, product, slot_time)
);

create index if not exists forecast_slots_by_run on forecast_slots (run_seq, slot_time, site_id, source);
create index if not exists forecast_slots_by_time on forecast_slots (slot_time);
