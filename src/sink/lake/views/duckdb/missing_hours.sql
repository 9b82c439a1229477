with {expected_slots},
-- The slots that were under way when a run found the account blocked, the key refused or the call
-- budget spent; one that heals calls for none of them.
paused as (
  select distinct
    l.site_id,
    coalesce(l.source, '') as source,
    to_timestamp(epoch_us(r.started_at) // (l.step_s * 1000000) * l.step_s) as slot_time
  from lives l
  join ingestion_runs r
    on (l.source is null or r.source = l.source)
    and epoch_us(r.started_at) >= l.from_us
    and epoch_us(r.started_at) < l.until_us
  where r.outcome = 'failed'
    and r.kind = 'etl'
    and r.stop_kind in ('account_blocked', 'key_refused', 'budget_spent')
)
select
  e.site_id,
  e.source,
  e.slot_time,
  e.local_time,
  e.local_time::date as local_date,
  e.site_name,
  e.timezone,
  coalesce(
    if(c.status = 'failed' and c.error_kind = 'out_of_range', 'quarantined', c.status),
    if(p.slot_time is null, 'never_tried', 'paused')
  ) as status,
  c.error_kind,
  c.error_message
from expected e
left join collection_slots c
  on c.site_id = e.site_id and c.source = e.source and c.slot_time = e.slot_time
left join paused p
  on p.site_id = e.site_id and p.source = coalesce(e.source, '') and p.slot_time = e.slot_time
where c.status is null or c.status <> 'collected'
