-- Times are UTC. observation_time and slot_time are whole seconds, our own times microseconds.
-- Ids compare by their bytes: `A` and `a` are two keys here as they are in the warehouse.
-- Every statement may be repeated: MySQL commits each by itself, so a migration can end half-way.

create table if not exists store_meta (
    store_id char(36) character set ascii collate ascii_bin not null primary key
) engine = InnoDB;

insert into store_meta (store_id)
select uuid() from dual where not exists (select 1 from store_meta);

create table if not exists run_counter (
    id tinyint not null primary key,
    last_run_seq bigint not null
) engine = InnoDB;

insert ignore into run_counter (id, last_run_seq) values (1, 0);

create table if not exists ingestion_runs (
    run_seq bigint not null primary key,
    run_id char(36) character set ascii collate ascii_bin not null unique,
    kind varchar(16) character set ascii collate ascii_bin not null,
    shard varchar(16) character set ascii collate ascii_bin not null,
    status varchar(16) character set ascii collate ascii_bin not null,
    outcome varchar(16) character set ascii collate ascii_bin null,
    started_at datetime(6) not null,
    heartbeat_at datetime(6) not null,
    finished_at datetime(6) null,
    sites bigint not null default 0,
    collected bigint not null default 0,
    failed bigint not null default 0,
    skipped bigint not null default 0,
    rows_loaded bigint not null default 0,
    calls bigint not null default 0,
    retries bigint not null default 0,
    latency_mean_ms bigint null,
    latency_p95_ms bigint null,
    latency_max_ms bigint null,
    errors_by_kind json null,
    error_message varchar(500) null,
    program_version varchar(32) not null,
    execution varchar(128) null,
    task varchar(16) null,
    host varchar(255) not null,
    index runs_by_status (status, kind)
) engine = InnoDB default charset = utf8mb4;

create table if not exists sites (
    site_id varchar(64) character set ascii collate ascii_bin not null primary key,
    name varchar(200) not null,
    latitude double not null,
    longitude double not null,
    timezone varchar(64) not null,
    country char(2) null,
    elevation_m double null,
    interval_minutes int not null,
    active_from date null,
    active_until date null,
    tags json not null,
    row_hash bigint not null,
    deactivated_at datetime(6) null,
    created_at datetime(6) not null,
    updated_at datetime(6) not null
) engine = InnoDB default charset = utf8mb4;

create table if not exists weather_observations (
    site_id varchar(64) character set ascii collate ascii_bin not null,
    source varchar(32) character set ascii collate ascii_bin not null,
    observation_time datetime not null,
    temperature_c double null,
    feels_like_c double null,
    temperature_area_min_c double null,
    temperature_area_max_c double null,
    humidity_pct double null,
    pressure_msl_hpa double null,
    pressure_ground_hpa double null,
    wind_speed_ms double null,
    wind_gust_ms double null,
    wind_direction_deg int null,
    cloud_cover_pct double null,
    visibility_m double null,
    rain_1h_mm double null,
    rain_3h_mm double null,
    snow_1h_mm double null,
    snow_3h_mm double null,
    condition_id bigint null,
    condition_group varchar(255) null,
    condition_description varchar(255) null,
    answered_latitude double null,
    answered_longitude double null,
    row_hash bigint not null,
    ingestion_run_id char(36) character set ascii collate ascii_bin not null,
    run_seq bigint not null,
    created_at datetime(6) not null,
    updated_at datetime(6) not null,
    primary key (site_id, source, observation_time),
    index observations_by_run (run_seq, observation_time, site_id, source),
    index observations_by_time (observation_time)
) engine = InnoDB default charset = utf8mb4;

create table if not exists collection_slots (
    site_id varchar(64) character set ascii collate ascii_bin not null,
    source varchar(32) character set ascii collate ascii_bin not null,
    slot_time datetime not null,
    status varchar(16) character set ascii collate ascii_bin not null,
    observation_time datetime null,
    attempts int not null,
    http_status int null,
    latency_ms bigint not null,
    error_kind varchar(32) character set ascii collate ascii_bin null,
    error_message varchar(500) null,
    ingestion_run_id char(36) character set ascii collate ascii_bin not null,
    run_seq bigint not null,
    updated_at datetime(6) not null,
    primary key (site_id, source, slot_time),
    index slots_by_run (run_seq, slot_time, site_id, source),
    index slots_by_time (slot_time)
) engine = InnoDB default charset = utf8mb4;

create table if not exists source_state (
    source varchar(32) character set ascii collate ascii_bin not null primary key,
    paused_until datetime(6) null
) engine = InnoDB;
