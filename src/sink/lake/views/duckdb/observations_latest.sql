with {zones},
latest as (
  select *
  from weather_observations
  where day >= (current_timestamp at time zone 'UTC')::date - 8
    and observation_time >= current_timestamp - interval 7 day
    -- What a source dates further ahead is not believed until its time has come.
    and observation_time <= current_timestamp + interval 15 minute
  qualify row_number() over (partition by site_id, source order by observation_time desc) = 1
)
select
  s.site_id,
  l.source,
  s.name as site_name,
  if(z.site_id is null, s.country, z.country) as country,
  coalesce(z.timezone, s.timezone) as timezone,
  coalesce(z.latitude, s.latitude) as latitude,
  coalesce(z.longitude, s.longitude) as longitude,
  l.observation_time,
  timezone(z.timezone, l.observation_time) as local_time,
  -- DuckDB's greatest passes over NULL.
  if(l.observation_time is null, null,
    greatest(date_sub('minute', l.observation_time, current_timestamp), 0)) as age_minutes,
  {latest_values}
from sites s
left join latest l on l.site_id = s.site_id
left join zones z
  on z.site_id = l.site_id
  and l.observation_time >= z.stands_from
  and l.observation_time < z.stands_until
where s.deactivated_at is null
