-- See migrations/mysql for what this is.

update run_counter set last_run_seq = last_run_seq + 1
where id = 1 and exists (
    select 1 from collection_slots
    where status = 'unfillable' and (
        error_message like '%: malformed: %'
        or error_message like '%: out\_of\_range: dt: %' escape '\'
        or error_message like '%: out\_of\_range: hourly.time: %' escape '\'
        or error_message like '%: the source answered for %'
    )
);

-- SQLite has no function for a UUID: version and variant stand at their places.
insert into ingestion_runs (
    run_seq, run_id, kind, shard, status, outcome, started_at, heartbeat_at, finished_at,
    sites, failed, errors_by_kind, program_version, host
)
select
    run_counter.last_run_seq,
    lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
        || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    ),
    'migration', '0/1', 'closed', 'partial',
    strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'), strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'),
    strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'),
    given_up.sites, given_up.slots, json_object('malformed', given_up.slots), '0.1.0', 'migration 0005'
from run_counter
cross join (
    select count(distinct site_id) as sites, count(*) as slots from collection_slots
    where status = 'unfillable' and (
        error_message like '%: malformed: %'
        or error_message like '%: out\_of\_range: dt: %' escape '\'
        or error_message like '%: out\_of\_range: hourly.time: %' escape '\'
        or error_message like '%: the source answered for %'
    )
) as given_up
where run_counter.id = 1 and given_up.slots > 0;

update collection_slots set
    status = 'failed',
    error_kind = 'malformed',
    ingestion_run_id = ingestion_runs.run_id,
    run_seq = ingestion_runs.run_seq,
    updated_at = ingestion_runs.finished_at
from ingestion_runs join run_counter
    on run_counter.id = 1 and ingestion_runs.run_seq = run_counter.last_run_seq
where ingestion_runs.host = 'migration 0005'
    and collection_slots.status = 'unfillable' and (
        collection_slots.error_message like '%: malformed: %'
        or collection_slots.error_message like '%: out\_of\_range: dt: %' escape '\'
        or collection_slots.error_message like '%: out\_of\_range: hourly.time: %' escape '\'
        or collection_slots.error_message like '%: the source answered for %'
    );
