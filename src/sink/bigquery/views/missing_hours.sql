with {expected_slots}
select
  e.site_id,
  e.source,
  e.slot_time,
  cast(format_timestamp('%F %T', e.slot_time, e.timezone) as datetime) as local_time,
  e.local_date,
  e.site_name,
  e.timezone,
  coalesce(c.status, 'never_tried') as status,
  c.error_kind,
  c.error_message
from expected e
left join {collection_slots} c
  on c.site_id = e.site_id and c.source = e.source and c.slot_time = e.slot_time
where c.status is null or c.status <> 'collected'
