with {zones},
-- Of several slots in an hour the last that was collected live, else the last.
of_hour as (
  select
    c.site_id,
    c.source,
    date_trunc('hour', c.slot_time) as hour,
    c.slot_time,
    coalesce(c.observation_source, c.source) as value_source,
    c.observation_time,
    coalesce(o.value_kind, 'live') as value_kind
  from collection_slots c
  join weather_observations o
    on o.site_id = c.site_id and o.source = coalesce(c.observation_source, c.source)
    and o.observation_time = c.observation_time
  where c.status = 'collected'
  qualify row_number() over (
    partition by c.site_id, c.source, date_trunc('hour', c.slot_time)
    order by coalesce(o.value_kind, 'live') = 'live' desc, c.slot_time desc
  ) = 1
)
select
  h.site_id,
  h.source,
  h.hour,
  h.slot_time,
  timezone(z.timezone, h.slot_time) as local_time,
  timezone(z.timezone, h.slot_time)::date as local_date,
  s.name as site_name,
  z.country,
  z.timezone,
  o.observation_time,
  h.value_kind,
  h.value_source,
  o.available_at,
  greatest(date_sub('minute', o.observation_time, h.slot_time), 0) as staleness_minutes,
  {hourly_values}
from of_hour h
join weather_observations o
  on o.site_id = h.site_id and o.source = h.value_source and o.observation_time = h.observation_time
join zones z
  on z.site_id = h.site_id and h.slot_time >= z.stands_from and h.slot_time < z.stands_until
left join sites s on s.site_id = h.site_id
