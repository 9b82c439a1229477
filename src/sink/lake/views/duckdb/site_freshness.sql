with slots as (
  select
    site_id,
    source,
    max(if(
      status = 'collected' and observation_time <= current_timestamp + interval 15 minute,
      observation_time,
      null
    )) as last_observation_time,
    count(*) filter (slot_time >= current_timestamp - interval 24 hour) as slots_tried_24h,
    count(*) filter (
      slot_time >= current_timestamp - interval 24 hour and status = 'collected'
    ) as slots_collected_24h,
    max(if(status = 'failed', slot_time, null)) as last_failure_time
  from collection_slots
  where day >= (current_timestamp at time zone 'UTC')::date - 8
    and slot_time >= current_timestamp - interval 7 day
  group by 1, 2
)
select
  s.site_id,
  c.source,
  s.name as site_name,
  s.timezone,
  s.interval_minutes,
  c.last_observation_time,
  -- DuckDB's greatest passes over NULL.
  if(c.last_observation_time is null, null,
    greatest(date_sub('minute', c.last_observation_time, current_timestamp), 0)) as age_minutes,
  coalesce(
    date_sub('minute', c.last_observation_time, current_timestamp)
      <= greatest({fresh_minutes}, {fresh_intervals} * s.interval_minutes),
    false
  ) as is_fresh,
  coalesce(c.slots_tried_24h, 0) as slots_tried_24h,
  coalesce(c.slots_collected_24h, 0) as slots_collected_24h,
  round(100.0 * c.slots_collected_24h / nullif(c.slots_tried_24h, 0), 1) as success_rate_24h_pct,
  c.last_failure_time,
  f.error_kind as last_error_kind,
  f.error_message as last_error_message
from sites s
left join slots c on c.site_id = s.site_id
left join collection_slots f
  on f.site_id = c.site_id and f.source = c.source and f.slot_time = c.last_failure_time
  and f.day >= (current_timestamp at time zone 'UTC')::date - 8
where s.deactivated_at is null
  and (s.active_from is null or s.active_from <= timezone(s.timezone, current_timestamp)::date)
  and (s.active_until is null or s.active_until >= timezone(s.timezone, current_timestamp)::date)
