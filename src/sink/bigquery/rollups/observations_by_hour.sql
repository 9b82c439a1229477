with
{zones}
select
  c.site_id,
  c.source,
  timestamp_trunc(c.slot_time, hour, 'UTC') as hour,
  c.slot_time,
  cast(format_timestamp('%F %T', c.slot_time, z.timezone) as datetime) as local_time,
  date(c.slot_time, z.timezone) as local_date,
  z.country,
  z.timezone,
  o.observation_time,
  coalesce(o.value_kind, 'live') as value_kind,
  o.source as value_source,
  o.available_at,
  greatest(timestamp_diff(c.slot_time, o.observation_time, minute), 0) as staleness_minutes,
  {hourly_values}
from {collection_slots} c
join {weather_observations} o
  on o.site_id = c.site_id and o.source = coalesce(c.observation_source, c.source)
    and o.observation_time = c.observation_time
left join zones z
  on z.site_id = c.site_id and c.slot_time >= z.stands_from and c.slot_time < z.stands_until
where c.status = 'collected'
-- Of several slots in an hour the last that was collected live, else the last.
qualify row_number() over (
  partition by c.site_id, c.source, timestamp_trunc(c.slot_time, hour, 'UTC')
  order by coalesce(o.value_kind, 'live') = 'live' desc, c.slot_time desc
) = 1
