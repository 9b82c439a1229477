-- Slots that were given up since an answer could not be read, was in another unit or for another time:
-- they failed, and are asked for again. See docs/decisions/0018-what-settles-a-slot.md.
-- The change is a run of its own, or no sync would read it: a number under the counter's lock, the run,
-- and its rows, in the migrator's one transaction. Where nothing was given up so, nothing is written.
-- Every statement may be repeated.

update run_counter set last_run_seq = last_run_seq + 1
where id = 1 and exists (
    select 1 from collection_slots
    where status = 'unfillable' and (
        error_message like '%: malformed: %'
        or error_message like '%: out\_of\_range: dt: %'
        or error_message like '%: out\_of\_range: hourly.time: %'
        or error_message like '%: the source answered for %'
    )
);

insert into ingestion_runs (
    run_seq, run_id, kind, shard, status, outcome, started_at, heartbeat_at, finished_at,
    sites, failed, errors_by_kind, program_version, host
)
select
    run_counter.last_run_seq, uuid(), 'migration', '0/1', 'closed', 'partial',
    utc_timestamp(6), utc_timestamp(6), utc_timestamp(6),
    given_up.sites, given_up.slots, json_object('malformed', given_up.slots), '0.1.0', 'migration 0005'
from run_counter
cross join (
    select count(distinct site_id) as sites, count(*) as slots from collection_slots
    where status = 'unfillable' and (
        error_message like '%: malformed: %'
        or error_message like '%: out\_of\_range: dt: %'
        or error_message like '%: out\_of\_range: hourly.time: %'
        or error_message like '%: the source answered for %'
    )
) as given_up
where run_counter.id = 1 and given_up.slots > 0;

update collection_slots
join run_counter on run_counter.id = 1
join ingestion_runs
    on ingestion_runs.run_seq = run_counter.last_run_seq and ingestion_runs.host = 'migration 0005'
set
    collection_slots.status = 'failed',
    collection_slots.error_kind = 'malformed',
    collection_slots.ingestion_run_id = ingestion_runs.run_id,
    collection_slots.run_seq = ingestion_runs.run_seq,
    collection_slots.updated_at = ingestion_runs.finished_at
where collection_slots.status = 'unfillable' and (
    collection_slots.error_message like '%: malformed: %'
    or collection_slots.error_message like '%: out\_of\_range: dt: %'
    or collection_slots.error_message like '%: out\_of\_range: hourly.time: %'
    or collection_slots.error_message like '%: the source answered for %'
);
