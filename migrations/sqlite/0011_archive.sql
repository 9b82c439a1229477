-- See migrations/mysql for what this is.

create table archive_months (
    table_name text not null,
    month text not null,
    status text not null,
    row_count integer null,
    bits integer null,
    lake_version integer null,
    started_at text not null,
    finished_at text null,
    primary key (table_name, month)
) without rowid;

create table archived_days (
    table_name text not null,
    day text not null,
    row_count integer not null,
    bits integer not null,
    files text not null,
    primary key (table_name, day)
) without rowid;

create table archived_ledger (
    site_id text not null,
    source text not null,
    slot_from text not null,
    slot_until text not null,
    step_minutes integer not null,
    status text not null,
    error_kind text null,
    error_message text null,
    primary key (site_id, source, slot_from)
) without rowid;

create index archived_ledger_by_time on archived_ledger (slot_from);

create table archived_series (
    table_name text not null,
    site_id text not null,
    source text not null,
    first_time text not null,
    last_time text not null,
    primary key (table_name, site_id, source)
) without rowid;
