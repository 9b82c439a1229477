-- Which months have left the store, and what is kept of them for ever: without it a month that has left
-- would look as if it had never been collected. See docs/decisions/0047-what-stays-of-an-archived-month.md.
-- Every statement may be repeated.

create table if not exists archive_months (
    table_name varchar(64) character set ascii collate ascii_bin not null,
    month date not null,
    status varchar(16) character set ascii collate ascii_bin not null,
    row_count bigint null,
    bits bigint null,
    lake_version bigint null,
    started_at datetime(6) not null,
    finished_at datetime(6) null,
    primary key (table_name, month)
) engine = InnoDB default charset = utf8mb4;

create table if not exists archived_days (
    table_name varchar(64) character set ascii collate ascii_bin not null,
    day date not null,
    row_count bigint not null,
    bits bigint not null,
    files json not null,
    primary key (table_name, day)
) engine = InnoDB default charset = utf8mb4;

create table if not exists archived_ledger (
    site_id varchar(64) character set ascii collate ascii_bin not null,
    source varchar(32) character set ascii collate ascii_bin not null,
    slot_from datetime not null,
    slot_until datetime not null,
    step_minutes int not null,
    status varchar(16) character set ascii collate ascii_bin not null,
    error_kind varchar(32) character set ascii collate ascii_bin null,
    error_message varchar(500) null,
    primary key (site_id, source, slot_from),
    index archived_ledger_by_time (slot_from)
) engine = InnoDB default charset = utf8mb4;

create table if not exists archived_series (
    table_name varchar(64) character set ascii collate ascii_bin not null,
    site_id varchar(64) character set ascii collate ascii_bin not null,
    source varchar(32) character set ascii collate ascii_bin not null,
    first_time datetime not null,
    last_time datetime not null,
    primary key (table_name, site_id, source)
) engine = InnoDB default charset = utf8mb4;
